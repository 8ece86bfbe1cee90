"""Segments: every flow of one sensor on one reporting day, summed by hour, as a compressed Arrow file in one bytea.

The body is one zstd frame with two Arrow IPC streams of one batch each:
  sources  source (uint64, ascending), region (uint16), scanner (bool): once for each source
  flows    source (position in the above), protocol, port, signature, hour, first, last, packets, excluded,
           sorted by protocol, port, source, hour, signature
A source repeats in many rows, so its key, region and label are kept once. A column wider than a byte is stored as one
uint8 column for each byte, lowest first (`port.0`, `port.1`), because bytes of one rank compress better beside each other;
`source` and `port` hold the difference to the row before, modulo their width; `last` is kept as minutes after `first`
(docs/decisions/041). What `decode` gives are the columns and types of `columns.COLUMNS`; `first` and `last` are minutes,
exact times are in the flows.
"""

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from typing import Any

import numpy as np
import pyarrow as pa
import zstandard
from numpy.typing import NDArray

from apps.observations.storage.columns import COLUMNS, Frame, concat, length, take
from apps.observations.storage.pgcopy import binary_cursor
from apps.observations.storage.planes import differences, from_batch, narrow, next_batch, summed, to_batch

# Columns are compressed one by one, each by its own statistics, and the whole again for the sake of Arrow's metadata.
# Below so many rows the metadata is most of it, and one compression is smaller and faster to read.
_BY_COLUMN_FROM = 1000
_COLUMN_LEVEL, _WHOLE_LEVEL = 9, 3
_OF_SOURCE = ("source", "region", "scanner")
_THREADS = 2
# Refuses to read what would take more than about 1 GiB; a planner answers such questions in parts or as a job.
MAX_ROWS = 20_000_000

Filter = Callable[[Frame], NDArray[np.bool_]]


class TooManyRowsError(Exception):
    """What was asked for holds more rows than the caller wants to read."""


def encode(frame: Frame) -> bytes:
    """The body of one segment. `frame`: one sensor's rows of one day, in the order of the module's docstring."""
    keys, first_row, position = np.unique(frame["source"], return_index=True, return_inverse=True)
    sources = {name: frame[name][first_row] for name in ("region", "scanner")} | {"source": narrow(differences(keys))}
    flows = {name: frame[name] for name in ("protocol", "signature", "hour", "first", "excluded")}
    flows |= {"source": differences(narrow(position)), "port": differences(frame["port"])}
    flows |= {"last": frame["last"] - frame["first"], "packets": narrow(frame["packets"])}
    sink = pa.BufferOutputStream()
    codec = pa.Codec("zstd", _COLUMN_LEVEL) if len(position) >= _BY_COLUMN_FROM else None
    for batch in (to_batch(sources), to_batch(flows)):
        with pa.ipc.new_stream(sink, batch.schema, options=pa.ipc.IpcWriteOptions(compression=codec)) as writer:
            writer.write_batch(batch)
    return zstandard.compress(sink.getvalue(), _WHOLE_LEVEL)


def decode(body: bytes | memoryview, columns: Iterable[str] = COLUMNS) -> Frame:
    """The rows of one segment, without `sensor` and `day`."""
    stream = pa.BufferReader(zstandard.decompress(body))
    sources, flows = next_batch(stream), next_batch(stream)
    wanted = [name for name in columns if name not in ("sensor", "day")]
    frame = {name: from_batch(flows, name) for name in wanted if name not in _OF_SOURCE}
    if "port" in frame:
        frame["port"] = summed(frame["port"], COLUMNS["port"])
    if "last" in frame:
        frame["last"] = frame["last"] + from_batch(flows, "first")
    if any(name in _OF_SOURCE for name in wanted):
        frame |= _of_source(sources, from_batch(flows, "source"), wanted)
    return {name: frame[name].astype(COLUMNS[name], copy=False) for name in wanted}


def _of_source(sources: pa.RecordBatch, position: NDArray[Any], wanted: list[str]) -> Frame:
    """The columns that are kept once for each source, spread over the rows."""
    values = {name: from_batch(sources, name) for name in _OF_SOURCE if name in wanted}
    if "source" in values:
        values["source"] = summed(values["source"], COLUMNS["source"])
    rows = summed(position, position.dtype)
    return {name: column[rows] for name, column in values.items()}


def read(
    sensor_ids: Sequence[int],
    days: Sequence[date],
    columns: Iterable[str] = COLUMNS,
    *,
    keep: Filter | None = None,
    max_rows: int | None = MAX_ROWS,
) -> Frame:
    """All rows of these sensors and reporting days, with `sensor` and `day`, in order of day and sensor.

    `keep` chooses rows of each segment as soon as it is decoded (it may look at `columns` only), which is how a few
    ports of a long period fit into memory. TooManyRowsError when the segments hold more than `max_rows` before it;
    None for a caller that knows how many there are."""
    wanted, parts = list(columns), []
    with ThreadPoolExecutor(_THREADS) as pool:
        jobs = [
            pool.submit(decode_row, sensor, day, body, wanted, keep)
            for sensor, day, body in _stored(list(sensor_ids), list(days), max_rows)
        ]
        parts = [job.result() for job in jobs]
    return concat(parts, wanted)


def decode_row(sensor: int, day: date, body: bytes, columns: list[str], keep: Filter | None) -> Frame:
    """The rows of one stored segment that `keep` chooses, with `sensor` and `day`."""
    frame = decode(body, columns)
    rows = length(frame)
    whole: dict[str, Any] = {"sensor": np.full(rows, sensor, np.int32), "day": np.full(rows, day, "datetime64[D]")}
    frame |= {name: whole[name] for name in columns if name in whole}
    return frame if keep is None else take(frame, keep(frame))


def _stored(sensor_ids: list[int], days: list[date], max_rows: int | None) -> list[tuple[int, date, bytes]]:
    where = "WHERE sensor_id = ANY(%s) AND day = ANY(%s) AND rows > 0"
    with binary_cursor() as cursor:
        if max_rows is not None:
            rows = cursor.execute(f"SELECT coalesce(sum(rows), 0)::bigint FROM observations_segment {where}", [sensor_ids, days])  # noqa: S608
            if (rows.fetchone() or [0])[0] > max_rows:
                raise TooManyRowsError(f"more than {max_rows} rows")
        query = f"SELECT sensor_id::int, day, body FROM observations_segment {where} ORDER BY day, sensor_id"  # noqa: S608
        return cursor.execute(query, [sensor_ids, days]).fetchall()
