"""What people type into the lists of ports and regions, as the address writes it."""

import re
from collections.abc import Callable

from django.http import HttpRequest, QueryDict

from apps.portal.search import port_named, region_named
from apps.reference import portgroups

_BARE = re.compile(r"\d{1,5}")


def tidy_url(request: HttpRequest) -> str | None:
    """Where a submitted form of the explorer leads: `23, telnet-group, udp/53` becomes ports and groups, names of regions
    become codes. None where nothing needs tidying; what cannot be read stays, for the error to name it."""
    query = request.GET.copy()
    _tidy_ports(query)
    _tidy(query, "regions", lambda text: region_named(text) or text)
    if query == request.GET:
        return None
    return f"{request.path}?{query.urlencode(safe='/,:')}"


def _tidy_ports(query: QueryDict) -> None:
    if "ports" not in query:
        return
    slugs = {group.slug for group in portgroups.all_groups()}
    parts = _parts(str(query["ports"]))
    groups = [part for part in parts if part in slugs]
    _put(query, "ports", [_port(part) for part in parts if part not in slugs])
    if groups:
        _put(query, "groups", [*_parts(query.get("groups", "")), *groups])


def _port(text: str) -> str:
    key = port_named(f"tcp/{text}" if _BARE.fullmatch(text) else text)
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
