"""Packets by hour of one reporting day, a body for each sensor, and for each panel and slice (`models.NetworkHours`)."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from apps.observations.counting.counts import KEYS, Coded, CountRows, busy_ports
from apps.observations.models import NetworkHours, SensorHours, Slice
from apps.observations.storage import numberbodies, pgcopy
from apps.observations.storage.cells import group
from apps.observations.storage.columns import Frame, length, split, take
from apps.observations.storage.ragged import Ragged

COLUMNS = ("key", "signature", "hour", "packets")
NETWORK_SLICES = (Slice.TOTAL, Slice.REGION, Slice.PORT)  # of ports, the busy ones


def sensor_hours(coded: Coded, rows: Frame, start_us: int) -> CountRows:
    """Of the sensors of `rows`, all coded rows of a day that begins at `start_us` (microseconds since 1970)."""
    owners, bodies = _bodies(coded, "sensor", rows, Slice.TOTAL)
    return CountRows(SensorHours._meta.db_table, {"sensor_id": owners, **_stored(start_us, bodies)})


def network_hours(coded: Coded, rows: Frame, start_us: int) -> list[CountRows]:
    """Of panels, likewise; `rows` are those of all sensors."""
    made = []
    for slice_ in NETWORK_SLICES:
        owners, bodies = _bodies(coded, "panel", busy_ports(rows) if slice_ is Slice.PORT else rows, slice_)
        columns = {"panel": owners.astype(np.int16), "slice": np.full(len(owners), slice_, np.int16)}
        made.append(CountRows(NetworkHours._meta.db_table, columns | _stored(start_us, bodies)))
    return made


def _stored(start_us: int, bodies: Sequence[bytes]) -> dict[str, Any]:
    return {"bucket": pgcopy.instants(np.full(len(bodies), start_us, np.int64)), "body": Ragged.of(bodies)}


def _bodies(coded: Coded, owner: str, rows: Frame, slice_: Slice) -> tuple[NDArray[np.int64], list[bytes]]:
    """The owners that have rows, ascending, and of each its body."""
    rows = take(rows, ~rows["excluded"])
    key = rows[KEYS[slice_][0]] if KEYS[slice_] else np.zeros(length(rows), np.uint32)
    cells = group(rows[owner], key, rows["signature"], rows["hour"])
    frame = {"key": cells.first(key), "packets": cells.sum(rows["packets"])}
    frame |= {name: cells.first(rows[name]) for name in (owner, "signature", "hour")}
    if KEYS[slice_]:
        frame["key"] = coded.values(KEYS[slice_][0], frame["key"])
    owners, starts = np.unique(coded.values(owner, frame[owner]), return_index=True)
    return owners.astype(np.int64), [numberbodies.encode(part, COLUMNS) for part in split(frame, starts)]
