"""How units, numbers, days and settings of a figure are said. Labels are noun phrases of the glossary."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.utils import formats
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.common.periods import Bin, Period, local_day
from apps.observations.figures import Against, Origin, Scanners, Unit
from apps.observations.models import Signature

UNITS = {
    Unit.PACKETS: gettext_lazy("number of packets observed"),
    Unit.SOURCES: gettext_lazy("number of source IP addresses"),
    Unit.PACKETS_PER_SENSOR_DAY: gettext_lazy("mean packets per sensor per day"),
    Unit.SOURCES_PER_SENSOR_DAY: gettext_lazy("mean daily sources per sensor"),
    Unit.PACKETS_PER_SOURCE: gettext_lazy("packets per source"),
}
SHORT_UNITS = {
    Unit.PACKETS: gettext_lazy("packets"),
    Unit.SOURCES: gettext_lazy("sources"),
    Unit.PACKETS_PER_SENSOR_DAY: gettext_lazy("packets per sensor-day"),
    Unit.SOURCES_PER_SENSOR_DAY: gettext_lazy("sources per sensor-day"),
    Unit.PACKETS_PER_SOURCE: gettext_lazy("packets per source"),
}
SENSOR_SETS = {
    "all": gettext_lazy("all sensors"),
    "domestic": gettext_lazy("domestic sensors"),
    "overseas": gettext_lazy("overseas sensors"),
    "chosen": gettext_lazy("chosen sensors"),
    "scenario": gettext_lazy("scenario, all its sensors"),
    "scenario-domestic": gettext_lazy("scenario, domestic sensors"),
    "scenario-overseas": gettext_lazy("scenario, overseas sensors"),
    "scenario-chosen": gettext_lazy("scenario, chosen sensors"),
}
ORIGINS = {
    Origin.DOMESTIC: gettext_lazy("domestic sources"),
    Origin.FOREIGN: gettext_lazy("foreign sources"),
    Origin.UNKNOWN: gettext_lazy("sources of unknown region"),
}
COMPARISONS = {
    Against.PREVIOUS: gettext_lazy("previous period"),
    Against.YEAR: gettext_lazy("a year earlier"),
}
SCANNERS = {
    Scanners.INCLUDE: gettext_lazy("with survey scanning"),
    Scanners.EXCLUDE: gettext_lazy("without survey scanning"),
    Scanners.ONLY: gettext_lazy("survey scanning only"),
}
SIGNATURES = {
    Signature.NONE: gettext_lazy("no known signature"),
    Signature.MIRAI: gettext_lazy("Mirai-type packets"),
    Signature.MASSCAN: gettext_lazy("masscan-type packets"),
    Signature.ZMAP: gettext_lazy("ZMap-type packets"),
    Signature.BACKSCATTER: gettext_lazy("backscatter"),
    Signature.BOGON: gettext_lazy("bogon sources"),
    Signature.CANARY: gettext_lazy("canary packets"),
    Signature.NOT_COMPUTABLE: gettext_lazy("not computable"),
}
BINS = {Bin.HOUR: gettext_lazy("hour"), Bin.DAY: gettext_lazy("day"), Bin.WEEK: gettext_lazy("week"), Bin.MONTH: gettext_lazy("month")}

ZONES = {"Asia/Tokyo": gettext_lazy("Japan time"), "UTC": "UTC"}


# Both languages group digits by commas and divide by a point; a page writes a thousand numbers, and Django looks for the
# language's habits at each of them.


def number(value: float | None) -> str:
    """1811 → 1,811; 404.0 → 404; 4.4839 → 4.48; None (not covered) → –."""
    if value is None:
        return "–"
    whole = float(value).is_integer() or abs(value) >= 100
    return f"{round(value):,}" if whole else f"{value:,.2f}"


def percent(share: float | None) -> str:
    """0.1234 → 12.3 %; None → –."""
    if share is None:
        return "–"
    return f"{share * 100:.1f} %"


def day(value: date) -> str:
    return formats.date_format(value, "DATE_FORMAT")


def days(first: date, last: date) -> str:
    """A span of whole days, both ends inclusive."""
    return day(first) if first == last else _("%(first)s to %(last)s") % {"first": day(first), "last": day(last)}


def period(span: Period) -> str:
    """Whole days as days, anything else to the hour."""
    if span.is_whole_days():
        return days(local_day(span.start, span.zone), local_day(span.end - timedelta(microseconds=1), span.zone))
    return _("%(first)s to %(last)s") % {"first": moment(span.start, span.zone), "last": moment(span.end, span.zone)}


def moment(at: datetime, zone: ZoneInfo) -> str:
    """As tables write it, the same in both languages."""
    return f"{at.astimezone(zone):%Y-%m-%d %H:%M}"


def zone(key: str) -> str:
    """The zone as people call it; any other by its name in the tz database."""
    return str(ZONES.get(key, key))


def bin_label(start: datetime, size: Bin, zone: ZoneInfo) -> str:
    """What stands on the axis and in the table for the bin that begins at `start`; sorts and reads the same in both languages."""
    local = start.astimezone(zone)
    if size is Bin.HOUR:
        return f"{local:%Y-%m-%d %H:%M}"
    return f"{local:%Y-%m}" if size is Bin.MONTH else f"{local:%Y-%m-%d}"


def some_days(missing: tuple[date, ...], most: int = 6) -> str:
    """Runs of days, the first `most` of them by name: 3–5 May, 9 May and 12 more days."""
    runs: list[list[date]] = []
    for one in missing:
        if runs and one - runs[-1][1] == timedelta(days=1):
            runs[-1][1] = one
        else:
            runs.append([one, one])
    named = [days(first, last) for first, last in runs[:most]]
    rest = sum((last - first).days + 1 for first, last in runs[most:])
    return _(", ").join(named + ([_("%(count)d more days") % {"count": rest}] if rest else []))
