"""When sources were last seen before (`models.Recency`): what makes distinct sources of any period a sum.

Built behind rollup, month by month and in order, of days that are over and wait for nothing: `build` does what is missing. Whoever
rewrites a day calls `forget_from` in the same transaction, so rows exist only while all days before them are as they were."""

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any, NamedTuple

import numpy as np
from django.db import connection, transaction
from numpy.typing import NDArray

from apps.common.periods import add_months
from apps.observations.counting.bins import month_bounds, months_with_data
from apps.observations.counting.recencypairs import busiest_ports, pairs_of, pairs_of_ports, rows_by_region
from apps.observations.counting.tallies import WITHOUT_PORT
from apps.observations.models import Grain, LastSeen, Recency, Tally
from apps.observations.storage import pgcopy, recencies
from apps.observations.storage.cells import encode, group
from apps.observations.storage.columns import Frame, concat, length, take
from apps.observations.storage.hours import day_bounds, microseconds
from apps.observations.storage.locks import recency_lock
from apps.observations.storage.ragged import Ragged
from apps.observations.storage.snapshots import snapshot
from apps.sensors.models import Network

BUILT_AFTER = timedelta(hours=1)  # a day is over; its late batches should not cost a second build
_WRITES = 0x7453_0006  # first half of the lock's key; arbitrary, but it must stay
_MONTHS_BACK = -(-recencies.LOOKBACK // 30)
_STATE = """
SELECT (SELECT count(*) FROM observations_fill WHERE day >= %(first)s AND day <= %(last)s),
       (SELECT coalesce(sum(rolled_version), 0)::bigint FROM observations_fill WHERE day >= %(first)s AND day <= %(last)s),
       (SELECT array_agg(ARRAY[network::text, axis::text, month::text, through::text] ORDER BY network, axis, month)
        FROM observations_lastseen WHERE month >= %(earliest)s AND month <= %(first)s)
"""
_FIRST_STALE = "SELECT min(day) FROM observations_mark WHERE version > rolled_version AND day >= %s AND day <= %s"
_NETWORKS, _AXES = [int(network) for network in Network], [int(axis) for axis in Tally.Axis]
TallyAxis = Tally.Axis


def forget_from(cursor: Any, day: date) -> None:
    """Part of the transaction that rewrites a reporting day: whatever counts on it is to be made anew."""
    month = day.replace(day=1)
    cursor.execute("SELECT pg_advisory_xact_lock_shared(%s, 0)", [_WRITES])
    for grain, start in ((Grain.DAY, day_bounds(day)[0]), (Grain.MONTH, month_bounds(month)[0])):
        cursor.execute(
            "DELETE FROM observations_recency WHERE network = ANY(%s) AND grain = %s AND axis = ANY(%s) AND bucket >= %s",
            [_NETWORKS, int(grain), _AXES, start],
        )
    cursor.execute(
        "DELETE FROM observations_lastseen WHERE network = ANY(%s) AND axis = ANY(%s) AND month >= %s AND through >= %s",
        [_NETWORKS, _AXES, month, day],
    )


class Built(NamedTuple):
    """The days of one month that have been counted."""

    first: date
    last: date
    rows: int


def build(limit_s: float = float("inf"), now: datetime | None = None) -> Iterator[Built]:
    """Make what is missing, month by month, and begin none after `limit_s` seconds. Nothing where somebody else is at it."""
    end = time.monotonic() + limit_s
    with recency_lock() as held:
        while held and time.monotonic() < end:
            built = _build(now or datetime.now(UTC))
            if built is None:
                return
            yield built


class _Batch(NamedTuple):
    """Days of one month that are to be counted. Those of `month` before `first` are in its `LastSeen`."""

    month: date
    first: date
    last: date

    @property
    def is_whole(self) -> bool:
        return self.first == self.month and self.last == _last_day(self.month)


def _next_batch(now: datetime) -> _Batch | None:
    """Of the first month that lacks some days; the months behind it have to wait."""
    through = dict(LastSeen.objects.filter(axis=TallyAxis.TOTAL, network=Network.OWN).values_list("month", "through"))
    with connection.cursor() as cursor:
        for month in months_with_data(cursor):
            if through.get(month) != _last_day(month):
                return _batch(cursor, month, through.get(month), now)
    return None


def _batch(cursor: Any, month: date, through: date | None, now: datetime) -> _Batch | None:
    last = _last_day(month)
    while day_bounds(last)[1] + BUILT_AFTER > now and last >= month:
        last -= timedelta(days=1)
    cursor.execute(_FIRST_STALE, [month, last])
    (stale,) = cursor.fetchone()
    if stale:
        last = stale - timedelta(days=1)
    first = through + timedelta(days=1) if through else month
    if last == _last_day(month):  # the row of the month needs to know of each source when it came first
        first = month
    return _Batch(month, first, last) if first <= last else None


def _last_day(month: date) -> date:
    return add_months(month, 1) - timedelta(days=1)


# Building one batch


@dataclass
class _Made:
    """Rows of both tables, before they are written."""

    recencies: list[tuple[int, int, int, datetime, int, bytes]] = field(default_factory=list)
    seen: list[LastSeen] = field(default_factory=list)


def _build(now: datetime) -> Built | None:
    """None where nothing is missing, or a day was rolled meanwhile: a later run does it. What is missing is part of what one snapshot
    says, and asked once more before anything is written: a month without data may have got some."""
    made = _Made()
    with snapshot():
        if (batch := _next_batch(now)) is None:
            return None
        state = _state(batch)
        for network in Network:
            _count(batch, network, made)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, 0)", [_WRITES])
        if _next_batch(now) != batch or _state(batch) != state:
            return None
        _write(cursor, batch, made)
    return Built(batch.first, batch.last, len(made.recencies))


def _state(batch: _Batch) -> tuple[Any, ...]:
    """Changes whenever a day of the batch is rolled, or one that earlier months were counted of."""
    with connection.cursor() as cursor:
        earliest = add_months(batch.month, -_MONTHS_BACK)
        cursor.execute(_STATE, {"first": batch.month, "last": batch.last, "earliest": earliest})
        return tuple(cursor.fetchone())


def _count(batch: _Batch, network: Network, made: _Made) -> None:
    start, end = day_bounds(batch.first)[0], day_bounds(batch.last)[1]
    rows = rows_by_region(network, start, end)
    days: list[int] = np.unique(rows["day"]).tolist()
    for axis in WITHOUT_PORT:
        _count_axis(batch, network, axis, days, pairs_of(rows, axis), {}, made)
    del rows
    known_since = _tracked(batch, network)
    pairs = pairs_of_ports(network, list(known_since), start, end)
    _count_axis(batch, network, TallyAxis.PORT, days, pairs, known_since, made)


def _tracked(batch: _Batch, network: Network) -> dict[int, date]:
    """The ports of the month, and since when it is known who sent to them: those with most sources in the month before, else in the
    batch. A month keeps them."""
    kept = LastSeen.objects.filter(network=network, axis=TallyAxis.PORT)
    if batch.first != batch.month:
        own = kept.get(month=batch.month)
        return dict(zip(own.keys, own.known_since, strict=True))
    before = kept.filter(month__lt=batch.month).order_by("month").last()
    since = dict(zip(before.keys, before.known_since, strict=True)) if before else {}
    new = batch.month if before else date.min  # the first month: nobody sent anything before
    days = month_bounds(before.month) if before else (day_bounds(batch.first)[0], day_bounds(batch.last)[1])
    return {port: since.get(port, new) for port in busiest_ports(network, *days)}


def _count_axis(
    batch: _Batch, network: Network, axis: Tally.Axis, days: list[int], pairs: Frame, known_since: dict[int, date], made: _Made
) -> None:
    """Each of the `days`, on which something was seen, gets a row."""
    seen = _Sightings.of(concat([_of_month(batch, network, axis), pairs], ("key", "source", "day")))
    before = seen.previous(_states_before(batch.month, network, axis))
    first = batch.first.toordinal()
    for ordinal in days:
        at = seen.on(ordinal)
        reach = _reach(known_since, ordinal)
        made.recencies += _rows(
            network, axis, Grain.DAY, day_bounds(date.fromordinal(ordinal))[0], seen.key[at], ordinal - before[at], reach
        )
    if batch.is_whole and days:
        at = seen.first_of_month(first, before)
        reach = _reach(known_since, first)
        made.recencies += _rows(network, axis, Grain.MONTH, month_bounds(batch.month)[0], seen.key[at], first - before[at], reach)
    made.seen.append(
        LastSeen(
            network=int(network), axis=int(axis), month=batch.month, through=batch.last, body=seen.last(batch.month.toordinal()),
            keys=list(known_since), known_since=list(known_since.values()),
        )
    )  # fmt: skip


def _of_month(batch: _Batch, network: Network, axis: Tally.Axis) -> Frame:
    """What the month knows of its days before the batch, each source on the day on which it was seen last."""
    if batch.first == batch.month:
        return {"key": np.empty(0, np.int64), "source": np.empty(0, np.uint64), "day": np.empty(0, np.int64)}
    frame = recencies.decode_seen(bytes(LastSeen.objects.get(network=network, axis=axis, month=batch.month).body))
    return frame | {"day": frame["day"] + batch.month.toordinal()}


def _states_before(month: date, network: Network, axis: Tally.Axis) -> Iterator[Frame]:
    """The months before, the latest first: key, source, day (ordinal)."""
    found = LastSeen.objects.filter(network=network, axis=axis, month__lt=month, month__gte=add_months(month, -_MONTHS_BACK))
    for seen in found.order_by("-month").iterator(chunk_size=1):
        frame = recencies.decode_seen(bytes(seen.body))
        yield frame | {"day": frame["day"] + seen.month.toordinal()}


def _reach(known_since: dict[int, date], ordinal: int) -> Frame:
    """Of ports: for how many days before a day it is known who sent to them."""
    keys = np.array(sorted(known_since), np.int64)
    days = [min(ordinal - known_since[key].toordinal(), recencies.LOOKBACK) for key in keys.tolist()]
    return {"at": recencies.coded(keys, np.full(len(keys), recencies.REACH)), "count": np.array(days, np.int64)}


_NEVER = 0  # an ordinal so early that its age is beyond all that is kept


@dataclass(frozen=True)
class _Sightings:
    """Who was seen under which key on which day, in this order: key by key, source by source, day by day."""

    key: NDArray[np.int64]
    code: NDArray[np.uint32]  # position of the source in `sources`
    day: NDArray[np.int64]
    sources: NDArray[np.uint64]

    @classmethod
    def of(cls, pairs: Frame) -> "_Sightings":
        sources, code = encode(pairs["source"])
        day = pairs["day"] - pairs["day"].min(initial=np.iinfo(np.int32).max)
        found = group(pairs["key"], code, day)
        return cls(found.first(pairs["key"]), found.first(code), found.first(pairs["day"].astype(np.int64)), sources)

    def previous(self, months: Iterator[Frame]) -> NDArray[np.int64]:
        """Of each sighting the day of the one before, in earlier months if there is none in this; _NEVER where there is none."""
        before = np.zeros(len(self.key), np.int64)
        same = (self.key[1:] == self.key[:-1]) & (self.code[1:] == self.code[:-1])
        before[1:][same] = self.day[:-1][same]
        open_ = np.flatnonzero(before == _NEVER)
        for month in months if len(open_) else ():
            found = self._seen_in(month, open_)
            before[open_] = found
            open_ = open_[found == _NEVER]
        return before

    def _seen_in(self, month: Frame, rows: NDArray[np.intp]) -> NDArray[np.int64]:
        """The day of the month on which the source of each row was last seen under its key."""
        place = np.searchsorted(self.sources, month["source"]).clip(max=len(self.sources) - 1)
        known = np.flatnonzero(self.sources[place] == month["source"])
        there, wanted = month["key"][known] << 32 | place[known], self.key[rows] << 32 | self.code[rows]
        at = np.searchsorted(there, wanted).clip(max=max(len(there) - 1, 0))
        return np.where(there[at] == wanted, month["day"][known][at], _NEVER) if len(there) else np.zeros(len(rows), np.int64)

    def on(self, ordinal: int) -> NDArray[np.intp]:
        return np.flatnonzero(self.day == ordinal)

    def first_of_month(self, first: int, before: NDArray[np.int64]) -> NDArray[np.intp]:
        """The first sighting of each source under each key, of days from `first` on."""
        return np.flatnonzero(before < first)

    def last(self, first: int) -> bytes:
        """The last sighting of each source under each key, as `LastSeen` keeps it."""
        is_last = np.ones(len(self.key), np.bool_)
        is_last[:-1] = (self.key[1:] != self.key[:-1]) | (self.code[1:] != self.code[:-1])
        return recencies.encode_seen(
            {"key": self.key[is_last], "source": self.sources[self.code[is_last]], "day": self.day[is_last] - first}
        )


def _rows(
    network: Network, axis: Tally.Axis, grain: Grain, start: datetime, key: NDArray[np.int64], age: NDArray[np.int64], reach: Frame
) -> list[tuple[int, int, int, datetime, int, bytes]]:
    """The rows of one bin, of keys and ages of all sources that it has seen."""
    at = np.concatenate([recencies.coded(key, np.zeros_like(key)), recencies.coded(key, age)[age <= recencies.LOOKBACK]])
    ages = group(at)
    counts = np.diff(ages.starts, append=len(at))
    frame = concat([{"at": ages.first(at), "count": counts}, reach], ("at", "count"))
    frame = take(frame, np.argsort(frame["at"]))
    near = recencies.is_near(frame["at"])
    parts = [take(frame, near), take(frame, ~near)]
    return [
        (int(network), int(grain), int(axis), start, number, recencies.encode(part["at"], part["count"]))
        for number, part in enumerate(parts)
        if number == 0 or length(part)
    ]


def _write(cursor: Any, batch: _Batch, made: _Made) -> None:
    forget_from(cursor, batch.first)  # of a month that is counted anew
    LastSeen.objects.filter(month=batch.month).delete()
    LastSeen.objects.bulk_create(made.seen)
    networks, grains, axes, starts, parts, bodies = zip(*made.recencies, strict=True) if made.recencies else ((),) * 6
    if made.recencies:
        columns: dict[str, pgcopy.Column] = {
            "network": np.array(networks, np.int16),
            "grain": np.array(grains, np.int16),
            "axis": np.array(axes, np.int16),
            "bucket": pgcopy.instants(np.array([microseconds(start) for start in starts], np.int64)),
            "part": np.array(parts, np.int16),
            "body": Ragged.of(bodies),
        }
        pgcopy.write(cursor, Recency._meta.db_table, columns)
