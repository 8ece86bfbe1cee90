"""Rows of segments that are too many to read while somebody waits: a worker reads them ahead, in chunks of reporting days,
and keeps what an answer needs of them. An answer takes the chunks and reads what has changed since.

A chunk is some days of one month, with the stamp of when they were rolled up: rolled up again, it is read again. The days
of the current month are chunks of their own, since they change all the time.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
from django.conf import settings
from django.utils import timezone

from apps.common.periods import local_day
from apps.observations.planning import segmentcache
from apps.observations.planning.keptrows import decode, summed
from apps.observations.planning.needed import LongRead, NeedsComputationError
from apps.observations.planning.rowspecs import RowSpec
from apps.observations.planning.segmentrows import binned, chosen
from apps.observations.planning.together import Read, fetch
from apps.observations.storage import segments
from apps.observations.storage.columns import Frame, concat

PAGE_ROWS = 6_000_000  # of one question while somebody waits: about two seconds
KEPT_ROWS = 6_000_000  # of rows read ahead that an answer takes
CHUNK_ROWS = 4_000_000  # of segments in the memory of a worker, 750 MiB with the process and what sorting takes
JOB_ROWS = 500_000_000  # of segments that a job reads: minutes

_offered: ContextVar[bool] = ContextVar("computation_offered", default=False)
_EPOCH = date(1970, 1, 1)

_DAYS = """
SELECT segment.day - date '1970-01-01', sum(segment.rows)::bigint,
       sum(hashint8extended((extract(epoch FROM coalesce(fill.rolled_at, 'epoch')) * 1000000)::bigint, segment.sensor_id) >> 24)::bigint
FROM observations_segment AS segment LEFT JOIN observations_fill AS fill USING (sensor_id, day)
WHERE segment.sensor_id = ANY(%s::bigint[]) AND segment.day = ANY(%s::date[]) AND segment.rows > 0
GROUP BY 1
"""
_KEPT = """
SELECT position, kept.stamp, kept.rows, {body} FROM unnest(%s::bytea[]) WITH ORDINALITY AS wanted(digest, position)
JOIN observations_keptrows AS kept USING (digest)
"""


@dataclass(frozen=True)
class Chunk:
    """Some days of a long read: what to read of them, the bin that is 0 there, and how its rows are known."""

    spec: RowSpec
    offset: int
    days: tuple[date, ...]
    rows: int  # of segments
    stamp: int
    digest: bytes


@contextmanager
def offered() -> Iterator[None]:
    """A block whose questions may be answered later: NeedsComputationError where they would read too much."""
    token = _offered.set(True)
    try:
        yield
    finally:
        _offered.reset(token)


def is_offered() -> bool:
    return _offered.get()


def rows(read: LongRead) -> Frame:
    """Rows of a long read from its kept chunks and, where those are few, from segments. NeedsComputationError where too much has
    not been read ahead; ParameterError where even a worker is not to. Two statements, and what reading segments takes."""
    parts = chunks(read)
    if sum(chunk.rows for chunk in parts) > JOB_ROWS:
        raise segmentcache.too_many(JOB_ROWS)
    kept = _kept(parts)
    missing = [chunk for chunk in parts if chunk.digest not in kept]
    if sum(chunk.rows for chunk in missing) > PAGE_ROWS:
        raise NeedsComputationError([read])
    found = [_shifted(decode(kept[chunk.digest]), chunk.offset) for chunk in parts if chunk.digest in kept]
    found += [_shifted(compute(chunk, read.columns), chunk.offset) for chunk in missing]
    return summed(_joined(found), read.columns)


def chunks(read: LongRead) -> list[Chunk]:
    """The chunks of a long read as they are now, days without rows left out. One query."""
    counted = fetch(Read(_DAYS, [list(read.spec.sensors), list(read.days)], 3))
    return [_chunk(read, group) for group in _grouped(sorted(counted))]


def compute(chunk: Chunk, columns: tuple[str, ...] | None) -> Frame:
    """The rows of one chunk, read from segments; of a day that is too large by itself, one sensor after the other."""
    sensors = chunk.spec.sensors
    turns = [sensors] if chunk.rows <= CHUNK_ROWS else [(sensor,) for sensor in sensors]
    return summed(_joined([_read(chunk, turn, columns) for turn in turns]), columns)


def _read(chunk: Chunk, sensors: tuple[int, ...], columns: tuple[str, ...] | None) -> Frame:
    rows_read = segments.read(sensors, chunk.days, keep=chosen(chunk.spec))
    return summed(binned(rows_read, chunk.spec), columns)


def kept_rows(parts: list[Chunk]) -> dict[bytes, int]:
    """Of the chunks that are kept as they are now, how many rows each has."""
    return {digest: count for digest, (count, _body) in _current(parts, "NULL::bytea").items()}


def _kept(parts: list[Chunk]) -> dict[bytes, bytes]:
    found = _current(parts, "kept.body")
    if sum(count for count, _body in found.values()) > KEPT_ROWS:
        raise segmentcache.too_many(KEPT_ROWS)
    return {digest: body for digest, (_count, body) in found.items()}


def _current(parts: list[Chunk], body: str) -> dict[bytes, tuple[int, bytes]]:
    read = Read(_KEPT.format(body=body), [[chunk.digest for chunk in parts]], 3, has_body=True)
    found = ((parts[position - 1], stamp, count, content) for position, stamp, count, content in fetch(read))
    return {chunk.digest: (count, bytes(content or b"")) for chunk, stamp, count, content in found if stamp == chunk.stamp}


_Day = tuple[int, int, int]  # day since 1970, rows, stamp


def _grouped(days: list[_Day]) -> Iterator[list[_Day]]:
    """Neighbouring days of one month while they are few rows together; those of the current month one by one."""
    current = local_day(timezone.now(), settings.REPORT_TIME_ZONE).replace(day=1)  # the same for everybody
    group: list[_Day] = []
    for day in days:
        month = _month(day)
        if group and (month >= current or month != _month(group[0]) or day[1] + sum(one[1] for one in group) > CHUNK_ROWS):
            yield group
            group = []
        group.append(day)
    if group:
        yield group


def _month(day: _Day) -> date:
    return (_EPOCH + timedelta(days=day[0])).replace(day=1)


def _chunk(read: LongRead, group: list[_Day]) -> Chunk:
    days = tuple(_EPOCH + timedelta(days=number) for number, *_rest in group)
    spec, offset = read.spec.within(days[0], days[-1] + timedelta(days=1))
    stamp = hash(tuple(group)) & 0x7FFF_FFFF_FFFF_FFFF  # of integers, so the same in every process
    return Chunk(spec, offset, days, sum(count for _day, count, _stamp in group), stamp, spec.digest(read.columns))


def _shifted(frame: Frame, offset: int) -> Frame:
    return frame | {"bin": frame["bin"] + offset}


def _joined(parts: list[Frame]) -> Frame:
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]} if parts else _nothing()


def _nothing() -> Frame:
    return concat([]) | {"key": np.empty(0, np.int64), "bin": np.empty(0, np.int64)}
