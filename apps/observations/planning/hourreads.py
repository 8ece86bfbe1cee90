"""Reading hours: packets of a sensor or a panel by hour, a body a reporting day (`counting/hourbodies.py`)."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta

import numpy as np
import zstandard
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
_FRAME = ("key", "bucket", "packets")
_CELLS = 100_000  # summed at once
_TABLES = {
    "panel": ("observations_networkhours", "panel::bigint", " AND slice = %s"),
    "sensor_id": ("observations_sensorhours", "sensor_id", ""),
}
_SELECT = (
    "SELECT {number}, extract(epoch FROM bucket)::bigint, body FROM {table} WHERE {owner} = ANY(%s) AND bucket > %s AND bucket < %s{slice}"
)


def packets(owner: str, owners: Sequence[int], ask: Ask, pieces: Sequence[Piece]) -> Frame:
    """key, bucket (in seconds, 0 where there is but one bin), packets of the hours that are among the pieces. `owner` is the column
    that `owners` are values of."""
    runs = tuple((start, end) for _grain, start, end in runs_of(pieces))
    rows = _rows(owner, tuple(owners), ask.slice, runs)
    parts = [_summed(ask, cells, runs) for cells in _cells(rows, ask, owner)]
    whole = concat(parts, _FRAME)
    found = group(whole["key"], whole["bucket"])
    return {name: found.first(whole[name]) for name in ("key", "bucket")} | {"packets": found.sum(whole["packets"])}


def _rows(owner: str, owners: tuple[int, ...], slice_: Slice, runs: tuple[tuple[datetime, datetime], ...]) -> list[Row]:
    """number of the owner, bucket in seconds, body: all days that touch the runs."""
    table, number, of_slice = _TABLES[owner]
    query = _SELECT.format(number=number, table=table, owner=owner, slice=of_slice)
    own = [int(slice_)] if of_slice else []
    parameters = [value for start, end in runs for value in (list(owners), start - _LONGEST_DAY, end, *own)]
    read = Read(" UNION ".join([query] * len(runs)), parameters, 2, has_body=True)
    return once(("hours", owner, owners, slice_, runs), read, lambda rows: rows)


def _cells(rows: list[Row], ask: Ask, owner: str) -> Iterator[Frame]:
    """What the bodies say of the keys that are asked for, with the hour as `bucket`, some days together: a year of all regions would be
    too much to hold, and day by day takes longer."""
    engine, choice, parts = zstandard.ZstdDecompressor(), _choice(ask), list[Frame]()
    days = {bucket: starts_us(day_of(datetime.fromtimestamp(bucket, UTC))) // 1_000_000 for bucket in {row[1] for row in rows}}
    held = 0
    for number, bucket, body in rows:
        part = numberbodies.decode(bytes(body), COLUMNS, choose=choice, engine=engine)
        parts.append(part | {"bucket": days[bucket][part["hour"]], owner: np.full(length(part), number, np.int64)})
        held += length(part)
        if held > _CELLS:
            yield _joined(parts, ask.slice, owner)
            parts, held = [], 0
    if parts:
        yield _joined(parts, ask.slice, owner)


def _choice(ask: Ask) -> numberbodies.Choice | None:
    wanted = {Slice.PORT: ask.ports, Slice.REGION: ask.regions}.get(ask.slice)
    return None if wanted is None else lambda keys: np.flatnonzero(np.isin(keys, wanted))


def _joined(parts: list[Frame], slice_: Slice, owner: str) -> Frame:
    cells = concat(parts, (*COLUMNS, "bucket", owner))
    key = cells["key"]
    region = key if slice_ is Slice.REGION else np.zeros_like(key)
    return cells | {"region": region, "protocol": key >> 16, "port": key & 0xFFFF}


def _summed(ask: Ask, cells: Frame, runs: Sequence[tuple[datetime, datetime]]) -> Frame:
    kept = np.flatnonzero(_inside(cells["bucket"], runs) & chosen(cells, ask))
    cells = take(cells, kept)
    bucket = cells["bucket"] if len(ask.spans) > 1 else np.zeros(len(kept), np.int64)
    key = keys_of(cells, ask)
    found = group(key, bucket)
    return {"key": found.first(key), "bucket": found.first(bucket), "packets": found.sum(cells["packets"])}


def _inside(instants: NDArray[np.int64], runs: Sequence[tuple[datetime, datetime]]) -> NDArray[np.bool_]:
    starts, ends = (np.array([run[edge].timestamp() for run in runs], np.int64) for edge in (0, 1))
    at = np.searchsorted(starts, instants, side="right") - 1
    inside: NDArray[np.bool_] = (at >= 0) & (instants < ends[at])
    return inside
