"""Numbers of whole networks and of their halves, all sensors and counted signatures together (`models.Tally`)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from apps.observations.counting.counts import Coded, CountRows
from apps.observations.models import COUNTED, Grain, Tally
from apps.observations.storage import numberbodies, pgcopy, sourcesets
from apps.observations.storage.cells import encode, group
from apps.observations.storage.columns import Frame, concat, length, split, take
from apps.observations.storage.ragged import Ragged
from apps.sensors.models import Network, Panel

TallyAxis = Tally.Axis
OF_DAYS = tuple(axis for axis in TallyAxis if axis is not TallyAxis.REGION_PORT)
WITHOUT_PORT = tuple(axis for axis in OF_DAYS if axis is not TallyAxis.PORT)
_CODED = {TallyAxis.PORT: "service", TallyAxis.REGION: "region"}  # axes whose keys are a column of codes
_HALVES = np.array([0, *(panel.half for panel in Panel)], np.uint8)  # by panel
_WHOLES = np.zeros(1 + max(Network), np.uint8)  # by half
_WHOLES[[panel.half for panel in Panel]] = [panel.network for panel in Panel]
_SIDES = np.array([0, *(1 + panel.is_overseas for panel in Panel)], np.uint8)  # by panel; as planning.derived.PANELS
_SELECT_DAYS = (
    "SELECT network, body FROM observations_tally WHERE network = ANY(%s) AND grain = %s AND axis = %s AND bucket >= %s AND bucket < %s"
)
_FRAME = ("network", *Tally.COLUMNS)
_PAIR, _SUMS = ("network", "key", "source"), ("packets", "sensor_sources")
_NOBODY: NDArray[np.uint64] = np.empty(0, np.uint64)


@dataclass(frozen=True)
class Tallied:
    """All cells of an axis as network (or half), key, packets, sources, sensor_sources, in order of network and key; of TOTAL, whose cells
    are networks, also the sources of each, one after the other. Of `sensor_sources` months know only what their days say, but for
    REGION_PORT."""

    axis: TallyAxis
    frame: Frame
    source_keys: NDArray[np.uint64]


def tallied(coded: Coded, rows: Frame, axis: TallyAxis) -> Tallied:
    """Of the rows of a day, which need to be `with_fresh` and `with_fresh_anywhere`, or of whole ports of a month; of regions and ports
    these need to have `fresh_days`, summed."""
    return _tallied(axis, by_source(coded, rows, axis))


def united(axis: TallyAxis, parts: Sequence[Frame]) -> Tallied:
    """Of what `by_source` found in each panel, in their order; these are halves, so that nothing needs to be added up but wholes."""
    return _tallied(axis, concat(parts, (*_PAIR, *_SUMS)))


def joined(axis: TallyAxis, parts: Sequence[Tallied]) -> Tallied:
    """Of parts that share no key."""
    cells = concat([part.frame for part in parts], _FRAME)
    return Tallied(axis, take(cells, np.lexsort((cells["key"], cells["network"]))), _NOBODY)


def by_source(coded: Coded, rows: Frame, axis: TallyAxis) -> Frame:
    """network (a half), key, source, packets, sensor_sources of the rows that count, added up over sensors and, but for the axis of
    signatures, over these; in order."""
    wanted = ~rows["excluded"] if axis is TallyAxis.SIGNATURE else ~rows["excluded"] & np.isin(rows["signature"], COUNTED)
    rows = take(rows, np.flatnonzero(wanted))
    network, key = _HALVES[rows["panel"]], _keys(coded, rows, axis)
    pairs = group(network, key, rows["source"])  # codes sort as values do
    first = {"network": pairs.first(network), "key": pairs.first(key), "source": coded.values("source", pairs.first(rows["source"]))}
    first["key"] = _values(coded, first["key"], axis)
    return first | {"packets": pairs.sum(rows["packets"]), "sensor_sources": pairs.sum(_fresh(rows, axis))}


def _keys(coded: Coded, rows: Frame, axis: TallyAxis) -> NDArray[Any]:
    """Codes, which need fewer bits than the keys."""
    match axis:
        case TallyAxis.REGION_PORT:
            return rows["region"].astype(np.int64) * len(coded.tables["service"]) + rows["service"]
        case TallyAxis.PORT | TallyAxis.REGION:
            return rows[_CODED[axis]]
        case TallyAxis.SIGNATURE:
            return rows["signature"]
        case TallyAxis.PANEL:
            return _SIDES[rows["panel"]]
    return np.zeros(length(rows), np.uint8)


def _values(coded: Coded, key: NDArray[Any], axis: TallyAxis) -> NDArray[Any]:
    """The keys of these codes."""
    if axis is TallyAxis.REGION_PORT:
        region, service = np.divmod(key, len(coded.tables["service"]))
        return coded.values("region", region).astype(np.int64) << Tally.REGION_SHIFT | coded.values("service", service)
    return coded.values(_CODED[axis], key) if axis in _CODED else key


def _fresh(rows: Frame, axis: TallyAxis) -> NDArray[np.int64]:
    """What a row adds to the sources of its sensors' days: of a day's rows 1 on one of each sensor and source under a key, else 0; of a
    month's its `fresh_days`, or nothing but 0 where only the days know."""
    if axis is TallyAxis.REGION_PORT:
        return rows["fresh_days"]
    fresh = np.zeros(length(rows), np.int64)
    if "fresh_anywhere" not in rows:
        return fresh
    if axis is not TallyAxis.SIGNATURE:
        return rows["fresh" if axis is TallyAxis.PORT else "fresh_anywhere"]
    pairs = group(rows["signature"], rows["sensor"], rows["source"])
    fresh[pairs.order[pairs.starts]] = 1
    return fresh


def _tallied(axis: TallyAxis, halves: Frame) -> Tallied:
    wholes = _added_up(halves | {"network": _WHOLES[halves["network"]]})
    by_source = concat([wholes, halves], (*_PAIR, *_SUMS))  # in order of networks
    cells = group(by_source["network"], by_source["key"])
    frame = {name: cells.first(by_source[name]).astype(np.int64) for name in ("network", "key")}
    frame |= {name: cells.sum(by_source[name]) for name in ("packets", "sensor_sources")}
    frame["sources"] = cells.sum(np.ones(length(by_source), np.int64))
    return Tallied(axis, frame, by_source["source"] if axis is TallyAxis.TOTAL else _NOBODY)


def _added_up(rows: Frame) -> Frame:
    pairs = group(rows["network"], rows["key"], encode(rows["source"])[1])  # codes need fewer bits and sort as sources do
    return {name: pairs.first(rows[name]) for name in _PAIR} | {name: pairs.sum(rows[name]) for name in _SUMS}


def with_days(cursor: Any, tally: Tallied, start: datetime, end: datetime) -> Tallied:
    """A month's, with the sums of `sensor_sources` over the days that begin in [start, end)."""
    frame = tally.frame
    cursor.execute(_SELECT_DAYS, [[int(network) for network in Network], int(Grain.DAY), int(tally.axis), start, end])
    days = []
    for network, body in cursor.fetchall():
        told = numberbodies.decode(bytes(body), Tally.COLUMNS)
        days.append(told | {"network": np.full(length(told), network, np.int64)})
    sums = concat(days, _FRAME)
    cells = group(sums["network"], sums["key"])
    code = _code(cells.first(sums["network"]), cells.first(sums["key"]))
    own = _code(frame["network"], frame["key"])
    at = np.searchsorted(code, own).clip(max=max(len(code) - 1, 0))
    added = np.where(code[at] == own, cells.sum(sums["sensor_sources"])[at], 0) if len(code) else np.zeros(len(own), np.int64)
    return replace(tally, frame=frame | {"sensor_sources": added})


def _code(network: NDArray[np.int64], key: NDArray[np.int64]) -> NDArray[np.int64]:
    return network.astype(np.int64) << 32 | key.astype(np.int64)


def tally_rows(tallies: Iterable[Tallied], grain: Grain, start_us: int) -> CountRows:
    """Rows of one bin that begins at `start_us` (microseconds since 1970)."""
    rows = [(int(tally.axis), *block) for tally in tallies for block in _blocks(tally)]
    axes, networks, blocks, bodies, sets = zip(*rows, strict=True) if rows else ((), (), (), (), ())
    return CountRows(
        Tally._meta.db_table,
        {
            "network": np.array(networks, np.int16),
            "grain": np.full(len(rows), grain, np.int16),
            "axis": np.array(axes, np.int16),
            "bucket": pgcopy.instants(np.full(len(rows), start_us, np.int64)),
            "block": np.array(blocks, np.int32),
            "body": Ragged.of(bodies),
            "source_set": Ragged.of(sets),
        },
    )


def _blocks(tally: Tallied) -> list[tuple[int, int, bytes, bytes]]:
    """Network, block, body and source set, in order."""
    frame, block = tally.frame, tally.frame["key"] >> Tally.BLOCK_BITS
    starts = group(frame["network"], block).starts  # the frame is in this order
    bodies = [numberbodies.encode(part, Tally.COLUMNS) for part in split(frame, starts)]
    return list(zip(frame["network"][starts].tolist(), block[starts].tolist(), bodies, _sets(tally, len(starts)), strict=True))


def _sets(tally: Tallied, count: int) -> list[bytes]:
    """Of each network its sources; of axes that have none, nothing."""
    if tally.axis is not TallyAxis.TOTAL:
        return [b""] * count
    parts = np.split(tally.source_keys, np.cumsum(tally.frame["sources"])[:-1]) if count else []
    return [sourcesets.encode(part) for part in parts]
