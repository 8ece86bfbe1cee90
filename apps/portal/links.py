"""Links that keep the view: what is looked at (period, sensors, unit, …) lives in the query string alone."""

from collections.abc import Mapping
from functools import lru_cache
from urllib.parse import parse_qsl, urlencode, urlsplit

# What a reader carries from page to page. Ports and regions belong to the page they were chosen on.
STATE = ("period", "from", "to", "zone", "unit", "bin", "scale", "sensors", "fixed", "scanners", "compare", "previous", "signatures")


def with_state(path: str, query: Mapping[str, str], **changes: str) -> str:
    """`path` with the view of `query`; a change to '' drops the parameter."""
    kept = {name: query[name] for name in STATE if query.get(name)}
    return with_query(path, kept | changes)


def with_query(path: str, values: Mapping[str, str]) -> str:
    filled = {name: value for name, value in values.items() if value}
    return f"{path}?{urlencode(filled, safe='/,:')}" if filled else path


def in_span(url: str, span: Mapping[str, str]) -> str:
    """The same link for one bin: its period is replaced by `from` and `to` of the bin."""
    path, kept = _without_span(url)
    bin_ = urlencode(dict(span), safe="/,:")
    return f"{path}?{kept}&{bin_}" if kept else f"{path}?{bin_}"


@lru_cache(maxsize=64)  # a figure asks it again for each of its bins
def _without_span(url: str) -> tuple[str, str]:
    """A link's path and the rest of its query, encoded."""
    parts = urlsplit(url)
    kept = [(name, value) for name, value in parse_qsl(parts.query) if name not in {"period", "from", "to"}]
    return parts.path, urlencode(kept, safe="/,:")
