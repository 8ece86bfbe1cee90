"""Counts of closed months, made of their segments. An open month is read from its days.

A month of 100 sensors has some 20 million segment rows, so it is read twice and in parts: sensor by sensor for sensor
rows and for the panels' totals and regions, then some ports at a time for the panels' ports. Month rows exist only
while they agree with the days (`bins.py`): a day that is rolled again takes them away, and the next run makes them anew.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np
from django.db import connection, transaction
from numpy.typing import NDArray

from apps.common.periods import add_months
from apps.observations.counting.bins import lock_month_alone, month_bounds, month_is_counted
from apps.observations.counting.counts import Coded, CountRows, network_rows, sensor_rows, with_fresh
from apps.observations.counting.rollup import panels_of_sensors
from apps.observations.counting.smallcells import small_of, small_rows
from apps.observations.models import Grain, Slice
from apps.observations.storage import segments
from apps.observations.storage.cells import encode, group
from apps.observations.storage.columns import Frame, concat
from apps.observations.storage.hours import microseconds
from apps.observations.storage.locks import month_lock

CLOSES_AFTER = timedelta(days=1)  # late batches of the last evening should not cost a second build
PART_ROWS = 800_000  # rows held at once; grouping takes some 500 bytes for each

_BY_SENSOR = ("sensor", "source", "protocol", "port", "signature", "region", "packets", "excluded")
_WITHOUT_PORT = ("sensor", "source", "signature", "region", "packets", "excluded")
# What the month is made of: changes whenever a day of it is rolled, and says whether one waits to be.
_STATE = """
SELECT count(*), coalesce(sum(fill.rolled_version), 0)::bigint,
       coalesce(bool_or(mark.version > coalesce(fill.rolled_version, 0)), false)
FROM observations_mark AS mark LEFT JOIN observations_fill AS fill USING (sensor_id, day)
WHERE mark.day >= %s AND mark.day < %s
"""
_WITH_DATA = "SELECT DISTINCT date_trunc('month', day)::date FROM observations_segment WHERE rows > 0 ORDER BY 1 DESC"


def months_to_close(now: datetime | None = None) -> list[date]:
    """First days of the months that are over, have data and no rows yet; newest first."""
    ended_before = (now or datetime.now(UTC)) - CLOSES_AFTER
    with connection.cursor() as cursor:
        cursor.execute(_WITH_DATA)
        over = [month for (month,) in cursor.fetchall() if month_bounds(month)[1] <= ended_before]
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
    at = np.array([microseconds(month_bounds(month)[0])], np.int64)
    days = [month + timedelta(days=offset) for offset in range((add_months(month, 1) - month).days)]
    reduced = []
    for sensor in panels:
        frame = segments.read([sensor], days, _BY_SENSOR)
        coded = Coded(frame, panels)
        yield from sensor_rows(coded, coded.columns, Grain.MONTH, at)
        reduced.append(_without_port(frame))
    coded = Coded(concat(reduced, _WITHOUT_PORT), panels)
    yield from network_rows(coded, coded.columns, Grain.MONTH, at, [Slice.TOTAL, Slice.REGION])
    small = []
    for frame in _by_port(list(panels), days):
        coded = Coded(frame, panels)
        rows = with_fresh(coded.columns)
        yield from network_rows(coded, rows, Grain.MONTH, at, [Slice.PORT, Slice.PORT_REGION, Slice.EXCLUDED])
        small.append(small_of(coded, rows))
    yield small_rows(small, Grain.MONTH, int(at[0]))


def _without_port(frame: Frame) -> Frame:
    _keys, source = encode(frame["source"])
    rows = group(frame["sensor"], source, frame["signature"], frame["region"], frame["excluded"])
    summed = {name: rows.first(frame[name]) for name in _WITHOUT_PORT if name != "packets"}
    return summed | {"packets": rows.sum(frame["packets"])}


def _by_port(sensor_ids: list[int], days: list[date]) -> Iterator[Frame]:
    """The rows of a month in parts that share no port."""
    parts = max(1, -(-_row_count(days) // PART_ROWS))
    for part in range(parts):

        def keep(frame: Frame, part: int = part) -> NDArray[np.bool_]:
            return frame["port"] % parts == part

        yield segments.read(sensor_ids, days, _BY_SENSOR, keep=keep if parts > 1 else None, max_rows=np.iinfo(np.int64).max)


def _row_count(days: Iterable[date]) -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT coalesce(sum(rows), 0)::bigint FROM observations_segment WHERE day = ANY(%s)", [list(days)])
        (count,) = cursor.fetchone()
    return int(count)
