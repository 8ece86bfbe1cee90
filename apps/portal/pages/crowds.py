"""What the sources behind a view did besides: other ports they sent to, and those that only the chosen sensors saw. Cards
that pages load later, and pages of their own without JavaScript."""

from dataclasses import dataclass

from django.urls import reverse
from django.utils.translation import gettext as _

from apps.analysis.coports import CoPort, co_ports
from apps.analysis.exclusives import only_these_sensors
from apps.common.ports import TCP, UDP
from apps.observations.figures import Freshness, Scanners
from apps.portal import captions, words
from apps.portal.downloads import SELECTION
from apps.portal.filters import FilterBar, filter_bar
from apps.portal.links import with_query
from apps.portal.pages.sources import SourceLine, source_lines
from apps.portal.state import View
from apps.reference.names import port_label, region_label

SHOWN = 20
SHOWN_SOURCES = 25


@dataclass(frozen=True)
class CoPortLine:
    label: str
    url: str
    text: str  # "n of m"
    share: str
    bar: str  # percent of the card's width, for an SVG attribute
    cohort_url: str  # the sources themselves; '' where the builder has no such filter


@dataclass(frozen=True)
class CoPortsPage:
    title: str
    filters: FilterBar
    freshness: Freshness
    total: str
    lines: tuple[CoPortLine, ...]
    caption: tuple[str, ...]
    csv_url: str


@dataclass(frozen=True)
class ExclusivesPage:
    title: str
    filters: FilterBar
    freshness: Freshness
    text: str
    share: str
    lines: tuple[SourceLine, ...]
    caption: tuple[str, ...]
    csv_url: str
    next_url: str
    first_url: str


def co_ports_page(view: View) -> CoPortsPage:
    found = co_ports(view.selection, SHOWN)
    return CoPortsPage(
        title=captions.full_title(_("Other destination ports of the same sources"), view),
        filters=filter_bar(view, with_units=False, can_compare=False),
        freshness=view.freshness,
        total=words.number(found.total),
        lines=tuple(_co_port(row, found.total, view) for row in found.rows),
        caption=captions.caption(found.meta),
        csv_url=_csv("api:co-ports", view),
    )


def _co_port(row: CoPort, total: int, view: View) -> CoPortLine:
    both = {"c0-join": "and", "c0-ports": row.port, "match": "any_day"}
    filters = view.filters() | {"signatures": view.query.get("signatures", "")}
    behind = {f"c1-{name}": text for name, text in filters.items() if text}
    return CoPortLine(
        label=row.label,
        url=view.url(reverse("portal:port", args=row.port.split("/"))),
        text=n_of_m(row.sources, total),
        share=words.percent(row.share),
        bar=f"{100 * row.share:.1f}",
        cohort_url=view.url(reverse("portal:cohorts"), signatures="", **both, **({"c1-join": "and"} | behind if behind else {}))
        if view.selection.scanners is Scanners.INCLUDE
        else "",
    )


def n_of_m(n: int, m: int) -> str:
    return _("%(n)s of %(m)s") % {"n": words.number(n), "m": words.number(m)}


def exclusives_page(view: View) -> ExclusivesPage:
    cursor = view.query.get("cursor", "")
    found = only_these_sensors(view.selection, view.user, cursor, view.limit)
    text = _("%(count)s of %(total)s sources, seen by none of the other %(others)s sensors")
    return ExclusivesPage(
        title=captions.full_title(_("Seen only by these sensors"), view),
        filters=filter_bar(view, with_units=False, can_compare=False),
        freshness=view.freshness,
        text=text % {"count": words.number(found.count), "total": words.number(found.total), "others": words.number(found.other_sensors)},
        share=words.percent(found.share),
        lines=source_lines(found.page.rows, view),
        caption=captions.caption(found.page.meta),
        csv_url=_csv("api:only-these-sensors", view),
        next_url=view.url_here(cursor=found.page.next_cursor) if found.page.next_cursor else "",
        first_url=view.url_here() if cursor else "",
    )


def _csv(name: str, view: View) -> str:
    kept = {name: view.query.get(name, "") for name in SELECTION}
    return with_query(reverse(name), kept | view.filters() | {"format": "csv", "limit": "200"})


# Links to the cards, for pages that load them later


@dataclass(frozen=True)
class Later:
    """A card that is loaded once the page is there; without JavaScript a link."""

    id: str
    title: str
    url: str


def co_ports_later(view: View) -> Later:
    chosen = [port_label(port) for port in view.selection.ports] + [region_label(code) for code in view.selection.regions]
    title = _("Other destination ports of the same sources")
    return Later(
        "co-ports", f"{title}: {_(', ').join(chosen)}" if chosen else title, view.url(reverse("portal:co-ports"), **view.filters())
    )


def holders_later(view: View) -> Later:
    return Later("holders", _("Administrators of the sources"), view.url(reverse("portal:holders"), **view.filters()))


def same_port_later(view: View) -> tuple[Later, ...]:
    """Where the view is one of exactly one port on which a host can listen."""
    ports = view.selection.ports
    if len(ports) != 1 or view.selection.groups or ports[0].protocol not in (TCP, UDP):
        return ()
    return (Later("same-port", _("Sources listening on the same port"), view.url(reverse("portal:same-port"), **view.filters())),)


def exclusives_later(view: View) -> Later:
    return Later("only-these-sensors", _("Seen only by these sensors"), view.url(reverse("portal:only-these-sensors"), **view.filters()))


def crowds_later(view: View) -> tuple[Later, ...]:
    """The cards about the sources of a view that its viewer may see."""
    cards = [co_ports_later(view)]
    if view.user.is_own_staff:
        cards += [*same_port_later(view), holders_later(view)]
    scope = view.selection.scope
    is_part = not scope.is_aggregate_only and scope.label not in ("all", "scenario") and view.user.is_own_staff
    return (*cards, *([exclusives_later(view)] if is_part else []))
