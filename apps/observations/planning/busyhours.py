"""Packets by hour and port: from hours of the counts where a port was busy enough to have them, else from segments.

Whether the hours of a port are complete on a day is told by the day itself: they are where both say the same.
"""

from dataclasses import replace

import numpy as np
from django.conf import settings
from numpy.typing import NDArray

from apps.common.periods import local_day
from apps.observations.models import Grain, Slice
from apps.observations.planning import countreads, planner, segmentreads
from apps.observations.planning.asks import Ask
from apps.observations.planning.spans import Piece, cut
from apps.observations.planning.together import together
from apps.observations.planning.watch import are_whole_days
from apps.observations.storage.cells import group
from apps.observations.storage.columns import Frame, take

Column = NDArray[np.int64]


def packets(ask: Ask) -> Frame:
    """key, bin, packets of an ask whose bins are hours; a cell may have several rows. What `planner.packets` says, with
    fewer segments read."""
    store, zone = countreads.store_for(ask), settings.REPORT_TIME_ZONE
    span = (ask.spans[0][0], ask.spans[-1][1])
    pieces, days = cut(ask.spans, zone, ()), cut([span], zone, ())
    if store is None or ask.slice is not Slice.PORT or Grain.HOUR in store.grains_of_packets:
        return planner.packets(ask)
    if not are_whole_days([span]) or not all(piece.is_stored for piece in pieces):
        return planner.packets(ask)
    by_day = replace(ask, spans=tuple((piece.start, piece.end) for piece in days))
    numbered = [replace(piece, bin=number) for number, piece in enumerate(days)]
    hours, sums = together(lambda: countreads.packets(store, ask, pieces), lambda: countreads.packets(store, by_day, numbered))
    return _completed(ask, pieces, hours, sums)


def _completed(ask: Ask, pieces: list[Piece], hours: Frame, sums: Frame) -> Frame:
    """The hours of ports on days on which they add up to the day, and all hours of the others from segments."""
    day_of_bin = _days(pieces)
    pairs = _pairs(hours["key"], day_of_bin[hours["bin"]])
    lacking = _lacking(pairs, hours["packets"], _pairs(sums["key"], sums["bin"]), sums["packets"])
    wanted = set((lacking & 0xFFFF).tolist())
    rows = segmentreads.rows(ask, [piece for piece, day in zip(pieces, day_of_bin.tolist(), strict=True) if day in wanted])
    rows = take(rows, np.isin(_pairs(rows["key"], day_of_bin[rows["bin"]]), lacking))
    kept = take(hours, ~np.isin(pairs, lacking))
    return {name: np.concatenate([kept[name], rows[name]]) for name in ("key", "bin", "packets")}


def _lacking(pairs: Column, packets: Column, expected: Column, sums: Column) -> Column:
    """The (key, day) of which the hours do not add up to what the day says."""
    found = group(pairs)
    by_pair, added = found.first(pairs), found.sum(packets)
    position = np.searchsorted(by_pair, expected).clip(max=max(len(by_pair) - 1, 0))
    known = by_pair[position] == expected if len(by_pair) else np.zeros(len(expected), np.bool_)
    return expected[~known | (added[position] != sums)] if len(by_pair) else expected


def _days(pieces: list[Piece]) -> Column:
    """Of each bin (an hour each), the number of the reporting day it lies in."""
    days = np.array([local_day(piece.start, settings.REPORT_TIME_ZONE) for piece in pieces], "datetime64[D]")
    return np.unique(days, return_inverse=True)[1].astype(np.int64)


def _pairs(key: Column, day: Column) -> Column:
    return key.astype(np.int64) << 16 | day
