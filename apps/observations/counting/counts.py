"""Counts of one bin made of the rows of a frame: which cells exist, which are kept, and how they are written.

A cell is a value of each key of its slice and of the signature. Slices total, region and excluded are complete. Panels also
have port and port × region, which keep a cell from `KEPT_SOURCES` sources or `KEPT_PACKETS` packets on, because most cells
hold one or two sources; `smallcells.py` keeps the others. Ports of single sensors are in segments alone.
"""

from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from apps.observations.models import COUNTED, Grain, NetworkCount, SensorCount, Slice
from apps.observations.storage import bysensor, pgcopy, sourcesets
from apps.observations.storage.cells import Codes, encode, group
from apps.observations.storage.columns import Frame, take
from apps.observations.storage.ragged import Ragged
from apps.observations.storage.smallcells import KEPT_PACKETS, KEPT_SOURCES

# A port has hours on every day on which its panel saw this many packets to it, and on no other.
HOURLY_MIN_PACKETS = 500
# numpy sorts without holding the interpreter; small days are done before a thread has started.
_THREADS, _THREADS_FROM_ROWS = 2, 50_000

KEYS = {
    Slice.TOTAL: (),
    Slice.PORT: ("service",),
    Slice.REGION: ("region",),
    Slice.PORT_REGION: ("service", "region"),
    Slice.EXCLUDED: ("service",),
}
SENSOR_SLICES = (Slice.TOTAL, Slice.REGION, Slice.EXCLUDED)
NETWORK_SLICES = (Slice.TOTAL, Slice.PORT, Slice.REGION, Slice.PORT_REGION, Slice.EXCLUDED)
_PRUNED = (Slice.PORT, Slice.PORT_REGION)


class Coded:
    """A frame whose keys are small numbers: codes that sort as the values do, and a table of values for each key."""

    def __init__(self, frame: Frame, panels: Mapping[int, int]) -> None:
        self.tables: dict[str, Codes] = {}
        self.columns: Frame = {name: frame[name] for name in ("packets", "signature", "excluded", "hour", "fresh_days") if name in frame}
        for name in ("sensor", "source", "region"):
            self._code(name, frame[name])
        if "port" in frame:
            self._code("service", frame["protocol"].astype(np.uint32) << np.uint32(16) | frame["port"])
        panel_of_sensor = np.array([panels[int(sensor)] for sensor in self.tables["sensor"]], np.uint8)
        self.columns["panel"] = panel_of_sensor[self.columns["sensor"]]

    def _code(self, name: str, values: Codes) -> None:
        self.tables[name], self.columns[name] = encode(values)

    def values(self, name: str, codes: Codes) -> Codes:
        return self.tables[name][codes] if name in self.tables else codes

    def rows_of(self, sensor_ids: Iterable[int] | None) -> Frame:
        """The coded rows of these sensors (None: of all)."""
        if sensor_ids is None:
            return self.columns
        return take(self.columns, np.isin(self.tables["sensor"], list(sensor_ids))[self.columns["sensor"]])


@dataclass(frozen=True)
class Cells:
    """Cells of one slice in order of their keys; `keys` holds values (`service` = protocol << 16 | port)."""

    keys: dict[str, Codes]
    packets: NDArray[np.int64]
    sources: NDArray[np.int64]
    source_keys: NDArray[np.uint64]  # the distinct sources of each cell, one cell after the other
    sensor_sources: NDArray[np.int64]  # as in NetworkCount; 0 where the rows have no `fresh`


@dataclass(frozen=True)
class Contributions:
    """Which sensors contributed to each of some cells: `bysensor.RECORD`s, one cell after the other."""

    records: NDArray[Any]
    sensors: NDArray[np.int64]
    largest: NDArray[np.int64]


@dataclass(frozen=True)
class CountRows:
    """Rows of one table as columns ready for COPY."""

    table: str
    columns: dict[str, pgcopy.Column]

    def __len__(self) -> int:
        return next(len(column) for column in self.columns.values() if isinstance(column, np.ndarray))

    def write(self, cursor: Any) -> None:
        if len(self):
            pgcopy.write(cursor, self.table, self.columns)


def sensor_rows(coded: Coded, rows: Frame, grain: Grain, start_us: int, slices: Iterable[Slice] = SENSOR_SLICES) -> list[CountRows]:
    """Rows by sensor of the bin that begins at `start_us` (microseconds since 1970)."""
    return _all_rows(coded, [("sensor", rows, grain, slice_, start_us) for slice_ in slices])


def network_rows(coded: Coded, rows: Frame, grain: Grain, start_us: int, slices: Iterable[Slice] = NETWORK_SLICES) -> list[CountRows]:
    """Rows by panel, likewise; `rows` are those of all sensors."""
    return _all_rows(coded, [("panel", rows, grain, slice_, start_us) for slice_ in slices])


def with_fresh(rows: Frame) -> Frame:
    """The rows with `fresh`: 1 on one row of each sensor, port and source, that of the first counted signature, else 0."""
    return rows | {"fresh": _first_of(rows, ("service", "sensor", "source"))}


def with_fresh_anywhere(rows: Frame) -> Frame:
    """The rows with `fresh_anywhere`: likewise of each sensor and source, whatever the port."""
    return rows | {"fresh_anywhere": _first_of(rows, ("sensor", "source"))}


def fresh_days(rows: Frame, day: NDArray[np.int64]) -> NDArray[np.int64]:
    """Likewise of each sensor, port, source and day, to be summed over days. `day` numbers the day of each row."""
    return _first_of(rows | {"day": day}, ("service", "sensor", "source", "day"))


def _first_of(rows: Frame, keys: tuple[str, ...]) -> NDArray[np.int64]:
    at = np.flatnonzero(~rows["excluded"] & np.isin(rows["signature"], COUNTED))
    at = at[group(*(rows[name][at] for name in (*keys, "signature"))).order]
    first = np.zeros(len(rows["signature"]), np.int64)
    first[at[_starts((rows[name][at] for name in keys), len(at))]] = 1
    return first


def is_busy(cells: Frame) -> NDArray[np.bool_]:
    """Whether cells of ports are large enough to be rows."""
    return (cells["sources"] >= KEPT_SOURCES) | (cells["packets"] >= KEPT_PACKETS)


def busy_ports(rows: Frame) -> Frame:
    """The rows of ports that get hours."""
    return take(rows, _is_busy(rows))


def _all_rows(coded: Coded, jobs: list[tuple[str, Frame, Grain, Slice, int]]) -> list[CountRows]:
    if len(coded.columns["packets"]) < _THREADS_FROM_ROWS:
        return [_rows(coded, *job) for job in jobs]
    with ThreadPoolExecutor(_THREADS) as pool:
        return list(pool.map(lambda job: _rows(coded, *job), jobs))


def _is_busy(rows: Frame) -> NDArray[np.bool_]:
    """Whether the port of each row gets hours: its panel saw enough packets to it, all signatures together."""
    cell = rows["panel"].astype(np.int64) * (int(rows["service"].max(initial=0)) + 1) + rows["service"]
    packets = np.bincount(cell, rows["packets"] * ~rows["excluded"])
    return packets[cell] >= HOURLY_MIN_PACKETS if len(cell) else rows["excluded"]


def _rows(coded: Coded, head: str, rows: Frame, grain: Grain, slice_: Slice, start_us: int) -> CountRows:
    """The rows of one slice, by `sensor` or by `panel`."""
    wanted = rows["excluded"] == (slice_ == Slice.EXCLUDED)
    rows = rows if wanted.all() else take(rows, wanted)
    keys = (head, *KEYS[slice_], "signature")
    cells = cells_of(coded, rows, keys)
    keep = _is_kept(cells, slice_)
    columns = _columns(cells, keep, grain, slice_, start_us)
    if head == "sensor":
        return CountRows(SensorCount._meta.db_table, columns | {"sensor_id": cells.keys["sensor"][keep].astype(np.int64)})
    columns |= _network_columns(cells, contributions_of(coded, rows, keys), keep)
    return CountRows(NetworkCount._meta.db_table, columns)


def _is_kept(cells: Cells, slice_: Slice) -> NDArray[np.bool_]:
    if slice_ in _PRUNED:
        return is_busy({"sources": cells.sources, "packets": cells.packets})
    return np.ones(len(cells.packets), np.bool_)


def cells_of(coded: Coded, rows: Frame, keys: tuple[str, ...]) -> Cells:
    pairs = group(*(rows[key] for key in keys), rows["source"])
    packets, codes = pairs.sum(rows["packets"]), {key: pairs.first(rows[key]) for key in keys}
    starts = _starts(codes.values(), len(packets))
    fresh = "fresh" if "service" in keys else "fresh_anywhere"
    sensor_sources = pairs.sum(rows[fresh]) if fresh in rows else np.zeros(len(packets), np.int64)
    return Cells(
        {key: coded.values(key, column[starts]) for key, column in codes.items()},
        _sums(packets, starts),
        np.diff(starts, append=len(packets)),
        coded.values("source", pairs.first(rows["source"])),
        _sums(sensor_sources, starts),
    )


def contributions_of(coded: Coded, rows: Frame, keys: tuple[str, ...]) -> Contributions:
    """Of the same cells as `cells_of`, in the same order."""
    pairs = group(*(rows[key] for key in keys), rows["sensor"], rows["source"])
    packets, codes = pairs.sum(rows["packets"]), {key: pairs.first(rows[key]) for key in (*keys, "sensor")}
    starts = _starts(codes.values(), len(packets))
    records = np.empty(len(starts), bysensor.RECORD)
    records["sensor"] = coded.values("sensor", codes["sensor"][starts])
    records["sources"] = np.diff(starts, append=len(packets))
    records["packets"] = _sums(packets, starts)
    cell_starts = _starts((codes[key][starts] for key in keys), len(records))
    largest = np.maximum.reduceat(records["packets"], cell_starts) if len(records) else records["packets"]
    return Contributions(records, np.diff(cell_starts, append=len(records)), largest.astype(np.int64))


def _columns(cells: Cells, keep: NDArray[np.bool_], grain: Grain, slice_: Slice, start_us: int) -> dict[str, pgcopy.Column]:
    """The columns that both tables have."""
    count = int(keep.sum())
    nothing = np.zeros(len(keep), np.int64)
    service = cells.keys.get("service", nothing)[keep]
    return {
        "grain": np.full(count, grain, np.int16),
        "slice": np.full(count, slice_, np.int16),
        "bucket": pgcopy.instants(np.full(count, start_us, np.int64)),
        "protocol": (service >> 16).astype(np.int16),
        "port": (service & 0xFFFF).astype(np.int32),
        "region": cells.keys.get("region", nothing)[keep].astype(np.int16),
        "signature": cells.keys["signature"][keep].astype(np.int16),
        "packets": cells.packets[keep],
        "sources": cells.sources[keep].astype(np.int32),
        "source_set": _source_sets(cells, keep),
    }


def _source_sets(cells: Cells, keep: NDArray[np.bool_]) -> Ragged:
    return sourcesets.encode_many(cells.source_keys[np.repeat(keep, cells.sources)], cells.sources[keep])


def _network_columns(cells: Cells, by: Contributions, keep: NDArray[np.bool_]) -> dict[str, pgcopy.Column]:
    kept = np.repeat(keep, by.sensors)
    return {
        "panel": cells.keys["panel"][keep].astype(np.int16),
        "sensors": by.sensors[keep].astype(np.int16),
        "largest_sensor_packets": by.largest[keep],
        "sensor_sources": cells.sensor_sources[keep].astype(np.int32),
        "by_sensor": bysensor.encode_many(by.records[kept], by.sensors[keep]),
    }


def _starts(keys: Iterable[Codes], size: int) -> NDArray[np.intp]:
    """Where any of the keys changes."""
    changes = np.zeros(size, np.bool_)
    changes[:1] = True
    for key in keys:
        changes[1:] |= key[1:] != key[:-1]
    return np.flatnonzero(changes)


def _sums(values: NDArray[np.int64], starts: NDArray[np.intp]) -> NDArray[np.int64]:
    return np.add.reduceat(values, starts) if len(values) else values
