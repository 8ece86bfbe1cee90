"""Reading small cells: what of ports, and of port × region, is in no row of its own (`counting/smallcells.py`). Rows of
`countreads` and these together are every cell of a panel, under every signature."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from apps.observations.figures import Dimension
from apps.observations.models import Axis, Slice
from apps.observations.planning import segmentreads
from apps.observations.planning.asks import Ask
from apps.observations.planning.cellkeys import chosen, is_among, keys_of
from apps.observations.planning.reading import known, memo, once
from apps.observations.planning.spans import Piece, runs_of
from apps.observations.planning.together import Read, Row
from apps.observations.storage import smallcells
from apps.observations.storage.cells import group
from apps.observations.storage.columns import Frame, concat, empty

SLICES = (Slice.PORT, Slice.PORT_REGION)
_BODIES = (
    "SELECT panel::bigint, extract(epoch FROM bucket)::bigint, octet_length(cells)::bigint, {body} FROM observations_smallcells"
    " WHERE panel = ANY(%s) AND grain = %s AND axis = %s AND bucket >= %s AND bucket < %s"
)
_OF_DIMENSION = {
    Dimension.PORT: ("protocol", "port"), Dimension.KIND: ("protocol", "port"), Dimension.REGION: ("region",),
    Dimension.ORIGIN: ("region",), Dimension.SIGNATURE: ("signature",), Dimension.PANEL: ("panel",),
}  # fmt: skip
_TABLE_KEYS = 1 << 22  # with so few keys and one bin, sums are added up in a table instead of by sorting …
_PART = 1 << 21  # cells
_KEYS_PER_CELL = 4  # … unless the cells are few: clearing a table of a million ports takes longer than sorting some thousands


_Answer = TypeVar("_Answer")


def numbers(panels: Sequence[int], ask: Ask, pieces: Sequence[Piece], names: Sequence[str]) -> Frame:
    """key, bucket (in seconds, 0 where there is but one bin), and what is named of packets, sources, most, sensor_sources of the small
    cells."""
    axis, blocks = _where(ask)
    if _listed(panels, ask, pieces) is not None:
        axis, blocks = Axis.PORTS, None
    cells = _stored(panels, axis, blocks, pieces, "cells", _Cells.of)
    filters = ask.ports, ask.regions, ask.other_regions, ask.signatures, ask.slice
    asked = ask.dimensions, ask.selection.definitions_day, filters, len(ask.spans) > 1, tuple(names)
    key = ("sums of small cells", tuple(panels), axis, blocks, tuple(runs_of(pieces)), asked)
    return memo(key, lambda: _numbers(cells, ask, axis, names))


def _numbers(cells: "_Cells", ask: Ask, axis: Axis, names: Sequence[str]) -> Frame:
    wanted = {"sources" if name == "most" else name for name in names}
    parts = [
        _summed(cells.keys(ask, rows), cells.buckets(ask, rows), cells.frame(wanted, rows), names)
        for rows in cells.parts(cells.chosen(ask, axis))
    ]
    if len(parts) == 1:
        return parts[0]
    whole = concat(parts, ("key", "bucket", *names))
    return _summed(whole["key"], whole["bucket"], whole, names)


def members(panels: Sequence[int], ask: Ask, pieces: Sequence[Piece]) -> Frame:
    """What each source sent each sensor in the small cells: key, bucket, and the columns of `smallcells.MEMBER`."""
    axis, blocks = _where(ask)
    if axis is Axis.PORTS:  # these have no members
        axis = Axis.PORT
    listed = _listed(panels, ask, pieces)
    if listed is not None:
        blocks = tuple(np.unique(listed >> 8).tolist())
    cells, told = _stored(panels, axis, blocks, pieces, "cells || members", _with_members)
    chosen = cells.chosen(ask, axis)
    rows = np.arange(len(cells)) if chosen is None else chosen
    at, cell = smallcells.members_of(cells.column("members"), rows)
    return {"key": cells.keys(ask, rows)[cell], "bucket": cells.buckets(ask, rows)[cell]} | {
        name: told.at(name, at) for name in smallcells.MEMBER
    }


def _chosen_by(filter: Sequence[int] | None, *names: str) -> set[str]:
    return set() if filter is None else set(names)


_Rows = NDArray[np.intp] | slice | None  # positions of cells; None: all


class _Cells:
    """Cells of some bodies, and whose they are."""

    def __init__(self, own: smallcells.Bodies, heads: NDArray[np.int64]) -> None:
        self._own = own
        self._heads = dict(zip(("panel", "bucket"), heads.T, strict=True))

    @classmethod
    def of(cls, rows: list[Row]) -> "_Cells":
        bodies = smallcells.Bodies((bytes(row[-1])[: row[2]] for row in rows), smallcells.CELL)
        return cls(bodies, np.array([row[:2] for row in rows], np.int64).reshape(-1, 2))

    def __len__(self) -> int:
        return len(self._own)

    def column(self, name: str, rows: _Rows = None) -> NDArray[Any]:
        if name in self._heads:
            column = np.repeat(self._heads[name], self._own.counts)
            return column if rows is None else column[rows]
        return self._own.at(name, rows) if isinstance(rows, np.ndarray) else self._own.column(name)[rows or slice(None)]

    def frame(self, names: Iterable[str], rows: _Rows = None) -> Frame:
        return {name: self.column(name, rows) for name in names}

    def parts(self, rows: NDArray[np.intp] | None) -> Iterator[_Rows]:
        """Some millions at once: what is computed of more takes time for memory that has not been used yet."""
        count = len(self) if rows is None else len(rows)
        for first in range(0, max(count, 1), _PART):
            part = slice(first, min(first + _PART, count))
            yield part if rows is None else rows[part]

    def chosen(self, ask: Ask, axis: Axis) -> NDArray[np.intp] | None:
        is_of_regions = axis is Axis.REGION and ask.regions is not None  # whose blocks have been read
        names = {"signature"} | _chosen_by(ask.ports, "protocol", "port") | _chosen_by(ask.regions or ask.other_regions or None, "region")
        kept = chosen(self.frame(names), ask, is_of_regions=is_of_regions)
        if ask.slice is Slice.PORT and axis is not Axis.PORTS:
            kept &= self.column("is_port_small")
        return None if kept.all() else np.flatnonzero(kept)

    def keys(self, ask: Ask, rows: _Rows) -> NDArray[np.int64]:
        names = {name for dimension in ask.dimensions for name in _OF_DIMENSION.get(dimension, ())}
        return keys_of(self.frame({"signature", *names}, rows), ask)

    def buckets(self, ask: Ask, rows: _Rows) -> NDArray[np.int64]:
        if len(ask.spans) > 1:
            return self.column("bucket", rows)
        count = len(rows) if isinstance(rows, np.ndarray) else len(range(len(self))[rows or slice(None)])
        return np.zeros(count, np.int64)


def _listed(panels: Sequence[int], ask: Ask, pieces: Sequence[Piece]) -> NDArray[np.int64] | None:
    """The ports of the ask that are small somewhere, where all small ports have been read already: the busy ones, of which
    rankings are made, need no other body."""
    if ask.slice is not Slice.PORT or ask.ports is None:
        return None
    cells = known(_key("cells", panels, Axis.PORTS, None, tuple(runs_of(pieces))))
    if cells is None:
        return None
    ports = segmentreads.key_column(cells.frame(("protocol", "port")), Dimension.PORT)
    return ports[is_among(ports, ask.ports)]


def _key(body: str, panels: Sequence[int], axis: Axis, blocks: tuple[int, ...] | None, runs: tuple[Any, ...]) -> tuple[Any, ...]:
    return "small cells", body, tuple(panels), axis, blocks, runs


def _where(ask: Ask) -> tuple[Axis, tuple[int, ...] | None]:
    """The axis that holds the least of what is asked, and its blocks, None for all."""
    if ask.ports is not None:
        return Axis.PORT, tuple(sorted({code >> 8 for code in ask.ports}))
    if ask.slice is Slice.PORT:
        return Axis.PORTS, None
    return Axis.REGION, ask.regions


def _stored(
    panels: Sequence[int],
    axis: Axis,
    blocks: tuple[int, ...] | None,
    pieces: Sequence[Piece],
    body: str,
    convert: Callable[[list[Row]], _Answer],
) -> _Answer:
    """What `convert` makes of the rows (panel, bucket in seconds, bytes of the cells, body); read and decoded once for all figures
    of a page that look at the same cells."""
    runs = tuple(runs_of(pieces))
    if not runs:
        return convert([])
    query = _BODIES.format(body=body) + ("" if blocks is None else " AND block = ANY(%s)")
    own = [] if blocks is None else [list(blocks)]
    parameters = [value for grain, start, end in runs for value in (list(panels), int(grain), int(axis), start, end, *own)]
    read = Read(" UNION ALL ".join([query] * len(runs)), parameters, 3, has_body=True)
    return once(_key(body, panels, axis, blocks, runs), read, convert)


def _with_members(rows: list[Row]) -> tuple[_Cells, smallcells.Bodies]:
    return _Cells.of(rows), smallcells.Bodies((bytes(row[-1])[row[2] :] for row in rows), smallcells.MEMBER)


def _summed(keys: NDArray[np.int64], buckets: NDArray[np.int64], cells: Frame, names: Sequence[str]) -> Frame:
    """By key and bucket. Ten million cells of a long ranking have few keys; adding them up in a table takes a tenth of sorting."""
    if not len(keys):
        return empty(("key", "bucket", *names))
    if int(keys.max()) < min(_TABLE_KEYS, _KEYS_PER_CELL * len(keys)) and not buckets.any():
        found = np.flatnonzero(np.bincount(keys))
        return {name: _by_table(keys, cells, name)[found] for name in names} | {"key": found, "bucket": np.zeros(len(found), np.int64)}
    groups = group(keys, buckets)
    told = {name: groups.max(_most(cells)).astype(np.int64) if name == "most" else groups.sum(cells[name]) for name in names}
    return told | {"key": groups.first(keys), "bucket": groups.first(buckets)}


def _by_table(keys: NDArray[np.int64], cells: Frame, name: str) -> NDArray[np.int64]:
    """Of `most` whether it is one or more, which is enough for a bound."""
    if name == "most":
        return 1 + (np.bincount(keys, _most(cells) > 1) > 0).astype(np.int64)
    return np.bincount(keys, cells[name]).astype(np.int64)


def _most(cells: Frame) -> NDArray[Any]:
    """Of sums of cells what is known of their largest, of cells their sources."""
    return cells["most"] if "most" in cells else cells["sources"]
