"""The sources themselves, as sets of keys: what cohorts, co-ports and other set algebra are made of. Exact."""

import numpy as np
from numpy.typing import NDArray

from apps.observations.figures import Dimension
from apps.observations.planning import countreads, planner, segmentreads
from apps.observations.planning.asks import Ask
from apps.observations.planning.spans import Piece
from apps.observations.storage import sourcesets
from apps.observations.storage.cells import group
from apps.observations.storage.columns import Frame
from apps.observations.storage.sourcesets import Keys

Cell = tuple[int, int]  # key of the ask's group, number of the bin
NOBODY: Keys = np.empty(0, np.uint64)


def source_keys(ask: Ask) -> dict[Cell, Keys]:
    """The sources of every key and bin in which some were seen, each set distinct and ascending: from source sets where
    the slice is complete, else from segments. At most two statements, and what reading segments takes."""
    chosen = planner.plan(ask, sources=True)
    read = segmentreads.source_keys(segmentreads.rows(ask, chosen.read, columns=("source",))) if chosen.read else {}
    if chosen.store is None or not chosen.counted:
        return read
    sets = countreads.source_sets(chosen.store, ask, chosen.counted)
    for cell, keys in read.items():
        sets[cell].append(sourcesets.encode(keys))
    return {cell: sourcesets.union(bodies) for cell, bodies in sets.items()}


def everybody(ask: Ask) -> Keys:
    """All sources of an ask of one bin, whatever it is told apart by."""
    return source_keys(ask.ungrouped()).get((0, 0), NOBODY)


def on_sensors(ask: Ask, least: int) -> dict[int, Keys]:
    """Of each bin, the sources that at least `least` of the sensors saw in it."""
    by_sensor = source_keys(_by_sensor(ask))
    bins: dict[int, list[Keys]] = {}
    for (_sensor, number), keys in by_sensor.items():
        bins.setdefault(number, []).append(keys)
    return {number: _repeated(parts, least) for number, parts in bins.items()}


def _by_sensor(ask: Ask) -> Ask:
    return Ask(ask.selection, Dimension.SENSOR, ask.spans)


def _repeated(parts: list[Keys], least: int) -> Keys:
    """The keys that are in at least `least` of the sets."""
    keys, times = np.unique(np.concatenate(parts), return_counts=True)
    return keys[times >= least]


def of_known_sources(ask: Ask, keys: Keys) -> Frame:
    """key, sources: how many of `keys` (ascending) each value of the ask's group had, read from segments; one bin."""
    rows = segmentreads.rows(ask, _all_pieces(ask), keep=lambda part: are_in(part["source"], keys))
    groups = group(rows["key"])
    return {"key": groups.first(rows["key"]), "sources": segmentreads.distinct(rows, "key")}


def _all_pieces(ask: Ask) -> list[Piece]:
    chosen = planner.plan(ask, sources=True)
    return sorted([*chosen.counted, *chosen.read], key=lambda piece: piece.start)


def are_in(sources: Keys, keys: Keys) -> NDArray[np.bool_]:
    """Of each source, whether it is one of `keys` (ascending)."""
    if not len(keys):
        return np.zeros(len(sources), np.bool_)
    at = np.minimum(np.searchsorted(keys, sources), len(keys) - 1)
    found: NDArray[np.bool_] = keys[at] == sources
    return found


def in_both(first: Keys, second: Keys) -> int:
    """How many sources two sets share; both distinct and ascending. The smaller is looked up in the larger."""
    few, many = (first, second) if len(first) <= len(second) else (second, first)
    return int(are_in(few, many).sum())
