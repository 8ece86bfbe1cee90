"""Whole bins of the count tables: taking them away, and keeping days and months from crossing.

Month rows exist only while they agree with the days: whoever rewrites a day deletes the rows of its month in the same
transaction. Writers of days hold the month's lock together, the writer of a month holds it alone.
"""

from datetime import date, datetime
from typing import Any

from django.conf import settings

from apps.common.periods import add_months, day_start
from apps.observations.models import Axis, Grain, Slice, Tally
from apps.sensors.models import Network, Panel

_MONTH_WRITES = 0x7453_0004  # first half of the lock's key; arbitrary, but it must stay
_SLICES = [int(slice_) for slice_ in Slice]
_PANELS = [int(panel) for panel in Panel]
_NETWORKS = [int(network) for network in Network]


def month_bounds(month: date) -> tuple[datetime, datetime]:
    """[start, end) of a month of the reporting zone that begins on `month`, UTC."""
    zone = settings.REPORT_TIME_ZONE
    return day_start(month, zone), day_start(add_months(month, 1), zone)


def delete_day(cursor: Any, start: datetime, sensor_ids: list[int]) -> None:
    """Delete all of the reporting day that begins at `start`: of panels and networks, and of these sensors."""
    _delete_bin(cursor, Grain.DAY, start, sensor_ids)
    cursor.execute("DELETE FROM observations_sensorhours WHERE sensor_id = ANY(%s) AND bucket = %s", [sensor_ids, start])
    cursor.execute(
        "DELETE FROM observations_networkhours WHERE panel = ANY(%s) AND slice = ANY(%s) AND bucket = %s", [_PANELS, _SLICES, start]
    )


def _delete_bin(cursor: Any, grain: Grain, start: datetime, sensor_ids: list[int]) -> None:
    """All columns the keys begin with are named, so that no table is searched further than needed."""
    bins = [int(grain), _SLICES, start]
    where = "AND grain = %s AND slice = ANY(%s) AND bucket = %s"
    cursor.execute(f"DELETE FROM observations_sensorcount WHERE sensor_id = ANY(%s) {where}", [sensor_ids, *bins])  # noqa: S608
    cursor.execute(f"DELETE FROM observations_networkcount WHERE panel = ANY(%s) {where}", [_PANELS, *bins])  # noqa: S608
    for table, owner, owners, axes in (("smallcells", "panel", _PANELS, Axis), ("tally", "network", _NETWORKS, Tally.Axis)):
        cursor.execute(
            f"DELETE FROM observations_{table} WHERE {owner} = ANY(%s) AND grain = %s AND axis = ANY(%s) AND bucket = %s",  # noqa: S608
            [owners, int(grain), [int(axis) for axis in axes], start],
        )


def delete_month(cursor: Any, month: date) -> None:
    """Delete the rows of a month, of all sensors: rows of some would look like rows of all."""
    start = month_bounds(month)[0]
    if month_is_counted(cursor, month):
        cursor.execute("SELECT id FROM sensors_sensor")
        _delete_bin(cursor, Grain.MONTH, start, [pk for (pk,) in cursor.fetchall()])


def month_is_counted(cursor: Any, month: date) -> bool:
    """Whether the month has rows; every flow makes a network row of some slice."""
    cursor.execute(
        "SELECT 1 FROM observations_networkcount WHERE panel = ANY(%s) AND grain = %s AND slice = ANY(%s) AND bucket = %s LIMIT 1",
        [_PANELS, Grain.MONTH, _SLICES, month_bounds(month)[0]],
    )
    return cursor.fetchone() is not None


def months_with_data(cursor: Any) -> list[date]:
    """First days of the months in which anything was seen, oldest first."""
    cursor.execute("SELECT DISTINCT date_trunc('month', day)::date FROM observations_segment WHERE rows > 0 ORDER BY 1")
    return [month for (month,) in cursor.fetchall()]


def lock_month_shared(cursor: Any, month: date) -> None:
    """Until the end of the transaction: days of this month may be written, the month itself may not."""
    cursor.execute("SELECT pg_advisory_xact_lock_shared(%s, %s)", [_MONTH_WRITES, month.toordinal()])


def lock_month_alone(cursor: Any, month: date) -> None:
    cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [_MONTH_WRITES, month.toordinal()])
