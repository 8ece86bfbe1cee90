"""All ports and all regions, ranked."""

from dataclasses import dataclass, replace

from django.utils.translation import gettext as _

from apps.observations import queries
from apps.observations.figures import Dimension, Freshness
from apps.portal.curvenotes import curve_notes, rank_note
from apps.portal.downloads import ranking_csv, series_csv
from apps.portal.figures import Figure, series_figure
from apps.portal.filters import FilterBar, filter_bar
from apps.portal.state import View
from apps.portal.tables import RankTable, notes_on_sensors, rank_table

LIMITS = (25, 50, 100, 500)
TOP = 5


@dataclass(frozen=True)
class LimitLink:
    limit: int
    url: str
    is_current: bool


@dataclass(frozen=True)
class RankingPage:
    heading: str
    filters: FilterBar
    freshness: Freshness
    trend: Figure
    table: RankTable
    limits: tuple[LimitLink, ...]


def ports_page(view: View) -> RankingPage:
    return _page(view, Dimension.PORT, _("Ports"), _("Destination ports"), _("Trend of the top %(n)d ports") % {"n": TOP})


def regions_page(view: View) -> RankingPage:
    return _page(view, Dimension.REGION, _("Regions"), _("Source regions"), _("Trend of the top %(n)d source regions") % {"n": TOP})


def _page(view: View, dimension: Dimension, heading: str, title: str, trend_title: str) -> RankingPage:
    ranking, trend = queries.together(
        lambda: queries.ranking(view.selection, dimension, view.unit, view.limit, previous=True),
        lambda: queries.series(view.selection, dimension, view.bin, view.unit, TOP),
    )
    csv_url, notes = series_csv(view, dimension, top=TOP), notes_on_sensors(ranking)
    figure = series_figure(trend, view, id="trend", title=trend_title, csv_url=csv_url, notes=notes)
    return RankingPage(
        heading=heading,
        filters=filter_bar(view, with_bins=True, can_compare=False),
        freshness=view.freshness,
        trend=replace(figure, notes=(*figure.notes, *rank_note(ranking), *curve_notes(trend))),
        table=rank_table(ranking, view, id="ranking", title=title, csv_url=ranking_csv(view, dimension)),
        limits=tuple(LimitLink(limit, view.url_here(limit=str(limit)), limit == view.limit) for limit in LIMITS),
    )
