"""The source addresses behind a view."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.urls import reverse
from django.utils.translation import gettext as _

from apps.common.ports import PortKey
from apps.observations import queries
from apps.observations.figures import Freshness, SourceRow
from apps.portal import captions, words
from apps.portal.downloads import sources_csv
from apps.portal.filters import FilterBar, filter_bar
from apps.portal.state import View
from apps.reference.names import port_label, region_label

MOST_PORTS = 6


@dataclass(frozen=True)
class Link:
    label: str
    url: str


@dataclass(frozen=True)
class SourceLine:
    address: str
    url: str
    packets: str
    first_seen: str
    last_seen: str
    sensors: int
    ports: tuple[Link, ...]
    more_ports: int
    region: Link


@dataclass(frozen=True)
class SourcesPage:
    filters: FilterBar
    freshness: Freshness
    title: str
    lines: tuple[SourceLine, ...]
    total: str
    caption: tuple[str, ...]
    csv_url: str
    next_url: str
    first_url: str
    prefix: str  # as the form shows it


def sources_page(view: View) -> SourcesPage:
    cursor = view.query.get("cursor", "")
    found = queries.sources(view.selection, cursor, view.limit)
    return SourcesPage(
        filters=filter_bar(view, with_units=False, can_compare=False, also_shown=("prefix",)),
        freshness=view.freshness,
        title=captions.full_title(_("Source IP addresses"), view),
        lines=source_lines(found.rows, view),
        total=words.number(found.total_sources),
        caption=captions.caption(found.meta),
        csv_url=sources_csv(view),
        next_url=view.url_here(cursor=found.next_cursor) if found.next_cursor else "",
        first_url=view.url_here() if cursor else "",
        prefix=str(view.selection.prefix or ""),
    )


def source_lines(rows: Sequence[SourceRow], view: View) -> tuple[SourceLine, ...]:
    return tuple(_line(row, view) for row in rows)


def _line(row: SourceRow, view: View) -> SourceLine:
    zone = view.period.zone
    return SourceLine(
        address=row.address,
        url=view.url(reverse("portal:source", args=[row.address.removesuffix("/64")])),
        packets=words.number(row.packets),
        first_seen=words.moment(row.first_seen, zone),
        last_seen=words.moment(row.last_seen, zone),
        sensors=row.sensors,
        ports=tuple(port_link(key, view) for key in row.ports[:MOST_PORTS]),
        more_ports=max(0, len(row.ports) - MOST_PORTS),
        region=Link(region_label(row.region), view.url(reverse("portal:region", args=[row.region]))),
    )


def port_link(key: str, view: View) -> Link:
    return Link(port_label(PortKey.parse(key)), view.url(reverse("portal:port", args=key.split("/"))))
