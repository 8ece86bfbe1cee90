"""In which region an address was registered on a day, for many addresses at once."""

from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from apps.common.recentlyused import RecentlyUsed
from apps.common.regions import UNKNOWN, encode
from apps.reference import snapshots
from apps.reference.intervals import Keys, flatten, merged
from apps.reference.models import REGIONAL, Registry
from apps.reference.snapshots import Rows, Source


@dataclass(frozen=True)
class Steps:
    """A step function of source keys: from bounds[i] up to the next bound it is values[i]; bounds[0] is 0."""

    bounds: Keys
    values: NDArray

    def at(self, keys: NDArray[np.uint64]) -> NDArray:
        return self.values[np.searchsorted(self.bounds, keys, side="right") - 1]


@dataclass(frozen=True)
class RegionMap:
    """What the registries say of the address space on one day.

    `as_of` is the date of the newest snapshot in it (None: nothing is loaded); `is_exact` is False where a registry's
    oldest snapshot serves a day before it, or nothing is loaded.
    """

    as_of: date | None
    is_exact: bool
    sources: tuple[Source, ...]
    rows: Rows
    regions: Steps  # common.regions numbers
    owners: Steps  # indexes into `rows`; -1: no row

    def lookup(self, keys: NDArray[np.uint64]) -> NDArray[np.uint16]:
        """The region (common.regions number) of each source key, of any order; 'ZZ' where no delegation covers it."""
        found: NDArray[np.uint16] = self.regions.at(keys)
        return found

    def row_of(self, key: int) -> int | None:
        """Index into `rows` of the delegation that decides the region of one key."""
        row = int(self.owners.at(np.array([key], np.uint64))[0])
        return row if row >= 0 else None


_Key = tuple[tuple[Source, ...], bool]
maps: RecentlyUsed[_Key, RegionMap] = RecentlyUsed(8)  # about 7 MB each


def region_map_for(day: date, *, is_scenario: bool = False) -> RegionMap:
    """The map in force on a day: that of the five registries, or that of the scenario, which hold nothing of each other.
    One small query; the map itself stays in the process, known by its content."""
    registries = (Registry.SCENARIO,) if is_scenario else REGIONAL
    while True:
        sources = snapshots.in_force(day, registries)
        key = sources, _is_exact(sources, day)
        if kept := maps.find(key):
            return kept
        built = build(snapshots.rows(sources), sources, day)
        if snapshots.in_force(day, registries) == sources:  # else a snapshot was loaded between the two queries
            maps.keep(key, built)
            return built


def build(rows: Rows, sources: tuple[Source, ...], day: date) -> RegionMap:
    """Of delegations that overlap, the one of the newer snapshot decides, then the narrower, then the registry first
    by name."""
    bounds, owner = flatten(rows.starts, rows.ends, _weakest_first(rows, sources))
    known = np.append(rows.regions, np.uint16(encode(UNKNOWN)))  # owner -1, none, takes the last
    return RegionMap(
        as_of=max((source.date for source in sources), default=None),
        is_exact=_is_exact(sources, day),
        sources=sources,
        rows=rows,
        regions=Steps(*merged(bounds, known[owner])),
        owners=Steps(*merged(bounds, owner)),
    )


def _weakest_first(rows: Rows, sources: tuple[Source, ...]) -> NDArray[np.intp]:
    dates = np.zeros(max(Registry) + 1, np.int64)
    for source in sources:
        dates[source.registry] = source.date.toordinal()
    # The last key of lexsort counts most; the region only makes the order complete.
    narrower_later = ~(rows.ends - rows.starts)
    return np.lexsort((rows.regions, -rows.registries.astype(np.int16), narrower_later, dates[rows.registries]))


def _is_exact(sources: tuple[Source, ...], day: date) -> bool:
    return bool(sources) and all(source.date <= day for source in sources)
