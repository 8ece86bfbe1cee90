"""Rows of segments as columns side by side: a dict of numpy arrays of one length. What rollup and planner compute with."""

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

Frame = dict[str, NDArray[Any]]

# One row of a segment: what one source sent to one port of one sensor under one signature in one hour.
COLUMNS: Mapping[str, np.dtype[Any]] = {
    "sensor": np.dtype(np.int32),
    "day": np.dtype("datetime64[D]"),  # reporting day
    "hour": np.dtype(np.uint8),  # index into hours.hour_starts(day)
    "first": np.dtype(np.uint8),  # minute (UTC clock) of the first and of the last flow within the hour
    "last": np.dtype(np.uint8),
    "source": np.dtype(np.uint64),  # common.sourcekeys
    "protocol": np.dtype(np.uint8),
    "port": np.dtype(np.uint16),
    "signature": np.dtype(np.uint8),
    "region": np.dtype(np.uint16),  # common.regions
    "packets": np.dtype(np.int64),
    "excluded": np.dtype(np.bool_),
    "scanner": np.dtype(np.bool_),
}


def length(frame: Frame) -> int:
    return len(next(iter(frame.values()))) if frame else 0


def empty(names: Iterable[str] = COLUMNS) -> Frame:
    return {name: np.empty(0, COLUMNS.get(name, np.int64)) for name in names}


def take(frame: Frame, rows: NDArray[Any] | slice) -> Frame:
    """The rows at these positions, or where this mask is true."""
    return {name: column[rows] for name, column in frame.items()}


def split(frame: Frame, starts: NDArray[np.intp]) -> list[Frame]:
    """The frame in pieces that begin at these positions, the first of which, if any, is 0."""
    ends = [*starts[1:].tolist(), length(frame)]
    return [take(frame, slice(start, end)) for start, end in zip(starts.tolist(), ends, strict=False)]


def concat(frames: Iterable[Frame], names: Iterable[str] = COLUMNS) -> Frame:
    parts = list(frames)
    return {name: np.concatenate([part[name] for part in parts]) for name in names} if parts else empty(names)
