"""One port: what is it, and who sends to it?"""

from dataclasses import dataclass

from django.utils.translation import gettext as _

from apps.common.ports import PortKey
from apps.observations import queries
from apps.observations.figures import Dimension, Freshness
from apps.portal.downloads import ranking_csv, series_csv
from apps.portal.figures import Figure, named, series_figure, with_previous
from apps.portal.filters import FilterBar, filter_bar
from apps.portal.shares import ShareTable, share_table
from apps.portal.state import View
from apps.portal.summary import Fact, before, facts_of, with_every_signature
from apps.portal.tables import RankTable, rank_table
from apps.reference.names import port_label, port_name

TOP = 5
RANKS = 20


@dataclass(frozen=True)
class PortPage:
    key: str
    label: str
    name: str
    filters: FilterBar
    freshness: Freshness
    facts: tuple[Fact, ...]
    trend: Figure
    by_region: Figure
    regions: RankTable
    signatures: ShareTable
    sources_url: str


def port_page(view: View, key: PortKey) -> PortPage:
    return PortPage(
        key=str(key),
        label=port_label(key),
        name=port_name(key),
        filters=filter_bar(view, with_bins=True),
        freshness=view.freshness,
        facts=facts_of(str(key), Dimension.PORT, view),
        trend=_trend(view, key),
        by_region=series_figure(
            queries.series(view.selection, Dimension.REGION, view.bin, view.unit, TOP),
            view,
            id="by-region",
            title=_("%(port)s by source region") % {"port": port_label(key)},
            csv_url=series_csv(view, Dimension.REGION, top=TOP),
        ),
        regions=rank_table(
            queries.ranking(view.selection, Dimension.REGION, view.unit, RANKS, previous=True),
            view,
            id="regions",
            title=_("Source regions of %(port)s") % {"port": port_label(key)},
            csv_url=ranking_csv(view, Dimension.REGION),
        ),
        signatures=share_table(
            queries.series(with_every_signature(view.selection), Dimension.SIGNATURE, view.bin, view.unit, TOP),
            view,
            title=_("Signatures"),
        ),
        sources_url=view.sources_url(),
    )


def _trend(view: View, key: PortKey) -> Figure:
    figure = series_figure(
        named(queries.series(view.selection, Dimension.NONE, view.bin, view.unit), str(key), port_label(key)),
        view,
        id="trend",
        title=_("Trend of %(port)s") % {"port": port_label(key)},
        csv_url=series_csv(view, Dimension.NONE),
    )
    if not view.compares:
        return figure
    return with_previous(figure, queries.series(before(view.selection), Dimension.NONE, view.bin, view.unit))
