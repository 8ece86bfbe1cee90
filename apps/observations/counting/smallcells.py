"""The cells of panels that are too small to be rows, put together by port and by region (docs/decisions/054).

Of a panel and a bin there is one list of the ports without a row (axis PORTS), and every small cell of port × region twice: with
its neighbours among the ports (axis PORT, blocks of 256) and with those of its region (axis REGION).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from apps.observations.counting.counts import Coded, CountRows, is_busy
from apps.observations.models import Axis, Grain, SmallCells
from apps.observations.storage import pgcopy, smallcells
from apps.observations.storage.cells import group
from apps.observations.storage.columns import Frame, concat, length, take
from apps.observations.storage.ragged import Ragged

_KEYS = ("panel", "service", "region", "signature")
_OF_PORTS = ("panel", "service", "signature", "packets", "sources", "sensor_sources")
_CELLS = (*_OF_PORTS, "region", "members", "is_port_small")


@dataclass(frozen=True)
class Small:
    """Small cells of whole ports, those of port × region, and the members of the latter in the order of these."""

    ports: Frame
    cells: Frame
    members: Frame


def small_of(coded: Coded, rows: Frame) -> Small:
    """`rows` are all rows of some ports; excluded ones are left out."""
    rows = take(rows, ~rows["excluded"]) if rows["excluded"].any() else rows
    ports = _cells(rows, group(rows["panel"], rows["service"], rows["signature"], rows["source"]), ("panel", "service", "signature"))
    regions = _cells(rows, group(*(rows[key] for key in _KEYS), rows["source"]), _KEYS)
    small_ports, cells = take(ports, ~is_busy(ports)), take(regions, ~is_busy(regions))
    cells["is_port_small"] = np.isin(_port(cells), _port(small_ports))
    members = _members(rows, cells)
    cells["members"] = np.bincount(members["cell"], minlength=length(cells))
    return Small(_valued(coded, small_ports), _valued(coded, cells), _valued(coded, members))


def _cells(rows: Frame, pairs: Any, keys: tuple[str, ...]) -> Frame:
    """Of groups of rows by cell and source: the cells, with codes as keys."""
    found = {key: pairs.first(rows[key]) for key in keys}
    cells = group(*found.values())
    sums = {name: cells.sum(pairs.sum(rows[column])) for name, column in (("packets", "packets"), ("sensor_sources", "fresh"))}
    sources = cells.sum(np.ones(len(pairs.starts), np.int64))
    return {key: cells.first(column) for key, column in found.items()} | sums | {"sources": sources}


def _port(cells: Frame) -> NDArray[np.int64]:
    """Panel, port and signature as one number."""
    return cells["panel"].astype(np.int64) << 40 | cells["signature"].astype(np.int64) << 32 | cells["service"].astype(np.int64)


def _members(rows: Frame, cells: Frame) -> Frame:
    """What each source sent each sensor in some cells, in their order; `cell` is a cell's number."""
    wanted = _port(cells) << 10 | cells["region"]
    own = _port(rows) << 10 | rows["region"]
    order = np.argsort(wanted)
    at = np.minimum(np.searchsorted(wanted, own, sorter=order), max(len(wanted) - 1, 0))
    number = order[at] if len(wanted) else at
    kept = wanted[number] == own if len(wanted) else np.zeros(len(own), np.bool_)
    rows, cell = take(rows, kept), number[kept]
    groups = group(cell, rows["sensor"], rows["source"])
    first = {"cell": groups.first(cell), "sensor": groups.first(rows["sensor"]), "source": groups.first(rows["source"])}
    return first | {"packets": groups.sum(rows["packets"])}


def _valued(coded: Coded, frame: Frame) -> Frame:
    return {name: coded.values(name, column) for name, column in frame.items()}


# Rows


def small_rows(parts: Sequence[Small], grain: Grain, start_us: int) -> CountRows:
    """All small cells of one bin; the parts share no port."""
    ports, cells, members = _joined(parts)
    number = np.repeat(np.arange(length(cells)), cells["members"])
    nothing = np.zeros(length(ports), np.int64)
    ports |= {"region": nothing, "members": nothing, "is_port_small": np.ones(length(ports), np.bool_)}
    blocks = [
        *_blocks(Axis.PORTS, ports, nothing, None, None),
        *_blocks(Axis.PORT, cells, (cells["service"] >> np.uint32(8)).astype(np.int64), members, number),
        *_blocks(Axis.REGION, cells, cells["region"].astype(np.int64), members, number),
    ]
    return _rows(blocks, grain, start_us)


def _joined(parts: Sequence[Small]) -> tuple[Frame, Frame, Frame]:
    return (
        concat([part.ports for part in parts], _OF_PORTS),
        concat([part.cells for part in parts], _CELLS),
        concat([part.members for part in parts], smallcells.MEMBER),
    )


_Block = tuple[Axis, int, int, bytes, bytes]  # axis, panel, block, cells, members


def _blocks(axis: Axis, cells: Frame, block: NDArray[np.int64], members: Frame | None, cell: NDArray[np.int64] | None) -> list[_Block]:
    """One body of cells for each panel and block, and one of their members."""
    if not length(cells):
        return []
    cells = cells | {"protocol": cells["service"] >> np.uint32(16), "port": cells["service"] & np.uint32(0xFFFF)}
    groups = group(cells["panel"], block, cells["service"], cells["region"], cells["signature"])
    cells, block = take(cells, groups.order), block[groups.order]
    if members is not None and cell is not None:
        place = np.empty(length(cells), np.int64)
        place[groups.order] = np.arange(length(cells))
        members = take(members, np.argsort(place[cell], kind="stable"))
    starts = group(cells["panel"], block).starts
    ends, member_ends = [*starts[1:], length(cells)], np.concatenate([[0], np.cumsum(cells["members"])])
    return [
        (
            axis,
            int(cells["panel"][first]),
            int(block[first]),
            smallcells.encode(take(cells, slice(first, end)), smallcells.CELL),
            b"" if members is None else smallcells.encode(take(members, slice(member_ends[first], member_ends[end])), smallcells.MEMBER),
        )
        for first, end in zip(starts.tolist(), map(int, ends), strict=True)
    ]


def _rows(blocks: Sequence[_Block], grain: Grain, start_us: int) -> CountRows:
    count = len(blocks)
    axes, panels, numbers, cells, members = zip(*blocks, strict=True) if blocks else ((), (), (), (), ())
    return CountRows(
        SmallCells._meta.db_table,
        {
            "panel": np.array(panels, np.int16),
            "grain": np.full(count, grain, np.int16),
            "axis": np.array(axes, np.int16),
            "bucket": pgcopy.instants(np.full(count, start_us, np.int64)),
            "block": np.array(numbers, np.int32),
            "cells": Ragged.of(cells),
            "members": Ragged.of(members),
        },
    )
