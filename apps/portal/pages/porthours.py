"""At which hours of the day a port receives packets: a card that its page loads later, and a page of its own.

Ports without hours in the counts are read from segments, which a port's page does not wait for.
"""

from dataclasses import dataclass

from django.urls import reverse
from django.utils.translation import gettext as _

from apps.common.ports import PortKey
from apps.observations.figures import Freshness
from apps.portal.figures import Figure
from apps.portal.filters import FilterBar, filter_bar
from apps.portal.pages.crowds import Later
from apps.portal.pages.parts import has_hours, hours_figure
from apps.portal.state import View
from apps.reference.names import port_label


@dataclass(frozen=True)
class PortHoursPage:
    title: str
    filters: FilterBar
    freshness: Freshness
    figure: Figure


def port_hours_page(view: View, key: PortKey) -> PortHoursPage:
    """ParameterError where the period has more hours than a profile looks at."""
    bar = filter_bar(view, with_units=False, can_compare=False)
    return PortHoursPage(_title(key), bar, view.freshness, hours_figure(view, _title(key)))


def port_hours_later(view: View, key: PortKey) -> Later | None:
    """None where the period is too long for a profile."""
    if not has_hours(view):
        return None
    url = reverse("portal:port-hours", args=str(key).split("/"))
    return Later("hours", _title(key), view.url(url, regions=view.query.get("regions", "")))


def _title(key: PortKey) -> str:
    return _("%(port)s by hour of the day") % {"port": port_label(key)}
