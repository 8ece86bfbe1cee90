"""Answers kept in the cache, under a key that holds all they depend on, the state of the data included."""

import hashlib
import pickle
from collections.abc import Callable
from typing import Any, TypeVar

from django.core.cache import cache

from apps.observations.figures import Dimension, Selection
from apps.reference import portgroups

KEEP_S = 12 * 3600
_LAYOUT = 4  # raise it when what is cached changes its shape

Answer = TypeVar("Answer")


def remembered(selection: Selection, stamp: str, parts: tuple[Any, ...], compute: Callable[[], Answer]) -> Answer:
    """The answer to a question about a selection, from the cache where it was given before for the same sensors, filters
    and data (`stamp`). `parts` are all else it depends on."""
    key = _key(selection, (stamp, *parts))
    found: Answer | None = cache.get(key)
    if found is None:
        found = compute()
        cache.set(key, found, KEEP_S)
    return found


def _definitions(selection: Selection, parts: tuple[Any, ...]) -> tuple[Any, ...]:
    """What port groups are, where the answer depends on it."""
    if not selection.groups and Dimension.KIND not in parts:
        return ()
    return tuple((group.id, group.slug, group.ranges) for group in portgroups.groups_on(selection.definitions_day))


def _key(selection: Selection, parts: tuple[Any, ...]) -> str:
    whole = (_LAYOUT, selection.scope.cache_key, selection.period.start, selection.period.end, selection.period.zone.key,
             selection.ports, selection.regions, selection.signatures, selection.scanners, selection.origin,
             selection.groups, selection.prefix, _definitions(selection, parts), parts)  # fmt: skip
    return "figure:" + hashlib.sha256(pickle.dumps(whole)).hexdigest()
