"""Do flows, segments, hours, days and months agree? For tests, and for operators who want to know.

Everything is computed here a second time and in another way than rollup does it: flows by GROUP BY in PostgreSQL, counts
by Arrow's grouping of the segments. Slow and in memory, a day or a month at a time.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

import numpy as np
import pyarrow as pa
from django.db import connection
from django.db.models import Sum

from apps.common.periods import add_months
from apps.observations.counting.bins import month_bounds
from apps.observations.counting.bodyverification import expected_hours, expected_tallies, of_days, stored_hours, stored_tallies
from apps.observations.counting.counts import KEPT_PACKETS, KEPT_SOURCES
from apps.observations.counting.recencyverification import expected_recencies, stored_recencies
from apps.observations.counting.rollup import panels_of_sensors
from apps.observations.counting.smallverification import expected_sensor_sources, expected_small, stored_sensor_sources, stored_small
from apps.observations.counting.staleness import stale_days
from apps.observations.counting.tallies import OF_DAYS
from apps.observations.models import Grain, Segment, Slice, Tally
from apps.observations.storage import bysensor, segments, sourcesets
from apps.observations.storage.hours import day_bounds, hour_starts

_FLOWS = """
SELECT sensor_id, protocol, port, signature, floor(extract(epoch FROM bucket) / 3600)::bigint, sum(packets)::bigint,
       count(DISTINCT CASE family(src) WHEN 6 THEN network(set_masklen(src, 64)) ELSE network(src) END)
FROM observations_flow WHERE bucket >= %s AND bucket < %s GROUP BY 1, 2, 3, 4, 5
"""
_CELL = "slice, bucket, protocol, port, region, signature"
_KEYS = {Slice.TOTAL: (), Slice.PORT: ("protocol", "port"), Slice.REGION: ("region",), Slice.PORT_REGION: ("protocol", "port", "region")}
_KEYS[Slice.EXCLUDED] = _KEYS[Slice.PORT]

Cell = tuple[Any, ...]  # owner, slice, bucket, protocol, port, region, signature


@dataclass
class _Sum:
    packets: int = 0
    sources: set[int] = field(default_factory=set)
    by_sensor: dict[int, list[Any]] = field(default_factory=lambda: defaultdict(lambda: [0, set()]))
    members: dict[tuple[int, int], int] = field(default_factory=lambda: defaultdict(int))  # packets by sensor and source

    def add(self, sensor: int, packets: int, source: int) -> None:
        self.packets += packets
        self.sources.add(source)
        self.by_sensor[sensor][0] += packets
        self.by_sensor[sensor][1].add(source)
        self.members[sensor, source] += packets

    @property
    def is_busy(self) -> bool:
        return len(self.sources) >= KEPT_SOURCES or self.packets >= KEPT_PACKETS


def problems(first: date, last: date) -> Iterator[str]:
    """What does not agree on the reporting days first to last (included), one sentence each; nothing where all is well."""
    waiting = {stale.day for stale in stale_days()}
    day = first
    while day <= last:
        if day in waiting:
            yield f"{day}: waits to be rolled up"
        else:
            yield from _day_problems(day)
        day += timedelta(days=1)
    month = first.replace(day=1)
    while month <= last:
        yield from _month_problems(month)
        month = add_months(month, 1)


def _day_problems(day: date) -> Iterator[str]:
    panels = panels_of_sensors()
    rows = _rows(list(panels), [day])
    start, end = day_bounds(day)
    if _has_all_flows(day):
        yield from _differences(f"{day}: flows and segments", _flow_cells(start, end), _segment_cells(rows, day))
    whole = _expected(rows, panels, lambda row: start)
    yield from _differences(f"{day}: day rows", _kept(whole), _stored(Grain.DAY, start))
    yield from _differences(f"{day}: small cells", expected_small(whole), stored_small(Grain.DAY, start))
    yield from _differences(f"{day}: sources of sensors", expected_sensor_sources(whole), stored_sensor_sources(start))
    starts = hour_starts(day)
    hours = _expected(rows, panels, lambda row: starts[row["hour"]])
    yield from _differences(f"{day}: hours", expected_hours(hours, whole), stored_hours(day))
    yield from _differences(f"{day}: tallies", expected_tallies(whole, OF_DAYS), stored_tallies(Grain.DAY, start))
    yield from _recency_problems(f"{day}", Grain.DAY, day)


def _has_all_flows(day: date) -> bool:
    """False where retention has dropped some of the flows that the segments were made of."""
    start, end = day_bounds(day)
    made_of = Segment.objects.filter(day=day).aggregate(flows=Sum("flows"))["flows"] or 0
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM observations_flow WHERE bucket >= %s AND bucket < %s", [start, end])
        return bool(cursor.fetchone()[0] >= made_of)


def _month_problems(month: date) -> Iterator[str]:
    start = month_bounds(month)[0]
    stored = _stored(Grain.MONTH, start)
    if stored:  # an open month has none
        panels = panels_of_sensors()
        days = [month + timedelta(days=offset) for offset in range((add_months(month, 1) - month).days)]
        expected = _expected(_rows(list(panels), days), panels, lambda row: start)
        yield from _differences(f"{month:%Y-%m}: month rows", _kept(expected), stored)
        yield from _differences(f"{month:%Y-%m}: small cells", expected_small(expected), stored_small(Grain.MONTH, start))
        by_day = of_days(start, month_bounds(month)[1]) | _sensor_sources_of_region_ports(days, panels)
        of_month = expected_tallies(expected, Tally.Axis)
        tallies = {cell: (*numbers[:2], by_day.get(cell, 0), sources) for cell, (*numbers, sources) in of_month.items()}
        yield from _differences(f"{month:%Y-%m}: tallies", tallies, stored_tallies(Grain.MONTH, start))
        yield from _recency_problems(f"{month:%Y-%m}", Grain.MONTH, month)


def _sensor_sources_of_region_ports(days: list[date], panels: dict[int, Any]) -> dict[Cell, int]:
    """(network, axis, key) → the sum of the days' sources of sensors; no day has such tallies."""
    found: dict[Cell, int] = defaultdict(int)
    for day in days:
        cells = _expected(_rows(list(panels), [day]), panels, lambda row: None)
        for cell, (_packets, _sources, sensor_sources, _set) in expected_tallies(cells, [Tally.Axis.REGION_PORT]).items():
            found[cell] += sensor_sources
    return found


def _recency_problems(what: str, grain: Grain, day: date) -> Iterator[str]:
    found = stored_recencies(grain, day_bounds(day)[0])
    if found:  # those that are missing will be built
        yield from _differences(f"{what}: recencies", expected_recencies(grain, day, found), found)


def _differences(what: str, expected: dict[Cell, Any], found: dict[Cell, Any]) -> Iterator[str]:
    wrong = [cell for cell in expected.keys() | found.keys() if expected.get(cell) != found.get(cell)]
    if wrong:
        cell = min(wrong, key=str)
        yield f"{what} disagree in {len(wrong)} cells, one of them {cell}: {expected.get(cell)} expected, {found.get(cell)} found"


def _flow_cells(start: datetime, end: datetime) -> dict[Cell, Any]:
    with connection.cursor() as cursor:
        cursor.execute(_FLOWS, [start, end])
        return {tuple(row[:5]): tuple(row[5:]) for row in cursor.fetchall()}


def _segment_cells(rows: list[dict[str, Any]], day: date) -> dict[Cell, Any]:
    clock = [int(start.timestamp()) // 3600 for start in hour_starts(day)]
    sums: dict[Cell, _Sum] = defaultdict(_Sum)
    for row in rows:
        cell = (row["sensor"], row["protocol"], row["port"], row["signature"], clock[row["hour"]])
        sums[cell].add(row["sensor"], row["packets"], row["source"])
    return {cell: (total.packets, len(total.sources)) for cell, total in sums.items()}


def _rows(sensor_ids: list[int], days: list[date]) -> list[dict[str, Any]]:
    frame = segments.read(sensor_ids, days)
    names = ["sensor", "hour", "source", "protocol", "port", "signature", "region", "excluded"]
    table = pa.table({name: frame[name].astype(np.int64) if name == "sensor" else frame[name] for name in [*names, "packets"]})
    return table.group_by(names).aggregate([("packets", "sum")]).rename_columns([*names, "packets"]).to_pylist()


def _expected(rows: list[dict[str, Any]], panels: dict[int, Any], bucket: Any) -> dict[Cell, _Sum]:
    """Every cell, pruned or not, of both tables: owners are ("sensor", id) and ("panel", number)."""
    sums: dict[Cell, _Sum] = defaultdict(_Sum)
    for row in rows:
        slices = [Slice.EXCLUDED] if row["excluded"] else [Slice.TOTAL, Slice.PORT, Slice.REGION, Slice.PORT_REGION]
        for slice_ in slices:
            has = _KEYS[slice_]
            keys = (row[name] if name in has else 0 for name in ("protocol", "port", "region"))
            cell = (int(slice_), bucket(row), *keys, row["signature"])
            for owner in (("sensor", row["sensor"]), ("panel", int(panels[row["sensor"]]))):
                sums[(owner, *cell)].add(row["sensor"], row["packets"], row["source"])
    return sums


def _kept(sums: dict[Cell, _Sum]) -> dict[Cell, Any]:
    return {cell: _values(cell[0][0], total) for cell, total in sums.items() if _is_kept(cell, total)}


def _is_kept(cell: Cell, total: _Sum) -> bool:
    (owner, _number), slice_ = cell[0], cell[1]
    return slice_ not in (Slice.PORT, Slice.PORT_REGION) or (owner == "panel" and total.is_busy)


def _numbers(owner: str, total: _Sum) -> Cell:
    numbers = (total.packets, len(total.sources))
    if owner == "sensor":
        return numbers
    return (*numbers, len(total.by_sensor), max(packets for packets, _sources in total.by_sensor.values()))


def _values(owner: str, total: _Sum) -> Cell:
    values = (*_numbers(owner, total), sorted(total.sources))
    if owner == "sensor":
        return values
    return (*values, [(sensor, len(sources), packets) for sensor, (packets, sources) in sorted(total.by_sensor.items())])


def _stored(grain: Grain, start: datetime) -> dict[Cell, Any]:
    """What the tables say of the bin that begins at `start`."""
    with connection.cursor() as cursor:
        where = "WHERE grain = %s AND bucket = %s"
        cursor.execute(
            f"SELECT sensor_id, {_CELL}, packets, sources, source_set FROM observations_sensorcount {where}",  # noqa: S608
            [grain, start],
        )
        stored = {(("sensor", row[0]), *row[1:7]): (*row[7:9], _set(row[9])) for row in cursor.fetchall()}
        cursor.execute(
            f"SELECT panel, {_CELL}, packets, sources, sensors, largest_sensor_packets, source_set, by_sensor"  # noqa: S608
            f" FROM observations_networkcount {where}",
            [grain, start],
        )
        network = {(("panel", row[0]), *row[1:7]): (*row[7:11], _set(row[11]), _records(row[12])) for row in cursor.fetchall()}
        return stored | network


def _set(body: bytes) -> list[int]:
    return sourcesets.keys_of(body).tolist()


def _records(body: bytes) -> list[Cell]:
    return bysensor.decode_many([bytes(body)])[0].tolist()
