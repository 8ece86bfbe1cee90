"""Counts of closed months, made of their segments. An open month is read from its days.

A month of 100 sensors has some 20 million segment rows, so it is read sensor by sensor, for sensor rows and for the panels'
totals and regions, and put aside for the panels' ports, which are made some ports at a time. Month rows exist only
while they agree with the days (`bins.py`): a day that is rolled again takes them away, and the next run makes them anew.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np
from django.db import connection, transaction

from apps.common.periods import add_months
from apps.observations.counting.aside import put_aside
from apps.observations.counting.bins import lock_month_alone, month_bounds, month_is_counted, months_with_data
from apps.observations.counting.counts import Coded, CountRows, fresh_days, network_rows, sensor_rows, with_fresh
from apps.observations.counting.rollup import panels_of_sensors
from apps.observations.counting.smallcells import small_of, small_rows
from apps.observations.counting.tallies import WITHOUT_PORT, Tallied, by_source, joined, tallied, tally_rows, united, with_days
from apps.observations.models import Grain, Slice, Tally
from apps.observations.storage import segments
from apps.observations.storage.cells import encode, group
from apps.observations.storage.columns import Frame, concat
from apps.observations.storage.hours import microseconds
from apps.observations.storage.locks import month_lock

CLOSES_AFTER = timedelta(days=1)  # late batches of the last evening should not cost a second build
PART_ROWS = 800_000  # rows held at once; grouping takes some 500 bytes for each

_BY_SENSOR = ("sensor", "source", "protocol", "port", "signature", "region", "packets", "excluded")
_WITHOUT_PORT = tuple(name for name in _BY_SENSOR if name not in ("protocol", "port"))
_ASIDE = (*_BY_SENSOR, "fresh_days")
_SUMS = ("packets", "fresh_days")
# What the month is made of: changes whenever a day of it is rolled, and says whether one waits to be.
_STATE = """
SELECT count(*), coalesce(sum(fill.rolled_version), 0)::bigint,
       coalesce(bool_or(mark.version > coalesce(fill.rolled_version, 0)), false)
FROM observations_mark AS mark LEFT JOIN observations_fill AS fill USING (sensor_id, day)
WHERE mark.day >= %s AND mark.day < %s
"""


def months_to_close(now: datetime | None = None) -> list[date]:
    """First days of the months that are over, have data and no rows yet; newest first."""
    ended_before = (now or datetime.now(UTC)) - CLOSES_AFTER
    with connection.cursor() as cursor:
        over = [month for month in reversed(months_with_data(cursor)) if month_bounds(month)[1] <= ended_before]
        return [month for month in over if not month_is_counted(cursor, month)]


def close_month(month: date, *, wait: bool = True) -> int:
    """Make the rows of a month that has none; → how many. 0 where it has them, somebody else is at it, or a day of it waits
    to be rolled or was rolled meanwhile: then a later run does it.

    Rows are written as they are made, so that they need not be held together. No snapshot is needed: days that were rolled
    meanwhile show in the state, and then all is taken back."""
    with month_lock(month, wait=wait) as held:
        if not held:
            return 0
        with transaction.atomic(), connection.cursor() as cursor:
            state = _state(month)
            if state.is_stale or month_is_counted(cursor, month):
                return 0
            written = _write(cursor, month)
            lock_month_alone(cursor, month)
            if _state(month) == state:
                return written
            transaction.set_rollback(True)
        return 0


def _write(cursor: Any, month: date) -> int:
    written = 0
    for rows in _rows(month):
        rows.write(cursor)
        written += len(rows)
    return written


@dataclass(frozen=True)
class _State:
    days: int
    versions: int
    is_stale: bool


def _state(month: date) -> _State:
    with connection.cursor() as cursor:
        cursor.execute(_STATE, [month, add_months(month, 1)])
        return _State(*cursor.fetchone())


def _rows(month: date) -> Iterator[CountRows]:
    panels = panels_of_sensors()
    days = [month + timedelta(days=offset) for offset in range((add_months(month, 1) - month).days)]
    by_panel: dict[int, list[Frame]] = defaultdict(list)
    with put_aside(_ASIDE, max(1, -(-_row_count(days) // PART_ROWS))) as aside:
        for sensor in panels:
            frame = segments.read([sensor], days, (*_BY_SENSOR, "day"))
            coded = Coded(frame, panels)
            yield from sensor_rows(coded, coded.columns, Grain.MONTH, _start_us(month))
            by_panel[panels[sensor]].append(_summed(frame, _WITHOUT_PORT))
            fresh = fresh_days(coded.columns, (frame["day"] - np.datetime64(month)).astype(np.int64))
            aside.put(_summed(frame | {"fresh_days": fresh}, _ASIDE))
        yield from _without_ports(month, by_panel, panels)
        yield from _of_ports(month, aside.parts(), panels)


def _without_ports(month: date, by_panel: dict[int, list[Frame]], panels: Mapping[int, int]) -> Iterator[CountRows]:
    """Totals and regions of the panels, and what the networks have but ports: slice by slice and panel by panel, for the sake of
    memory. Panels share sources, so their tallies are united."""
    parts: dict[Tally.Axis, list[Frame]] = defaultdict(list)
    for panel in sorted(by_panel):
        coded = Coded(concat(by_panel.pop(panel), _WITHOUT_PORT), panels)
        for slice_ in (Slice.TOTAL, Slice.REGION):
            yield from network_rows(coded, coded.columns, Grain.MONTH, _start_us(month), [slice_])
        for axis in WITHOUT_PORT:
            parts[axis].append(by_source(coded, coded.columns, axis))
    yield _tally_rows(month, [united(axis, found) for axis, found in parts.items()])


def _of_ports(month: date, parts: Iterable[Frame], panels: Mapping[int, int]) -> Iterator[CountRows]:
    """Ports of panels and networks, from parts that share none."""
    small, ports, region_ports = [], [], []
    for frame in parts:
        coded = Coded(frame, panels)
        rows = with_fresh(coded.columns)
        yield from network_rows(coded, rows, Grain.MONTH, _start_us(month), [Slice.PORT, Slice.PORT_REGION, Slice.EXCLUDED])
        small.append(small_of(coded, rows))
        ports.append(tallied(coded, rows, Tally.Axis.PORT))
        region_ports.append(tallied(coded, rows, Tally.Axis.REGION_PORT))
    yield small_rows(small, Grain.MONTH, _start_us(month))
    yield _tally_rows(month, [joined(Tally.Axis.PORT, ports)])
    yield tally_rows([joined(Tally.Axis.REGION_PORT, region_ports)], Grain.MONTH, _start_us(month))


def _tally_rows(month: date, tallies: Iterable[Tallied]) -> CountRows:
    with connection.cursor() as cursor:
        known = [with_days(cursor, tally, *month_bounds(month)) for tally in tallies]
    return tally_rows(known, Grain.MONTH, _start_us(month))


def _start_us(month: date) -> int:
    return microseconds(month_bounds(month)[0])


def _summed(frame: Frame, names: tuple[str, ...]) -> Frame:
    """The rows of one sensor's month, those added up that agree in all `names` but the sums."""
    keys = [name for name in names if name not in ("sensor", "source", *_SUMS)]
    _sources, source = encode(frame["source"])
    rows = group(source, *(frame[name] for name in keys))
    return {name: rows.sum(frame[name]) if name in _SUMS else rows.first(frame[name]) for name in names}


def _row_count(days: Iterable[date]) -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT coalesce(sum(rows), 0)::bigint FROM observations_segment WHERE day = ANY(%s)", [list(days)])
        (count,) = cursor.fetchone()
    return int(count)
