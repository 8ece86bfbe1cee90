"""The one planner: numbers of a selection by group and bin, from months, then days, then hours of the counts where the
slice is complete, else from segments. Nobody else sums rows. Every answer is exact.

Answers are frames (columns side by side) with a row for each group key and bin in which something was seen.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

import numpy as np
from django.conf import settings
from numpy.typing import NDArray

from apps.observations.figures import Dimension
from apps.observations.models import Slice
from apps.observations.planning import countreads, recencyreads, segmentreads, tallyreads
from apps.observations.planning.asks import Ask
from apps.observations.planning.countreads import Store
from apps.observations.planning.remainders import remainder_of
from apps.observations.planning.spans import Piece, cut, may_hold_months
from apps.observations.planning.together import together
from apps.observations.storage import sourcesets
from apps.observations.storage.cells import group, summed
from apps.observations.storage.columns import Frame


@dataclass(frozen=True)
class Plan:
    """Which pieces of an ask the counts answer, and which segments must."""

    ask: Ask
    store: Store | None
    counted: tuple[Piece, ...]
    read: tuple[Piece, ...]


def plan(ask: Ask, *, sources: bool) -> Plan:
    """Where packets (or, with `sources`, source sets) of an ask come from. At most one query."""
    store = countreads.store_for(ask)
    closed = countreads.closed_months() if store and may_hold_months(ask.spans) else frozenset[date]()
    pieces = cut(ask.spans, settings.REPORT_TIME_ZONE, closed)
    if store is None:
        return Plan(ask, None, (), tuple(pieces))
    complete = store.grains_of_sources if sources else store.grains_of_packets
    counted: list[Piece] = []
    read: list[Piece] = []
    for piece in pieces:
        (counted if piece.grain in complete and piece.is_stored else read).append(piece)
    return Plan(ask, store, tuple(counted), tuple(read))


def packets(ask: Ask) -> Frame:
    """key, bin, packets."""
    chosen = plan(ask, sources=False)
    if not chosen.read and (remainder := remainder_of(ask)):
        return remainder.sums("packets", packets)
    parts = []
    if chosen.store and chosen.counted:
        parts.append(countreads.packets(chosen.store, ask, chosen.counted))
    if chosen.read:
        rows = segmentreads.rows(ask, chosen.read, columns=())
        parts.append({name: rows[name] for name in ("key", "bin", "packets")})
    return summed(parts, "packets")


def sources(ask: Ask) -> Frame:
    """key, bin, sources: distinct ones, also where days, panels and signatures overlap."""
    chosen = plan(ask, sources=True)
    if chosen.read or tallyreads.divided(ask, chosen.counted)[1]:
        return _united(chosen)
    known = tallyreads.sources(ask, chosen.counted)
    if known:
        return _with_others(ask, known)
    return _recent(chosen) if tallyreads.applies(ask) else _united(chosen)


def _recent(chosen: Plan) -> Frame:
    """From recencies, and from sets what these do not know: of all ports it is not to be said which are missing."""
    ask = chosen.ask
    is_of_all_ports = ask.slice is Slice.PORT and ask.ports is None
    recent = None if is_of_all_ports else recencyreads.sources(ask, chosen.counted)
    if recent is None:
        return _united(chosen)
    found = _with_others(ask, recent.known)
    if not recent.missing:
        return found
    rest = _united(replace(chosen, counted=recent.missing))
    kept = ~np.isin(rest["key"], recent.known.others)
    return {name: np.concatenate([found[name], rest[name][kept]]) for name in found}


def _with_others(ask: Ask, known: tallyreads.KnownSources) -> Frame:
    """The cells whose sources tallies know, and the others from sets."""
    if not known.others:
        return known.frame
    asked = ask if ask.group is Dimension.NONE or ask.rows is not Dimension.NONE else ask.for_keys(known.others)
    found = _united(plan(asked, sources=True))
    wanted = np.isin(found["key"], known.others)
    return {name: np.concatenate([known.frame[name], found[name][wanted]]) for name in known.frame}


def _united(chosen: Plan) -> Frame:
    ask = chosen.ask
    if not chosen.counted or chosen.store is None:
        return segmentreads.numbers(segmentreads.rows(ask, chosen.read, columns=("source",)))
    sets = countreads.source_sets(chosen.store, ask, chosen.counted)
    if chosen.read:
        for cell, keys in segmentreads.source_keys(segmentreads.rows(ask, chosen.read, columns=("source",))).items():
            sets[cell].append(sourcesets.encode(keys))
    return countreads.union_counts(sets)


def read_at_once(ask: Ask) -> None:
    """Of an ask of which packets and sources will be wanted: decode both together, and not each when its turn comes. Where recencies
    tell the sources, sources of tallies are decoded for nothing."""
    tallied, _others = tallyreads.divided(ask, plan(ask, sources=True).counted)
    if tallied:
        tallyreads.numbers(ask, tallied)


@dataclass(frozen=True)
class Bounds:
    """Of each key, over one bin: packets, and between which numbers its distinct sources lie."""

    key: NDArray[np.int64]
    packets: NDArray[np.int64]
    lower: NDArray[np.int64]
    upper: NDArray[np.int64]


def bounds(ask: Ask) -> Bounds:
    """What is known of every key's sources without uniting a set: no fewer than its largest row, no more than the sum
    of its rows (of foreign sources see `_bounds_of_rest`). Equal where one row says it all; always equal where segments answer."""
    chosen = plan(ask, sources=True)
    if not chosen.read and (remainder := remainder_of(ask)):
        return _bounds_of_rest(*remainder.answers(bounds))
    parts = []
    if chosen.store and chosen.counted:
        parts.append(_counted_bounds(chosen.store, chosen))
    if chosen.read:
        read = segmentreads.numbers(segmentreads.rows(ask, chosen.read, columns=("source",)))
        parts.append({"key": read["key"], "packets": read["packets"], "lower": read["sources"], "upper": read["sources"]})
    return _bounds(parts)


def _counted_bounds(store: Store, chosen: Plan) -> Frame:
    ask, pieces = chosen.ask, chosen.counted
    counted, recent = together(
        lambda: countreads.numbers(store, ask, pieces),
        lambda: recencyreads.sources(ask, pieces) if not chosen.read and tallyreads.applies(ask) else None,
    )
    lower, upper = counted["most"], counted["sources"]
    if recent and len(keys := recent.known.frame["key"]):
        at = np.searchsorted(keys, counted["key"]).clip(max=len(keys) - 1)
        lower, upper = (np.where(keys[at] == counted["key"], recent.known.frame["sources"][at], bound) for bound in (lower, upper))
    return {"key": counted["key"], "packets": counted["packets"], "lower": lower, "upper": upper}


def _bounds(parts: Sequence[Frame]) -> Bounds:
    nothing = [np.empty(0, np.int64)]
    columns = {name: np.concatenate([part[name] for part in parts] or nothing) for name in ("key", "packets", "lower", "upper")}
    groups = group(columns["key"])
    return Bounds(groups.first(columns["key"]), groups.sum(columns["packets"]), groups.max(columns["lower"]), groups.sum(columns["upper"]))


def _bounds_of_rest(every: Bounds, part: Bounds) -> Bounds:
    """Of what is not in the part. Its sources are all but those that no other sent, of which there are at most the part's."""
    packets, upper = every.packets.copy(), np.zeros(len(every.key), np.int64)
    at = np.searchsorted(every.key, part.key)
    packets[at] -= part.packets
    upper[at] = part.upper
    seen = np.flatnonzero(packets)
    lower = np.maximum(every.lower - upper, 1)
    return Bounds(every.key[seen], packets[seen], lower[seen], np.minimum(every.upper, packets)[seen])


def set_sizes(ask: Ask) -> int:
    """How many sources the sets that answer an ask hold together, without reading one; segments have a limit of their own."""
    chosen = plan(ask, sources=True)
    return countreads.set_sizes(chosen.store, ask, chosen.counted) if chosen.store and not chosen.read else 0


def contributions(ask: Ask) -> Frame:
    """key, sensor, packets: what each sensor in scope added to each key."""
    if ask.dimensions == (Dimension.NONE, Dimension.SENSOR):
        own = packets(ask)
        return {"key": own["key"], "sensor": own["key"], "packets": own["packets"]}
    chosen = plan(ask, sources=True)
    if chosen.store is None or chosen.store.owner != "panel":
        pieces = sorted([*chosen.counted, *chosen.read], key=lambda piece: piece.start)
        return segmentreads.contributions(segmentreads.rows(ask, pieces, columns=("sensor",)))
    if not chosen.read and (remainder := remainder_of(ask)):
        return remainder.sums("packets", contributions, ("key", "sensor"))
    parts = [countreads.contributions(chosen.store, ask, chosen.counted)]
    if chosen.read:
        parts.append(segmentreads.contributions(segmentreads.rows(ask, chosen.read, columns=("sensor",))))
    return summed(parts, "packets", ("key", "sensor"))
