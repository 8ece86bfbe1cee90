"""Where a key of any dimension leads: the filter that keeps what belongs to it, and the page about it."""

from functools import lru_cache

from django.urls import reverse

from apps.observations.figures import Dimension, Origin
from apps.observations.planning.keys import GROUP_PREFIX
from apps.portal.state import View

FILTERS = {Dimension.REGION: "regions", Dimension.SENSOR: "sensors", Dimension.SIGNATURE: "signatures"}


def filters_of(dimension: Dimension, key: str, view: View) -> dict[str, str] | None:
    """The parameters that narrow a view to one key; None where no filter says the same. Ports and groups are one filter in
    two parameters, so the other is emptied."""
    match dimension:
        case Dimension.KIND:
            is_group = key.startswith(GROUP_PREFIX)
            return {"groups": key.removeprefix(GROUP_PREFIX), "ports": ""} if is_group else {"ports": key, "groups": ""}
        case Dimension.PORT:
            return {"ports": key, "groups": ""}
        case Dimension.ORIGIN:
            return {"regions": "ZZ", "origin": ""} if key == Origin.UNKNOWN else {"origin": key}
        case Dimension.PANEL:
            return _panel(key, view)
    return {FILTERS[dimension]: key} if dimension in FILTERS else None


def _panel(key: str, view: View) -> dict[str, str] | None:
    """One side of the network. Sensors chosen one by one have no name for the side they are on."""
    return {"all": {"sensors": key}, "scenario": {"sensors": f"scenario-{key}"}}.get(view.selection.scope.label)


def key_url(dimension: Dimension, key: str, view: View) -> str:
    """The page of a port or region; else this page with that filter; '' where there is none."""
    if dimension is Dimension.PORT or (dimension is Dimension.KIND and not key.startswith(GROUP_PREFIX)):
        return view.url(_page("portal:port", *key.split("/")))
    if dimension is Dimension.REGION:
        return view.url(_page("portal:region", key))
    filters = filters_of(dimension, key, view)
    return view.url_here(**filters) if filters else ""


@lru_cache(maxsize=2048)  # Django looks through all routes; a map and its table have hundreds of links
def _page(name: str, *parts: str) -> str:
    return reverse(name, args=parts)
