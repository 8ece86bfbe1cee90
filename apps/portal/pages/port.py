"""One port: what is it, and who sends to it?"""

from dataclasses import dataclass, replace

from django.utils.translation import gettext as _

from apps.common.ports import PortKey
from apps.observations import queries
from apps.observations.figures import Dimension, Freshness, SeriesSet
from apps.portal.downloads import ranking_csv, series_csv, signatures_csv
from apps.portal.figures import Figure, named, series_figure, with_previous
from apps.portal.filters import FilterBar, filter_bar
from apps.portal.shares import ShareTable, share_table, signature_label
from apps.portal.state import View
from apps.portal.summary import Fact, facts_of, series_before, with_every_signature
from apps.portal.tables import RankTable, notes_on_sensors, rank_table
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
    by_region: Figure | None  # None where one region is chosen: it would repeat the trend
    regions: RankTable | None
    by_signature: Figure | None  # None where there is but one
    signatures: ShareTable
    sources_url: str


def port_page(view: View, key: PortKey) -> PortPage:
    facts, trend, (by_region, regions), signatures = queries.together(
        lambda: facts_of(str(key), Dimension.PORT, view),
        lambda: _trend(view, key),
        lambda: (None, None) if len(view.selection.regions) == 1 else _regions(view, port_label(key)),
        lambda: queries.series(with_every_signature(view.selection), Dimension.SIGNATURE, view.bin, view.unit, TOP),
    )
    return PortPage(
        key=str(key),
        label=port_label(key),
        name=port_name(key),
        filters=filter_bar(view, with_bins=True),
        freshness=view.freshness,
        facts=facts,
        trend=trend,
        by_region=by_region,
        regions=regions,
        by_signature=_by_signature(signatures, view, port_label(key)),
        signatures=share_table(signatures, view, title=_("Signatures")),
        sources_url=view.sources_url(),
    )


def _regions(view: View, label: str) -> tuple[Figure | None, RankTable]:
    ranking, curves = queries.together(
        lambda: queries.ranking(view.selection, Dimension.REGION, view.unit, RANKS, previous=True),
        lambda: queries.series(view.selection, Dimension.REGION, view.bin, view.unit, TOP),
    )
    figure = series_figure(
        curves,
        view,
        id="by-region",
        title=_("%(port)s by source region") % {"port": label},
        csv_url=series_csv(view, Dimension.REGION, top=TOP),
        notes=notes_on_sensors(ranking),
    )
    title = _("Source regions of %(port)s") % {"port": label}
    table = rank_table(ranking, view, id="regions", title=title, csv_url=ranking_csv(view, Dimension.REGION))
    return figure if len(curves.series) > 1 else None, table


def _by_signature(found: SeriesSet, view: View, label: str) -> Figure | None:
    seen = tuple(replace(one, label=signature_label(one.key)) for one in found.series if one.total)
    if len(seen) < 2:
        return None
    title = _("%(port)s by signature") % {"port": label}
    return series_figure(replace(found, series=seen), view, id="by-signature", title=title, csv_url=signatures_csv(view))


def _trend(view: View, key: PortKey) -> Figure:
    total, earlier = queries.together(
        lambda: queries.series(view.selection, Dimension.NONE, view.bin, view.unit), lambda: series_before(view)
    )
    figure = series_figure(
        named(total, str(key), port_label(key)),
        view,
        id="trend",
        title=_("Trend of %(port)s") % {"port": port_label(key)},
        csv_url=series_csv(view, Dimension.NONE),
    )
    return with_previous(figure, earlier) if earlier else figure
