"""One region: what comes from there?"""

from dataclasses import dataclass, replace

from django.urls import reverse
from django.utils.translation import gettext as _

from apps.observations import queries
from apps.observations.figures import Dimension, Freshness, SeriesSet
from apps.portal import words
from apps.portal.downloads import ranking_csv, series_csv
from apps.portal.figures import Figure, named, series_figure, with_previous
from apps.portal.filters import FilterBar, filter_bar
from apps.portal.state import View
from apps.portal.summary import Fact, before, facts_of
from apps.portal.tables import RankTable, notes_on_sensors, rank_table
from apps.reference.names import region_label
from apps.sensors.queries import scope_for

TOP = 5
RANKS = 20


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
    total = queries.series(view.selection, Dimension.NONE, view.bin, view.unit)
    by_port, ports = (None, None) if len(view.selection.ports) == 1 else _ports(view, label)
    return RegionPage(
        code=code,
        label=label,
        filters=filter_bar(view, with_bins=True),
        freshness=view.freshness,
        facts=facts_of(code, Dimension.REGION, view),
        trend=_trend(view, total, code, label),
        by_port=by_port,
        ports=ports,
        by_panel=_by_panel(view, total, code),
        sources_url=view.sources_url(),
    )


def panel_figure(view: View, code: str) -> Figure | None:
    """The figure of both halves of the network alone, for its CSV."""
    return _by_panel(view, queries.series(view.selection, Dimension.NONE, view.bin, view.unit), code)


def _ports(view: View, label: str) -> tuple[Figure | None, RankTable]:
    ranking = queries.ranking(view.selection, Dimension.PORT, view.unit, RANKS, previous=True)
    curves = queries.series(view.selection, Dimension.PORT, view.bin, view.unit, TOP)
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


def _by_panel(view: View, total: SeriesSet, code: str) -> Figure | None:
    """Both halves of the network side by side, where the viewer looks at all of it and has both."""
    if view.selection.scope.label != "all":
        return None
    scopes = [(name, scope_for(view.user, name)) for name in ("domestic", "overseas")]
    if not all(scope.sensor_ids for _name, scope in scopes):
        return None
    halves = [(name, queries.series(replace(view.selection, scope=scope), Dimension.NONE, view.bin, view.unit)) for name, scope in scopes]
    lines = tuple(replace(half.series[0], key=name, label=str(words.SENSOR_SETS[name])) for name, half in halves)
    both = replace(total, split=Dimension.SENSOR, series=lines)
    title = _("%(region)s by domestic and overseas sensors") % {"region": region_label(code)}
    csv_url = view.url(reverse("portal:csv-panels", args=[code]), ports=view.query.get("ports", ""))
    return series_figure(both, view, id="by-panel", title=title, csv_url=csv_url)


def _trend(view: View, total: SeriesSet, code: str, label: str) -> Figure:
    title = _("Trend of %(region)s") % {"region": label}
    figure = series_figure(named(total, code, label), view, id="trend", title=title, csv_url=series_csv(view, Dimension.NONE))
    if not view.compares:
        return figure
    return with_previous(figure, queries.series(before(view.selection), Dimension.NONE, view.bin, view.unit))
