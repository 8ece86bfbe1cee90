"""Today beside usual: the newest full day against the median of the covered days among the 28 before it."""

from datetime import date, datetime, timedelta
from statistics import median

from django.conf import settings

from apps.common.periods import Bin, Period, day_start, local_day
from apps.observations.figures import Dimension, Selection, Unit, Usual
from apps.observations.planning.freshness import newest_data
from apps.observations.planning.seriessets import series
from apps.observations.planning.watch import sensor_days
from apps.sensors.scopes import SensorScope

DAYS = 28


def usual(scope: SensorScope, unit: Unit) -> Usual:
    """See queries.usual."""
    newest = newest_data(scope).newest
    last = _last_full_day(scope, newest) if newest else None
    if last is None:
        return Usual(unit, None, None, None, 0)
    zone = settings.REPORT_TIME_ZONE
    period = Period.of_days(last - timedelta(days=DAYS), last + timedelta(days=1), zone)
    [line] = series(Selection(scope, period), Dimension.NONE, Bin.DAY, unit, 1).series
    before = [value for value in line.values[:-1] if value is not None]
    return Usual(unit, last, line.values[-1], median(before) if before else None, len(before))


def _last_full_day(scope: SensorScope, newest: datetime) -> date:
    """The newest day that is over and that some sensor watched nearly all of: the day on which an import or a replay
    breaks off is not to be compared with whole ones. Where no day of the window is, the newest that is over."""
    zone = settings.REPORT_TIME_ZONE
    now = datetime.now(zone)
    last = local_day(min(newest, now) - timedelta(microseconds=1), zone)
    if day_start(last + timedelta(days=1), zone) > now:
        last -= timedelta(days=1)
    days = sensor_days(scope.sensor_ids, Period.of_days(last - timedelta(days=DAYS), last + timedelta(days=1), zone))
    watched = days.day[days.is_covered]
    return watched.max().item() if watched.size else last
