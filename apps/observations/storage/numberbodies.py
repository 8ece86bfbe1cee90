"""Columns of whole numbers as one byte string: what is summed by the thousand and never asked for row by row.

Most counts are small, so a column is one byte a number, and beside it the few that need more: their positions and values. A
body is one zstd frame: the number of rows (u4), then column by column the number of large values (u4), the low bytes (u1
each), positions (u4) and values (u8) of the large ones, all little-endian. The first column ascends and is kept as differences.
"""

from collections.abc import Sequence

import numpy as np
import zstandard
from numpy.typing import NDArray

from apps.observations.storage.columns import Frame, length

_LEVEL = 3
_SMALL = 256
_COUNT = np.dtype("<u4")
_LARGE = np.dtype("<u8")


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


def decode(body: bytes, names: Sequence[str], *, engine: zstandard.ZstdDecompressor | None = None) -> Frame:
    """The frame again, all columns int64. ValueError when the bytes are no body of so many columns."""
    try:
        raw = (engine or zstandard.ZstdDecompressor()).decompress(body)
    except zstandard.ZstdError as error:
        raise ValueError("not a body of numbers") from error
    count = int(np.frombuffer(raw, _COUNT, 1)[0])
    frame, at = {}, _COUNT.itemsize
    for name in names:
        frame[name], at = _unpacked(raw, at, count)
    if at != len(raw):
        raise ValueError(f"{len(raw) - at} bytes more than {len(names)} columns have")
    frame[names[0]] = np.cumsum(frame[names[0]])
    return frame


def _unpacked(raw: bytes, at: int, count: int) -> tuple[NDArray[np.int64], int]:
    large = int(np.frombuffer(raw, _COUNT, 1, at)[0])
    at += _COUNT.itemsize
    column = np.frombuffer(raw, np.uint8, count, at).astype(np.int64)
    at += count
    if large:
        places = np.frombuffer(raw, _COUNT, large, at)
        at += places.nbytes
        column[places] = np.frombuffer(raw, _LARGE, large, at).astype(np.int64)
        at += large * _LARGE.itemsize
    return column, at
