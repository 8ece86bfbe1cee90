"""Grouping of columns by sorting packed keys: the one arithmetic under segments and counts. No database here."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from apps.observations.storage.columns import Frame

Codes = NDArray[Any]


@dataclass(frozen=True)
class Groups:
    """Rows in an order in which equal keys are neighbours: `order` sorts, `starts` are the positions of each group's
    first row in that order."""

    order: NDArray[np.intp]
    starts: NDArray[np.intp]

    def first(self, column: Codes) -> Codes:
        """The value of a column that is the same all over a group (or any one of them)."""
        return column[self.order[self.starts]]

    def sum(self, column: Codes) -> NDArray[np.int64]:
        return _reduce(np.add, column[self.order].astype(np.int64, copy=False), self.starts)

    def min(self, column: Codes) -> Codes:
        return _reduce(np.minimum, column[self.order], self.starts)

    def max(self, column: Codes) -> Codes:
        return _reduce(np.maximum, column[self.order], self.starts)


def _reduce(operation: np.ufunc, column: Codes, group_starts: NDArray[np.intp]) -> Codes:
    return operation.reduceat(column, group_starts) if len(column) else column


def group(*keys: Codes) -> Groups:
    """Groups of rows equal in all keys, in ascending order of the keys (first key first); no key may be negative.
    Rows of one group keep their order."""
    packed = pack(*keys)
    if packed is None:
        order = np.lexsort(keys[::-1])
        return Groups(order, _group_starts(list(keys), order))
    order = _order(packed)
    return Groups(order, _group_starts([packed], order))


def summed(parts: Sequence[Frame], name: str, keys: tuple[str, str] = ("key", "bin")) -> Frame:
    """The sums of `name` in every cell, of which `keys` are the columns, over all parts."""
    nothing = [np.empty(0, np.int64)]
    joined = {column: np.concatenate([part[column] for part in parts] or nothing) for column in (*keys, name)}
    groups = group(*(joined[key] for key in keys))
    return {key: groups.first(joined[key]) for key in keys} | {name: groups.sum(joined[name])}


def less(sums: Frame, part: Frame, name: str, keys: tuple[str, str] = ("key", "bin")) -> Frame:
    """Likewise of `sums`, less what `part` has of them."""
    return summed([sums, part | {name: -part[name]}], name, keys)


def encode(values: Codes) -> tuple[Codes, NDArray[np.uint32]]:
    """(the distinct values in ascending order, of each value its position there); none may be negative. What np.unique
    does, in half the time."""
    order = _order(values.astype(np.uint64))
    ordered = values[order]
    is_new = np.ones(len(values), np.bool_)
    is_new[1:] = ordered[1:] != ordered[:-1]
    codes = np.empty(len(values), np.uint32)
    codes[order] = np.cumsum(is_new, dtype=np.uint32) - np.uint32(1)
    return ordered[is_new], codes


def _order(packed: NDArray[np.uint64]) -> NDArray[np.intp]:
    """What a stable argsort gives. Sorting the numbers themselves with the row's position in their lowest bits is three
    times as fast, where there is room for it."""
    if bool(np.all(packed[1:] >= packed[:-1])):  # as sums of tallies are, and what has been grouped before
        return np.arange(len(packed))
    shift = len(packed).bit_length()
    if not len(packed) or int(packed.max()).bit_length() + shift > 64:
        return np.argsort(packed, kind="stable")
    tagged = (packed << np.uint64(shift)) | np.arange(len(packed), dtype=np.uint64)
    tagged.sort()
    return (tagged & np.uint64((1 << shift) - 1)).astype(np.intp)


def _group_starts(keys: list[Codes], order: NDArray[np.intp]) -> NDArray[np.intp]:
    changes = np.zeros(len(order), np.bool_)
    changes[:1] = True
    for key in keys:
        ordered = key[order]
        changes[1:] |= ordered[1:] != ordered[:-1]
    return np.flatnonzero(changes)


def pack(*keys: Codes) -> NDArray[np.uint64] | None:
    """All keys as one number that sorts as they do; None where they need more than 64 bits."""
    widths = [int(key.max()).bit_length() if len(key) else 0 for key in keys]
    if sum(widths) > 64:
        return None
    packed = np.zeros(len(keys[0]), np.uint64)
    for key, width in zip(keys, widths, strict=True):
        packed <<= np.uint64(width)
        packed |= key.astype(np.uint64)
    return packed
