"""Holders behind sets of sources, from look-ups already made; nothing is asked of a registry here.

Who a holder is: networks with the same holder handle of the same registry, else with the same holder name, else the one
network. Joining what registries spell differently is a person's work and not done here.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
from django.db import connection
from django.db.models import Q
from numpy.typing import NDArray

from apps.common import sourcekeys
from apps.enrichment.models import Network

Keys = NDArray[np.uint64]
Ids = NDArray[np.int64]
UNKNOWN = 0  # in the place of a network nobody has looked up

_NAMES = ("pk", "registry", "holder_handle", "holder", "name", "country", "fetched_at", "is_sample")
# IPv4 as numbers; the few IPv6 ones as text. An answer to the very address comes after those to its neighbours.
_LOOKUPS = """
SELECT CASE family(address) WHEN 4 THEN address - '0.0.0.0'::inet END, CASE family(address) WHEN 6 THEN host(address) END, network_id
FROM enrichment_lookup WHERE network_id IS NOT NULL
  AND (family(address) = 6 OR (address - '0.0.0.0'::inet) >> 8 = ANY(%s::bigint[])) ORDER BY fetched_at
"""


@dataclass(frozen=True)
class Holder:
    """`id` is that of the holder's first network; `is_sample` where some answer is an invented one of the stand-in."""

    id: int
    name: str
    registry: str
    country: str
    networks: tuple[int, ...]
    fetched_at: datetime
    is_sample: bool


def networks_of(keys: Keys) -> Ids:
    """The network of each source key (ascending) as its id, UNKNOWN where no address of its /24 (IPv6 /48) was looked
    up: the newest answer to the address, else to a neighbour. One query."""
    rows = _lookups(keys)
    addresses, networks = np.array([key for key, _network in rows], np.uint64), np.array([network for _key, network in rows], np.int64)
    near = _last_of(_blocks(addresses), networks, _blocks(keys))
    exact = _last_of(addresses, networks, keys)
    return np.where(exact != UNKNOWN, exact, near)


def _lookups(keys: Keys) -> list[tuple[int, int]]:
    """(source key, network) of the look-ups near these sources, oldest answer first."""
    ipv4 = keys[~sourcekeys.is_ipv6(keys)]
    with connection.cursor() as cursor:
        cursor.execute(_LOOKUPS, [np.unique(ipv4 >> np.uint64(8)).tolist()])
        return [(sourcekeys.from_address(six) if six else four, network) for four, six, network in cursor.fetchall()]


def _blocks(keys: Keys) -> Keys:
    """One number for the /24, or the /48, of each source; the families do not meet."""
    six = sourcekeys.is_ipv6(keys)
    return np.where(six, (keys >> np.uint64(16)) | np.uint64(1 << 62), keys >> np.uint64(8))


def _last_of(known: Keys, values: Ids, wanted: Keys) -> Ids:
    """Of each wanted key the value beside its last occurrence among the known ones, else UNKNOWN."""
    if not len(known):
        return np.full(len(wanted), UNKNOWN, np.int64)
    order = np.argsort(known, kind="stable")
    at = np.searchsorted(known[order], wanted, side="right") - 1
    found = (at >= 0) & (known[order][at] == wanted)
    return np.where(found, values[order][at], UNKNOWN)


def holders_of_networks(networks: Iterable[int]) -> dict[int, Holder]:
    """The holder of each network, in one query. All networks with a name in common are read, so that `networks` and `id`
    do not depend on which of them were asked for."""
    wanted = set(networks) - {UNKNOWN}
    by_identity: dict[tuple[str, ...], list[dict[str, Any]]] = defaultdict(list)
    for row in _rows() if wanted else ():
        by_identity[_identity(row)].append(row)
    found: dict[int, Holder] = {}
    for rows in by_identity.values():
        ids = {row["pk"] for row in rows}
        found |= dict.fromkeys(ids & wanted, _holder(rows)) if ids & wanted else {}
    return found


def holder(pk: int) -> tuple[Holder, list[Network]] | None:
    """The holder of one network and all networks of that holder, None where there is no such network. Two queries."""
    asked = Network.objects.filter(pk=pk).values(*_NAMES).first()
    if asked is None:
        return None
    networks = list(Network.objects.filter(_same_as(asked)).defer("raw").order_by("pk"))
    return _holder([{name: getattr(network, name) for name in _NAMES} for network in networks]), networks


def _same_as(row: dict[str, Any]) -> Q:
    kind, *values = _identity(row)
    if kind == "handle":
        return Q(registry=values[0], holder_handle=values[1])
    return Q(holder_handle="", holder=values[0]) if kind == "name" else Q(pk=row["pk"])


def _rows() -> Iterable[dict[str, Any]]:
    return Network.objects.order_by("pk").values(*_NAMES)


def _identity(row: dict[str, Any]) -> tuple[str, ...]:
    if row["holder_handle"]:
        return "handle", row["registry"], row["holder_handle"]
    return ("name", row["holder"]) if row["holder"] else ("network", str(row["pk"]))


def _holder(rows: list[dict[str, Any]]) -> Holder:
    newest = max(rows, key=lambda row: row["fetched_at"])
    return Holder(
        id=rows[0]["pk"],
        name=newest["holder"] or newest["name"],
        registry=newest["registry"],
        country=newest["country"],
        networks=tuple(row["pk"] for row in rows),
        fetched_at=newest["fetched_at"],
        is_sample=any(row["is_sample"] for row in rows),
    )
