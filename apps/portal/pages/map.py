"""The world by source region: where does it come from, and what changed?"""

from dataclasses import dataclass, replace

from django.utils.translation import gettext_lazy

from apps.observations import queries
from apps.observations.figures import Against, Dimension, Freshness, Selection
from apps.observations.planning import fixedpanels
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
    if shading is Shading.CHANGE and view.selection.fixed_panel:
        view = replace(view, selection=_fixed_in_both(view.selection))
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


def _fixed_in_both(selection: Selection) -> Selection:
    """A change is that of the traffic only where the sensors are the same in the period before."""
    periods = [selection.period, selection.against(Against.PREVIOUS).period]
    return replace(selection, scope=fixedpanels.narrowed(selection.scope, periods))
