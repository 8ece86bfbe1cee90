"""In which region an address was registered on a day, for many addresses at once."""

from collections import OrderedDict
from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from apps.common.regions import UNKNOWN, encode
from apps.reference import snapshots
from apps.reference.intervals import Keys, flatten, merged
from apps.reference.snapshots import Rows, Source

CACHED_MAPS = 8  # about 7 MB each


@dataclass(frozen=True)
class RegionMap:
    """The registries' view of the address space that is in force on one day.

    `as_of` is the date of the newest snapshot in it (None: nothing is loaded); `is_exact` is False where a registry's
    oldest snapshot serves a day before it, or nothing is loaded.
    """

    as_of: date | None
    is_exact: bool
    bounds: Keys  # from bounds[i] up to the next bound all keys have the region codes[i]
    codes: NDArray[np.uint16]
    rows: Rows
    row_bounds: Keys  # the same for the row of `rows` that decides; -1: none
    row_owner: NDArray[np.intp]
    sources: tuple[Source, ...] = ()

    def lookup(self, keys: NDArray[np.uint64]) -> NDArray[np.uint16]:
        """The region (common.regions number) of each source key, 'ZZ' where no delegation covers it."""
        found: NDArray[np.uint16] = self.codes[np.searchsorted(self.bounds, keys, side="right") - 1]
        return found

    def row_of(self, key: int) -> int | None:
        """Index into `rows` of the delegation that decides the region of one key."""
        row = int(self.row_owner[np.searchsorted(self.row_bounds, np.uint64(key), side="right") - 1])
        return row if row >= 0 else None


_maps: OrderedDict[tuple[tuple[str, ...], bool], RegionMap] = OrderedDict()


def region_map_for(day: date) -> RegionMap:
    """The map in force on a day. One small query; the map itself stays in the process, known by its content."""
    while True:
        sources = snapshots.in_force(day)
        key = (tuple(str(source) for source in sources), all(source.date <= day for source in sources))
        if key in _maps:
            _maps.move_to_end(key)
            return _maps[key]
        built = build(snapshots.rows(sources), sources, day)
        if snapshots.in_force(day) == sources:  # else a snapshot was loaded between the two queries
            _maps[key] = built
            while len(_maps) > CACHED_MAPS:
                _maps.popitem(last=False)
            return built


def build(rows: Rows, sources: tuple[Source, ...], day: date) -> RegionMap:
    """Of delegations that overlap, the one of the newer snapshot decides, then the narrower, then the registry first
    by name."""
    dates = np.zeros(max((source.registry for source in sources), default=0) + 1, np.int64)
    for source in sources:
        dates[source.registry] = source.date.toordinal()
    order = np.lexsort((-rows.regions.astype(np.int32), -rows.registries.astype(np.int16), rows.starts - rows.ends, dates[rows.registries]))
    bounds, owner = flatten(rows.starts, rows.ends, order)
    codes = np.where(owner >= 0, rows.regions[owner] if len(rows.regions) else 0, encode(UNKNOWN)).astype(np.uint16)
    row_bounds, row_owner = merged(bounds, owner)
    return RegionMap(
        as_of=max((source.date for source in sources), default=None),
        is_exact=bool(sources) and all(source.date <= day for source in sources),
        **dict(zip(("bounds", "codes"), merged(bounds, codes), strict=True)),
        rows=rows,
        row_bounds=row_bounds,
        row_owner=row_owner,
        sources=sources,
    )
