"""Bodies of `models.Recency` and `models.LastSeen`.

A recency counts the sources of one bin under a key by their age: how many days before the bin began (in a day: before that day) each
was last seen under the same key. It is a body of numbers (`numberbodies.py`) with two columns, key << AGE_BITS | age and how many.
Two ages are none: ALL counts every source of the bin, and REACH says for how many days back a key's ages are known, where not all are.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import zstandard
from numpy.typing import NDArray

from apps.observations.storage import numberbodies
from apps.observations.storage.columns import Frame
from apps.observations.storage.planes import differences, from_batch, narrow, next_batch, summed, to_batch

AGE_BITS = 9
ALL, REACH = 0, (1 << AGE_BITS) - 1
LOOKBACK = 372  # days; a leap year and what a month may begin before it
NEAR = 31  # ages up to a month, which is all that days, weeks and most panels of a page ask for, lie in a body of their own
_COLUMNS = ("at", "count")
_LEVEL = 3


class Ages(NamedTuple):
    """Rows of several bodies, one after the other; `row` says of which."""

    row: NDArray[np.int64]
    key: NDArray[np.int64]
    age: NDArray[np.int64]
    sources: NDArray[np.int64]


def coded(key: NDArray[np.int64], age: NDArray[np.int64]) -> NDArray[np.int64]:
    return key << AGE_BITS | age


def encode(at: NDArray[np.int64], count: NDArray[np.int64]) -> bytes:
    """`at` as from `coded`, ascending."""
    return numberbodies.encode({"at": at, "count": count}, _COLUMNS)


def decode(bodies: Sequence[bytes]) -> Ages:
    """ValueError when one of them is none."""
    engine = zstandard.ZstdDecompressor()
    frames = [numberbodies.decode(body, _COLUMNS, engine=engine) for body in bodies]
    at, count = (np.concatenate([np.empty(0, np.int64), *(frame[name] for frame in frames)]) for name in _COLUMNS)
    row = np.repeat(np.arange(len(frames)), [len(frame["at"]) for frame in frames])
    return Ages(row, at >> AGE_BITS, at & REACH, count)


def is_near(at: NDArray[np.int64]) -> NDArray[np.bool_]:
    age = at & REACH
    return (age <= NEAR) | (age == REACH)


def encode_seen(frame: Frame) -> bytes:
    """`key`, `source` (ascending under a key) and `day` (of the month, from 0), in order of the keys."""
    keys, first = np.unique(frame["key"], return_index=True)
    counts = np.diff(first, append=len(frame["key"]))
    heads = to_batch({"key": keys.astype(np.uint32), "count": counts.astype(np.uint32)})
    rows = to_batch({"source": narrow(differences(frame["source"].astype(np.uint64))), "day": frame["day"].astype(np.uint8)})
    sink = pa.BufferOutputStream()
    for batch in (heads, rows):
        with pa.ipc.new_stream(sink, batch.schema, options=pa.ipc.IpcWriteOptions(compression=pa.Codec("zstd", _LEVEL))) as writer:
            writer.write_batch(batch)
    body: bytes = sink.getvalue().to_pybytes()
    return body


def decode_seen(body: bytes) -> Frame:
    """`key` (int64), `source` (uint64) and `day` (int64) again."""
    stream = pa.BufferReader(body)
    heads, rows = next_batch(stream), next_batch(stream)
    return {
        "key": np.repeat(from_batch(heads, "key").astype(np.int64), from_batch(heads, "count").astype(np.int64)),
        "source": summed(from_batch(rows, "source"), np.dtype(np.uint64)),
        "day": from_batch(rows, "day").astype(np.int64),
    }
