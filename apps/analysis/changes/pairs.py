"""Findings about pairs of ports: their sources overlap, and their curves move together or not."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import numpy as np

from apps.analysis.changes import curves, overlaps
from apps.analysis.changes.curves import Curves, drawn
from apps.analysis.changes.findings import Finding, score_of
from apps.analysis.correlation import lagged
from apps.analysis.models import ChangeKind
from apps.observations import queries
from apps.observations.figures import Dimension, Selection, Unit
from apps.sensors.scopes import SensorScope

PORTS = 20
RECENT = 7  # days
OVERLAP_WEIGHT = 0.4  # that two ports are scanned together is mostly no news
NONE_SCORE = 5.0


def findings(scope: SensorScope, ports: Curves) -> Iterator[Finding]:
    """Pairs of ports whose sources overlap, and whether their curves move together."""
    week = (ports.last - timedelta(days=6), ports.last)
    busy = queries.ranking(Selection(scope, curves.span(*week)), Dimension.PORT, Unit.SOURCES, PORTS)
    names = tuple(row.key for row in busy.rows if row.key in ports.keys)
    if not names:
        return
    for found in overlaps.overlaps(curves.sources_of_ports(scope, names, *week)):
        subject = f"{found.first},{found.second}"
        first, second = (ports.values[ports.keys.index(port)] for port in (found.first, found.second))
        share = ports.share(float(np.nanmean(second[-RECENT:])) if not np.isnan(second[-RECENT:]).all() else 0.0)
        curves_of_both = {"curve": drawn(ports.first, first), "other_curve": drawn(ports.first, second), "of_all": share}
        numbers = {"sources": [found.first_sources, found.second_sources], "both": found.both, "contained": found.contained,
                   "jaccard": found.jaccard}  # fmt: skip
        yield Finding(
            ChangeKind.OVERLAP,
            "port",
            subject,
            0,
            *week,
            round(OVERLAP_WEIGHT * score_of(1 + found.contained, share), 1),
            numbers | curves_of_both,
        )
        yield _correlation(subject, ports, first, second, curves_of_both)


def _correlation(subject: str, ports: Curves, first: curves.Floats, second: curves.Floats, both: dict[str, Any]) -> Finding:
    found = lagged(first, second)
    kind = ChangeKind.CORRELATION if found.is_significant else ChangeKind.NO_CORRELATION
    numbers = {"lag": found.best_lag, "r": found.r, "n": found.n, "effective_n": found.effective_n, "p": found.p}
    score = 20 * abs(found.r or 0) if found.is_significant else NONE_SCORE
    return Finding(kind, "port", subject, 0, ports.first, ports.last, round(score, 1), numbers | both)
