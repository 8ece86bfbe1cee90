"""Cells too small to be rows, many in one byte string.

Most ports, and most regions of a port, are seen by one or two sources a day. Such cells are kept together: `CELL` is what one
holds, `MEMBER` what one source sent one sensor within it. A body is one zstd frame of the columns one after the other, each as
one run of bytes for each byte of its width, lowest first, so that nothing but its length tells how many there are.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np
import zstandard
from numpy.typing import NDArray

from apps.observations.storage import ragged
from apps.observations.storage.columns import Frame, length

# From so many on a cell is a row. A row costs some 300 bytes with its index, a member 8 bytes by port and 5 by region.
KEPT_SOURCES, KEPT_PACKETS = 8, 40

CELL: Mapping[str, np.dtype[Any]] = {
    "protocol": np.dtype(np.uint8),
    "port": np.dtype(np.uint16),
    "region": np.dtype(np.uint16),
    "signature": np.dtype(np.uint8),
    "packets": np.dtype(np.uint8),  # fewer than KEPT_PACKETS
    "sources": np.dtype(np.uint8),  # distinct ones, fewer than KEPT_SOURCES
    "sensor_sources": np.dtype(np.uint8),  # as in NetworkCount
    "members": np.dtype(np.uint8),  # how many members are this cell's; they lie in the order of the cells
    "is_port_small": np.dtype(np.bool_),  # whether the port, all regions together, has no row either
}
MEMBER: Mapping[str, np.dtype[Any]] = {
    "sensor": np.dtype(np.uint32),
    "source": np.dtype(np.uint64),
    "packets": np.dtype(np.uint8),
}
_LEVEL = 3
_LARGE = 500  # rows of a body


def encode(frame: Frame, layout: Mapping[str, np.dtype[Any]]) -> bytes:
    """Any number of rows as one body."""
    planes = (frame[name].astype(dtype).view(np.uint8).reshape(-1, dtype.itemsize).T.tobytes() for name, dtype in layout.items())
    return zstandard.compress(b"".join(planes), _LEVEL)


def decode(bodies: Iterable[bytes], layout: Mapping[str, np.dtype[Any]]) -> tuple[Frame, NDArray[np.int64]]:
    """(the rows of all bodies, one after the other; how many each of them has)."""
    engine = zstandard.ZstdDecompressor()
    raw = [engine.decompress(body) for body in bodies]
    width = sum(dtype.itemsize for dtype in layout.values())
    counts = np.array([len(body) // width for body in raw], np.int64)
    plane = _slices(raw, counts) if counts.sum() > _LARGE * len(counts) else _gather(raw, counts, width)
    frame, rank = {}, 0
    for name, dtype in layout.items():
        planes = [plane(at) for at in range(rank, rank + dtype.itemsize)]
        frame[name] = planes[0].view(dtype) if len(planes) == 1 else np.stack(planes, axis=1).view(dtype).ravel()
        rank += dtype.itemsize
    return frame, counts


_Plane = Callable[[int], NDArray[np.uint8]]  # the bytes of one rank of all rows


def _gather(raw: list[bytes], counts: NDArray[np.int64], width: int) -> _Plane:
    """For many small bodies: all rows at once, by where the first byte of each is and how far its next ones are from there."""
    data, step = np.frombuffer(b"".join(raw), np.uint8), np.repeat(counts, counts)
    first = np.arange(len(step)) + np.repeat(ragged.starts(counts * (width - 1)), counts)
    return lambda rank: data[first + rank * step]


def _slices(raw: list[bytes], counts: NDArray[np.int64]) -> _Plane:
    """For large bodies, in a third of the time."""
    sizes = counts.tolist()
    return lambda rank: np.frombuffer(b"".join(body[rank * n : (rank + 1) * n] for body, n in zip(raw, sizes, strict=True)), np.uint8)


def with_members(cells: Frame, members: Frame) -> Frame:
    """Each member with its cell's protocol, port, region, signature and flag; `packets` are the member's own."""
    cell = np.repeat(np.arange(length(cells)), cells["members"])
    told = {name: column[cell] for name, column in cells.items() if name not in ("packets", "sources", "sensor_sources", "members")}
    return told | members
