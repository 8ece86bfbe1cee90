"""The world by source region: where does it come from, and what changed?"""

from dataclasses import dataclass

from django.utils.translation import gettext_lazy

from apps.observations import queries
from apps.observations.figures import Dimension, Freshness
from apps.portal.filters import FilterBar, filter_bar
from apps.portal.maps import MOST_REGIONS, MapFigure, Shading, map_figure
from apps.portal.state import View

LABELS = {Shading.VALUE: gettext_lazy("Value"), Shading.CHANGE: gettext_lazy("Change against the previous period")}


@dataclass(frozen=True)
class ShadingLink:
    label: str
    url: str
    is_current: bool


@dataclass(frozen=True)
class MapPage:
    filters: FilterBar
    freshness: Freshness
    shadings: tuple[ShadingLink, ...]
    map: MapFigure


def map_page(view: View, shading: Shading) -> MapPage:
    found = queries.ranking(view.selection, Dimension.REGION, view.unit, MOST_REGIONS, previous=True)
    return MapPage(
        filters=filter_bar(view, can_compare=False),
        freshness=view.freshness,
        shadings=tuple(
            ShadingLink(str(label), view.url_here(shading="" if one is Shading.VALUE else one), one is shading)
            for one, label in LABELS.items()
        ),
        map=map_figure(found, view, shading),
    )
