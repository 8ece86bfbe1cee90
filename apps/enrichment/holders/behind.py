"""Holders behind sets of sources, from look-ups already made; nothing is asked of a registry here."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from django.db import connection
from numpy.typing import NDArray

from apps.common import sourcekeys
from apps.enrichment.models import HolderKind

Keys = NDArray[np.uint64]
Ids = NDArray[np.int64]
UNKNOWN = 0  # in the place of a network nobody has looked up

# IPv4 as numbers; the few IPv6 ones as text. An answer to the very address comes after those to its neighbours.
_LOOKUPS = """
SELECT CASE family(address) WHEN 4 THEN address - '0.0.0.0'::inet END, CASE family(address) WHEN 6 THEN host(address) END, network_id
FROM enrichment_lookup WHERE network_id IS NOT NULL
  AND (family(address) = 6 OR (address - '0.0.0.0'::inet) >> 8 = ANY(%s::bigint[])) ORDER BY fetched_at
"""


# Of each holder that some of the networks count for: itself and all of its networks, those of absorbed holders included.
_HOLDERS = """
WITH belongs AS (
  SELECT n.id AS network, n.fetched_at, n.is_sample, coalesce(h.merged_into_id, h.id) AS holder
  FROM enrichment_network n JOIN enrichment_holder h ON h.id = n.administered_by_id
)
SELECT h.id, h.name, h.registry, h.country, h.kind, array_agg(b.network ORDER BY b.network), max(b.fetched_at), bool_or(b.is_sample)
FROM belongs b JOIN enrichment_holder h ON h.id = b.holder
WHERE h.id IN (SELECT holder FROM belongs WHERE network = ANY(%s::bigint[]))
GROUP BY h.id
"""


@dataclass(frozen=True)
class KnownHolder:
    """`id` is the holder's stable pseudonym inside the house; `is_sample` where some answer is an invented one."""

    id: int
    name: str
    registry: str
    country: str
    kind: HolderKind
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


def holders_of_networks(networks: Iterable[int]) -> dict[int, KnownHolder]:
    """The holder of each network, in one query. `networks` of a holder are all of its, whichever were asked for."""
    wanted = set(networks) - {UNKNOWN}
    if not wanted:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(_HOLDERS, [list(wanted)])
        found = [KnownHolder(pk, name, registry, country, HolderKind(kind), tuple(ids), at, is_sample)
                 for pk, name, registry, country, kind, ids, at, is_sample in cursor.fetchall()]  # fmt: skip
    return {network: holder for holder in found for network in holder.networks if network in wanted}
