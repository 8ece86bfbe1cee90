"""Rollup: the flows of stale sensor-days become segments, counts, coverage and fills.

`roll_day` reads marks and flows of a reporting day in one snapshot, computes, and replaces whole bins in one
transaction, all under one lock per day. A batch that commits in between raises a mark above the version read, so the
day stays stale and is rolled again; a crash leaves everything as it was. Running twice gives identical rows.
"""

import time
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

import numpy as np
from django.db import connection, transaction
from numpy.typing import NDArray

from apps.observations.counting import coverage, recency
from apps.observations.counting.bins import delete_day, delete_month, lock_month_shared
from apps.observations.counting.counts import Coded, CountRows, network_rows, sensor_rows, with_fresh, with_fresh_anywhere
from apps.observations.counting.flowreads import RAW, read_flows
from apps.observations.counting.hourbodies import network_hours, sensor_hours
from apps.observations.counting.labels import Labels, labels_of
from apps.observations.counting.smallcells import small_of, small_rows
from apps.observations.counting.staleness import due_days
from apps.observations.counting.tallies import OF_DAYS, tallied, tally_rows
from apps.observations.models import Grain, Segment
from apps.observations.storage import monthstamps, segments
from apps.observations.storage.columns import Frame, concat, length, take
from apps.observations.storage.hours import day_bounds, microseconds
from apps.observations.storage.locks import day_lock
from apps.observations.storage.snapshots import snapshot
from apps.sensors.models import Panel, Sensor

_STALE = """
SELECT mark.sensor_id::int, mark.version FROM observations_mark AS mark
LEFT JOIN observations_fill AS fill USING (sensor_id, day)
WHERE mark.day = %s AND mark.version > coalesce(fill.rolled_version, 0) ORDER BY 1
"""
_COUNTED = ("sensor", "hour", "source", "protocol", "port", "signature", "region", "packets", "excluded")


@dataclass(frozen=True)
class DayRead:
    """What one snapshot said about a reporting day: the stale sensors with their versions, and all their rows."""

    day: date
    versions: dict[int, int]
    flows: dict[int, int]  # how many rows of the flow table each stale sensor's rows were made of
    rows: Frame
    labels: Labels
    seconds: dict[int, NDArray[np.int64]]


@dataclass(frozen=True)
class DayResult:
    """What a rollup did. `sensors` is 0 where nothing was stale."""

    day: date
    sensors: int = 0
    flows: int = 0
    count_rows: int = 0


def roll_day(day: date, *, wait: bool = True) -> DayResult:
    """Roll up every stale sensor of a reporting day. With `wait` unset, a day that somebody else rolls is left to them."""
    with day_lock(day, wait=wait) as held:
        if not held:
            return DayResult(day)
        read = _read(day)
        if not read.versions:
            return DayResult(day)
        return _write(read, _count_rows(read))


def roll_stale(limit_s: float) -> list[DayResult]:
    """Roll up the days that are due, newest first, and start none after `limit_s` seconds. Safe beside others doing it."""
    end = time.monotonic() + limit_s
    results = []
    for day in due_days():
        if time.monotonic() >= end:
            break
        results.append(roll_day(day, wait=False))
    return results


def _read(day: date) -> DayRead:
    with snapshot(), connection.cursor() as cursor:
        cursor.execute(_STALE, [day])
        versions = dict(cursor.fetchall())
        stale = list(versions)
        rows, flows = _rows_of(day, stale)
        labels = labels_of(day, stale)
        intervals = coverage.intervals_of(cursor, stale, day)
    labels.add_to(rows)
    return DayRead(
        day, versions, flows, rows, labels, {sensor: coverage.seconds_by_hour(day, spans) for sensor, spans in intervals.items()}
    )


def _rows_of(day: date, sensor_ids: list[int]) -> tuple[Frame, dict[int, int]]:
    """The flows of these sensors; where retention has dropped some, what the segment kept of them."""
    rows, flows = read_flows(day, sensor_ids)
    stored = dict(Segment.objects.filter(day=day, sensor__in=sensor_ids).values_list("sensor_id", "flows"))
    dropped = [sensor for sensor, count in stored.items() if count > flows[sensor]]
    if not dropped:
        return rows, flows
    rest = take(rows, ~np.isin(rows["sensor"], dropped))
    both = concat([rest, segments.read(dropped, [day], RAW)], RAW)
    return take(both, np.argsort(both["sensor"], kind="stable")), flows | {sensor: stored[sensor] for sensor in dropped}


def _count_rows(read: DayRead) -> list[CountRows]:
    """Rows of the day and its hours: network rows of all sensors, sensor rows of the stale ones."""
    panels = panels_of_sensors()
    others = segments.read([pk for pk in panels if pk not in read.versions], [read.day], _COUNTED)
    coded = Coded(concat([read.rows, others], _COUNTED), panels)
    stale, start = coded.rows_of(read.versions), microseconds(day_bounds(read.day)[0])
    rows = with_fresh_anywhere(with_fresh(coded.columns))
    return [
        *sensor_rows(coded, stale, Grain.DAY, start),
        *network_rows(coded, rows, Grain.DAY, start),
        small_rows([small_of(coded, rows)], Grain.DAY, start),
        tally_rows([tallied(coded, rows, axis) for axis in OF_DAYS], Grain.DAY, start),
        sensor_hours(coded, stale, start),
        *network_hours(coded, rows, start),
    ]


def panels_of_sensors() -> dict[int, Panel]:
    sensors = Sensor.objects.values_list("pk", "is_overseas", "is_scenario")
    return {pk: Panel.of(is_overseas, is_scenario) for pk, is_overseas, is_scenario in sensors}


def _write(read: DayRead, counts: list[CountRows]) -> DayResult:
    with transaction.atomic(), connection.cursor() as cursor:
        month = read.day.replace(day=1)
        lock_month_shared(cursor, month)
        recency.forget_from(cursor, read.day)
        delete_month(cursor, month)
        delete_day(cursor, day_bounds(read.day)[0], list(read.versions))
        for rows in counts:
            rows.write(cursor)
        _write_segments(cursor, read)
        _write_coverage(cursor, read)
        _write_fills(cursor, read)
        _settle_marks(cursor, read)
        monthstamps.renew(cursor, [month])
    return DayResult(read.day, len(read.versions), length(read.rows), sum(map(len, counts)))


def _write_segments(cursor: Any, read: DayRead) -> None:
    frames = _by_sensor(read)
    cursor.executemany(
        "INSERT INTO observations_segment (sensor_id, day, flows, rows, body) VALUES (%s, %s, %s, %s, %s)"
        " ON CONFLICT (sensor_id, day) DO UPDATE SET flows = EXCLUDED.flows, rows = EXCLUDED.rows, body = EXCLUDED.body",
        [(sensor, read.day, read.flows[sensor], length(frame), segments.encode(frame)) for sensor, frame in frames.items()],
    )


def _by_sensor(read: DayRead) -> dict[int, Frame]:
    """The rows of each stale sensor; they lie sensor by sensor."""
    sensors = list(read.versions)
    edges = np.searchsorted(read.rows["sensor"], [*sensors, sensors[-1] + 1])
    return {sensor: take(read.rows, slice(edges[i], edges[i + 1])) for i, sensor in enumerate(sensors)}


def _write_coverage(cursor: Any, read: DayRead) -> None:
    cursor.executemany(
        "INSERT INTO observations_coverage (sensor_id, day, seconds, covered_hours) VALUES (%s, %s, %s, %s)"
        " ON CONFLICT (sensor_id, day) DO UPDATE SET seconds = EXCLUDED.seconds, covered_hours = EXCLUDED.covered_hours",
        [(sensor, read.day, seconds.tolist(), coverage.covered_hours(read.day, seconds)) for sensor, seconds in read.seconds.items()],
    )


def _write_fills(cursor: Any, read: DayRead) -> None:
    now = datetime.now(UTC)
    cursor.executemany(
        "INSERT INTO observations_fill (sensor_id, day, rolled_version, rolled_at, region_as_of) VALUES (%s, %s, %s, %s, %s)"
        " ON CONFLICT (sensor_id, day) DO UPDATE SET"
        " rolled_version = EXCLUDED.rolled_version, rolled_at = EXCLUDED.rolled_at, region_as_of = EXCLUDED.region_as_of",
        [(sensor, read.day, version, now, read.labels.map_of(sensor).as_of) for sensor, version in read.versions.items()],
    )


def _settle_marks(cursor: Any, read: DayRead) -> None:
    """Locks marks as `raise_marks` does: in the order of their keys, and late, so that ingest hardly waits. The table comes first: who
    holds it against writers (`rerolls`) would otherwise wait for a mark of ours, and we for the table."""
    sensors = sorted(read.versions)
    cursor.execute("LOCK TABLE observations_mark IN ROW EXCLUSIVE MODE")
    cursor.execute(
        "SELECT FROM observations_mark WHERE day = %s AND sensor_id = ANY(%s) ORDER BY sensor_id FOR UPDATE", [read.day, sensors]
    )
    cursor.execute(
        "UPDATE observations_mark AS mark SET rolled_version = rolled.version FROM unnest(%s::bigint[], %s::bigint[])"
        " AS rolled (sensor_id, version) WHERE mark.sensor_id = rolled.sensor_id AND mark.day = %s",
        [sensors, [read.versions[sensor] for sensor in sensors], read.day],
    )
