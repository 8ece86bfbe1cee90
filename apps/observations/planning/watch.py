"""Who was watching: which sensor-days and which bins of a figure are covered. Zero is not missing."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cached_property

import numpy as np
from django.conf import settings
from numpy.typing import NDArray

from apps.common.periods import Period, day_start, local_day
from apps.observations.counting.coverage import COVERED_MINUTES
from apps.observations.figures import Coverage, Dimension
from apps.observations.planning import derived
from apps.observations.planning.asks import Ask, Span
from apps.observations.planning.reading import once
from apps.observations.planning.together import Read, Row, fetch
from apps.observations.storage.hours import hour_lengths, hour_starts, microseconds

# A sensor-day counts for averages from this share of its hours on: the share that makes an hour a covered one.
COVERED_SHARE = (COVERED_MINUTES, 60)
_EPOCH = date(1970, 1, 1)

# A year of a hundred sensors has 36,500 sensor-days, on which all figures rest: a sensor's days come as one body, not as rows.
_DAY = np.dtype([("day", ">i4"), ("hours", ">i2"), ("length", ">i2"), ("active", ">i2"), ("rolled_at", ">i8"), ("region_as_of", ">i4")])
_DAYS = """
SELECT sensor.id, string_agg(
    int4send(day.day::date - date '1970-01-01') || int2send(coalesce(coverage.covered_hours, 0)::int2)
    || int2send(coalesce(cardinality(coverage.seconds), 24)::int2)
    || int2send((sensor.active_from <= day.day AND (sensor.active_to IS NULL OR sensor.active_to >= day.day))::int::int2)
    || int8send(coalesce(extract(epoch FROM fill.rolled_at) * 1000000, 0)::bigint)
    || int4send(coalesce(fill.region_as_of - date '1970-01-01', 0)), ''::bytea)
FROM sensors_sensor AS sensor
CROSS JOIN generate_series(%s::date, %s::date, interval '1 day') AS day(day)
LEFT JOIN observations_coverage AS coverage ON coverage.sensor_id = sensor.id AND coverage.day = day.day::date
    AND coverage.day BETWEEN %s AND %s
LEFT JOIN observations_fill AS fill ON fill.sensor_id = sensor.id AND fill.day = day.day::date AND fill.day BETWEEN %s AND %s
WHERE sensor.id = ANY(%s::bigint[]) GROUP BY sensor.id
"""
_HOURS = """
SELECT {key}::bigint, coverage.day - date '1970-01-01', hour.number - 1, max(hour.seconds)
FROM observations_coverage AS coverage CROSS JOIN LATERAL unnest(coverage.seconds) WITH ORDINALITY AS hour(seconds, number)
WHERE coverage.sensor_id = ANY(%s::bigint[]) AND coverage.day >= %s::date AND coverage.day <= %s::date AND hour.seconds > 0
GROUP BY 1, 2, 3
"""


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


def sensor_days(sensors: Sequence[int], period: Period) -> SensorDays:
    """One query."""
    first, last = _days(period.start, period.end)
    read = Read(_DAYS, [first, last] * 3 + [list(sensors)], 1, has_body=True)
    return once(("sensor days", tuple(sensors), first, last), read, _sensor_days)


def _sensor_days(found: list[Row]) -> SensorDays:
    bodies = [np.frombuffer(bytes(body), _DAY) for _sensor, body in found]
    days = np.concatenate([np.empty(0, _DAY), *bodies])
    sensor = np.repeat(np.array([sensor for sensor, _body in found], np.int64), [len(body) for body in bodies])
    order = np.lexsort((sensor, days["day"]))
    columns = {name: days[name][order].astype(np.int64) for name in _DAY.names or ()}
    hours, length, regions = columns["hours"], columns["length"], columns["region_as_of"]
    return SensorDays(
        sensor=sensor[order],
        day=columns["day"].astype("datetime64[D]"),
        hours=hours,
        is_covered=hours * COVERED_SHARE[1] >= length * COVERED_SHARE[0],
        is_whole=hours >= length,
        is_active=(columns["active"] > 0) | (hours > 0),
        rolled_at=columns["rolled_at"],
        region_as_of=_date(int(regions.max())) if regions.any() else None,
        region_is_older_than_snapshot=bool(np.any((regions > 0) & (regions > columns["day"]))),
    )


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


def _covered_hours(ask: Ask) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """(owner, start in microseconds) of the hours in which somebody watched long enough."""
    first, last = _days(ask.spans[0][0], ask.spans[-1][1])
    owner = "sensor_id" if ask.is_by(Dimension.SENSOR) else derived.panel_sql("sensor_id") if ask.is_by(Dimension.PANEL) else "0"
    query = _HOURS.format(key=owner)
    rows = fetch(Read(query, [list(ask.sensors), first, last], 4))
    edges = {day: (hour_starts(_date(day)), hour_lengths(_date(day))) for day in {row[1] for row in rows}}
    kept = [
        (key, microseconds(edges[day][0][hour]))
        for key, day, hour, seconds in rows
        if seconds * 60 >= COVERED_MINUTES * edges[day][1][hour]
    ]
    keys, instants = zip(*kept, strict=True) if kept else ((), ())
    return np.array(keys, np.int64), np.array(instants, np.int64)


def _date(number: int) -> date:
    return _EPOCH + timedelta(days=number)


def _days(start: datetime, end: datetime) -> tuple[date, date]:
    zone = settings.REPORT_TIME_ZONE
    return local_day(start, zone), local_day(end - timedelta(microseconds=1), zone)
