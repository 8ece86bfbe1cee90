"""Whole bins of the count tables: taking them away, and keeping days and months from crossing.

Month rows exist only while they agree with the days: whoever rewrites a day deletes the rows of its month in the same
transaction. Writers of days hold the month's lock together, the writer of a month holds it alone.
"""

from datetime import date, datetime, timedelta
from typing import Any

from django.conf import settings

from apps.common.periods import add_months, day_start
from apps.observations.models import Axis, Grain, Slice
from apps.sensors.models import Panel

_INSTANT = timedelta(microseconds=1)
_MONTH_WRITES = 0x7453_0004  # first half of the lock's key; arbitrary, but it must stay
_SLICES = [int(slice_) for slice_ in Slice]


def month_bounds(month: date) -> tuple[datetime, datetime]:
    """[start, end) of a month of the reporting zone that begins on `month`, UTC."""
    zone = settings.REPORT_TIME_ZONE
    return day_start(month, zone), day_start(add_months(month, 1), zone)


def delete_bins(cursor: Any, grain: Grain, start: datetime, end: datetime, sensor_ids: list[int]) -> None:
    """Delete the network rows of the bins that begin in [start, end), and the sensor rows of these sensors. All columns
    the keys begin with are named, so that neither table is searched further than needed."""
    bins = [int(grain), _SLICES, start, end]
    where = "AND grain = %s AND slice = ANY(%s) AND bucket >= %s AND bucket < %s"
    cursor.execute(f"DELETE FROM observations_sensorcount WHERE sensor_id = ANY(%s) {where}", [sensor_ids, *bins])  # noqa: S608
    cursor.execute(f"DELETE FROM observations_networkcount WHERE panel = ANY(%s) {where}", [[int(p) for p in Panel], *bins])  # noqa: S608
    cursor.execute(
        "DELETE FROM observations_smallcells WHERE panel = ANY(%s) AND grain = %s AND axis = ANY(%s) AND bucket >= %s AND bucket < %s",
        [[int(p) for p in Panel], int(grain), [int(axis) for axis in Axis], start, end],
    )


def delete_bin(cursor: Any, grain: Grain, start: datetime, sensor_ids: list[int]) -> None:
    delete_bins(cursor, grain, start, start + _INSTANT, sensor_ids)


def delete_month(cursor: Any, month: date) -> None:
    """Delete the rows of a month, of all sensors: rows of some would look like rows of all."""
    start = month_bounds(month)[0]
    if month_is_counted(cursor, month):
        cursor.execute("SELECT id FROM sensors_sensor")
        delete_bin(cursor, Grain.MONTH, start, [pk for (pk,) in cursor.fetchall()])


def month_is_counted(cursor: Any, month: date) -> bool:
    """Whether the month has rows; every flow makes a network row of some slice."""
    cursor.execute(
        "SELECT 1 FROM observations_networkcount WHERE panel = ANY(%s) AND grain = %s AND slice = ANY(%s) AND bucket = %s LIMIT 1",
        [[int(p) for p in Panel], Grain.MONTH, _SLICES, month_bounds(month)[0]],
    )
    return cursor.fetchone() is not None


def lock_month_shared(cursor: Any, month: date) -> None:
    """Until the end of the transaction: days of this month may be written, the month itself may not."""
    cursor.execute("SELECT pg_advisory_xact_lock_shared(%s, %s)", [_MONTH_WRITES, month.toordinal()])


def lock_month_alone(cursor: Any, month: date) -> None:
    cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [_MONTH_WRITES, month.toordinal()])
