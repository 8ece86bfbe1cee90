"""The sensors: are we seeing?"""

from dataclasses import dataclass
from datetime import date, timedelta

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.accounts.models import User
from apps.common.periods import Period
from apps.observations.figures import Freshness
from apps.observations.models import Coverage
from apps.portal import words
from apps.portal.filters import FilterBar, filter_bar
from apps.portal.state import View
from apps.reference.names import region_label
from apps.sensors.queries import Health, SensorRow, sensor_list

HEALTHS = {
    Health.REPORTING: gettext_lazy("reporting"),
    Health.ARCHIVE: gettext_lazy("archive"),
    Health.SILENT: gettext_lazy("silent"),
    Health.NEVER_SEEN: gettext_lazy("never seen"),
    Health.RETIRED: gettext_lazy("retired"),
}
# Hours of a day from which on a day counts as covered, and as partly covered (five sixths, as the planner has it).
COVERED, PARTLY = 20, 1


@dataclass(frozen=True)
class HealthCount:
    kind: str
    label: str
    count: int


@dataclass(frozen=True)
class HealthStrip:
    """How many of the viewer's sensors are in which state, and which ones are not reporting."""

    counts: tuple[HealthCount, ...]
    troubled: tuple[str, ...]
    total: int


@dataclass(frozen=True)
class StripCell:
    """A stretch of days in the coverage strip; `x` and `width` in percent, for SVG attributes."""

    x: str
    width: str
    kind: str  # covered, partly, none


@dataclass(frozen=True)
class SensorLine:
    row: SensorRow
    country: str
    health_kind: str
    health: str
    last_seen: str
    newest_packet: str
    coverage: str
    cells: tuple[StripCell, ...]
    coverage_text: str
    url: str


@dataclass(frozen=True)
class SensorsPage:
    filters: FilterBar
    freshness: Freshness
    lines: tuple[SensorLine, ...]
    period: str
    may_enrol: bool
    calendar_url: str


def health_strip(user: User) -> HealthStrip:
    rows = [row for row in sensor_list(user) if not row.is_scenario]
    counts = tuple(HealthCount(kind, str(label), sum(row.health is kind for row in rows)) for kind, label in HEALTHS.items())
    troubled = tuple(row.label for row in rows if row.health is Health.SILENT)
    return HealthStrip(tuple(count for count in counts if count.count), troubled, len(rows))


def sensors_page(view: View) -> SensorsPage:
    rows = [row for row in sensor_list(view.user) if row.id in view.selection.scope.sensor_ids]
    hours = covered_hours([row.id for row in rows], view.period)
    return SensorsPage(
        filters=filter_bar(view.of_sensors_only(), with_units=False, with_scanners=False, can_compare=False),
        freshness=view.freshness,
        lines=tuple(_line(row, hours.get(row.id, {}), view) for row in rows),
        period=words.period(view.period),
        may_enrol=view.user.is_own_staff,
        calendar_url=view.url(reverse("portal:coverage")),
    )


def covered_hours(sensor_ids: list[int], period: Period) -> dict[int, dict[date, int]]:
    """Hours in which each sensor was watching, by sensor and reporting day; days without any are absent. One query."""
    days = list(period.days())
    found = Coverage.objects.filter(sensor_id__in=sensor_ids, day__gte=days[0], day__lte=days[-1])
    hours: dict[int, dict[date, int]] = {}
    for sensor_id, day, covered in found.values_list("sensor_id", "day", "covered_hours"):
        hours.setdefault(sensor_id, {})[day] = covered
    return hours


def _line(row: SensorRow, hours: dict[date, int], view: View) -> SensorLine:
    days = [day for day in view.period.days() if row.active_from <= day and (row.active_to is None or day <= row.active_to)]
    covered = sum(hours.get(day, 0) >= COVERED for day in days)
    return SensorLine(
        row=row,
        country=region_label(row.country),
        health_kind=row.health,
        health=str(HEALTHS[row.health]),
        last_seen=words.moment(row.last_seen_at, view.period.zone) if row.last_seen_at else "–",
        newest_packet=newest_packet(row, view),
        coverage=words.percent(covered / len(days)) if days else "–",
        cells=strip([_kind(hours.get(day, 0)) for day in view.period.days()]),
        coverage_text=_("%(covered)d of %(days)d days covered") % {"covered": covered, "days": len(days)},
        url=view.url(reverse("portal:sensor", args=[row.id]), sensors=""),
    )


def _kind(hours: int) -> str:
    if hours >= COVERED:
        return "covered"
    return "partly" if hours >= PARTLY else "none"


def strip(kinds: list[str]) -> tuple[StripCell, ...]:
    """Runs of equal days as cells."""
    runs: list[tuple[int, int, str]] = []
    for n, kind in enumerate(kinds):
        if runs and runs[-1][2] == kind:
            runs[-1] = (runs[-1][0], n + 1, kind)
        else:
            runs.append((n, n + 1, kind))
    return tuple(StripCell(f"{100 * first / len(kinds):.2f}", f"{100 * (end - first) / len(kinds):.2f}", kind) for first, end, kind in runs)


def newest_packet(row: SensorRow, view: View) -> str:
    """How long ago; of an archive its last day, which the clock has nothing to do with."""
    if row.health is Health.ARCHIVE and row.last_packet_at:
        return f"{row.last_packet_at.astimezone(view.period.zone):%Y-%m-%d}"
    return _duration(row.lag)


def _duration(span: timedelta | None) -> str:
    """The two largest units are enough to see whether a sensor lags."""
    if span is None:
        return "–"
    minutes = int(span.total_seconds() // 60)
    if minutes < 60:
        return _("%(minutes)d min") % {"minutes": minutes}
    if minutes < 48 * 60:
        return _("%(hours)d h") % {"hours": minutes // 60}
    return _("%(days)s d") % {"days": words.number(minutes // 1440)}
