"""One region: what comes from there?"""

from dataclasses import dataclass, replace
from functools import partial

from django.urls import reverse
from django.utils.translation import gettext as _

from apps.observations import queries
from apps.observations.figures import Dimension, Freshness, SeriesSet
from apps.portal import words
from apps.portal.downloads import ranking_csv, series_csv
from apps.portal.figures import Figure, named, series_figure, with_previous
from apps.portal.filters import FilterBar, filter_bar
from apps.portal.state import View
from apps.portal.summary import Fact, facts_of, series_before
from apps.portal.tables import RankTable, notes_on_sensors, rank_table
from apps.reference.names import region_label
from apps.sensors.queries import scopes_for
from apps.sensors.scopes import SensorScope

TOP = 5
RANKS = 20
HALVES = ("domestic", "overseas")


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
    sources_url: str


def region_page(view: View, code: str) -> RegionPage:
    label = region_label(code)
    facts, total, earlier, (by_port, ports), halves = queries.together(
        lambda: facts_of(code, Dimension.REGION, view),
        lambda: queries.series(view.selection, Dimension.NONE, view.bin, view.unit),
        lambda: series_before(view),
        lambda: (None, None) if len(view.selection.ports) == 1 else _ports(view, label),
        lambda: _halves(view),
    )
    return RegionPage(
        code=code,
        label=label,
        filters=filter_bar(view, with_bins=True),
        freshness=view.freshness,
        facts=facts,
        trend=_trend(view, total, earlier, code, label),
        by_port=by_port,
        ports=ports,
        by_panel=_by_panel(view, total, halves, code),
        sources_url=view.sources_url(),
    )


def panel_figure(view: View, code: str) -> Figure | None:
    """The figure of both halves of the network alone, for its CSV."""
    total, halves = queries.together(lambda: queries.series(view.selection, Dimension.NONE, view.bin, view.unit), lambda: _halves(view))
    return _by_panel(view, total, halves, code)


def _ports(view: View, label: str) -> tuple[Figure | None, RankTable]:
    ranking, curves = queries.together(
        lambda: queries.ranking(view.selection, Dimension.PORT, view.unit, RANKS, previous=True),
        lambda: queries.series(view.selection, Dimension.PORT, view.bin, view.unit, TOP),
    )
    figure = series_figure(
        curves,
        view,
        id="by-port",
        title=_("%(region)s by destination port") % {"region": label},
        csv_url=series_csv(view, Dimension.PORT, top=TOP),
        notes=notes_on_sensors(ranking),
    )
    title = _("Destination ports of sources in %(region)s") % {"region": label}
    table = rank_table(ranking, view, id="ports", title=title, csv_url=ranking_csv(view, Dimension.PORT))
    return figure if len(curves.series) > 1 else None, table


def _halves(view: View) -> tuple[SeriesSet, ...]:
    """The curves of domestic and of overseas sensors, where the viewer looks at all of them and has both."""
    if view.selection.scope.label != "all":
        return ()
    scopes = scopes_for(view.user, HALVES)
    if not all(scope.sensor_ids for scope in scopes):
        return ()
    return queries.together(*(partial(_half, view, scope) for scope in scopes))


def _half(view: View, scope: SensorScope) -> SeriesSet:
    return queries.series(replace(view.selection, scope=scope), Dimension.NONE, view.bin, view.unit)


def _by_panel(view: View, total: SeriesSet, halves: tuple[SeriesSet, ...], code: str) -> Figure | None:
    """Both halves of the network side by side."""
    if not halves:
        return None
    named_halves = zip(HALVES, halves, strict=True)
    lines = tuple(replace(half.series[0], key=name, label=str(words.SENSOR_SETS[name])) for name, half in named_halves)
    both = replace(total, split=Dimension.SENSOR, series=lines)
    title = _("%(region)s by domestic and overseas sensors") % {"region": region_label(code)}
    csv_url = view.url(reverse("portal:csv-panels", args=[code]), ports=view.query.get("ports", ""))
    return series_figure(both, view, id="by-panel", title=title, csv_url=csv_url)


def _trend(view: View, total: SeriesSet, earlier: SeriesSet | None, code: str, label: str) -> Figure:
    title = _("Trend of %(region)s") % {"region": label}
    figure = series_figure(named(total, code, label), view, id="trend", title=title, csv_url=series_csv(view, Dimension.NONE))
    return with_previous(figure, earlier) if earlier else figure
