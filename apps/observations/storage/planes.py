"""Columns as one uint8 column for each byte, lowest first: bytes of one rank compress better beside each other.

Sorted or nearly sorted columns become differences to the row before first, modulo their width.
"""

from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

_UNSIGNED: dict[int, Any] = {2: np.uint16, 4: np.uint32, 8: np.uint64}


def narrow(values: NDArray[Any]) -> NDArray[Any]:
    """The same numbers, none negative, in the smallest unsigned type."""
    return values.astype(np.min_scalar_type(values.max() if len(values) else 0))


def differences(values: NDArray[Any]) -> NDArray[Any]:
    """To the row before; of unsigned columns, so that they wrap around."""
    return np.diff(values, prepend=values.dtype.type(0))


def summed(values: NDArray[Any], dtype: np.dtype[Any]) -> NDArray[Any]:
    """What `differences` were taken of, in a type no narrower than theirs."""
    return np.cumsum(values, dtype=np.uint64).astype(dtype)


def to_batch(columns: dict[str, NDArray[Any]]) -> pa.RecordBatch:
    """`port` of two bytes becomes the columns `port.0` and `port.1`."""
    planes = {
        f"{name}.{rank}": np.ascontiguousarray(plane)
        for name, column in columns.items()
        for rank, plane in enumerate(column.view(np.uint8).reshape(len(column), column.dtype.itemsize).T)
    }
    return pa.record_batch(list(planes.values()), names=list(planes))


def from_batch(batch: pa.RecordBatch, name: str) -> NDArray[Any]:
    """One column, unsigned."""
    planes: list[NDArray[Any]] = []
    while (field := f"{name}.{len(planes)}") in batch.schema.names:
        planes.append(batch.column(field).to_numpy())
    if len(planes) == 1:
        return planes[0]
    return np.stack(planes, axis=1).view(_UNSIGNED[len(planes)]).ravel()


def next_batch(stream: pa.BufferReader) -> pa.RecordBatch:
    """The one batch of the next IPC stream; its end is read too, so that the following one can be."""
    (batch,) = pa.ipc.open_stream(stream)
    return batch
