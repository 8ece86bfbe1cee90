"""Home: is anything going on?"""

from dataclasses import dataclass, replace

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.coordination.models import may_read_tickets
from apps.coordination.queries import TicketRow, tickets_due
from apps.observations import queries
from apps.observations.figures import Dimension, Freshness, Ranking, SeriesSet, Unit, Usual
from apps.portal import words
from apps.portal.downloads import ranking_csv, series_csv
from apps.portal.figures import Figure, series_figure
from apps.portal.filters import FilterBar, filter_bar
from apps.portal.maps import MOST_REGIONS, MapFigure, Shading, map_figure
from apps.portal.pages.changes import ChangesCard, changes_card
from apps.portal.pages.sensors import HealthStrip, health_strip
from apps.portal.state import View
from apps.portal.tables import RankTable, notes_on_sensors, rank_table

TOP = 5
RANKS = 10
MOST_TICKETS = 5
# Day-to-day variation of unsolicited traffic is large; within these bounds nothing is said to be unusual.
USUAL_LOW, USUAL_HIGH = 0.7, 1.3
VERDICTS = {
    "above": gettext_lazy("above the usual"),
    "below": gettext_lazy("below the usual"),
    "usual": gettext_lazy("as usual"),
    "unknown": gettext_lazy("too few days to compare"),
}


@dataclass(frozen=True)
class UsualCard:
    """The last full day beside its usual value, in words."""

    unit: str
    day: str
    value: str
    usual: str
    days: int
    change: str
    verdict: str
    kind: str  # above, below, usual, unknown


@dataclass(frozen=True)
class HomePage:
    filters: FilterBar
    freshness: Freshness
    cards: tuple[UsualCard, ...]
    trend: Figure
    ports: RankTable
    regions: RankTable
    map: MapFigure
    map_url: str
    sensors: HealthStrip
    changes: ChangesCard
    tickets: list[TicketRow]
    shows_tickets: bool


def home_page(view: View) -> HomePage:
    selection = view.selection
    trend, ports, regions, *usual = queries.together(
        lambda: queries.series(selection, Dimension.PORT, view.bin, view.unit, TOP),
        lambda: queries.ranking(selection, Dimension.PORT, view.unit, RANKS, previous=True),
        lambda: queries.ranking(selection, Dimension.REGION, view.unit, MOST_REGIONS, previous=True),
        lambda: queries.usual(selection.scope, Unit.PACKETS),
        lambda: queries.usual(selection.scope, Unit.SOURCES),
    )
    return HomePage(
        filters=filter_bar(view, with_bins=True, can_compare=False),
        freshness=view.freshness,
        cards=tuple(map(usual_card, usual)),
        trend=_trend(view, trend, ports),
        ports=_top_ports(view, ports),
        map=map_figure(regions, view, Shading.VALUE),
        map_url=view.url(reverse("portal:map")),
        regions=_top_regions(view, regions),
        sensors=health_strip(view.user),
        changes=changes_card(view.user),
        tickets=tickets_due(view.user, MOST_TICKETS),
        shows_tickets=may_read_tickets(view.user),
    )


def _trend(view: View, trend: SeriesSet, ports: Ranking) -> Figure:
    return series_figure(
        trend,
        view,
        id="trend",
        title=_("Trend of the top %(n)d ports") % {"n": TOP},
        csv_url=series_csv(view, Dimension.PORT, top=TOP),
        notes=notes_on_sensors(ports),
    )


def _top_ports(view: View, ports: Ranking) -> RankTable:
    return rank_table(
        ports,
        view,
        id="ports",
        title=_("Top %(n)d ports") % {"n": RANKS},
        csv_url=ranking_csv(view, Dimension.PORT),
        more_url=view.url(reverse("portal:ports")),
    )


def _top_regions(view: View, regions: Ranking) -> RankTable:
    return rank_table(
        replace(regions, rows=regions.rows[:RANKS]),
        view,
        id="regions",
        title=_("Top %(n)d source regions") % {"n": RANKS},
        csv_url=ranking_csv(view, Dimension.REGION),
        more_url=view.url(reverse("portal:regions")),
    )


def usual_card(found: Usual) -> UsualCard:
    kind = _kind(found.ratio)
    return UsualCard(
        unit=str(words.UNITS[found.unit]),
        day=words.day(found.day) if found.day else "",
        value=words.number(found.value),
        usual=words.number(found.usual),
        days=found.days,
        change=_change(found.ratio),
        verdict=str(VERDICTS[kind]),
        kind=kind,
    )


def _kind(ratio: float | None) -> str:
    if ratio is None:
        return "unknown"
    if ratio > USUAL_HIGH:
        return "above"
    return "below" if ratio < USUAL_LOW else "usual"


def _change(ratio: float | None) -> str:
    """1.25 → +25 %; 0.5 → −50 %; from twice the usual on as a multiple: 3.4×."""
    if ratio is None:
        return ""
    if round(ratio, 2) == 1:
        return "±0 %"
    if ratio >= 2:
        return f"{words.number(round(ratio, 1))}×"
    return f"{'+' if ratio >= 1 else '−'}{words.number(abs(round((ratio - 1) * 100)))} %"
