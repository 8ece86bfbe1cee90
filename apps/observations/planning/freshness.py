"""How new the rolled-up data of a set of sensors is, and how far back it goes."""

from datetime import UTC, date, datetime, timedelta

from django.conf import settings
from django.db import connection

from apps.common.periods import day_start
from apps.observations.figures import Freshness
from apps.observations.planning.reading import once
from apps.observations.planning.together import Read, Row
from apps.sensors.scopes import SensorScope

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

# One index step a sensor: a plain max() over all segments would read a row for every sensor-day.
_EDGE = """
SELECT {aggregate}(edge.day) FROM unnest(%s::bigint[]) AS chosen(sensor_id) CROSS JOIN LATERAL (
    SELECT day FROM observations_segment WHERE sensor_id = chosen.sensor_id AND rows > 0 ORDER BY day {order} LIMIT 1
) AS edge
"""
# By the index of waiting marks: comparing every mark with its fill would take longer with each year that is kept.
_STALE = "SELECT count(DISTINCT day) FROM observations_mark WHERE sensor_id = ANY(%s::bigint[]) AND version > rolled_version"
_ROLLED_AT = """
SELECT max(newest.rolled_at) FROM unnest(%s::bigint[]) AS chosen(sensor_id) CROSS JOIN LATERAL (
    SELECT rolled_at FROM observations_fill WHERE sensor_id = chosen.sensor_id ORDER BY rolled_at DESC LIMIT 1
) AS newest
"""
_STATE = f"""
SELECT ({_EDGE.format(aggregate="max", order="DESC")}) - date '1970-01-01', ({_STALE}),
       (extract(epoch FROM ({_ROLLED_AT})) * 1000000)::bigint
"""  # noqa: S608  # only constants are put in


def newest_data(scope: SensorScope) -> Freshness:
    """One query. All parts are None or 0 where nothing has been rolled up yet."""
    ids = list(scope.sensor_ids)
    return once(("newest data", scope.sensor_ids), Read(_STATE, [ids, ids, ids], 3), _freshness)


def _freshness(rows: list[Row]) -> Freshness:
    [(newest, stale_days, rolled_at)] = rows
    return Freshness(
        newest=None if newest is None else day_start(_EPOCH.date() + timedelta(days=newest + 1), settings.REPORT_TIME_ZONE),
        rolled_at=None if rolled_at is None else _EPOCH + timedelta(microseconds=rolled_at),
        stale_days=stale_days,
    )


def oldest_day(scope: SensorScope) -> date | None:
    """The first reporting day with rolled-up data of these sensors."""
    with connection.cursor() as cursor:
        cursor.execute(_EDGE.format(aggregate="min", order="ASC"), [list(scope.sensor_ids)])
        day: date | None = cursor.fetchone()[0]
    return day
