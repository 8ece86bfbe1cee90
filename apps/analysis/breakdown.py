"""What a known set of sources sent where: to how many of them each port, or each region, applies. Exact.

Where counts keep whole sets, the busiest keys are looked at first: no key has more of the known sources than it has
sources at all, so the rest need not be looked at once the last place is safe. Else all rows of segments are.
"""

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from apps.observations.figures import Dimension, Selection
from apps.observations.planning import keysets, planner
from apps.observations.planning.asks import Ask
from apps.observations.storage.sourcesets import Keys

# So many keys at a time; if the last place is still open after these, segments answer.
BATCHES = (64, 128, 256)

Codes = NDArray[np.int64]


@dataclass(frozen=True)
class Part:
    """`code` as in planning.keys; `sources` of the known ones."""

    code: int
    sources: int


@dataclass(frozen=True)
class _Candidates:
    """Keys with most sources first, and how many sources each has at most."""

    codes: Codes
    upper: Codes

    def from_on(self, position: int, known: int) -> int:
        """How many of the known sources any key from this position on can have."""
        return min(known, int(self.upper[position])) if position < len(self.codes) else 0


def breakdown(selection: Selection, keys: Keys, dimension: Dimension, limit: int, without: Collection[int] = ()) -> tuple[Part, ...]:
    """The `limit` ports or regions to which most of the sources `keys` (ascending) sent, or from which; of equal ones
    the one with more sources in all first. `without` are codes to leave out."""
    if not len(keys):
        return ()
    ask = Ask(selection, dimension)
    candidates = _candidates(ask, without)
    counts = _from_sets(ask, keys, candidates, limit)
    if counts is None:
        counts = _from_rows(ask, keys, candidates)
    order = np.lexsort((np.arange(len(counts)), -counts))[:limit]
    found = zip(candidates.codes[order].tolist(), counts[order].tolist(), strict=True)
    return tuple(Part(code, sources) for code, sources in found if sources)


def _candidates(ask: Ask, without: Collection[int]) -> _Candidates:
    known = planner.bounds(ask)
    kept = ~np.isin(known.key, list(without))
    codes, upper = known.key[kept], known.upper[kept]
    order = np.lexsort((codes, -upper))
    return _Candidates(codes[order], upper[order])


def _from_sets(ask: Ask, keys: Keys, candidates: _Candidates, limit: int) -> Codes | None:
    """Counts of the first candidates, as many as are needed to know the first `limit`; None where that are too many,
    or where no count keeps their sets."""
    chosen = planner.plan(ask, sources=True)
    if chosen.store is None or chosen.read:
        return None
    counts: Codes = np.empty(0, np.int64)
    for size in BATCHES:
        batch = candidates.codes[len(counts) : len(counts) + size]
        counts = np.append(counts, _shared(ask.for_keys(tuple(batch.tolist())), keys, batch))
        if _is_settled(counts, candidates.from_on(len(counts), len(keys)), limit):
            return counts
    return None


def _shared(ask: Ask, keys: Keys, codes: Codes) -> Codes:
    sets = keysets.source_keys(ask)
    return np.array([keysets.in_both(sets.get((code, 0), keysets.NOBODY), keys) for code in codes.tolist()], np.int64)


def _is_settled(counts: Codes, at_most: int, limit: int) -> bool:
    """Whether no key beyond these, which has `at_most`, can come before the last place."""
    return not at_most or (len(counts) >= limit and int(np.sort(counts)[-limit]) >= at_most)


def _from_rows(ask: Ask, keys: Keys, candidates: _Candidates) -> Codes:
    found = keysets.of_known_sources(ask, keys)
    if not len(found["key"]):
        return np.zeros(len(candidates.codes), np.int64)
    at = np.minimum(np.searchsorted(found["key"], candidates.codes), len(found["key"]) - 1)
    return np.where(found["key"][at] == candidates.codes, found["sources"][at], 0)
