"""Who was watching: which sensor-days and which bins of a figure are covered. Zero is not missing."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cached_property, partial
from typing import Any, NamedTuple

import numpy as np
from django.conf import settings
from numpy.typing import NDArray

from apps.common.periods import Period, day_start, local_day
from apps.observations.counting.coverage import COVERED_MINUTES
from apps.observations.figures import Coverage, Dimension
from apps.observations.planning import derived, sensordaycache
from apps.observations.planning.asks import Ask, Span
from apps.observations.planning.reading import memo, once
from apps.observations.planning.sensordaycache import Kept
from apps.observations.planning.together import Read, Row, fetch, together
from apps.observations.storage import pgcopy
from apps.observations.storage.hours import hour_lengths, microseconds, starts_us

# A sensor-day counts for averages from this share of its hours on: the share that makes an hour a covered one.
COVERED_SHARE = (COVERED_MINUTES, 60)
_EPOCH = date(1970, 1, 1)

Column = NDArray[np.int64]

# A year of a hundred sensors has 36,500 sensor-days, on which all figures rest: a sensor's days come as arrays, not as rows.
_COVERAGE = """
SELECT sensor_id, array_send(array_agg(day - date '1970-01-01')) || array_send(array_agg(covered_hours::int4))
    || array_send(array_agg(cardinality(seconds)))
FROM observations_coverage WHERE day BETWEEN %s AND %s {of_sensors} GROUP BY sensor_id
"""
_FILLS = """
SELECT sensor_id, array_send(array_agg(day - date '1970-01-01')) || array_send(array_agg(rolled_at))
    || array_send(array_agg(coalesce(region_as_of - date '1970-01-01', 0)))
FROM observations_fill WHERE day BETWEEN %s AND %s {of_sensors} GROUP BY sensor_id
"""
_STAMPS = "SELECT month - date '1970-01-01', uuid_send(stamp) FROM observations_monthstamp WHERE month BETWEEN %s AND %s"
_OF_ALL_SENSORS = " AND sensor_id = ANY(ARRAY(SELECT id FROM sensors_sensor))"
_ACTIVE = "SELECT id, active_from - date '1970-01-01', active_to - date '1970-01-01' FROM sensors_sensor"
_HOURS = """
SELECT key, day - date '1970-01-01', array_send(seconds) FROM (
    SELECT DISTINCT {key}::bigint AS key, day, seconds FROM observations_coverage AS coverage
    WHERE sensor_id = ANY(%s::bigint[]) AND day BETWEEN %s AND %s
) AS watched
"""
_USUAL_HOURS = 24


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
    if kept := sensordaycache.find(key):
        stamps, active = together(*_state_of(first, last))
        if kept.state == _state(stamps, active, key[0]):
            return kept.days
    told = partial(_told, first, last, None if shared else list(key[0]))
    coverage, fills, stamps, active = together(
        lambda: told(_COVERAGE, ">i4", ">i4", ">i4"), lambda: told(_FILLS, ">i4", ">i8", ">i4"), *_state_of(first, last)
    )

    def assembled() -> SensorDays:
        state = _state(stamps, active, key[0])
        days = _sensor_days(_Grid(dict(state.spans), _number(first), _number(last)), coverage, fills)
        sensordaycache.keep(key, Kept(state, days))
        return days

    return memo(("sensor days", *key), assembled)


_Span = tuple[int | None, int | None]


class _State(NamedTuple):
    """All that sensor-days depend on: the stamp of each month, and the active span of each sensor."""

    stamps: frozenset[Row]
    spans: tuple[tuple[int, _Span], ...]


def _state(stamps: frozenset[Row], active: dict[int, _Span], sensors: tuple[int, ...]) -> _State:
    return _State(stamps, tuple((sensor, active[sensor]) for sensor in sensors if sensor in active))


def _state_of(first: date, last: date) -> tuple[Callable[[], Any], ...]:
    stamps = Read(_STAMPS, [first.replace(day=1), last], 1, has_body=True)
    return (
        lambda: once(("stamps", first, last), stamps, lambda rows: frozenset((month, bytes(stamp)) for month, stamp in rows)),
        lambda: once("active spans of sensors", Read(_ACTIVE, [], 3), lambda rows: {pk: (start, end) for pk, start, end in rows}),
    )


def _sensor_days(grid: "_Grid", coverage: "_Told", fills: "_Told") -> SensorDays:
    hours, rolled_at, regions = grid.filled(coverage, 1), grid.filled(fills, 1), grid.filled(fills, 2)
    length = np.where(grid.filled(coverage, 0) > 0, grid.filled(coverage, 2), _USUAL_HOURS)
    return SensorDays(
        sensor=grid.sensors,
        day=grid.days.astype("datetime64[D]"),
        hours=hours,
        is_covered=hours * COVERED_SHARE[1] >= length * COVERED_SHARE[0],
        is_whole=hours >= length,
        is_active=grid.is_within_spans | (hours > 0),
        rolled_at=np.where(rolled_at > 0, rolled_at + pgcopy.EPOCH_2000_US, 0),
        region_as_of=_date(int(regions.max())) if regions.any() else None,
        region_is_older_than_snapshot=bool(np.any((regions > 0) & (regions > grid.days))),
    )


_Told = dict[int, list[Column]]  # by sensor


def _told(first: date, last: date, sensors: list[int] | None, query: str, *types: str) -> _Told:
    """The arrays that a query finds of some sensors (None: all) between two days."""
    # All sensors are named, too: the index begins with them, and a table of many years would be read as a whole.
    of_sensors, chosen = (" AND sensor_id = ANY(%s::bigint[])", [sensors]) if sensors is not None else (_OF_ALL_SENSORS, [])
    read = Read(query.format(of_sensors=of_sensors), [first, last, *chosen], 1, has_body=True)
    key = (query, first, last, None if sensors is None else tuple(sensors))
    return once(key, read, lambda rows: {sensor: pgcopy.arrays_of(bytes(body), *types) for sensor, body in rows})


class _Grid:
    """Each of some sensors, known with the first and last day of its active span, on every day from first to last, day by day."""

    def __init__(self, spans: dict[int, "_Span"], first: int, last: int) -> None:
        self._spans, self._first, self._count = spans, first, max(last - first + 1, 0)
        self.sensors = np.tile(np.array(list(spans), np.int64), self._count)
        self.days = np.repeat(np.arange(first, first + self._count), len(spans))

    def filled(self, found: _Told, number: int) -> Column:
        """The `number`-th array of each sensor, whose first one says of which days; 0 elsewhere."""
        table = np.zeros((self._count, len(self._spans)), np.int64)
        for position, sensor in enumerate(self._spans):
            if sensor in found:
                table[found[sensor][0] - self._first, position] = found[sensor][number]
        return table.ravel()

    @property
    def is_within_spans(self) -> NDArray[np.bool_]:
        starts = np.array([start for start, _end in self._spans.values()], np.int64)
        ends = np.array([self._first + self._count if end is None else end for _start, end in self._spans.values()], np.int64)
        within: NDArray[np.bool_] = (self.days >= np.tile(starts, self._count)) & (self.days <= np.tile(ends, self._count))
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
