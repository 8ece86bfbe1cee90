"""Who was watching: which sensor-days and which bins of a figure are covered. Zero is not missing."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from django.conf import settings
from numpy.typing import NDArray

from apps.common.periods import Period, day_start, local_day
from apps.common.recentlyused import RecentlyUsed
from apps.observations.counting.coverage import COVERED_MINUTES
from apps.observations.figures import Coverage, Dimension
from apps.observations.planning import derived, sensordayreads
from apps.observations.planning.asks import Ask, Span
from apps.observations.planning.reading import memo, once
from apps.observations.planning.sensordayreads import Grid
from apps.observations.planning.together import Read, Row, fetch, together
from apps.observations.storage import pgcopy
from apps.observations.storage.columns import Frame
from apps.observations.storage.hours import hour_lengths, microseconds, starts_us

# A sensor-day counts for averages from this share of its hours on: the share that makes an hour a covered one.
COVERED_SHARE = (COVERED_MINUTES, 60)
_EPOCH = date(1970, 1, 1)

Column = NDArray[np.int64]

_STAMPS = "SELECT month - date '1970-01-01', uuid_send(stamp) FROM observations_monthstamp WHERE month BETWEEN %s AND %s"
_ACTIVE = "SELECT id, active_from - date '1970-01-01', active_to - date '1970-01-01' FROM sensors_sensor"
_HOURS = """
SELECT key, day - date '1970-01-01', array_send(seconds) FROM (
    SELECT DISTINCT {key}::bigint AS key, day, seconds FROM observations_coverage AS coverage
    WHERE sensor_id = ANY(%s::bigint[]) AND day BETWEEN %s AND %s
) AS watched
"""
_USUAL_HOURS = 24
_NEVER = 1 << 40  # later than any day


@dataclass(frozen=True)
class SensorDays:
    """Every sensor of a scope on every reporting day a period touches, as columns of one length."""

    sensor: NDArray[np.int64]
    day: NDArray[np.datetime64]
    hours: NDArray[np.int64]  # covered ones
    is_covered: NDArray[np.bool_]
    is_whole: NDArray[np.bool_]  # every hour is covered
    is_active: NDArray[np.bool_]  # within the sensor's active span, or watching outside it
    rolled_at: NDArray[np.int64]  # microseconds since 1970, 0 for never
    region_as_of: date | None  # the newest RIR snapshot that decided regions
    region_is_older_than_snapshot: bool  # the oldest snapshot had to serve days before it

    @cached_property
    def stamp(self) -> str:
        """Changes whenever a sensor-day is rolled up anew or watched otherwise."""
        columns = (self.sensor, self.day.astype(np.int64), self.hours, self.rolled_at)
        return hashlib.sha256(b"".join(column.tobytes() for column in columns)).hexdigest()

    @property
    def is_lost(self) -> NDArray[np.bool_]:
        """Not covered, yet perhaps with packets: days that were never rolled up, as those before there were sensors, have none."""
        return ~self.is_covered & (self.rolled_at > 0)

    @cached_property
    def active_sensors(self) -> int:
        return len(np.unique(self.sensor[self.is_active]))

    @cached_property
    def day_count(self) -> int:
        return len(np.unique(self.day))

    @cached_property
    def summary(self) -> Coverage:
        days = np.unique(self.day)
        watched = np.isin(days, self.day[self.hours > 0])
        partial = watched & np.isin(days, self.day[self.is_active & ~self.is_whole])
        return Coverage(
            covered_sensor_days=int(self.is_covered.sum()),
            sensor_days=int(self.is_active.sum()),
            missing_days=tuple(days[~watched].tolist()),
            partial_days=tuple(days[partial].tolist()),
        )

    def bins(self, spans: Sequence[Span]) -> NDArray[np.int64]:
        """The number of the span each day lies in, -1 outside; spans are whole reporting days."""
        zone = settings.REPORT_TIME_ZONE
        starts = np.array([local_day(start, zone) for start, _end in spans], "datetime64[D]")
        ends = np.array([local_day(end - timedelta(microseconds=1), zone) for _start, end in spans], "datetime64[D]")
        number = np.searchsorted(starts, self.day, side="right") - 1
        return np.where((number >= 0) & (self.day <= ends[number]), number, -1)


def sensor_days(sensors: Sequence[int], period: Period, *, shared: bool = False) -> SensorDays:
    """One statement; one more where this process keeps them and they have changed since. `shared`: what is read of the days is of
    all sensors, for others to use."""
    first, last = _days(period.start, period.end)
    key = (tuple(sorted(sensors)), first, last)
    if found := kept.find(key):
        stamps, active = together(*_state_of(first, last))
        if found.state == _state(stamps, active, key[0]):
            return found.days
    of = None if shared else list(key[0])
    parts, stamps, active = together(lambda: sensordayreads.parts(first, last, of), *_state_of(first, last))

    def assembled() -> SensorDays:
        state = _state(stamps, active, key[0])
        days = _sensor_days(dict(state.spans), _number(first), _number(last), parts)
        kept.keep(key, _Kept(state, days))
        return days

    return memo(("sensor days", *key), assembled)


_Span = tuple[int | None, int | None]


class _State(NamedTuple):
    """All that sensor-days depend on: the stamp of each month, and the active span of each sensor."""

    stamps: frozenset[Row]
    spans: tuple[tuple[int, _Span], ...]


class _Kept(NamedTuple):
    state: _State  # what they were made of
    days: SensorDays


# Every figure rests on sensor-days, and those of a year of a hundred sensors take longer to read and put together than all else that a
# remembered answer needs. A million of them, some 35 bytes each; by sensors, first and last day.
kept: RecentlyUsed[tuple[tuple[int, ...], date, date], _Kept] = RecentlyUsed(1_000_000, lambda one: len(one.days.sensor))


def _state(stamps: frozenset[Row], active: dict[int, _Span], sensors: tuple[int, ...]) -> _State:
    return _State(stamps, tuple((sensor, active[sensor]) for sensor in sensors if sensor in active))


def _state_of(first: date, last: date) -> tuple[Callable[[], Any], ...]:
    stamps = Read(_STAMPS, [first.replace(day=1), last], 1, has_body=True)
    return (
        lambda: once(("stamps", first, last), stamps, lambda rows: frozenset((month, bytes(stamp)) for month, stamp in rows)),
        lambda: once("active spans of sensors", Read(_ACTIVE, [], 3), lambda rows: {pk: (start, end) for pk, start, end in rows}),
    )


def _sensor_days(spans: dict[int, _Span], first: int, last: int, parts: Sequence[Frame]) -> SensorDays:
    grid = Grid(list(spans), first, max(last - first + 1, 0))
    hours, known_length, rolled_at, regions = grid.filled(parts, "hours", "length", "rolled_at", "region_as_of")
    length = np.where(known_length > 0, known_length, _USUAL_HOURS)
    return SensorDays(
        sensor=grid.sensors,
        day=grid.days.astype("datetime64[D]"),
        hours=hours,
        is_covered=hours * COVERED_SHARE[1] >= length * COVERED_SHARE[0],
        is_whole=hours >= length,
        is_active=_is_within(spans, grid) | (hours > 0),
        rolled_at=np.where(rolled_at > 0, rolled_at + pgcopy.EPOCH_2000_US, 0),
        region_as_of=_date(int(regions.max())) if regions.any() else None,
        region_is_older_than_snapshot=bool(np.any((regions > 0) & (regions > grid.days))),
    )


def _is_within(spans: dict[int, _Span], grid: Grid) -> NDArray[np.bool_]:
    starts = np.array([start for start, _end in spans.values()], np.int64)
    ends = np.array([_NEVER if end is None else end for _start, end in spans.values()], np.int64)
    within: NDArray[np.bool_] = (grid.days >= np.tile(starts, grid.count)) & (grid.days <= np.tile(ends, grid.count))
    return within


def are_whole_days(spans: Sequence[Span]) -> bool:
    """Whether every span begins and ends with a day of the reporting zone."""
    zone = settings.REPORT_TIME_ZONE
    return all(day_start(local_day(moment, zone), zone) == moment for span in spans for moment in span)


def covered_bins(ask: Ask, days: SensorDays) -> dict[int, NDArray[np.bool_]]:
    """By owner (`Ask.owner_of`): which of its bins anybody watched in a covered hour."""
    if are_whole_days(ask.spans):
        watched, number = days.hours > 0, days.bins(ask.spans)
        chosen = watched & (number >= 0)
        return _flags(_owners(ask, days.sensor[chosen]), number[chosen], ask)
    keys, instants = _covered_hours(ask)
    starts = np.array([microseconds(start) for start, _end in ask.spans], np.int64)
    ends = np.array([microseconds(end) for _start, end in ask.spans], np.int64)
    number = np.searchsorted(starts, instants, side="right") - 1
    inside = (number >= 0) & (instants < ends[number])
    return _flags(keys[inside], number[inside], ask)


def denominators(ask: Ask, days: SensorDays) -> dict[int, NDArray[np.int64]]:
    """By owner (`Ask.owner_of`): covered sensor-days of each bin (whole days)."""
    number = days.bins(ask.spans)
    chosen = days.is_covered & (number >= 0)
    keys = _owners(ask, days.sensor[chosen])
    return {int(key): np.bincount(number[chosen][keys == key], minlength=len(ask.spans)) for key in _keys(ask)}


def _keys(ask: Ask) -> tuple[int, ...]:
    if ask.is_by(Dimension.SENSOR):
        return ask.sensors
    return tuple(derived.PANELS.values()) if ask.is_by(Dimension.PANEL) else (0,)


def _owners(ask: Ask, sensors: NDArray[np.int64]) -> NDArray[np.int64]:
    if ask.is_by(Dimension.SENSOR):
        return sensors
    return derived.panels(sensors) if ask.is_by(Dimension.PANEL) else np.zeros(len(sensors), np.int64)


def _flags(keys: NDArray[np.int64], number: NDArray[np.int64], ask: Ask) -> dict[int, NDArray[np.bool_]]:
    return {int(key): np.bincount(number[keys == key], minlength=len(ask.spans)) > 0 for key in _keys(ask)}


def _covered_hours(ask: Ask) -> tuple[Column, Column]:
    """(owner, start in microseconds) of the hours in which somebody watched long enough."""
    first, last = _days(ask.spans[0][0], ask.spans[-1][1])
    owner = "sensor_id" if ask.is_by(Dimension.SENSOR) else derived.panel_sql("sensor_id") if ask.is_by(Dimension.PANEL) else "0"
    rows = fetch(Read(_HOURS.format(key=owner), [list(ask.sensors), first, last], 2, has_body=True))
    edges = {day: (starts_us(_date(day)), np.array(hour_lengths(_date(day)))) for day in {row[1] for row in rows}}
    keys, instants = [np.empty(0, np.int64)], [np.empty(0, np.int64)]
    for key, day, body in rows:
        [seconds], (starts, lengths) = pgcopy.arrays_of(bytes(body), ">i2"), edges[day]
        instants.append(starts[seconds * 60 >= COVERED_MINUTES * lengths])
        keys.append(np.full(len(instants[-1]), key, np.int64))
    return np.concatenate(keys), np.concatenate(instants)


def _number(day: date) -> int:
    return (day - _EPOCH).days


def _date(number: int) -> date:
    return _EPOCH + timedelta(days=number)


def _days(start: datetime, end: datetime) -> tuple[date, date]:
    zone = settings.REPORT_TIME_ZONE
    return local_day(start, zone), local_day(end - timedelta(microseconds=1), zone)
