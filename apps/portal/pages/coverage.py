"""The coverage calendar: how many hours of each day each sensor was watching."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from itertools import groupby

from django.urls import reverse
from django.utils import formats
from django.utils.translation import gettext as _

from apps.observations import queries
from apps.observations.figures import Freshness
from apps.observations.planning.coveragecalendar import CoverageCalendar, SensorCoverage
from apps.portal import words
from apps.portal.filters import FilterBar, filter_bar
from apps.portal.links import with_query
from apps.portal.state import View
from apps.sensors.models import Sensor
from apps.sensors.queries import sensor_labels


@dataclass(frozen=True)
class Cell:
    """One sensor-day: `kind` is full, covered, partly, none or inactive; `text` its covered hours."""

    kind: str
    text: str


@dataclass(frozen=True)
class SensorMonth:
    label: str
    url: str
    cells: tuple[Cell, ...]
    covered: str


@dataclass(frozen=True)
class Month:
    id: str
    label: str
    days: tuple[int, ...]
    lines: tuple[SensorMonth, ...]


@dataclass(frozen=True)
class CoveragePage:
    filters: FilterBar
    freshness: Freshness
    months: tuple[Month, ...]
    missing: str  # days on which no sensor watched
    zone: str
    csv_url: str


def coverage_page(view: View) -> CoveragePage:
    view = view.of_sensors_only()
    sensors = list(Sensor.objects.visible_to(view.user).filter(pk__in=view.selection.scope.sensor_ids))
    found = queries.coverage_calendar([sensor.pk for sensor in sensors], view.period)
    kept = {name: view.query.get(name, "") for name in ("period", "from", "to", "sensors")}
    return CoveragePage(
        filters=filter_bar(view, with_units=False, with_scanners=False, can_compare=False),
        freshness=view.freshness,
        months=tuple(months(found, sensor_labels(sensors, view.user), view)),
        missing=words.some_days(missing_days(found)),
        zone=words.zone(view.period.zone.key),
        csv_url=with_query(reverse("api:coverage"), kept | {"format": "csv"}),
    )


def missing_days(found: CoverageCalendar) -> tuple[date, ...]:
    """Days on which some sensor should have been watching, and none was."""
    columns = list(zip(*(row.hours for row in found.sensors), strict=True))
    return tuple(day for day, hours in zip(found.days, columns, strict=False) if any(hour is not None for hour in hours) and not any(hours))


def months(found: CoverageCalendar, labels: dict[int, str], view: View) -> Iterator[Month]:
    """The calendar month by month, a line a sensor; sensors without an active day in a month are left out of it."""
    numbered = list(enumerate(found.days))
    for first, group in groupby(numbered, key=lambda pair: pair[1].replace(day=1)):
        at = [number for number, _day in group]
        lines = (_line(row, at, found, labels[row.sensor], view) for row in found.sensors if any(row.hours[n] is not None for n in at))
        label = formats.date_format(first, "YEAR_MONTH_FORMAT")
        yield Month(f"month-{first:%Y-%m}", label, tuple(found.days[n].day for n in at), tuple(lines))


def _line(row: SensorCoverage, at: list[int], found: CoverageCalendar, label: str, view: View) -> SensorMonth:
    cells = tuple(_cell(row.hours[n], found.lengths[n]) for n in at)
    active = [cell for cell in cells if cell.kind != "inactive"]
    covered = sum(cell.kind in {"full", "covered"} for cell in active)
    text = _("%(covered)d of %(days)d days covered") % {"covered": covered, "days": len(active)}
    return SensorMonth(label, view.url(reverse("portal:sensor", args=[row.sensor])), cells, text)


def _cell(hours: int | None, length: int) -> Cell:
    """Covered from five sixths of the hours on, as averages have it."""
    if hours is None:
        return Cell("inactive", "")
    kind = "full" if hours >= length else "covered" if hours * 6 >= length * 5 else "partly" if hours else "none"
    return Cell(kind, str(hours))
