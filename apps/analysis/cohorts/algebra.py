"""Set algebra over sources by day. Pure.

A `Days` maps the number of a day to the sources of that day, distinct and ascending; where days do not matter, all stand
under one number."""

from collections.abc import Callable, Sequence
from functools import reduce

import numpy as np

from apps.analysis.cohorts.expressions import Atom, Group, Node, Operator
from apps.analysis.daysets import Days
from apps.observations.storage.sourcesets import Keys


def evaluate(node: Node, sets: Callable[[Atom], Days], everybody: Days) -> Days:
    """The sources of a node on each day; days without any are left out."""
    if isinstance(node, Atom):
        return sets(node)
    parts = [evaluate(member, sets, everybody) for member in node.members]
    if node.operator is Operator.OR:
        return united(parts)
    return less(_kept(node, parts, everybody), [evaluate(member, sets, everybody) for member in node.without])


def _kept(node: Group, parts: Sequence[Days], everybody: Days) -> Days:
    return everybody if node.starts_from_everybody else reduce(in_both, parts)


def united(parts: Sequence[Days]) -> Days:
    numbers = sorted(set().union(*parts))
    return {number: _union([part[number] for part in parts if number in part]) for number in numbers}


def in_both(first: Days, second: Days) -> Days:
    shared = {number: np.intersect1d(keys, second[number], assume_unique=True) for number, keys in first.items() if number in second}
    return {number: keys for number, keys in shared.items() if len(keys)}


def less(found: Days, parts: Sequence[Days]) -> Days:
    for part in parts:
        found = {number: np.setdiff1d(keys, part[number], True) if number in part else keys for number, keys in found.items()}
    return {number: keys for number, keys in found.items() if len(keys)}


def whole(days: Days) -> Keys:
    """The distinct sources of all days, ascending."""
    return _union(list(days.values()))


def _union(parts: Sequence[Keys]) -> Keys:
    if len(parts) == 1:
        return parts[0]
    return np.unique(np.concatenate(parts)) if parts else np.empty(0, np.uint64)
