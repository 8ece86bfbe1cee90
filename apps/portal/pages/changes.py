"""Notable changes: what should I look at?"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.accounts.models import User
from apps.analysis.changes import listing
from apps.analysis.changes.decisions import may_decide
from apps.analysis.changes.listing import About, ChangeList, ChangeRow, Kind, State, Wanted
from apps.analysis.changes.sentences import label_of
from apps.analysis.models import ChangeKind, ChangeState
from apps.common.errors import DomainError
from apps.observations.figures import Freshness, Unit
from apps.portal import words
from apps.portal.colours import Colour, colour_of
from apps.portal.filters import FilterBar, filter_bar
from apps.portal.links import with_query
from apps.portal.sparklines import Sparkline, sparkline
from apps.portal.state import View

ON_HOME = 5
STATES = {
    State.OPEN: gettext_lazy("not dismissed"),
    State.NEW: gettext_lazy("new changes"),
    State.WATCHED: gettext_lazy("watched changes"),
    State.DISMISSED: gettext_lazy("dismissed changes"),
    State.ALL: gettext_lazy("all changes"),
}
ABOUT = {About.ANY: gettext_lazy("ports and regions"), About.PORT: gettext_lazy("Ports"), About.REGION: gettext_lazy("Regions")}
MARKS = {1: "↑", -1: "↓", 0: ""}


@dataclass(frozen=True)
class FilterLink:
    label: str
    count: int | None
    url: str
    is_current: bool


@dataclass(frozen=True)
class ChangeLine:
    """One change with its curve, the places it leads to and what may be done with it."""

    row: ChangeRow
    days: str
    mark: str
    score: str
    colour: Colour
    curve: Sparkline
    curve_text: str
    pages: tuple[tuple[str, str], ...]  # (label, address) of its ports or region
    explorer_url: str
    may_decide: bool
    problem: str = ""
    may_watch: bool = False
    may_dismiss: bool = False
    may_restore: bool = False


@dataclass(frozen=True)
class ChangesPage:
    filters: FilterBar
    freshness: Freshness
    may_see: bool
    kinds: tuple[FilterLink, ...]
    states: tuple[FilterLink, ...]
    abouts: tuple[FilterLink, ...]
    lines: tuple[ChangeLine, ...]
    total: int
    caption: tuple[str, ...]
    previous_url: str
    next_url: str


@dataclass(frozen=True)
class ChangesCard:
    """The weightiest changes of the last two weeks, for the home page."""

    rows: tuple[tuple[ChangeRow, str, str], ...]  # (change, up or down, address in the explorer)
    is_shown: bool


def changes_page(view: View) -> ChangesPage:
    sensors = "scenario" if view.selection.scope.is_scenario else "all"
    wanted = listing.wanted_from(view.query, sensors=sensors, period=view.period, limit=view.limit)
    found = listing.changes(view.user, wanted)
    bar = filter_bar(view, with_units=False, with_scanners=False, can_compare=False)
    return ChangesPage(
        # They are computed over all sensors, so no others can be chosen, and no filter narrows them.
        filters=replace(bar, sensors=(), sensor_sets=tuple(one for one in bar.sensor_sets if one.value in ("all", "scenario")), chips=()),
        freshness=view.freshness,
        may_see=listing.may_see(view.user),
        kinds=tuple(_kinds(view, wanted, found)),
        states=tuple(_choices(view, "state", STATES, wanted.state)) if view.user.is_own_staff else (),
        abouts=tuple(_choices(view, "dimension", ABOUT, wanted.about)),
        lines=tuple(change_line(row, view.user) for row in found.rows),
        total=found.total,
        caption=tuple(_caption(view, found)),
        previous_url=_page_url(view, wanted.page - 1) if wanted.page > 1 else "",
        next_url=_page_url(view, wanted.page + 1) if wanted.offset + len(found.rows) < found.total else "",
    )


def changes_card(user: User) -> ChangesCard:
    """One query, none for those who may see no change."""
    if not listing.may_see(user):
        return ChangesCard((), False)
    rows = listing.newest(user, ON_HOME)
    return ChangesCard(tuple((row, MARKS[row.direction], _explorer_url(row, *_span_of_curve(row))) for row in rows), True)


def change_line(row: ChangeRow, user: User, problem: str = "") -> ChangeLine:
    numbers: Any = row.numbers
    (first, days), values = _span_of_curve(row), numbers["curve"]["values"]
    may = may_decide(user)
    return ChangeLine(
        row=row,
        days=words.days(row.first, row.last),
        mark=MARKS[row.direction],
        score=words.number(round(row.score)),
        colour=colour_of(row.subject.split(",")[0]),
        curve=sparkline(values, first, (row.first, row.last), numbers.get("other_curve", {}).get("values", ())),
        curve_text=_("%(label)s, %(days)s") % {"label": row.label, "days": words.days(first, first + timedelta(days=days - 1))},
        pages=tuple(_pages(row)),
        explorer_url=_explorer_url(row, first, days),
        may_decide=may,
        problem=problem,
        may_watch=may and row.state == ChangeState.NEW,
        may_dismiss=may and row.state != ChangeState.DISMISSED,
        may_restore=may and row.state != ChangeState.NEW,
    )


def _span_of_curve(row: ChangeRow) -> tuple[date, int]:
    """(first day, days) of the curve that is kept with a change."""
    curve: Any = row.numbers["curve"]
    return date.fromisoformat(curve["first"]), len(curve["values"])


def refused(row: ChangeRow, user: User, error: DomainError) -> ChangeLine:
    """The change with why nothing was done to it."""
    return change_line(row, user, error.message)


def _pages(row: ChangeRow) -> Iterator[tuple[str, str]]:
    sensors = {"sensors": "scenario"} if row.sensors == "scenario" else {}
    for key in row.subject.split(","):
        path = reverse("portal:port", args=key.split("/")) if row.dimension == "port" else reverse("portal:region", args=[key])
        yield label_of(row.dimension, key), with_query(path, _around(row) | sensors)


def _around(row: ChangeRow) -> dict[str, str]:
    """Four weeks before a change to one week after it."""
    return {"from": str(row.first - timedelta(days=28)), "to": str(row.last + timedelta(days=8))}


def _explorer_url(row: ChangeRow, first: date, days: int) -> str:
    asked = {"from": str(first), "to": str(first + timedelta(days=days)), "bin": "day", "unit": Unit.PACKETS_PER_SENSOR_DAY.value}
    asked |= {"sensors": row.sensors} if row.sensors != "all" else {}
    asked["ports" if row.dimension == "port" else "regions"] = row.subject
    if row.kind == ChangeKind.BUMPS:
        asked |= {"split": "region", "top": "12", "chart": "stacked"}
    elif "," in row.subject:
        asked |= {"split": "port", "chart": "multiples"}
    return with_query(reverse("portal:explorer"), asked)


def _kinds(view: View, wanted: Wanted, found: ChangeList) -> Iterator[FilterLink]:
    yield FilterLink(_("every kind"), sum(found.by_kind.values()), view.url_here(kind="", page=""), wanted.kind is Kind.ANY)
    for kind in ChangeKind:
        if found.by_kind.get(kind.value) or wanted.kind == kind.value:
            count = found.by_kind.get(kind.value, 0)
            yield FilterLink(str(kind.label), count, view.url_here(kind=kind.value, page=""), wanted.kind == kind.value)


def _choices(view: View, name: str, labels: Any, chosen: object) -> Iterator[FilterLink]:
    for position, (value, label) in enumerate(labels.items()):
        yield FilterLink(str(label), None, view.url_here(**{name: value.value if position else "", "page": ""}), value is chosen)


def _page_url(view: View, number: int) -> str:
    return view.url_here(page="" if number == 1 else str(number))


def _caption(view: View, found: ChangeList) -> Iterator[str]:
    yield _("Period: %(period)s (%(zone)s)") % {"period": words.period(view.period), "zone": words.zone(view.period.zone.key)}
    yield _("Unit: %(unit)s") % {"unit": words.UNITS[Unit.PACKETS_PER_SENSOR_DAY]}
    yield str(words.SENSOR_SETS["scenario" if view.selection.scope.is_scenario else "all"])
    yield _("without backscatter, bogon sources and canary packets")
    if found.as_of and found.searched_at:
        searched = words.moment(found.searched_at, settings.REPORT_TIME_ZONE)
        yield _("Searched %(moment)s for all that can be told up to %(day)s") % {"moment": searched, "day": words.day(found.as_of)}
