"""Address blocks whose region differs between two maps, and which snapshot first shows it."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from ipaddress import IPv4Address, IPv6Address, summarize_address_range

import numpy as np
from django.db import connection
from numpy.typing import NDArray

from apps.common.regions import UNKNOWN, decode, encode
from apps.common.sourcekeys import IPV6_LOW_OFFSET
from apps.reference.intervals import Keys
from apps.reference.models import Registry
from apps.reference.regions import RegionMap

_IPV4_LIMIT = 1 << 32
_ZZ = encode(UNKNOWN)

# A range keeps its rows when only its holder changes, so the earliest of those after the map of before is the move.
_SINCE = """
SELECT block.number, min(held.valid_from) FILTER (WHERE held.valid_from > block.after),
       max(held.valid_to) FILTER (WHERE held.valid_to <= block.until)
FROM unnest(%s::int[], %s::smallint[], %s::bigint[], %s::bigint[], %s::int[], %s::date[], %s::date[])
     AS block (number, registry, start_key, end_key, region, after, until)
JOIN reference_delegation AS held USING (registry, start_key, end_key, region)
GROUP BY 1
"""


@dataclass(frozen=True)
class Blocks:
    """Columns of one length, ascending and disjoint; `ends` are inclusive keys. `rows` are positions among the
    delegations of the map of after, or of before where nobody holds the block any more; -1 where neither has one."""

    starts: Keys
    ends: Keys
    old: NDArray[np.uint16]
    new: NDArray[np.uint16]
    rows: NDArray[np.intp]

    def take(self, chosen: NDArray[np.intp]) -> "Blocks":
        return Blocks(self.starts[chosen], self.ends[chosen], self.old[chosen], self.new[chosen], self.rows[chosen])

    def lines(self) -> Iterator[tuple[int, int, str, str]]:
        """(first key, last key, old region, new region) of each."""
        columns = (column.tolist() for column in (self.starts, self.ends, self.old, self.new))
        return ((start, end, decode(old), decode(new)) for start, end, old, new in zip(*columns, strict=True))

    def of(self, keys: Keys) -> NDArray[np.intp]:
        """The block that each source key lies in, -1 for none."""
        if not len(self.starts):
            return np.full(len(keys), -1, np.intp)
        at = np.searchsorted(self.starts, keys, side="right") - 1
        return np.where((at >= 0) & (keys <= self.ends[at]), at, -1)


def moved(before: RegionMap, after: RegionMap, region: int | None = None) -> Blocks:
    """The blocks that changed their region, a delegation each; with `region` only those that left it or joined it."""
    family = np.array([_IPV4_LIMIT], np.uint64)  # no block holds both families
    bounds = np.unique(np.concatenate([before.owners.bounds, after.owners.bounds, family]))
    old, new = before.lookup(bounds), after.lookup(bounds)
    rows = np.where(new == _ZZ, before.owners.at(bounds), after.owners.at(bounds))
    is_new = np.ones(len(bounds), np.bool_)
    is_new[1:] = (old[1:] != old[:-1]) | (new[1:] != new[:-1]) | (rows[1:] != rows[:-1]) | (bounds[1:] == family)
    first = np.flatnonzero(is_new)
    ends = np.append(bounds[first][1:] - np.uint64(1), np.uint64(np.iinfo(np.uint64).max))
    whole = Blocks(bounds[first], ends, old[first], new[first], rows[first])
    chosen = whole.old != whole.new
    if region is not None:
        chosen &= (whole.old == region) | (whole.new == region)
    return whole.take(np.flatnonzero(chosen))


def names(start: int, end: int) -> tuple[str, str, str]:
    """(first address, last address, prefix or '')."""
    first, last = _address(start, False), _address(end, True)
    networks = list(summarize_address_range(first, last)) if isinstance(first, IPv4Address) == isinstance(last, IPv4Address) else []
    return str(first), str(last), str(networks[0]) if len(networks) == 1 else ""


def _address(key: int, is_last: bool) -> IPv4Address | IPv6Address:
    if key < _IPV4_LIMIT:
        return IPv4Address(key)
    low = key & ~IPV6_LOW_OFFSET
    high = low if low < _IPV4_LIMIT else key
    return IPv6Address(high << 64 | ((1 << 64) - 1 if is_last else 0))


def origins(blocks: Blocks, before: RegionMap, after: RegionMap) -> list[tuple[str, date | None]]:
    """(registry, date of the first snapshot that shows the move) of each block, in order. One query."""
    dates = [{source.registry: source.date for source in side.sources} for side in (before, after)]
    asked = []
    for number, (new, row) in enumerate(zip(blocks.new.tolist(), blocks.rows.tolist(), strict=True)):
        held = (before if new == _ZZ else after).rows
        if row >= 0:
            registry = int(held.registries[row])
            known = (registry, int(held.starts[row]), int(held.ends[row]), int(held.regions[row]))
            asked.append((number, *known, dates[0].get(registry, date.min), dates[1].get(registry, date.max)))
    found = _since(asked)
    registries = {number: Registry(registry).label for number, registry, *_rest in asked}
    is_gone = (blocks.new == _ZZ).tolist()
    return [(registries.get(n, ""), found.get(n, (None, None))[gone]) for n, gone in enumerate(is_gone)]


def _since(asked: list[tuple[int, int, int, int, int, date, date]]) -> dict[int, tuple[date | None, date | None]]:
    if not asked:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(_SINCE, [list(column) for column in zip(*asked, strict=True)])
        return {number: (since, until) for number, since, until in cursor.fetchall()}
