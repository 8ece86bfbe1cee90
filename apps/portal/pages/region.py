"""One region: what comes from there?"""

from dataclasses import dataclass

from django.utils.translation import gettext as _

from apps.observations import queries
from apps.observations.figures import Dimension, Freshness
from apps.portal.downloads import ranking_csv, series_csv
from apps.portal.figures import Figure, series_figure, with_previous
from apps.portal.filters import FilterBar, filter_bar
from apps.portal.state import View
from apps.portal.summary import Fact, before, facts_of
from apps.portal.tables import RankTable, rank_table
from apps.reference.names import region_label

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
    by_port: Figure
    ports: RankTable
    sensors: RankTable | None
    sources_url: str


def region_page(view: View, code: str) -> RegionPage:
    label, fixed = region_label(code), {"regions": code}
    return RegionPage(
        code=code,
        label=label,
        filters=filter_bar(view, with_bins=True),
        freshness=view.freshness,
        facts=facts_of(code, Dimension.REGION, view),
        trend=_trend(view, code),
        by_port=series_figure(
            queries.series(view.selection, Dimension.PORT, view.bin, view.unit, TOP),
            view,
            id="by-port",
            title=_("%(region)s by destination port") % {"region": label},
            csv_url=series_csv(view, Dimension.PORT, fixed, top=TOP),
            fixed=fixed,
        ),
        ports=rank_table(
            queries.ranking(view.selection, Dimension.PORT, view.unit, RANKS, previous=True),
            view,
            id="ports",
            title=_("Destination ports of sources in %(region)s") % {"region": label},
            csv_url=ranking_csv(view, Dimension.PORT, fixed),
        ),
        sensors=_sensors(view, label),
        sources_url=view.sources_url(**fixed),
    )


def _sensors(view: View, label: str) -> RankTable | None:
    """Which sensors saw the region, where the viewer may tell sensors apart."""
    if view.selection.scope.is_aggregate_only:
        return None
    found = queries.ranking(view.selection, Dimension.SENSOR, view.unit, RANKS)
    return rank_table(found, view, id="sensors", title=_("Sensors that observed %(region)s") % {"region": label})


def _trend(view: View, code: str) -> Figure:
    fixed = {"regions": code}
    figure = series_figure(
        queries.series(view.selection, Dimension.NONE, view.bin, view.unit),
        view,
        id="trend",
        title=_("Trend of %(region)s") % {"region": region_label(code)},
        csv_url=series_csv(view, Dimension.NONE, fixed),
        fixed=fixed,
    )
    if not view.compares:
        return figure
    return with_previous(figure, queries.series(before(view.selection), Dimension.NONE, view.bin, view.unit))
