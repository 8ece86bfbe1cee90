"""Reading hours: packets of a sensor or a panel by hour, a body a reporting day (`counting/hourbodies.py`)."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from apps.observations.counting.hourbodies import COLUMNS
from apps.observations.models import Slice
from apps.observations.planning.asks import Ask
from apps.observations.planning.cellkeys import chosen, keys_of
from apps.observations.planning.reading import once
from apps.observations.planning.spans import Piece, runs_of
from apps.observations.planning.together import Read, Row
from apps.observations.storage import numberbodies
from apps.observations.storage.cells import group
from apps.observations.storage.columns import Frame, concat, length, take
from apps.observations.storage.hours import day_of, starts_us

_LONGEST_DAY = timedelta(hours=25)
_TABLES = {
    "panel": ("observations_networkhours", "panel::bigint", " AND slice = %s"),
    "sensor_id": ("observations_sensorhours", "sensor_id", ""),
}
_SELECT = (
    "SELECT {number}, extract(epoch FROM bucket)::bigint, body FROM {table} WHERE {owner} = ANY(%s) AND bucket > %s AND bucket < %s{slice}"
)


def packets(owner: str, owners: Sequence[int], ask: Ask, pieces: Sequence[Piece]) -> Frame:
    """key, bucket (in seconds), packets of the hours that are among the pieces. `owner` is the column that `owners` are
    values of."""
    runs = tuple((start, end) for _grain, start, end in runs_of(pieces))
    cells = _stored(owner, tuple(owners), ask.slice, runs)
    cells = take(cells, np.flatnonzero(_inside(cells["bucket"], runs) & chosen(cells, ask)))
    key, bucket = keys_of(cells, ask), cells["bucket"] if len(ask.spans) > 1 else np.zeros(length(cells), np.int64)
    found = group(key, bucket)
    return {"key": found.first(key), "bucket": found.first(bucket), "packets": found.sum(cells["packets"])}


def _stored(owner: str, owners: tuple[int, ...], slice_: Slice, runs: tuple[tuple[datetime, datetime], ...]) -> Frame:
    """All hours of the days that touch the runs."""
    table, number, of_slice = _TABLES[owner]
    query = _SELECT.format(number=number, table=table, owner=owner, slice=of_slice)
    own = [int(slice_)] if of_slice else []
    parameters = [value for start, end in runs for value in (list(owners), start - _LONGEST_DAY, end, *own)]
    read = Read(" UNION ".join([query] * len(runs)), parameters, 2, has_body=True)
    return once(("hours", owner, owners, slice_, runs), read, lambda rows: _hours_of(rows, owner, slice_))


def _hours_of(rows: list[Row], owner: str, slice_: Slice) -> Frame:
    parts = [_hours_of_day(*row, owner=owner) for row in rows]
    cells = concat(parts, (owner, "bucket", *COLUMNS))
    key = cells.pop("key")
    return cells | {"region": key if slice_ is Slice.REGION else np.zeros_like(key), "protocol": key >> 16, "port": key & 0xFFFF}


def _hours_of_day(number: int, bucket: int, body: bytes, *, owner: str) -> Frame:
    cells = numberbodies.decode(bytes(body), COLUMNS)
    starts = starts_us(day_of(datetime.fromtimestamp(bucket, UTC))) // 1_000_000
    return cells | {owner: np.full(length(cells), number, np.int64), "bucket": starts[cells["hour"]]}


def _inside(instants: NDArray[np.int64], runs: Sequence[tuple[datetime, datetime]]) -> NDArray[np.bool_]:
    starts, ends = (np.array([run[edge].timestamp() for run in runs], np.int64) for edge in (0, 1))
    at = np.searchsorted(starts, instants, side="right") - 1
    inside: NDArray[np.bool_] = (at >= 0) & (instants < ends[at])
    return inside
