"""Segments: every flow of one sensor on one reporting day, summed by hour, as a compressed Arrow file in one bytea.

The body is one zstd frame with two Arrow IPC streams, one after the other:
  sources  source (uint64, ascending), region (uint16), scanner (bool): once for each source
  flows    source (index into the above), protocol, port, signature, hour, first, last, packets, excluded,
           sorted by protocol, port, source, hour, signature
A source repeats in many rows, so its eight bytes, region and label are kept once (docs/decisions/041). Columns and their
types are those of `columns.COLUMNS`; `first` and `last` are minutes, exact times are in the flows.
"""

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from typing import Any

import numpy as np
import pyarrow as pa
import zstandard
from numpy.typing import NDArray

from apps.observations.columns import COLUMNS, Frame, concat, length, take
from apps.observations.pgcopy import binary_cursor

_LEVEL = 9  # three times the time of level 3 for a tenth less; a day takes 0.2 s
_SOURCE_COLUMNS = ("source", "region", "scanner")
_FLOW_COLUMNS = ("protocol", "port", "signature", "hour", "first", "last", "excluded")
_THREADS = 2
# Refuses to read what would take more than about 1 GiB; a planner answers such questions in parts or as a job.
MAX_ROWS = 20_000_000

Filter = Callable[[Frame], NDArray[np.bool_]]


class TooManyRowsError(Exception):
    """What was asked for holds more rows than the caller wants to read."""


def encode(frame: Frame) -> bytes:
    """The body of one segment. `frame`: one sensor's rows of one day, in the order of the module's docstring."""
    sources, first_row, index = np.unique(frame["source"], return_index=True, return_inverse=True)
    of_source = [pa.array(sources), pa.array(frame["region"][first_row]), pa.array(frame["scanner"][first_row])]
    packets = frame["packets"]
    narrow = np.uint32 if not len(packets) or packets.max() < 1 << 32 else np.int64
    of_flow = [pa.array(index.astype(np.uint16 if len(sources) <= 1 << 16 else np.uint32)), pa.array(packets.astype(narrow))]
    of_flow += [pa.array(frame[name]) for name in _FLOW_COLUMNS]
    sink = pa.BufferOutputStream()
    for names, arrays in ((_SOURCE_COLUMNS, of_source), (("source", "packets", *_FLOW_COLUMNS), of_flow)):
        batch = pa.record_batch(arrays, names=list(names))
        with pa.ipc.new_stream(sink, batch.schema) as writer:
            writer.write_batch(batch)
    return zstandard.compress(sink.getvalue(), _LEVEL)


def decode(body: bytes | memoryview, columns: Iterable[str] = COLUMNS) -> Frame:
    """The rows of one segment, without `sensor` and `day`."""
    stream = pa.BufferReader(zstandard.decompress(body))
    sources, flows = (pa.ipc.open_stream(stream).read_next_batch() for _ in range(2))
    index = flows.column("source").to_numpy()
    frame = {}
    for name in columns:
        if name in _SOURCE_COLUMNS:
            frame[name] = sources.column(name).to_numpy(zero_copy_only=False)[index]
        elif name not in ("sensor", "day"):
            frame[name] = flows.column(name).to_numpy(zero_copy_only=False).astype(COLUMNS[name], copy=False)
    return frame


def read(
    sensor_ids: Sequence[int],
    days: Sequence[date],
    columns: Iterable[str] = COLUMNS,
    *,
    keep: Filter | None = None,
    max_rows: int = MAX_ROWS,
) -> Frame:
    """All rows of these sensors and reporting days, with `sensor` and `day`, in order of day and sensor.

    `keep` chooses rows of each segment as soon as it is decoded (it may look at `columns` only), which is how a few
    ports of a long period fit into memory. TooManyRowsError when the segments hold more than `max_rows` before it."""
    wanted, parts = list(columns), []
    with ThreadPoolExecutor(_THREADS) as pool:
        jobs = [
            pool.submit(_decode_row, sensor, day, body, wanted, keep)
            for sensor, day, body in _stored(list(sensor_ids), list(days), max_rows)
        ]
        parts = [job.result() for job in jobs]
    return concat(parts, wanted)


def _decode_row(sensor: int, day: date, body: bytes, columns: list[str], keep: Filter | None) -> Frame:
    frame = decode(body, columns)
    rows = length(frame)
    whole: dict[str, Any] = {"sensor": np.full(rows, sensor, np.int32), "day": np.full(rows, day, "datetime64[D]")}
    frame |= {name: whole[name] for name in columns if name in whole}
    return frame if keep is None else take(frame, keep(frame))


def _stored(sensor_ids: list[int], days: list[date], max_rows: int) -> list[tuple[int, date, bytes]]:
    where = "WHERE sensor_id = ANY(%s) AND day = ANY(%s) AND rows > 0"
    with binary_cursor() as cursor:
        rows = cursor.execute(f"SELECT coalesce(sum(rows), 0)::bigint FROM observations_segment {where}", [sensor_ids, days])  # noqa: S608
        if rows.fetchone()[0] > max_rows:
            raise TooManyRowsError(f"more than {max_rows} rows")
        query = f"SELECT sensor_id::int, day, body FROM observations_segment {where} ORDER BY day, sensor_id"  # noqa: S608
        return cursor.execute(query, [sensor_ids, days]).fetchall()  # type: ignore[no-any-return]
