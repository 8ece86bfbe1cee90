"""Whole numbers with exact sums: largest-remainder rounding, of one array or within groups of rows."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


def rounded(values: ArrayLike, total: int | None = None) -> Ints:
    """Whole numbers close to `values` (any scale) that add up to `total`, or to their own rounded sum."""
    exact = np.asarray(values, float)
    total = round(float(exact.sum())) if total is None else total
    return shared(np.array([total]), np.zeros(len(exact), np.int64), exact)


def with_sum(values: Ints, rows: slice, total: int) -> Ints:
    """The same values, those of `rows` scaled to add up to `total`."""
    changed = values.copy()
    changed[rows] = rounded(values[rows], total)
    return changed


def shared(totals: Ints, group: NDArray[Any], weights: Floats, least: int = 0) -> Ints:
    """Each row's part of its group's total, by weight and never below `least`; the parts of a group add up to its total,
    which must be at least `least` for each row. `group` is sorted and indexes `totals`."""
    size = np.bincount(group, minlength=len(totals))
    rest = (totals - least * size)[group]
    exact = rest * weights / np.bincount(group, weights, len(totals))[group]
    whole = np.floor(exact + 1e-9).astype(np.int64)
    missing = (totals - least * size) - np.bincount(group, whole, len(totals)).astype(np.int64)
    return whole + least + (_place(group, whole - exact) < missing[group])


def _place(group: NDArray[Any], values: Floats) -> Ints:
    """The place of each row within its group, smallest value first, from 0."""
    order = np.lexsort((values, group))
    starts = np.append(0, np.cumsum(np.bincount(group))[:-1])
    place = np.empty(len(group), np.int64)
    place[order] = np.arange(len(group)) - starts[group[order]]
    return place
