"""What `verification` compares of small cells: what they ought to hold by plain sums, and what the table says."""

from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from apps.observations.models import COUNTED, Axis, Grain, NetworkCount, Slice, SmallCells
from apps.observations.storage import smallcells
from apps.observations.storage.columns import length

Cell = tuple[Any, ...]
_PORTS = (Slice.PORT, Slice.PORT_REGION)


def expected_small(sums: Mapping[Cell, Any]) -> dict[Cell, Any]:
    """(axis, panel, block, protocol, port, region, signature) → packets, sources and, by region, whether the port is small
    and the members. `sums` are all cells of one bin, as `verification` has them."""
    found: dict[Cell, Any] = {}
    for ((owner, panel), slice_, bucket, protocol, port, region, signature), total in sums.items():
        if owner != "panel" or slice_ not in _PORTS or total.is_busy:
            continue
        key, numbers = (protocol, port, region, signature), (total.packets, len(total.sources))
        if slice_ == Slice.PORT:
            found[(Axis.PORTS, panel, 0, *key)] = numbers
            continue
        is_small = not sums[(owner, panel), int(Slice.PORT), bucket, protocol, port, 0, signature].is_busy
        values = (*numbers, is_small, sorted((*member, packets) for member, packets in total.members.items()))
        found[(Axis.PORT, panel, protocol << 8 | port >> 8, *key)] = values
        found[(Axis.REGION, panel, region, *key)] = values
    return found


def stored_small(grain: Grain, start: datetime) -> dict[Cell, Any]:
    found: dict[Cell, Any] = {}
    for body in SmallCells.objects.filter(grain=grain, bucket=start):
        cells, _counts = smallcells.decode([bytes(body.cells)], smallcells.CELL)
        members, _counts = smallcells.decode([bytes(body.members)] if body.members else [], smallcells.MEMBER)
        rows = list(zip(*(members[name].tolist() for name in smallcells.MEMBER), strict=True))
        at = 0
        for number in range(length(cells)):
            cell = {name: column[number].item() for name, column in cells.items()}
            key = (Axis(body.axis), body.panel, body.block, *(cell[name] for name in ("protocol", "port", "region", "signature")))
            own = sorted(rows[at : at + cell["members"]])
            at += cell["members"]
            numbers = (cell["packets"], cell["sources"])
            found[key] = numbers if body.axis == Axis.PORTS else (*numbers, cell["is_port_small"], own)
    return found


def expected_sensor_sources(sums: Mapping[Cell, Any]) -> dict[Cell, int]:
    """Of everything, each region, each port, and each region of a port: Σ over sensors of the distinct sources under counted
    signatures."""
    seen: dict[Cell, set[tuple[int, int]]] = defaultdict(set)
    for ((owner, panel), slice_, _bucket, protocol, port, region, signature), total in sums.items():
        if owner == "panel" and slice_ != Slice.EXCLUDED and signature in COUNTED:
            seen[panel, slice_, protocol, port, region] |= total.members.keys()
    return {cell: len(pairs) for cell, pairs in seen.items()}


def stored_sensor_sources(start: datetime) -> dict[Cell, int]:
    found: dict[Cell, int] = defaultdict(int)
    rows = NetworkCount.objects.filter(grain=Grain.DAY, bucket=start, signature__in=COUNTED).exclude(slice=Slice.EXCLUDED)
    for *cell, value in rows.values_list("panel", "slice", "protocol", "port", "region", "sensor_sources"):
        found[tuple(cell)] += value
    for body in SmallCells.objects.filter(grain=Grain.DAY, bucket=start, axis__in=(Axis.PORTS, Axis.REGION)):
        cells, _counts = smallcells.decode([bytes(body.cells)], smallcells.CELL)
        slice_ = int(Slice.PORT if body.axis == Axis.PORTS else Slice.PORT_REGION)
        names = ("protocol", "port", "region", "sensor_sources", "signature")
        for *cell, value, signature in zip(*(cells[name].tolist() for name in names), strict=True):
            if signature in COUNTED:
                found[(body.panel, slice_, *cell)] += value
    return dict(found)
