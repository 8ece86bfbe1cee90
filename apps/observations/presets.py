"""Named periods. They count back from the newest rolled-up data, not from the clock, and pages say so."""

from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from django.utils.translation import gettext_lazy as _

from apps.common.periods import Period, add_months, local_day

LONGEST = timedelta(days=3650)


class Preset(StrEnum):
    HOURS_24 = "24h"
    DAYS_7 = "7d"
    DAYS_30 = "30d"
    THIS_MONTH = "this-month"
    LAST_MONTH = "last-month"
    THIS_QUARTER = "this-quarter"
    LAST_QUARTER = "last-quarter"
    ALL = "all"


LABELS = {
    Preset.HOURS_24: _("last 24 hours"),
    Preset.DAYS_7: _("last 7 days"),
    Preset.DAYS_30: _("last 30 days"),
    Preset.THIS_MONTH: _("this month"),
    Preset.LAST_MONTH: _("last month"),
    Preset.THIS_QUARTER: _("this quarter"),
    Preset.LAST_QUARTER: _("previous quarter"),
    Preset.ALL: _("all"),
}


def period_of(preset: Preset, newest: datetime | None, zone: ZoneInfo, oldest: date | None = None) -> Period:
    """The period a preset names; `newest` is the end of the newest rolled-up day, None where there is no data yet."""
    end = newest or datetime.now(UTC)
    last = local_day(end - timedelta(microseconds=1), zone)
    if preset is Preset.HOURS_24:
        end = min(end, _next_hour(datetime.now(UTC)))
        return Period(end - timedelta(hours=24), end, zone)
    first, after = _days(preset, last, oldest)
    return Period.of_days(first, after, zone)


def _days(preset: Preset, last: date, oldest: date | None) -> tuple[date, date]:
    tomorrow = last + timedelta(days=1)
    quarter = date(last.year, (last.month - 1) // 3 * 3 + 1, 1)
    spans = {
        Preset.DAYS_7: (tomorrow - timedelta(days=7), tomorrow),
        Preset.DAYS_30: (tomorrow - timedelta(days=30), tomorrow),
        Preset.THIS_MONTH: (last.replace(day=1), tomorrow),
        Preset.LAST_MONTH: (add_months(last, -1), last.replace(day=1)),
        Preset.THIS_QUARTER: (quarter, tomorrow),
        Preset.LAST_QUARTER: (add_months(quarter, -3), quarter),
        Preset.ALL: (max(oldest or last, tomorrow - LONGEST), tomorrow),
    }
    return spans[preset]


def _next_hour(moment: datetime) -> datetime:
    return moment.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
