"""Numbers of a whole network, all sensors and counted signatures together (`models.Tally`)."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from apps.observations.counting.counts import Coded, CountRows
from apps.observations.models import COUNTED, Grain, Tally
from apps.observations.storage import numberbodies, pgcopy
from apps.observations.storage.cells import group
from apps.observations.storage.columns import Frame, concat, length, take
from apps.observations.storage.ragged import Ragged
from apps.sensors.models import Network, Panel

Axis = Tally.Axis
WITHOUT_PORT = tuple(axis for axis in Axis if axis is not Axis.PORT)
_CODED = {Axis.PORT: "service", Axis.REGION: "region"}  # axes whose keys are a column of codes
_NETWORKS = np.array([0, *(panel.network for panel in Panel)], np.uint8)  # by panel
_SIDES = np.array([0, *(1 + panel.is_overseas for panel in Panel)], np.uint8)  # by panel; as planning.derived.PANELS
_OF_DAYS = (
    "SELECT network, body FROM observations_tally WHERE network = ANY(%s) AND grain = %s AND axis = %s AND bucket >= %s AND bucket < %s"
)
_FRAME = ("network", *Tally.COLUMNS)


def tallied(coded: Coded, rows: Frame, axis: Axis) -> Frame:
    """network, key, packets, sources, sensor_sources of all cells of an axis, in order of network and key. Of `sensor_sources`
    months know only what their days say (`with_days`); days need rows `with_fresh` and `with_fresh_anywhere`."""
    return _cells(_with_keys(coded, by_source(rows, axis), axis))


def valued_by_source(coded: Coded, axis: Axis) -> Frame:
    """`by_source` of all rows with values of keys and sources instead of codes, for `united`."""
    found = by_source(coded.columns, axis)
    return _with_keys(coded, found, axis) | {"source": coded.values("source", found["source"])}


def _with_keys(coded: Coded, found: Frame, axis: Axis) -> Frame:
    return found | {"key": coded.values(_CODED[axis], found["key"])} if axis in _CODED else found


def by_source(rows: Frame, axis: Axis) -> Frame:
    """network, key, source, packets, sensor_sources of the rows that count, added up over sensors and, but for the axis of signatures,
    over these. Keys and sources are still codes."""
    wanted = ~rows["excluded"] if axis is Axis.SIGNATURE else ~rows["excluded"] & np.isin(rows["signature"], COUNTED)
    rows = take(rows, np.flatnonzero(wanted))
    network, key = _NETWORKS[rows["panel"]], _keys(rows, axis)
    pairs = group(network, key, rows["source"])
    first = {"network": pairs.first(network), "key": pairs.first(key), "source": pairs.first(rows["source"])}
    return first | {"packets": pairs.sum(rows["packets"]), "sensor_sources": pairs.sum(_fresh(rows, axis))}


def _keys(rows: Frame, axis: Axis) -> NDArray[Any]:
    match axis:
        case Axis.PORT | Axis.REGION:
            return rows[_CODED[axis]]
        case Axis.SIGNATURE:
            return rows["signature"]
        case Axis.PANEL:
            return _SIDES[rows["panel"]]
    return np.zeros(length(rows), np.uint8)


def _fresh(rows: Frame, axis: Axis) -> NDArray[np.int64]:
    """1 on one row of each sensor and source under a key, else 0; nothing but 0 where it is not to be known."""
    fresh = np.zeros(length(rows), np.int64)
    if "fresh_anywhere" not in rows:
        return fresh
    if axis is not Axis.SIGNATURE:
        return rows["fresh" if axis is Axis.PORT else "fresh_anywhere"]
    pairs = group(rows["signature"], rows["sensor"], rows["source"])
    fresh[pairs.order[pairs.starts]] = 1
    return fresh


def united(parts: Sequence[Frame]) -> Frame:
    """`tallied` of what several calls of `valued_by_source` found."""
    rows = concat(parts, ("network", "key", "source", "packets", "sensor_sources"))
    pairs = group(rows["network"], rows["key"], rows["source"])
    first = {name: pairs.first(rows[name]) for name in ("network", "key")}
    return _cells(first | {name: pairs.sum(rows[name]) for name in ("packets", "sensor_sources")})


def _cells(by_source: Frame) -> Frame:
    cells = group(by_source["network"], by_source["key"])
    sums = {name: cells.sum(by_source[name]) for name in ("packets", "sensor_sources")}
    ones = np.ones(length(by_source), np.int64)
    return {name: cells.first(by_source[name]).astype(np.int64) for name in ("network", "key")} | sums | {"sources": cells.sum(ones)}


def with_days(cursor: Any, frame: Frame, axis: Axis, start: datetime, end: datetime) -> Frame:
    """A month's frame with the sums of `sensor_sources` over the days that begin in [start, end)."""
    cursor.execute(_OF_DAYS, [[int(network) for network in Network], int(Grain.DAY), int(axis), start, end])
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
    return frame | {"sensor_sources": added}


def _code(network: NDArray[np.int64], key: NDArray[np.int64]) -> NDArray[np.int64]:
    return network.astype(np.int64) << 32 | key.astype(np.int64)


def tally_rows(frames: Iterable[tuple[Axis, Frame]], grain: Grain, start_us: int) -> CountRows:
    """Rows of one bin that begins at `start_us` (microseconds since 1970)."""
    rows = [(int(axis), *block) for axis, frame in frames for block in _blocks(frame)]
    axes, networks, blocks, bodies = zip(*rows, strict=True) if rows else ((), (), (), ())
    return CountRows(
        Tally._meta.db_table,
        {
            "network": np.array(networks, np.int16),
            "grain": np.full(len(rows), grain, np.int16),
            "axis": np.array(axes, np.int16),
            "bucket": pgcopy.instants(np.full(len(rows), start_us, np.int64)),
            "block": np.array(blocks, np.int32),
            "body": Ragged.of(bodies),
        },
    )


def _blocks(frame: Frame) -> list[tuple[int, int, bytes]]:
    """Network, block and body, in order."""
    block = frame["key"] >> Tally.BLOCK_BITS
    starts = group(frame["network"], block).starts.tolist()  # the frame is in this order
    ends = [*starts[1:], length(frame)][: len(starts)]
    return [
        (int(frame["network"][a]), int(block[a]), numberbodies.encode({name: frame[name][a:b] for name in Tally.COLUMNS}, Tally.COLUMNS))
        for a, b in zip(starts, ends, strict=True)
    ]
