"""To which ports a region sends, beside the busiest other regions: a card that its page loads later, and a page of its own."""

from dataclasses import dataclass, replace

from django.urls import reverse
from django.utils.translation import gettext as _

from apps.analysis.matrices import matrix
from apps.observations import queries
from apps.observations.figures import Dimension, Freshness
from apps.portal.explorer.heat import HeatTable, heat_table
from apps.portal.filters import FilterBar, filter_bar
from apps.portal.pages.crowds import Later
from apps.portal.state import View

OTHERS = 6
PORTS = 10


@dataclass(frozen=True)
class PortMixPage:
    filters: FilterBar
    freshness: Freshness
    table: HeatTable


def port_mix_page(view: View, code: str) -> PortMixPage:
    beside = _beside_others(view, code)
    found = matrix(beside.selection, Dimension.REGION, Dimension.PORT, view.unit, OTHERS + 1, PORTS)
    return PortMixPage(filter_bar(view, can_compare=False), view.freshness, heat_table(found, beside, id="port-mix"))


def port_mix_later(view: View, code: str) -> Later:
    url = view.url(reverse("portal:port-mix", args=[code]), ports=view.query.get("ports", ""), groups=view.query.get("groups", ""))
    return Later("port-mix", _("Destination ports by source region"), url)


def _beside_others(view: View, code: str) -> View:
    """The view of the region and the busiest others, which its title, links and file then name as its filter."""
    everywhere = replace(view.selection, regions=())
    ranked = queries.ranking(everywhere, Dimension.REGION, view.unit, OTHERS + 1)
    codes = [code, *(row.key for row in ranked.rows if row.key != code)][: OTHERS + 1]
    query = view.query.copy()
    query["regions"] = ",".join(codes)
    return replace(view, selection=replace(view.selection, regions=tuple(codes)), query=query, fixed={})
