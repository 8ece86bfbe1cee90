"""Half-open spans of time and the bins they are cut into, in the reporting zone. Facts are UTC; days are local."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from django.utils.translation import gettext_lazy as _


class Bin(StrEnum):
    HOUR = "hour"
    DAY = "day"
    WEEK = "week"  # from Monday
    MONTH = "month"


BIN_LABELS = {Bin.HOUR: _("hour"), Bin.DAY: _("day"), Bin.WEEK: _("week"), Bin.MONTH: _("month")}


def day_start(day: date, zone: ZoneInfo) -> datetime:
    """The instant (UTC) at which a local day begins; days last 23 to 25 hours where clocks change."""
    return datetime.combine(day, time(), zone).astimezone(UTC)


def local_day(moment: datetime, zone: ZoneInfo) -> date:
    return moment.astimezone(zone).date()


@dataclass(frozen=True)
class Period:
    """A span [start, end) of aware instants, looked at in `zone`."""

    start: datetime
    end: datetime
    zone: ZoneInfo

    @classmethod
    def of_days(cls, first: date, last_exclusive: date, zone: ZoneInfo) -> "Period":
        return cls(day_start(first, zone), day_start(last_exclusive, zone), zone)

    def days(self) -> Iterator[date]:
        """Every local day that the period touches, in order."""
        day, last = local_day(self.start, self.zone), local_day(self.end - timedelta(microseconds=1), self.zone)
        while day <= last:
            yield day
            day += timedelta(days=1)

    def is_whole_days(self) -> bool:
        return all(day_start(local_day(at, self.zone), self.zone) == at.astimezone(UTC) for at in (self.start, self.end))

    def is_whole_hours(self) -> bool:
        return all(not (at.minute or at.second or at.microsecond) for at in (self.start, self.end))

    def previous(self) -> "Period":
        """What this period is compared with: the calendar month or quarter before a whole month or quarter,
        else the span of as many local days (or, for part days, of the same length) just before it."""
        first, last = local_day(self.start, self.zone), local_day(self.end, self.zone)
        if not self.is_whole_days():
            return Period(self.start - (self.end - self.start), self.start, self.zone)
        months = (last.year - first.year) * 12 + last.month - first.month
        if first.day == last.day == 1 and months > 0:
            return Period.of_days(add_months(first, -months), first, self.zone)
        return Period.of_days(first - (last - first), first, self.zone)

    def year_before(self) -> "Period":
        """The same span of the calendar a year earlier, by the clock of the zone; 29 February becomes the 28th, and an end at
        its midnight, which is the end of the 28th, the end of February."""
        end = self.end.astimezone(self.zone)
        end += timedelta(days=1) * (end.month == 2 and end.day == 29 and end.time() == time())
        return Period(_year_before(self.start, self.zone), _year_before(end, self.zone), self.zone)


def _year_before(at: datetime, zone: ZoneInfo) -> datetime:
    local = at.astimezone(zone)
    day = min(local.day, 28) if local.month == 2 else local.day
    return local.replace(year=local.year - 1, day=day).astimezone(UTC)


def add_months(day: date, months: int) -> date:
    """The first day of the month `months` after the one `day` lies in."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, 1)


def bin_start(moment: datetime, size: Bin, zone: ZoneInfo) -> datetime:
    """The instant (UTC) at which the bin that holds `moment` begins."""
    if size is Bin.HOUR:
        return moment.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    day = local_day(moment, zone)
    if size is Bin.WEEK:
        day -= timedelta(days=day.weekday())
    elif size is Bin.MONTH:
        day = day.replace(day=1)
    return day_start(day, zone)


def next_bin(start: datetime, size: Bin, zone: ZoneInfo) -> datetime:
    if size is Bin.HOUR:
        return start + timedelta(hours=1)
    day = local_day(start, zone)
    if size is Bin.MONTH:
        return day_start(add_months(day, 1), zone)
    return day_start(day + timedelta(days=7 if size is Bin.WEEK else 1), zone)


def bins(period: Period, size: Bin) -> list[datetime]:
    """The starts (UTC) of all bins that the period touches; the first may begin before it."""
    starts, start = [], bin_start(period.start, size, period.zone)
    while start < period.end:
        starts.append(start)
        start = next_bin(start, size, period.zone)
    return starts
