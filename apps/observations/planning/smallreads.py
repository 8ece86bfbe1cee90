"""Reading small cells: what of ports, and of port × region, is in no row of its own (`counting/smallcells.py`). Rows of
`countreads` and these together are every cell of a panel, under every signature."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from apps.observations.figures import Dimension
from apps.observations.models import Axis, Slice
from apps.observations.planning import segmentreads
from apps.observations.planning.asks import Ask
from apps.observations.planning.cellkeys import chosen, is_among, keys_of
from apps.observations.planning.reading import known, once
from apps.observations.planning.spans import Piece, runs_of
from apps.observations.planning.together import Read, Row
from apps.observations.storage import smallcells
from apps.observations.storage.cells import group
from apps.observations.storage.columns import Frame, empty, length, take

SLICES = (Slice.PORT, Slice.PORT_REGION)
_BODIES = (
    "SELECT panel::bigint, extract(epoch FROM bucket)::bigint, octet_length(cells)::bigint, {body} FROM observations_smallcells"
    " WHERE panel = ANY(%s) AND grain = %s AND axis = %s AND bucket >= %s AND bucket < %s"
)
_OF_NUMBERS = ("panel", "bucket", "protocol", "port", "region", "signature", "packets", "sources", "sensor_sources")
_TABLE_KEYS = 1 << 22  # with so few keys and one bin, sums are added up in a table instead of by sorting …
_KEYS_PER_CELL = 4  # … unless the cells are few: clearing a table of a million ports takes longer than sorting some thousands


def numbers(panels: Sequence[int], ask: Ask, pieces: Sequence[Piece]) -> Frame:
    """key, bucket (in seconds, 0 where there is but one bin), packets, sources, most, sensor_sources of the small cells."""
    axis, blocks = _where(ask)
    if _listed(panels, ask, pieces) is not None:
        axis, blocks = Axis.PORTS, None
    cells = _stored(panels, axis, blocks, pieces, "cells", _cells_of)
    # Positions are taken several times as fast as a mask is; mostly nothing is left out.
    kept = np.flatnonzero(_chosen(cells, ask, axis))
    cells = {name: cells[name] if len(kept) == length(cells) else cells[name][kept] for name in _OF_NUMBERS}
    return _summed(keys_of(cells, ask), _bucketed(cells, ask))


def members(panels: Sequence[int], ask: Ask, pieces: Sequence[Piece]) -> Frame:
    """What each source sent each sensor in the small cells: key, bucket, and the columns of `smallcells.MEMBER` with protocol,
    port, region and signature."""
    axis, blocks = _where(ask)
    if axis is Axis.PORTS:  # these have no members
        axis = Axis.PORT
    listed = _listed(panels, ask, pieces)
    if listed is not None:
        blocks = tuple(np.unique(listed >> 8).tolist())
    found = _stored(panels, axis, blocks, pieces, "cells || members", _members_of)
    found = take(found, np.flatnonzero(_chosen(found, ask, axis)))
    return _bucketed(found, ask) | {"key": keys_of(found, ask)}


def _listed(panels: Sequence[int], ask: Ask, pieces: Sequence[Piece]) -> NDArray[np.int64] | None:
    """The ports of the ask that are small somewhere, where all small ports have been read already: the busy ones, of which
    rankings are made, need no other body."""
    if ask.slice is not Slice.PORT or ask.ports is None:
        return None
    cells = known(_key("cells", panels, Axis.PORTS, None, tuple(runs_of(pieces))))
    if cells is None:
        return None
    ports = segmentreads.key_column(cells, Dimension.PORT)
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
    convert: Callable[[list[Row]], Frame],
) -> Frame:
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


def _cells_of(rows: list[Row]) -> Frame:
    """The cells of all rows, with `panel` and `bucket`."""
    cells, counts = smallcells.decode([bytes(row[-1])[: row[2]] for row in rows], smallcells.CELL)
    heads = np.array([row[:2] for row in rows], np.int64).reshape(-1, 2)
    return cells | {"panel": np.repeat(heads[:, 0], counts), "bucket": np.repeat(heads[:, 1], counts)}


def _members_of(rows: list[Row]) -> Frame:
    told, _counts = smallcells.decode([bytes(row[-1])[row[2] :] for row in rows], smallcells.MEMBER)
    return smallcells.with_members(_cells_of(rows), told)


def _bucketed(cells: Frame, ask: Ask) -> Frame:
    return cells if len(ask.spans) > 1 else cells | {"bucket": np.zeros(length(cells), np.int64)}


def _chosen(cells: Frame, ask: Ask, axis: Axis) -> NDArray[np.bool_]:
    kept = chosen(cells, ask)
    return kept & cells["is_port_small"] if ask.slice is Slice.PORT and axis is not Axis.PORTS else kept


def _summed(keys: NDArray[np.int64], cells: Frame) -> Frame:
    """By key and bucket. Ten million cells of a long ranking have few keys; adding them up in a table takes a tenth of sorting."""
    if not len(keys):
        return empty(("key", "bucket", "packets", "sources", "most", "sensor_sources"))
    names = ("packets", "sources", "sensor_sources")
    if int(keys.max()) < min(_TABLE_KEYS, _KEYS_PER_CELL * len(keys)) and not cells["bucket"].any():
        tables = {name: np.bincount(keys, cells[name]).astype(np.int64) for name in names}
        several = np.bincount(keys, cells["sources"] > 1) > 0
        found = np.flatnonzero(tables["packets"])
        sums = {name: table[found] for name, table in tables.items()}
        return sums | {"key": found, "bucket": np.zeros(len(found), np.int64), "most": 1 + several[found].astype(np.int64)}
    groups = group(keys, cells["bucket"])
    sums = {name: groups.sum(cells[name]) for name in names}
    most = groups.max(cells["sources"]).astype(np.int64)
    return sums | {"key": groups.first(keys), "bucket": groups.first(cells["bucket"]), "most": most}
