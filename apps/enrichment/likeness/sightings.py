"""When the sources behind a view were seen, so that a scan can be told from one of another time. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Keys = NDArray[np.uint64]
Ids = NDArray[np.int64]
Mask = NDArray[np.bool_]

FAR = np.iinfo(np.int64).max  # the gap where a source has no sighting
_SHIFT = 1 << 24  # days of a source lie apart from those of the next; ordinals stay below 2**22


@dataclass(frozen=True)
class Sightings:
    """`keys` are distinct sources, ascending; `at` and `days` say that source number `at[i]` was seen on the day with the
    ordinal `days[i]`, ascending by both."""

    keys: Keys
    at: Ids
    days: Ids

    def among(self, wanted: Mask) -> "Sightings":
        """The same for some of the sources."""
        kept = wanted[self.at]
        position = np.cumsum(wanted) - 1
        return Sightings(self.keys[wanted], position[self.at[kept]].astype(np.int64), self.days[kept])

    def gaps(self, at: Ids, days: Ids) -> Ids:
        """How many days lie between each (source, day) and the source's sighting nearest to it."""
        if not len(self.at):
            return np.full(len(at), FAR, np.int64)
        known, wanted = self.at * _SHIFT + self.days, at * _SHIFT + days
        after = np.searchsorted(known, wanted)
        return np.minimum(self._gap(after, at, days), self._gap(after - 1, at, days))

    def _gap(self, row: Ids, at: Ids, days: Ids) -> Ids:
        inside = np.clip(row, 0, len(self.at) - 1)
        is_same = (row == inside) & (self.at[inside] == at)
        return np.where(is_same, np.abs(self.days[inside] - days), FAR)


def sightings_of(days: Mapping[int, Keys]) -> Sightings:
    """From the sources of each day by the day's ordinal, distinct within a day."""
    numbers = [np.full(len(keys), number, np.int64) for number, keys in days.items()]
    if not numbers:
        return Sightings(np.empty(0, np.uint64), np.empty(0, np.int64), np.empty(0, np.int64))
    keys, at = np.unique(np.concatenate(list(days.values())), return_inverse=True)
    when = np.concatenate(numbers)
    order = np.lexsort((when, at))
    return Sightings(keys, at[order].astype(np.int64), when[order])
