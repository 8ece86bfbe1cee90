"""Reading segments as the answer to an ask: exact for every combination of filters, at the price of looking at all rows."""

from collections.abc import Sequence
from datetime import date, timedelta

import numpy as np
from django.conf import settings
from numpy.typing import NDArray

from apps.common.periods import local_day
from apps.observations.figures import Dimension, Scanners
from apps.observations.planning import derived, segmentcache
from apps.observations.planning.asks import Ask, Span
from apps.observations.planning.spans import Piece
from apps.observations.storage.cells import group
from apps.observations.storage.columns import Frame, concat, length
from apps.observations.storage.hours import hour_starts, microseconds

_MINUTE_US = 60_000_000


def rows(ask: Ask, pieces: Sequence[Piece], keep: segmentcache.Keep | None = None) -> Frame:
    """The segment rows that an ask counts, with `key` and `bin` beside the columns of segments. `keep` chooses among the
    rows of each segment before the next is read, for what no filter of an ask says."""
    merged = _merged(pieces)
    if not merged:
        return concat([]) | {"key": np.empty(0, np.int64), "bin": np.empty(0, np.int64)}
    frame = concat(segmentcache.frames(ask.sensors, _days(merged), lambda part: _counted(part, ask) & (keep(part) if keep else True)))
    return _binned(frame, ask, merged)


def rows_of_sensor_days(ask: Ask, pieces: Sequence[Piece], sensors: NDArray[np.int64], days: NDArray[np.datetime64]) -> Frame:
    """The same of some sensor-days only. One query: few days are looked at here, those that are to be left out."""
    parts = segmentcache.of_sensor_days(sensors.tolist(), days.tolist(), lambda part: _counted(part, ask))
    merged = _merged(pieces)
    return _binned(concat(parts), ask, merged) if merged else rows(ask, ())


def numbers(frame: Frame) -> Frame:
    """key, bin, packets, sources (exact) of rows."""
    groups = group(frame["key"], frame["bin"])
    cells = {"key": groups.first(frame["key"]), "bin": groups.first(frame["bin"]), "packets": groups.sum(frame["packets"])}
    return cells | {"sources": distinct(frame, "key", "bin")}


def distinct(frame: Frame, *by: str) -> NDArray[np.int64]:
    """Distinct sources of each group of rows, in ascending order of the group's columns."""
    _known, source = np.unique(frame["source"], return_inverse=True)
    cells = group(*(frame[name] for name in by), source)
    firsts = {name: cells.first(frame[name]) for name in by}
    groups = group(*firsts.values())
    return groups.sum(np.ones(len(cells.starts), np.int64))


def source_keys(frame: Frame) -> dict[tuple[int, int], NDArray[np.uint64]]:
    """The sources of each (key, bin), distinct and ascending."""
    pairs = group(frame["key"], frame["bin"], frame["source"])
    key, number, source = (pairs.first(frame[name]) for name in ("key", "bin", "source"))
    groups = group(key, number)
    parts = np.split(source[groups.order], groups.starts[1:]) if len(source) else []
    return {(int(a), int(b)): part for a, b, part in zip(groups.first(key), groups.first(number), parts, strict=True)}


def contributions(frame: Frame) -> Frame:
    """key, sensor, packets."""
    groups = group(frame["key"], frame["sensor"])
    return {"key": groups.first(frame["key"]), "sensor": groups.first(frame["sensor"]), "packets": groups.sum(frame["packets"])}


def instants(frame: Frame, minute: str | None = None) -> NDArray[np.int64]:
    """Microseconds since 1970 at which each row's hour begins, or of its minute `first` or `last`."""
    days, position = np.unique(frame["day"], return_inverse=True)
    table = np.zeros((len(days), 26), np.int64)
    for number, day in enumerate(days.tolist()):
        starts = [microseconds(start) for start in hour_starts(day)]
        table[number, : len(starts)] = starts
    hours = table[position, frame["hour"]]
    if minute is None:
        return hours
    # Hours are UTC clock hours, though a day may begin within one.
    clock_hours: NDArray[np.int64] = hours // (60 * _MINUTE_US) * (60 * _MINUTE_US)
    return clock_hours + frame[minute].astype(np.int64) * _MINUTE_US


def key_column(frame: Frame, dimension: Dimension, day: date | None = None) -> NDArray[np.int64]:
    """`day` is the one whose definitions of port groups hold; needed for kinds only."""
    match dimension:
        case Dimension.PORT:
            return frame["protocol"].astype(np.int64) << 16 | frame["port"]
        case Dimension.KIND:
            return derived.kinds(key_column(frame, Dimension.PORT), day or date.max)
        case Dimension.ORIGIN:
            return derived.origins(frame["region"].astype(np.int64))
        case Dimension.PANEL:
            return derived.panels(frame["sensor"])
        case Dimension.REGION | Dimension.SENSOR | Dimension.SIGNATURE:
            return frame[dimension.value].astype(np.int64)
    return np.zeros(length(frame), np.int64)


def _counted(frame: Frame, ask: Ask) -> NDArray[np.bool_]:
    chosen = np.zeros(256, np.bool_)
    chosen[list(ask.signatures)] = True
    kept = chosen[frame["signature"]] & ~frame["excluded"]
    if ask.selection.scanners is not Scanners.INCLUDE:
        kept &= frame["scanner"] == (ask.selection.scanners is Scanners.ONLY)
    if ask.source is not None:
        kept &= frame["source"] == np.uint64(ask.source)
    if ask.ports is not None:
        kept &= np.isin(key_column(frame, Dimension.PORT), ask.ports)
    if ask.regions is not None:
        kept &= np.isin(frame["region"], ask.regions)
    elif ask.other_regions:
        kept &= ~np.isin(frame["region"], ask.other_regions)
    return kept


def _binned(frame: Frame, ask: Ask, spans: Sequence[tuple[Span, int]]) -> Frame:
    """Rows within the spans only; the number of the bin comes from the span."""
    starts = np.array([microseconds(start) for (start, _end), _bin in spans], np.int64)
    ends = np.array([microseconds(end) for (_start, end), _bin in spans], np.int64)
    at = instants(frame)
    span = np.searchsorted(starts, at, side="right") - 1
    inside = (span >= 0) & (at < ends[span])
    kept = {name: column[inside] for name, column in frame.items()}
    bins = np.array([number for _span, number in spans], np.int64)[span[inside]]
    return kept | {"key": _keys(kept, ask), "bin": bins}


def _keys(frame: Frame, ask: Ask) -> NDArray[np.int64]:
    day = ask.selection.definitions_day
    row, column = (key_column(frame, dimension, day) for dimension in ask.dimensions)
    return row << 32 | column


def _merged(pieces: Sequence[Piece]) -> list[tuple[Span, int]]:
    """Neighbouring pieces of one bin as one span."""
    spans: list[tuple[Span, int]] = []
    for piece in pieces:
        if spans and spans[-1][1] == piece.bin and spans[-1][0][1] == piece.start:
            spans[-1] = ((spans[-1][0][0], piece.end), piece.bin)
        else:
            spans.append(((piece.start, piece.end), piece.bin))
    return spans


def _days(spans: Sequence[tuple[Span, int]]) -> list[date]:
    """The reporting days that the spans touch."""
    zone, days = settings.REPORT_TIME_ZONE, dict[date, None]()
    for (start, end), _bin in spans:
        day, last = local_day(start, zone), local_day(end - timedelta(microseconds=1), zone)
        while day <= last:
            days[day] = None
            day += timedelta(days=1)
    return list(days)
