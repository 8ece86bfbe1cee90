"""Holders: who administers the addresses behind a view, and everything about one of them. For own staff."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import numpy as np
from django.db.models import prefetch_related_objects
from django.urls import reverse
from django.utils.translation import gettext as _

from apps.analysis import daysets
from apps.analysis.cohorts.algebra import in_both, whole
from apps.analysis.coports import CoPort, ports_of
from apps.analysis.daysets import Days
from apps.coordination.models import may_read_tickets
from apps.coordination.queries import TicketRow, tickets_in
from apps.enrichment.holders import Holder, networks_of
from apps.enrichment.models import Network
from apps.enrichment.queries import AbuseContact, contacts_of
from apps.observations import queries
from apps.observations.figures import FigureMeta, Freshness, Unit
from apps.observations.planning.captions import context_of
from apps.observations.planning.sourcelists import require_addresses
from apps.observations.storage.sourcesets import Keys
from apps.portal import captions, words
from apps.portal.daytrends import day_series, in_reporting_zone
from apps.portal.figures import Figure, series_figure
from apps.portal.filters import FilterBar, filter_bar
from apps.portal.holdertables import HolderCounts, HolderTable, holder_counts, holder_table
from apps.portal.pages.crowds import Later, n_of_m
from apps.portal.pages.sources import SourceLine, source_lines
from apps.portal.state import View

TOP = 10
SHOWN_NETWORKS = 50
SHOWN_PORTS = 10
SHOWN_SOURCES = 10


@dataclass(frozen=True)
class HoldersPage:
    title: str
    filters: FilterBar
    freshness: Freshness
    table: HolderTable
    caption: tuple[str, ...]
    csv_url: str


@dataclass(frozen=True)
class NetworkLine:
    network: Network
    contacts: tuple[AbuseContact, ...]


@dataclass(frozen=True)
class PortLine:
    label: str
    url: str
    text: str
    share: str


@dataclass(frozen=True)
class HolderPage:
    holder: Holder
    filters: FilterBar
    freshness: Freshness
    sources: str
    daily: str
    trend: Figure
    later: Later  # ports and sources
    networks: tuple[NetworkLine, ...]
    more_networks: int
    tickets: list[TicketRow]
    shows_tickets: bool
    caption: tuple[str, ...]


@dataclass(frozen=True)
class HolderSources:
    holder: Holder
    freshness: Freshness
    ports: tuple[PortLine, ...]
    lines: tuple[SourceLine, ...]
    caption: tuple[str, ...]


def holders_page(view: View) -> HoldersPage:
    counts, meta = _counts(view)
    more_url = view.url_here(limit="200")
    return HoldersPage(
        title=captions.full_title(_("Administrators of the sources"), view),
        filters=filter_bar(view, with_units=False, can_compare=False),
        freshness=view.freshness,
        table=holder_table(counts, view, view.limit, more_url),
        caption=captions.caption(meta),
        csv_url=view.url(reverse("portal:csv-holders"), **view.filters()),
    )


def holder_rows(view: View) -> Iterator[list[Any]]:
    """Every holder behind a view, for its CSV: name, registry, networks, distinct sources, mean daily sources, as of."""
    counts, _meta = _counts(view)
    for row in counts.rows:
        holder = row.holder
        yield [holder.name, holder.registry, len(holder.networks), row.sources, row.daily, holder.fetched_at.isoformat()]
    yield [_("not looked up"), "", None, counts.total - counts.looked_up, None, ""]


def _counts(view: View) -> tuple[HolderCounts, FigureMeta]:
    require_addresses(view.selection.scope)
    context, days = queries.together(lambda: context_of(view.selection), lambda: daysets.days_of(view.selection))
    meta: FigureMeta = context.meta(Unit.SOURCES)
    return holder_counts(days, covered_days(meta)), meta


def covered_days(meta: FigureMeta) -> int:
    """Days of a period on which somebody watched."""
    return meta.days - len(meta.missing_days)


def holder_page(view: View, holder: Holder, networks: list[Network]) -> HolderPage:
    """`networks` are all of the holder's."""
    require_addresses(view.selection.scope)
    found, meta = _days_of_holder(view, holder)
    shown = networks[:SHOWN_NETWORKS]
    prefetch_related_objects(shown, "contacts")
    total, covered = sum(len(one) for one in found.values()), covered_days(meta)
    return HolderPage(
        holder=holder,
        filters=filter_bar(view, with_units=False, can_compare=False),
        freshness=view.freshness,
        sources=words.number(len(whole(found))),
        daily=words.number(total / covered if covered else None),
        trend=_trend(found, meta, view, holder),
        later=Later(
            "holder-sources", _("Destination ports"), view.url(reverse("portal:holder-sources", args=[holder.id]), **view.filters())
        ),
        networks=tuple(NetworkLine(network, contacts_of(network)) for network in shown),
        more_networks=max(0, len(networks) - SHOWN_NETWORKS),
        tickets=tickets_in(view.user, [(network.start, network.end) for network in networks]),
        shows_tickets=may_read_tickets(view.user),
        caption=captions.caption(meta),
    )


def holder_sources(view: View, holder: Holder) -> HolderSources:
    """To which ports the holder's sources sent, and the busiest of them."""
    require_addresses(view.selection.scope)
    found, meta = _days_of_holder(view, holder)
    keys = whole(found)
    ports, page = queries.together(
        lambda: ports_of(view.selection, keys, SHOWN_PORTS), lambda: queries.sources(view.selection, "", SHOWN_SOURCES, among=keys)
    )
    lines = tuple(_port(row, len(keys), view) for row in ports)
    return HolderSources(holder, view.freshness, lines, source_lines(page.rows, view), captions.caption(meta))


def _port(row: CoPort, total: int, view: View) -> PortLine:
    url = view.url(reverse("portal:port", args=row.port.split("/")))
    return PortLine(row.label, url, n_of_m(row.sources, total), words.percent(row.share))


def trend_of_holder(view: View, holder: Holder) -> Figure:
    """The figure of one holder alone, for its CSV."""
    found, meta = _days_of_holder(view, holder)
    return _trend(found, meta, view, holder)


def _days_of_holder(view: View, holder: Holder) -> tuple[Days, FigureMeta]:
    """The sources of a view in the holder's networks, by day."""
    context, days = queries.together(lambda: context_of(view.selection), lambda: daysets.days_of(view.selection))
    keys = whole(days)
    mine: Keys = keys[np.isin(networks_of(keys), list(holder.networks))]
    return in_both(days, dict.fromkeys(days, mine)), context.meta(Unit.SOURCES)


def _trend(days: Days, meta: FigureMeta, view: View, holder: Holder) -> Figure:
    by_day = in_reporting_zone(view, view.selection)
    values = tuple(_value(day, days, meta) for day in by_day.period.days())
    found = day_series(by_day, meta, holder.name, values, len(whole(days)))
    csv_url = view.url(reverse("portal:csv-holder-trend", args=[holder.id]), **view.filters())
    figure = series_figure(found, by_day, id="trend", title=_("Sources of %(holder)s by day") % {"holder": holder.name}, csv_url=csv_url)
    return without_links(figure)


def without_links(figure: Figure) -> Figure:
    """The same figure, whose points lead nowhere: no filter of an address says what it is about."""
    drawn = [series | {"url": ""} for series in figure.data["series"]]
    return replace(
        figure,
        columns=tuple(replace(column, url="") for column in figure.columns),
        rows=tuple(replace(row, url="") for row in figure.rows),
        explorer_url="",
        data=figure.data | {"series": drawn},
    )


def _value(day: date, days: Days, meta: FigureMeta) -> float | None:
    number = day.toordinal()
    return float(len(days[number])) if number in days else None if day in meta.missing_days else 0.0
