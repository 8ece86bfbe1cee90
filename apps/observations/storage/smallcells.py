"""Cells too small to be rows, many in one byte string.

Most ports, and most regions of a port, are seen by one or two sources a day. Such cells are kept together: `CELL` is what one
holds, `MEMBER` what one source sent one sensor within it. A body is one zstd frame of the columns one after the other, each as
one run of bytes for each byte of its width, lowest first, so that nothing but its length tells how many there are.
"""

from collections.abc import Callable, Iterable, Mapping
from functools import cached_property
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
_FEW = 8  # one row in so many


def encode(frame: Frame, layout: Mapping[str, np.dtype[Any]]) -> bytes:
    """Any number of rows as one body."""
    planes = (frame[name].astype(dtype).view(np.uint8).reshape(-1, dtype.itemsize).T.tobytes() for name, dtype in layout.items())
    return zstandard.compress(b"".join(planes), _LEVEL)


class Bodies:
    """The rows of many bodies, one after the other; `counts` says how many each of them has. Columns are taken out as they are wanted."""

    def __init__(self, bodies: Iterable[bytes], layout: Mapping[str, np.dtype[Any]]) -> None:
        engine = zstandard.ZstdDecompressor()
        self._raw = [engine.decompress(body) for body in bodies]
        self._width = sum(dtype.itemsize for dtype in layout.values())
        self._layout = layout
        ranks = np.cumsum([0, *(dtype.itemsize for dtype in layout.values())]).tolist()
        self._ranks = {name: range(rank, rank + dtype.itemsize) for rank, (name, dtype) in zip(ranks, layout.items(), strict=False)}
        self._known: dict[str, NDArray[Any]] = {}
        self.counts = np.array([len(body) // self._width for body in self._raw], np.int64)

    def __len__(self) -> int:
        return int(self.counts.sum())

    def column(self, name: str) -> NDArray[Any]:
        if name not in self._known:
            are_large = len(self) > _LARGE * len(self.counts)
            self._known[name] = self._of_planes(name, self._slices() if are_large else self._gather(None))
        return self._known[name]

    def at(self, name: str, rows: NDArray[np.intp]) -> NDArray[Any]:
        """Of some rows; of few, without looking at all others."""
        if name in self._known or len(rows) * _FEW > len(self):
            return self.column(name)[rows]
        return self._of_planes(name, self._gather(rows))

    def _of_planes(self, name: str, plane: "_Plane") -> NDArray[Any]:
        planes = [plane(rank) for rank in self._ranks[name]]
        dtype = self._layout[name]
        return planes[0].view(dtype) if len(planes) == 1 else np.stack(planes, axis=1).view(dtype).ravel()

    @cached_property
    def _data(self) -> NDArray[np.uint8]:
        return np.frombuffer(b"".join(self._raw), np.uint8)

    @cached_property
    def _places(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Of every row, where its first byte is and how far its next ones are from there."""
        step = np.repeat(self.counts, self.counts)
        return np.arange(len(step)) + np.repeat(ragged.starts(self.counts * (self._width - 1)), self.counts), step

    def _gather(self, rows: NDArray[np.intp] | None) -> "_Plane":
        """For many small bodies, or few rows."""
        data = self._data
        if rows is None:
            first, step = self._places
        else:
            body = np.searchsorted(np.cumsum(self.counts), rows, side="right")
            first, step = rows + ragged.starts(self.counts * (self._width - 1))[body], self.counts[body]
        return lambda rank: data[first + rank * step]

    def _slices(self) -> "_Plane":
        """For large bodies, in a third of the time."""
        sizes = self.counts.tolist()
        return lambda rank: np.frombuffer(
            b"".join(body[rank * n : (rank + 1) * n] for body, n in zip(self._raw, sizes, strict=True)), np.uint8
        )


_Plane = Callable[[int], NDArray[np.uint8]]  # the bytes of one rank of all rows, or of those wanted


def decode(bodies: Iterable[bytes], layout: Mapping[str, np.dtype[Any]]) -> tuple[Frame, NDArray[np.int64]]:
    """(the rows of all bodies, one after the other; how many each of them has)."""
    found = Bodies(bodies, layout)
    return {name: found.column(name) for name in layout}, found.counts


def members_of(counts: NDArray[Any], chosen: NDArray[np.intp]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Of members that lie in the order of their cells, `counts` of each cell, those of the cells `chosen`: (their positions among all
    members; the position in `chosen` of the cell of each)."""
    own = counts[chosen].astype(np.int64)
    cell = np.repeat(np.arange(len(chosen)), own)
    first = ragged.starts(counts.astype(np.int64))[chosen] - ragged.starts(own)
    return np.arange(len(cell)) + first[cell], cell


def with_members(cells: Frame, members: Frame) -> Frame:
    """Each member with its cell's protocol, port, region, signature and flag; `packets` are the member's own."""
    cell = np.repeat(np.arange(length(cells)), cells["members"])
    told = {name: column[cell] for name, column in cells.items() if name not in ("packets", "sources", "sensor_sources", "members")}
    return told | members
