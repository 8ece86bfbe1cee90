"""Puts all sensor-days of a month that is over into one body, from which figures read them (`models.MonthStamp`)."""

from datetime import UTC, date, datetime
from uuid import UUID

import numpy as np
from django.db import connection

from apps.common.periods import add_months
from apps.observations.counting.bins import month_bounds
from apps.observations.storage import pgcopy, sensormonths
from apps.observations.storage.columns import Frame

_WAITING = "SELECT month, stamp FROM observations_monthstamp WHERE body IS NULL ORDER BY month DESC"
# All sensors are named, too: the indexes begin with them, and tables of many years would be read as a whole.
_SENSOR_DAYS = """
SELECT array_send(array_agg(sensor_id::bigint)) || array_send(array_agg(day - date '1970-01-01'))
    || array_send(array_agg(coalesce(covered_hours, 0)::int4)) || array_send(array_agg(coalesce(cardinality(seconds), 0)))
    || array_send(array_agg(coalesce(rolled_at, timestamptz '2000-01-01 00:00:00+00')))
    || array_send(array_agg(coalesce(region_as_of - date '1970-01-01', 0)))
FROM (
    SELECT * FROM (
        SELECT sensor_id, day, covered_hours, seconds FROM observations_coverage
        WHERE sensor_id = ANY(ARRAY(SELECT id FROM sensors_sensor)) AND day >= %(first)s AND day < %(next)s
    ) AS watched FULL JOIN (
        SELECT sensor_id, day, rolled_at, region_as_of FROM observations_fill
        WHERE sensor_id = ANY(ARRAY(SELECT id FROM sensors_sensor)) AND day >= %(first)s AND day < %(next)s
    ) AS filled USING (sensor_id, day)
    ORDER BY day, sensor_id
) AS sensor_day
"""
_TYPES = (">i8", ">i4", ">i4", ">i4", ">i8", ">i4")
_KEEP = "UPDATE observations_monthstamp SET body = %s WHERE month = %s AND stamp = %s AND body IS NULL"


def keep(now: datetime | None = None) -> list[date]:
    """Of each month that is over and has no body; → those (their first days). May run twice and beside rollups: a body is kept only
    under the stamp that was there before its days were read, and whoever changes a day brings another stamp with it."""
    ended_by = now or datetime.now(UTC)
    return [month for month, stamp in _waiting() if month_bounds(month)[1] <= ended_by and _keep(month, stamp)]


def _waiting() -> list[tuple[date, UUID]]:
    with connection.cursor() as cursor:
        cursor.execute(_WAITING)
        return [(month, stamp) for month, stamp in cursor.fetchall()]


def _keep(month: date, stamp: UUID) -> bool:
    body = sensormonths.encode(_sensor_days(month))
    with connection.cursor() as cursor:
        cursor.execute(_KEEP, [body, month, stamp])
        return bool(cursor.rowcount)


def _sensor_days(month: date) -> Frame:
    [[body]] = pgcopy.binary_rows(_SENSOR_DAYS, {"first": month, "next": add_months(month, 1)})
    columns = [np.empty(0, np.int64) for _ in _TYPES] if body is None else pgcopy.arrays_of(body, *_TYPES)
    return dict(zip(sensormonths.COLUMNS, columns, strict=True))
