"""Findings about the regions behind a port: its curve is made of rises of several regions at different times."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from apps.analysis.changes import bumps, curves
from apps.analysis.changes.curves import Curves, drawn
from apps.analysis.changes.findings import Finding, score_of
from apps.analysis.models import ChangeKind
from apps.common.errors import DomainError
from apps.observations import queries
from apps.sensors.scopes import SensorScope

PORTS = 12
REGIONS = 3  # at least, with a rise each
RISE = 1.3  # of the total itself, smoothed peak ÷ usual level: regions come and go behind every level curve
EXPLAINED = 0.5  # of what the total has beyond its usual level
DAYS = 28  # since the last of the rises ended


def findings(scope: SensorScope, ports: Curves, found: list[Finding]) -> Iterator[Finding]:
    """Ports whose total is made of rises of several regions at different times. Each port is read by itself, so that one
    that takes too long loses nothing but its own finding."""
    moved = [one.subject for one in sorted(found, key=lambda one: -one.score) if one.dimension == "port" and one.subject in ports.keys]
    for port in list(dict.fromkeys([*ports.keys[: PORTS // 2], *moved]))[:PORTS]:
        try:
            with queries.reading():
                finding = _bumps_of(scope, ports, port)
        except DomainError:
            continue
        if finding:
            yield finding


def _bumps_of(scope: SensorScope, ports: Curves, port: str) -> Finding | None:
    regions, table = curves.by_region(scope, ports, port)
    total, sensors = ports.values[ports.keys.index(port)], float(np.median(ports.sensors))
    parts = bumps.decompose(table, total, sensors)
    if parts is None or len(parts.bumps) < REGIONS or parts.explained < EXPLAINED or (parts.factor or RISE) < RISE:
        return None
    last = max(bump.last for bump in parts.bumps)
    if last < len(total) - DAYS:
        return None
    first = min(bump.first for bump in parts.bumps)
    rows = [_bump_row(ports, regions, bump, lag) for bump, lag in zip(parts.bumps, parts.lags, strict=True)]
    rest = parts.whole - sum(bump.excess for bump in parts.bumps)  # of regions without a rise; may be negative
    numbers = {"rows": rows, "explained": parts.explained, "total_excess": round(parts.whole, 1), "rest_excess": round(rest, 1)}
    numbers |= {"curve": drawn(ports.first, total), "spread": parts.lags[-1]}
    score = score_of(parts.factor, ports.share(float(np.nanmax(total[first : last + 1]))))
    return Finding(ChangeKind.BUMPS, "port", port, 0, ports.day(first), ports.day(last), score, numbers)


def _bump_row(ports: Curves, regions: tuple[str, ...], bump: bumps.Bump, lag: float) -> dict[str, Any]:
    days = {name: str(ports.day(getattr(bump, name))) for name in ("first", "peak", "last")}
    return days | {"region": regions[bump.key], "lag": round(lag, 1), "excess": round(bump.excess, 1), "base": round(bump.base, 2)}
