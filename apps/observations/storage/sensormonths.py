"""All sensor-days of a month in one body: what 3,000 fills and as many coverages say, in the time in which a hundred are read."""

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from apps.observations.storage import smallcells
from apps.observations.storage.columns import Frame

COLUMNS: Mapping[str, np.dtype[Any]] = {
    "sensor": np.dtype(np.uint32),
    "day": np.dtype(np.uint16),  # since 1970
    "hours": np.dtype(np.uint8),  # covered ones
    "length": np.dtype(np.uint8),  # of the day in hours; 0 where no coverage is known
    "rolled_at": np.dtype(np.int64),  # microseconds since 2000, as PostgreSQL counts; 0 for never
    "region_as_of": np.dtype(np.uint16),  # the day of the RIR snapshot, since 1970; 0 for none
}


def encode(frame: Frame) -> bytes:
    return smallcells.encode(frame, COLUMNS)


def decode(bodies: Iterable[bytes]) -> Frame:
    """The sensor-days of several months, all columns int64."""
    frame, _counts = smallcells.decode(bodies, COLUMNS)
    return {name: column.astype(np.int64) for name, column in frame.items()}
