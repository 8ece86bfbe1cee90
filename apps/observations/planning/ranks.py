"""Arithmetic of rankings: order, ties, and which values must be known exactly to be sure of the first ones. Pure.

A key's value is known to lie between `lower` and `upper`; finding it exactly means uniting sets, so as few as possible.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Keys = NDArray[np.int64]
Values = NDArray[np.float64]
Exact = Callable[[Keys], Values]
_BATCH = 24  # the first places tell how much the last of them is sure to have, before more are looked at
_GROWTH = 16  # of batches, so that five are enough for any number of ports


@dataclass(frozen=True)
class Ranked:
    """Keys by value, largest first, equal values by key; equal values share the rank of the first of them."""

    keys: Keys
    values: Values
    ranks: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.keys)


def rank(keys: Keys, values: Values, limit: int | None = None) -> Ranked:
    order = np.lexsort((keys, -values))[:limit]
    ordered = values[order]
    changes = np.concatenate([[True], ordered[1:] != ordered[:-1]])[: len(ordered)]
    ranks = np.maximum.accumulate(np.where(changes, np.arange(1, len(ordered) + 1), 0)) if len(ordered) else np.empty(0, np.int64)
    return Ranked(keys[order], ordered, ranks.astype(np.int64))


def top(keys: Keys, lower: Values, upper: Values, exact: Exact, limit: int) -> Ranked:
    """The first `limit` keys with exact values. A key is looked at only while its upper bound reaches the value that
    the last place is already sure to have."""
    possible = np.flatnonzero(upper >= _threshold(lower, limit))  # few of 65,536 ports, mostly
    order = possible[np.lexsort((keys[possible], -upper[possible]))]
    keys, floor, upper = keys[order], lower[order].astype(float), upper[order]
    known, at = floor == upper, 0
    batch = max(_BATCH, 2 * limit)
    while at < len(keys) and upper[at] >= (sure := _threshold(floor, limit)):
        doubtful = at + np.flatnonzero(~known[at : at + batch] & (upper[at : at + batch] >= sure))
        if len(doubtful):
            floor[doubtful] = exact(keys[doubtful])
            known[doubtful] = True
        at, batch = at + batch, _GROWTH * batch
    occurs = known & (floor > 0)  # a key that only might occur may turn out not to
    return rank(keys[occurs], floor[occurs], limit)


def _threshold(floor: Values, limit: int) -> float:
    return float(np.partition(floor, len(floor) - limit)[len(floor) - limit]) if len(floor) > limit else -np.inf


def true_ranks(wanted: Keys, keys: Keys, lower: Values, upper: Values, exact: Exact) -> dict[int, tuple[int, float]]:
    """(rank, value) of each wanted key in the full ranking of `keys`; keys that do not occur are left out."""
    floor, ceiling = lower.astype(float), upper.astype(float)
    own = np.flatnonzero(np.isin(keys, wanted))
    _settle(own[floor[own] < ceiling[own]], keys, floor, ceiling, exact)
    values = np.sort(floor[own])
    # Whether a key is ahead of a wanted one is open only where that one's value lies in [lower, upper).
    inside = np.searchsorted(values, ceiling, side="left") > np.searchsorted(values, floor, side="left")
    _settle(np.flatnonzero(inside & (floor < ceiling)), keys, floor, ceiling, exact)
    ascending = np.sort(floor)
    ahead = len(keys) - np.searchsorted(ascending, floor[own], side="right")
    return {int(keys[i]): (int(n) + 1, float(floor[i])) for i, n in zip(own, ahead, strict=True) if floor[i] > 0}


def placed(wanted: Keys, keys: Keys, lower: Values, upper: Values, exact: Exact) -> Ranked:
    """The wanted keys with their values and their ranks among all; those that do not occur are left out."""
    found = true_ranks(wanted, keys, lower, upper, exact)
    order = sorted(found, key=lambda key: (found[key][0], key))
    values, places = [found[key][1] for key in order], [found[key][0] for key in order]
    return Ranked(np.array(order, np.int64), np.array(values, float), np.array(places, np.int64))


def _settle(rows: NDArray[np.intp], keys: Keys, floor: Values, ceiling: Values, exact: Exact) -> None:
    if len(rows):
        floor[rows] = ceiling[rows] = exact(keys[rows])
