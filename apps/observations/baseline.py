"""Today beside usual: the newest full day against the median of the covered days among the 28 before it."""

from datetime import date, datetime, timedelta
from statistics import median

from django.conf import settings

from apps.common.periods import Bin, Period, day_start, local_day
from apps.observations.figures import Dimension, Selection, Unit, Usual
from apps.observations.freshness import newest_data
from apps.observations.seriessets import series
from apps.sensors.scopes import SensorScope

DAYS = 28


def usual(scope: SensorScope, unit: Unit) -> Usual:
    """See queries.usual."""
    newest = newest_data(scope).newest
    last = _last_full_day(newest) if newest else None
    if last is None:
        return Usual(unit, None, None, None, 0)
    zone = settings.REPORT_TIME_ZONE
    period = Period.of_days(last - timedelta(days=DAYS), last + timedelta(days=1), zone)
    [line] = series(Selection(scope, period), Dimension.NONE, Bin.DAY, unit, 1).series
    before = [value for value in line.values[:-1] if value is not None]
    return Usual(unit, last, line.values[-1], median(before) if before else None, len(before))


def _last_full_day(newest: datetime) -> date:
    """The day of the newest data, unless that is today, which is not over."""
    zone = settings.REPORT_TIME_ZONE
    now = datetime.now(zone)
    last = local_day(min(newest, now) - timedelta(microseconds=1), zone)
    return last if day_start(last + timedelta(days=1), zone) <= now else last - timedelta(days=1)
