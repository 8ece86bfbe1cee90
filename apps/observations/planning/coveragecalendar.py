"""Which hours each sensor watched on each day: the calendar behind every average."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
from django.conf import settings
from django.utils.translation import gettext as _

from apps.common.errors import ParameterError
from apps.common.periods import Period, local_day
from apps.observations.planning.watch import sensor_days
from apps.observations.storage.hours import hour_starts

MAX_CELLS = 40_000


@dataclass(frozen=True)
class SensorCoverage:
    """One sensor: covered hours of each day of the calendar, None on days on which it was not active."""

    sensor: int
    hours: tuple[int | None, ...]
    covered_days: int  # as averages have it: at least five sixths of the hours
    active_days: int


@dataclass(frozen=True)
class CoverageCalendar:
    """`lengths` are the hours that each reporting day has, 23 to 25."""

    days: tuple[date, ...]
    lengths: tuple[int, ...]
    sensors: tuple[SensorCoverage, ...]


def calendar(sensors: Sequence[int], period: Period) -> CoverageCalendar:
    """In order of `sensors`. One query."""
    zone = settings.REPORT_TIME_ZONE
    whole = Period(period.start, period.end, zone)
    count = (local_day(period.end, zone) - local_day(period.start, zone)).days + 1
    if count * max(1, len(sensors)) > MAX_CELLS:
        problem = _("%(sensors)d sensors on %(days)d days are more than %(max)d cells; choose a shorter period or fewer sensors")
        raise ParameterError("period", problem % {"sensors": len(sensors), "days": count, "max": MAX_CELLS})
    found, days = sensor_days(sensors, period), tuple(whole.days())
    rows = []
    for sensor in sensors:
        mine = found.sensor == sensor
        order = np.argsort(found.day[mine])
        hours, is_active = found.hours[mine][order].tolist(), found.is_active[mine][order].tolist()
        cells = tuple(value if active else None for value, active in zip(hours, is_active, strict=True))
        rows.append(SensorCoverage(sensor, cells, int((found.is_covered & mine).sum()), sum(is_active)))
    return CoverageCalendar(days, tuple(len(hour_starts(day)) for day in days), tuple(rows))
