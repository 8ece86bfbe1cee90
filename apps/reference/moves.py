"""Which addresses changed their region between two maps."""

from dataclasses import dataclass

import numpy as np

from apps.common.regions import decode
from apps.common.sourcekeys import is_ipv6
from apps.reference.regions import RegionMap


@dataclass(frozen=True)
class Move:
    """That addresses registered in one region are in another: how many of IPv4, and how many /64 of IPv6."""

    old: str
    new: str
    ipv4: int
    ipv6: int


def moves(before: RegionMap, after: RegionMap) -> list[Move]:
    """All moves, 'ZZ' included, those of the most IPv4 addresses first."""
    bounds = np.union1d(before.regions.bounds, after.regions.bounds)
    bounds = np.union1d(bounds, np.array([1 << 32], np.uint64))  # no span holds both families
    sizes = np.diff(bounds, append=np.uint64(np.iinfo(np.uint64).max)).astype(np.float64)
    old, new = before.lookup(bounds), after.lookup(bounds)
    moved = old != new
    pairs, which = np.unique(np.stack([old[moved], new[moved]]), axis=1, return_inverse=True)
    totals = [np.bincount(which.ravel(), np.where(family, sizes[moved], 0), pairs.shape[1]) for family in _families(bounds[moved])]
    found = [Move(decode(int(a)), decode(int(b)), int(v4), int(v6)) for (a, b), v4, v6 in zip(pairs.T, *totals, strict=True)]
    return sorted(found, key=lambda move: (-move.ipv4, -move.ipv6, move.old, move.new))


def _families(bounds):
    six = is_ipv6(bounds)
    return ~six, six
