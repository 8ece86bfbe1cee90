"""Pairs of ports whose sources are largely the same, from source sets. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

Keys = NDArray[np.uint64]

LEAST_SOURCES = 100  # of the smaller set; of fewer, overlap is chance
CONTAINED = 0.5  # part of the smaller set


@dataclass(frozen=True)
class Overlap:
    """`both` sources sent to `first` and to `second`, which had so many sources each; the first has the more of them."""

    first: str
    second: str
    first_sources: int
    second_sources: int
    both: int

    @property
    def contained(self) -> float:
        """Part of the smaller set that is in the larger, too."""
        return self.both / self.second_sources

    @property
    def jaccard(self) -> float:
        return self.both / (self.first_sources + self.second_sources - self.both)


def overlaps(sets: Mapping[str, Keys]) -> list[Overlap]:
    """The pairs that overlap, most first. Each set: distinct source keys, ascending."""
    busy = sorted((name for name, keys in sets.items() if len(keys) >= LEAST_SOURCES), key=lambda name: (-len(sets[name]), name))
    found = [_overlap(sets, *pair) for pair in combinations(busy, 2)]
    return sorted((one for one in found if one.contained >= CONTAINED), key=lambda one: (-one.both, one.first, one.second))


def _overlap(sets: Mapping[str, Keys], first: str, second: str) -> Overlap:
    both = np.intersect1d(sets[first], sets[second], assume_unique=True)
    return Overlap(first, second, len(sets[first]), len(sets[second]), len(both))
