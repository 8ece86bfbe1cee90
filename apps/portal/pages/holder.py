"""Everything about one administrator: sources, networks, contacts, what people decided. For own staff."""

from dataclasses import dataclass, replace
from datetime import date, datetime

import numpy as np
from django.urls import reverse
from django.utils.translation import gettext as _

from apps.analysis import daysets
from apps.analysis.cohorts.algebra import in_both, whole
from apps.analysis.coports import CoPort, ports_of
from apps.analysis.daysets import Days
from apps.coordination.models import may_read_tickets
from apps.coordination.queries import TicketRow, tickets_in
from apps.enrichment.holder_services import may_edit
from apps.enrichment.holders import family, kinds, pseudonyms
from apps.enrichment.holders.behind import networks_of
from apps.enrichment.models import Holder, HolderKind
from apps.observations import queries
from apps.observations.figures import FigureMeta, Freshness, Unit
from apps.observations.planning.captions import context_of
from apps.observations.planning.sourcelists import require_addresses
from apps.observations.storage.sourcesets import Keys
from apps.portal import captions, words
from apps.portal.daytrends import day_series, in_reporting_zone
from apps.portal.figures import Figure, series_figure
from apps.portal.filters import FilterBar, filter_bar
from apps.portal.holdertables import covered_days
from apps.portal.pages.crowds import Later, n_of_m
from apps.portal.pages.sources import SourceLine, source_lines
from apps.portal.state import View

SHOWN_PORTS = 10
SHOWN_SOURCES = 10


@dataclass(frozen=True)
class PortLine:
    label: str
    url: str
    text: str
    share: str


@dataclass(frozen=True)
class HolderPage:
    holder: Holder
    pseudonym: str
    kind: str
    kind_reason: str
    kind_hint: str  # what the sources themselves suggest, where registries tell nothing
    registered_names: tuple[str, ...]  # other names that registries have for it
    networks: Later
    merges: Later
    may_edit: bool
    as_of: datetime | None
    filters: FilterBar
    freshness: Freshness
    sources: str
    daily: str
    trend: Figure
    later: Later  # ports and sources
    features: Later | None  # what its hosts have in common; None where it has no source
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


def holder_page(view: View, holder: Holder) -> HolderPage:
    require_addresses(view.selection.scope)
    networks = list(family.networks(holder).only("holder", "start", "end", "fetched_at").order_by("pk"))
    found, meta = _days_of_holder(view, [network.pk for network in networks])
    total, covered = sum(len(one) for one in found.values()), covered_days(meta)
    sources, daily = len(whole(found)), total / covered if covered else None
    return HolderPage(
        holder=holder,
        pseudonym=pseudonyms.inside(holder.pk),
        kind=str(HolderKind(holder.kind).label),
        kind_reason=kinds.reason_text(holder),
        kind_hint=_hint(holder, sources, daily),
        registered_names=tuple(sorted({network.holder for network in networks} - {holder.name, ""})),
        networks=Later("networks", _("Networks and contacts"), reverse("portal:holder-networks", args=[holder.pk])),
        features=_features(view, holder) if sources else None,
        merges=Later("merges", _("Merges"), reverse("portal:holder-merges", args=[holder.pk])),
        may_edit=may_edit(view.user),
        as_of=max((network.fetched_at for network in networks), default=None),
        filters=filter_bar(view, with_units=False, can_compare=False),
        freshness=view.freshness,
        sources=words.number(sources),
        daily=words.number(daily),
        trend=_trend(found, meta, view, holder),
        later=Later(
            "holder-sources", _("Destination ports"), view.url(reverse("portal:holder-sources", args=[holder.pk]), **view.filters())
        ),
        tickets=tickets_in(view.user, [(network.start, network.end) for network in networks]),
        shows_tickets=may_read_tickets(view.user),
        caption=captions.caption(meta),
    )


def _features(view: View, holder: Holder) -> Later:
    url = view.url(reverse("portal:common-features"), **view.filters(), holder=str(holder.pk))
    return Later("common-features", _("Common features"), url)


def _hint(holder: Holder, sources: int, daily: float | None) -> str:
    if holder.is_kind_chosen or holder.kind != HolderKind.UNKNOWN:
        return ""
    found = kinds.suggest_by_turnover(sources, daily)
    return f"{found.kind.label}: {kinds.reason_of(found.stored)}" if found.rule else ""


def holder_sources(view: View, holder: Holder) -> HolderSources:
    """To which ports the holder's sources sent, and the busiest of them."""
    require_addresses(view.selection.scope)
    found, meta = _days_of_holder(view, _network_ids(holder))
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
    found, meta = _days_of_holder(view, _network_ids(holder))
    return _trend(found, meta, view, holder)


def _network_ids(holder: Holder) -> list[int]:
    return list(family.networks(holder).values_list("pk", flat=True))


def _days_of_holder(view: View, networks: list[int]) -> tuple[Days, FigureMeta]:
    """The sources of a view in some networks, by day."""
    context, days = queries.together(lambda: context_of(view.selection), lambda: daysets.days_of(view.selection))
    keys = whole(days)
    mine: Keys = keys[np.isin(networks_of(keys), networks)]
    return in_both(days, dict.fromkeys(days, mine)), context.meta(Unit.SOURCES)


def _trend(days: Days, meta: FigureMeta, view: View, holder: Holder) -> Figure:
    by_day = in_reporting_zone(view, view.selection)
    values = tuple(_value(day, days, meta) for day in by_day.period.days())
    found = day_series(by_day, meta, holder.name, values, len(whole(days)))
    csv_url = view.url(reverse("portal:csv-holder-trend", args=[holder.pk]), **view.filters())
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
