"""Reading segments as the answer to an ask: exact for every combination of filters, at the price of looking at all rows."""

from collections.abc import Sequence
from datetime import date, timedelta

import numpy as np
from django.conf import settings
from numpy.typing import NDArray

from apps.common.periods import local_day
from apps.observations.planning import longreads, segmentcache
from apps.observations.planning.asks import Ask, Span
from apps.observations.planning.needed import LongRead
from apps.observations.planning.rowspecs import Bounds, RowSpec
from apps.observations.planning.segmentrows import binned, chosen, instants, key_column
from apps.observations.planning.spans import Piece
from apps.observations.storage.cells import encode, group
from apps.observations.storage.columns import Frame, concat
from apps.observations.storage.hours import microseconds

__all__ = ["contributions", "distinct", "instants", "key_column", "numbers", "rows", "rows_of_sensor_days", "source_keys"]


def rows(ask: Ask, pieces: Sequence[Piece], keep: segmentcache.Keep | None = None, columns: tuple[str, ...] | None = None) -> Frame:
    """The segment rows that an ask counts, with `key` and `bin` beside the columns of segments. `keep` chooses among the
    rows of each segment before the next is read, for what no filter of an ask says. `columns` are all that is wanted beside
    key, bin and packets: rows that agree in them may then come as one.

    Where requests may be answered later (`longreads.offered`) and nothing but filters chooses, many rows come from those
    read ahead, or NeedsComputationError says what to read."""
    merged = _merged(pieces)
    if not merged:
        return concat([]) | {"key": np.empty(0, np.int64), "bin": np.empty(0, np.int64)}
    spec, days = _spec(ask, merged), _days(merged)
    if keep is not None or not longreads.is_offered():
        return binned(concat(segmentcache.frames(spec.sensors, days, chosen(spec, keep))), spec)
    try:
        return binned(concat(segmentcache.frames(spec.sensors, days, chosen(spec), longreads.PAGE_ROWS)), spec)
    except segmentcache.TooManyRowsError:
        return longreads.rows(LongRead(spec, tuple(days), columns))


def rows_of_sensor_days(ask: Ask, pieces: Sequence[Piece], sensors: NDArray[np.int64], days: NDArray[np.datetime64]) -> Frame:
    """The same of some sensor-days only. One query: few days are looked at here, those that are to be left out."""
    merged = _merged(pieces)
    if not merged:
        return rows(ask, ())
    spec = _spec(ask, merged)
    return binned(concat(segmentcache.of_sensor_days(sensors.tolist(), days.tolist(), chosen(spec))), spec)


def _spec(ask: Ask, spans: Sequence[tuple[Span, int]]) -> RowSpec:
    bounds: list[Bounds] = [(microseconds(start), microseconds(end), number) for (start, end), number in spans]
    return RowSpec.of(ask, tuple(bounds))


def numbers(frame: Frame) -> Frame:
    """key, bin, packets, sources (exact) of rows."""
    groups = group(frame["key"], frame["bin"])
    cells = {"key": groups.first(frame["key"]), "bin": groups.first(frame["bin"]), "packets": groups.sum(frame["packets"])}
    return cells | {"sources": distinct(frame, "key", "bin")}


def distinct(frame: Frame, *by: str) -> NDArray[np.int64]:
    """Distinct sources of each group of rows, in ascending order of the group's columns."""
    _known, source = encode(frame["source"])
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
