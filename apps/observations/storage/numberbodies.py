"""Columns of whole numbers as one byte string: what is summed by the thousand and never asked for row by row.

Most counts are small, so a column is one byte a number, and beside it the few that need more: their positions and values. A
body is one zstd frame: the number of rows (u4), then column by column the number of large values (u4), the low bytes (u1
each), positions (u4) and values (u8) of the large ones, all little-endian. The first column ascends and is kept as differences.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
import zstandard
from numpy.typing import NDArray

from apps.observations.storage.columns import Frame, length

_LEVEL = 3
_SMALL = 256
_COUNT = np.dtype("<u4")
_LARGE = np.dtype("<u8")

Choice = Callable[[NDArray[np.int64]], NDArray[np.intp]]  # of ascending keys, the positions of those that are asked for


def encode(frame: Frame, names: Sequence[str]) -> bytes:
    """The columns `names` of a frame, none negative; the first of them must ascend (not strictly)."""
    count = length(frame)
    first, *others = (frame[name].astype(np.int64) for name in names)
    parts = [_COUNT.type(count).tobytes(), *(_packed(column) for column in (np.diff(first, prepend=0), *others))]
    return zstandard.compress(b"".join(parts), _LEVEL)


def _packed(column: NDArray[np.int64]) -> bytes:
    at = np.flatnonzero(column >= _SMALL)
    large = column[at].astype(_LARGE)
    low = (column & (_SMALL - 1)).astype(np.uint8)
    return b"".join((_COUNT.type(len(at)).tobytes(), low.tobytes(), at.astype(_COUNT).tobytes(), large.tobytes()))


def decode(
    body: bytes,
    names: Sequence[str],
    *,
    wanted: Sequence[str] | None = None,
    choose: Choice | None = None,
    engine: zstandard.ZstdDecompressor | None = None,
) -> Frame:
    """The frame again, all columns int64: those `wanted`, by default all of `names`, and of the rows those that `choose` takes by the
    first column. ValueError when the bytes are no body of so many columns."""
    try:
        raw = (engine or zstandard.ZstdDecompressor()).decompress(body)
    except zstandard.ZstdError as error:
        raise ValueError("not a body of numbers") from error
    columns = _columns(raw, names)
    if choose is None:
        frame = {name: columns[name].numbers() for name in wanted or names if name != names[0]}
        return {names[0]: columns[names[0]].ascending()} | frame
    first = columns[names[0]].ascending()
    rows = choose(first)
    return {names[0]: first[rows]} | {name: columns[name].at(rows) for name in wanted or names if name != names[0]}


class _Column(NamedTuple):
    """Where a column lies in a body."""

    low: NDArray[np.uint8]
    places: NDArray[np.uint32]
    large: NDArray[np.uint64]

    def numbers(self) -> NDArray[np.int64]:
        column = self.low.astype(np.int64)
        if len(self.places):
            column[self.places] = self.large.astype(np.int64)
        return column

    def ascending(self) -> NDArray[np.int64]:
        """Of a column that is kept as differences."""
        return np.cumsum(self.numbers() if len(self.places) else self.low, dtype=np.int64)

    def at(self, rows: NDArray[np.intp]) -> NDArray[np.int64]:
        column = self.low[rows].astype(np.int64)
        if len(self.places) and len(rows):
            number = np.searchsorted(self.places, rows).clip(max=len(self.places) - 1)
            is_large = self.places[number] == rows
            column[is_large] = self.large[number[is_large]].astype(np.int64)
        return column


def _columns(raw: bytes, names: Sequence[str]) -> dict[str, _Column]:
    count = int(np.frombuffer(raw, _COUNT, 1)[0])
    columns, at = {}, _COUNT.itemsize
    for name in names:
        large = int(np.frombuffer(raw, _COUNT, 1, at)[0])
        low_at = at + _COUNT.itemsize
        places_at = low_at + count
        large_at = places_at + large * _COUNT.itemsize
        columns[name] = _Column(
            np.frombuffer(raw, np.uint8, count, low_at),
            np.frombuffer(raw, _COUNT, large, places_at),
            np.frombuffer(raw, _LARGE, large, large_at),
        )
        at = large_at + large * _LARGE.itemsize
    if at != len(raw):
        raise ValueError(f"{len(raw) - at} bytes more than {len(names)} columns have")
    return columns
