"""One region: what comes from there?"""

from dataclasses import dataclass, replace
from functools import partial

from django.urls import reverse
from django.utils.translation import gettext as _

from apps.observations import queries
from apps.observations.figures import Dimension, Freshness, SeriesSet
from apps.portal import words
from apps.portal.figures import Figure, series_figure
from apps.portal.filters import FilterBar, filter_bar
from apps.portal.pages.crowds import Later, crowds_later
from apps.portal.pages.labelmoves import LabelMovesLinks, label_moves_links
from apps.portal.pages.parts import Split, has_hours, hours_figure, split_of, trend_of
from apps.portal.pages.portmix import port_mix_later
from apps.portal.state import View
from apps.portal.summary import Fact, facts_of
from apps.portal.tables import RankTable
from apps.reference.names import region_label
from apps.sensors.queries import SETS, scopes_for
from apps.sensors.scopes import SensorScope


@dataclass(frozen=True)
class RegionPage:
    code: str
    label: str
    filters: FilterBar
    freshness: Freshness
    facts: tuple[Fact, ...]
    trend: Figure
    by_port: Figure | None  # None where one port is chosen: it would repeat the trend
    ports: RankTable | None
    by_panel: Figure | None
    hours: Figure | None
    port_mix: Later
    label_moves: LabelMovesLinks | None  # None for viewers of sums only
    sources_url: str
    crowds: tuple[Later, ...]


def region_page(view: View, code: str) -> RegionPage:
    label = region_label(code)
    facts, trend, ports, halves, hours = queries.together(
        lambda: facts_of(code, Dimension.REGION, view),
        lambda: trend_of(view, code, label, _("Trend of %(region)s") % {"region": label}),
        lambda: _ports(view, label),
        lambda: _halves(view),
        lambda: hours_figure(view, _("%(region)s by hour of the day") % {"region": label}) if has_hours(view) else None,
    )
    return RegionPage(
        code=code,
        label=label,
        filters=filter_bar(view, with_bins=True),
        freshness=view.freshness,
        facts=facts,
        trend=trend.figure,
        by_port=ports.figure,
        ports=ports.table,
        by_panel=_by_panel(view, trend.found, halves, code),
        hours=hours,
        port_mix=port_mix_later(view, code),
        label_moves=label_moves_links(view, code),
        sources_url=view.sources_url(),
        crowds=crowds_later(view),
    )


def panel_figure(view: View, code: str) -> Figure | None:
    """The figure of both halves of the network alone, for its CSV."""
    total, halves = queries.together(lambda: queries.series(view.selection, Dimension.NONE, view.bin, view.unit), lambda: _halves(view))
    return _by_panel(view, total, halves, code)


def _ports(view: View, label: str) -> Split:
    return split_of(
        view,
        Dimension.PORT,
        id="port",
        title=_("%(region)s by destination port") % {"region": label},
        table_title=_("Destination ports of sources in %(region)s") % {"region": label},
    )


def _halves(view: View) -> tuple[SeriesSet, ...]:
    """The curves of domestic and of overseas sensors, where the viewer looks at all of them and has both."""
    whole, *halves = SETS[view.selection.scope.is_scenario]
    if view.selection.scope.label != whole:
        return ()
    scopes = scopes_for(view.user, halves)
    if not all(scope.sensor_ids for scope in scopes):
        return ()
    return queries.together(*(partial(_half, view, scope) for scope in scopes))


def _half(view: View, scope: SensorScope) -> SeriesSet:
    return queries.series(replace(view.selection, scope=scope), Dimension.NONE, view.bin, view.unit)


def _by_panel(view: View, total: SeriesSet, halves: tuple[SeriesSet, ...], code: str) -> Figure | None:
    """Both halves of the network side by side."""
    if not halves:
        return None
    _all, *names = SETS[False]  # which half it is has its colour, of whichever network
    named_halves = zip(names, halves, strict=True)
    lines = tuple(replace(half.series[0], key=name, label=str(words.SENSOR_SETS[name])) for name, half in named_halves)
    both = replace(total, split=Dimension.PANEL, series=lines)
    title = _("%(region)s by domestic and overseas sensors") % {"region": region_label(code)}
    csv_url = view.url(reverse("portal:csv-panels", args=[code]), ports=view.query.get("ports", ""))
    return series_figure(both, view, id="by-panel", title=title, csv_url=csv_url)
