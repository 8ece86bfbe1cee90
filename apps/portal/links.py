"""Links that keep the view: what is looked at (period, sensors, unit, …) lives in the query string alone."""

from urllib.parse import urlencode

from django.http import QueryDict

# What a reader carries from page to page. Ports and regions belong to the page they were chosen on.
STATE = ("from", "to", "unit", "bin", "sensors", "scanners", "previous", "signatures")


def state_of(query: QueryDict) -> dict[str, str]:
    return {name: query[name] for name in STATE if query.get(name)}


def with_state(path: str, query: QueryDict, **changes: str) -> str:
    """`path` with the view of `query`; a change to '' drops the parameter."""
    values = {name: value for name, value in (state_of(query) | changes).items() if value}
    return f"{path}?{urlencode(values, safe='/,:')}" if values else path
