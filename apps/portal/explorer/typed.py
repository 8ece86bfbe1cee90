"""What people type into the lists of ports and regions, as the address writes it."""

from collections.abc import Callable, Iterable

from django.http import HttpRequest, QueryDict

from apps.portal.search import port_named, region_named
from apps.reference import portgroups


def tidy_url(request: HttpRequest, prefixes: Iterable[str] = ("",)) -> str | None:
    """Where a submitted form leads: `23, telnet-group, udp/53` becomes ports and groups, names of regions become codes.
    `prefixes` are those of the form's fields, one for each of its conditions. None where nothing needs tidying; what cannot
    be read stays, for the error to name it."""
    query = request.GET.copy()
    for prefix in prefixes:
        _tidy_ports(query, f"{prefix}ports", f"{prefix}groups")
        _tidy(query, f"{prefix}regions", lambda text: region_named(text) or text)
    if query == request.GET:
        return None
    return f"{request.path}?{query.urlencode(safe='/,:')}"


def _tidy_ports(query: QueryDict, ports: str, groups: str) -> None:
    if ports not in query:
        return
    slugs = {group.slug for group in portgroups.all_groups()}
    parts = _parts(str(query[ports]))
    named = [part for part in parts if part in slugs]
    _put(query, ports, [_port(part) for part in parts if part not in slugs])
    if named:
        _put(query, groups, [*_parts(query.get(groups, "")), *named])


def _port(text: str) -> str:
    key = port_named(text)
    return str(key) if key else text


def _tidy(query: QueryDict, name: str, read: Callable[[str], str]) -> None:
    if name in query:
        _put(query, name, [read(part) for part in _parts(str(query[name]))])


def _put(query: QueryDict, name: str, parts: list[str]) -> None:
    text = ",".join(dict.fromkeys(parts))
    if text:
        query[name] = text
    else:
        query.pop(name, None)


def _parts(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]
