"""What is kept out of the statistics: the list of exclusions with its form, and the figure of what one keeps out."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta

from django.urls import reverse
from django.utils.translation import gettext as _

from apps.accounts.models import Role, User
from apps.observations import queries
from apps.observations.counting.progress import Progress
from apps.observations.figures import Dimension, Freshness, Selection, Unit
from apps.portal import words
from apps.portal.figures import Figure, named, series_figure
from apps.portal.filters import FilterBar, filter_bar, of_one_sensor
from apps.portal.links import with_query
from apps.portal.state import View
from apps.reference.names import port_label
from apps.sensors.models import Sensor
from apps.sensors.queries import sensor_labels

EDITORS = (Role.ANALYST, Role.ADMIN)
TOP = 5


@dataclass(frozen=True)
class ExclusionLine:
    id: int
    sensor: str
    sensor_url: str
    is_scenario: bool
    port: str
    port_url: str
    days: str
    reason: str
    url: str
    progress: Progress


@dataclass(frozen=True)
class Choice:
    id: int
    label: str
    is_chosen: bool


@dataclass(frozen=True)
class ExclusionsPage:
    """`written` is what a refused form holds, by field; `problem` says why it was refused."""

    lines: tuple[ExclusionLine, ...]
    is_counting: bool
    may_edit: bool
    sensors: tuple[Choice, ...]
    written: Mapping[str, str]
    problem: str


@dataclass(frozen=True)
class ExclusionPage:
    label: str
    line: ExclusionLine
    may_edit: bool
    filters: FilterBar
    freshness: Freshness
    trend: Figure
    by_region: Figure | None


def may_edit(user: User) -> bool:
    return user.is_own_staff and user.has_role(*EDITORS)


def exclusions_page(user: User, written: Mapping[str, str] | None = None, problem: str = "") -> ExclusionsPage:
    lines = tuple(exclusion_line(row) for row in queries.exclusions(user))
    sensors = _choices(user, (written or {}).get("sensor", "")) if may_edit(user) else ()
    return ExclusionsPage(lines, any(line.progress.waiting for line in lines), may_edit(user), sensors, written or {}, problem)


def _choices(user: User, chosen: str) -> tuple[Choice, ...]:
    sensors = list(Sensor.objects.visible_to(user).observing())
    labels = sensor_labels(sensors, user)
    return tuple(Choice(sensor.pk, labels[sensor.pk], str(sensor.pk) == chosen) for sensor in sensors)


def exclusion_line(row: queries.ExclusionRow) -> ExclusionLine:
    return ExclusionLine(
        id=row.id,
        sensor=row.sensor,
        sensor_url=reverse("portal:sensor", args=[row.sensor_id]),
        is_scenario=row.is_scenario,
        port=port_label(row.port),
        port_url=reverse("portal:port", args=str(row.port).split("/")),
        days=words.days(row.first_day, row.last_day) if row.last_day else _("since %(day)s") % {"day": words.day(row.first_day)},
        reason=row.reason,
        url=with_query(reverse("portal:exclusion", args=[row.id]), _period_of(row)),
        progress=row.progress,
    )


def _period_of(row: queries.ExclusionRow) -> dict[str, str]:
    """The exclusion's days as a period; an open one shows the usual days."""
    if row.last_day is None or row.last_day - row.first_day > timedelta(days=3660):
        return {}
    return {"from": row.first_day.isoformat(), "to": (row.last_day + timedelta(days=1)).isoformat()}


def exclusion_page(view: View, row: queries.ExclusionRow) -> ExclusionPage:
    """`view` is of the exclusion's sensor and port."""
    line = exclusion_line(row)
    unit = view.unit if view.unit is Unit.SOURCES else Unit.PACKETS
    selection = Selection(view.selection.scope, view.period, view.selection.ports)  # nothing else narrows the figure
    view = replace(view, unit=unit, selection=selection)
    whole = queries.excluded_series(view.selection, Dimension.NONE, view.bin, view.unit)
    split = queries.excluded_series(view.selection, Dimension.REGION, view.bin, view.unit, TOP)
    names = {"port": line.port, "sensor": line.sensor}
    title, by_region = _titles(view, names)
    figure = series_figure(named(whole, str(row.port), line.port), view, id="trend", title=title, csv_url=_csv(view, row, Dimension.NONE))
    regions = series_figure(split, view, id="by-region", title=by_region, csv_url=_csv(view, row, Dimension.REGION))
    return ExclusionPage(
        label=_("%(port)s, excluded at %(sensor)s") % names,
        line=line,
        may_edit=may_edit(view.user),
        filters=of_one_sensor(filter_bar(view, with_scanners=False, with_bins=True, can_compare=False)),
        freshness=view.freshness,
        trend=unlinked(figure),
        by_region=unlinked(regions) if len(split.series) > 1 else None,
    )


def _titles(view: View, names: dict[str, str]) -> tuple[str, str]:
    """Of the figure of everything, and of that by region."""
    if view.unit is Unit.SOURCES:
        whole, by_region = _("%(port)s, excluded at %(sensor)s: sources"), _("%(port)s, excluded at %(sensor)s: sources by source region")
    else:
        whole, by_region = _("%(port)s, excluded at %(sensor)s: packets"), _("%(port)s, excluded at %(sensor)s: packets by source region")
    return whole % names, by_region % names


def unlinked(figure: Figure) -> Figure:
    """Without links to sources and explorer, which leave out what is excluded."""
    return replace(
        figure,
        explorer_url="",
        columns=tuple(replace(column, url="") for column in figure.columns),
        rows=tuple(replace(row, url="") for row in figure.rows),
        data=figure.data | {"series": [one | {"url": ""} for one in figure.data["series"]]},
    )


def _csv(view: View, row: queries.ExclusionRow, split: Dimension) -> str:
    kept = {name: view.query.get(name, "") for name in ("period", "from", "to", "zone")}
    own = {"split": split.value, "bin": view.bin.value, "unit": view.unit.value, "format": "csv"}
    return with_query(reverse("api:exclusion-series", args=[row.id]), kept | own)
