"""Which autonomous system originated the route to an address on a day, for many addresses at once."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from threading import Lock

import numpy as np
from numpy.typing import NDArray

from apps.common import sourcekeys
from apps.common.recentlyused import RecentlyUsed
from apps.reference import routes
from apps.reference.intervals import Keys, flatten, merged
from apps.reference.models import Family
from apps.reference.regions import Steps
from apps.reference.routeorigins import asns_in
from apps.reference.routes import Routes, RouteSource

BITS = {Family.IPV4: 32, Family.IPV6: 64}  # of a key of the family

Prefix = IPv4Network | IPv6Network


@dataclass(frozen=True)
class Origin:
    """Who originated the longest prefix around an address. `text` is the origin whole: 64500, 64500_64501 where both announced
    it, {64500,64501} for a set. `is_exact` is False where the oldest snapshot serves a day before it."""

    text: str
    prefix: Prefix
    as_of: date
    source: str
    is_exact: bool

    @property
    def asns(self) -> tuple[int, ...]:
        return asns_in(self.text)


@dataclass(frozen=True)
class Origins:
    """Answers for keys, in their order: the (first) AS number and the prefix, as its first key and length. All three are 0
    where no route covers a key. `are_several` tells where the origin is more than this one AS."""

    asns: NDArray[np.uint32]
    starts: Keys
    lengths: NDArray[np.uint8]
    are_several: NDArray[np.bool_]


@dataclass(frozen=True)
class OriginMap:
    """The routes of one family on a day, of which the longest prefix around a key decides."""

    source: RouteSource
    routes: Routes
    owners: Steps  # indexes into `routes`; -1: none

    def rows_of(self, keys: Keys) -> NDArray[np.int32]:
        """Index into `routes` for each key, of any order; -1 where no prefix covers it."""
        order = np.argsort(keys)  # a search in order stays in the processor's cache: several times faster with many keys
        found = np.empty(len(keys), np.int32)
        found[order] = self.owners.at(keys[order])
        return found

    @cached_property
    def first_asns(self) -> NDArray[np.uint32]:
        """The first AS of each of `routes.origins`."""
        return np.array([asns_in(text)[0] for text in self.routes.origins], np.uint32)

    @cached_property
    def are_several(self) -> NDArray[np.bool_]:
        """Which of `routes.origins` are more than one AS."""
        return np.array([not text.isdigit() for text in self.routes.origins], bool)

    def prefixes_of(self, asn: int) -> NDArray[np.intp]:
        """The rows that this AS originated, alone or among others, by address."""
        codes = [code for code, text in enumerate(self.routes.origins) if str(asn) in text and asn in asns_in(text)]
        rows = np.flatnonzero(np.isin(self.routes.codes, codes))
        return rows[np.lexsort((self.routes.lengths[rows], self.routes.starts[rows]))]

    def prefix(self, row: int) -> Prefix:
        start, length = int(self.routes.starts[row]), int(self.routes.lengths[row])
        if self.source.family == Family.IPV4:
            return IPv4Network((IPv4Address(start), length))
        return IPv6Network((IPv6Address(start << 64), length))

    def origin(self, row: int, day: date) -> Origin:
        text = self.routes.origins[self.routes.codes[row]]
        return Origin(text, self.prefix(row), self.source.date, self.source.name, self.source.date <= day)


def origin_of(address: str, day: date) -> Origin | None:
    """Who originated the route to an address on a day; None where no prefix covers it. One small query.
    ValueError where the text is no address."""
    key = np.array([sourcekeys.from_address(address)], np.uint64)
    for found in maps_for(day):
        row = int(found.rows_of(key)[0])
        if row >= 0:
            return found.origin(row, day)
    return None


def origins_of(keys: Keys, day: date) -> Origins:
    """The same for many source keys, of both families and any order. One small query."""
    n = len(keys)
    answer = Origins(np.zeros(n, np.uint32), np.zeros(n, np.uint64), np.zeros(n, np.uint8), np.zeros(n, bool))
    for found, at, rows in _found(keys, day):
        codes = found.routes.codes[rows]
        answer.asns[at], answer.are_several[at] = found.first_asns[codes], found.are_several[codes]
        answer.starts[at], answer.lengths[at] = found.routes.starts[rows], found.routes.lengths[rows]
    return answer


def asn_texts(keys: Keys, day: date) -> list[str]:
    """For lists: the AS numbers of each key, several joined by _, '' where no route covers it. One small query."""
    texts = [""] * len(keys)
    for found, at, rows in _found(keys, day):
        for place, row in zip(at.tolist(), rows.tolist(), strict=True):
            texts[place] = "_".join(map(str, asns_in(found.routes.origins[found.routes.codes[row]])))
    return texts


def _found(keys: Keys, day: date) -> Iterator[tuple[OriginMap, NDArray[np.intp], NDArray[np.int32]]]:
    """Of each map the places of the keys that it covers, and their rows in it."""
    for found in maps_for(day):
        own = np.flatnonzero(sourcekeys.is_ipv6(keys) == (found.source.family == Family.IPV6))
        rows = found.rows_of(keys[own])
        yield found, own[rows >= 0], rows[rows >= 0]


_maps: RecentlyUsed[RouteSource, OriginMap] = RecentlyUsed(4)  # of a full IPv4 table about 40 MB each
_building = Lock()  # a full table takes a second and a few hundred megabytes; once is enough


def maps_for(day: date) -> list[OriginMap]:
    """The maps in force on a day, one per family of which any snapshot is loaded. One small query; the maps themselves stay
    in the process, known by their content."""
    while True:
        sources = routes.in_force(day)
        found = [_map_of(source) for source in sources]
        if all(one is not None for one in found):
            return [one for one in found if one is not None]


def _map_of(source: RouteSource) -> OriginMap | None:
    """None where the snapshot was replaced before it could be read."""
    if kept := _maps.find(source):
        return kept
    with _building:
        if kept := _maps.find(source):
            return kept
        built = build(source, routes.rows(source))
        if source not in routes.in_force(source.date):
            return None
        _maps.keep(source, built)
        return built


def build(source: RouteSource, table: Routes) -> OriginMap:
    """The longest prefix decides; prefixes either lie in one another or apart."""
    sizes = np.uint64(1) << (BITS[Family(source.family)] - table.lengths.astype(np.uint64))
    bounds, owner = flatten(table.starts, table.starts + sizes - np.uint64(1), np.argsort(table.lengths, kind="stable"))
    bounds, owner = merged(bounds, owner)
    return OriginMap(source, table, Steps(bounds, owner.astype(np.int32)))
