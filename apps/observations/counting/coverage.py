"""In which hours of a reporting day a sensor was watching, from the intervals of its batches and heartbeats."""

from datetime import date, datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from apps.observations.intake.wire import MAX_HEARTBEAT, MAX_INTERVAL
from apps.observations.storage.hours import day_bounds, hour_lengths, hour_starts, microseconds

COVERED_MINUTES = 50  # of 60; of the parts of an hour that midnight cuts, five sixths

_INTERVALS = """
SELECT sensor_id, greatest(start, %(start)s), least("end", %(end)s) FROM observations_batch
WHERE sensor_id = ANY(%(sensors)s) AND start < %(end)s AND "end" > %(start)s AND start > %(start)s - %(longest_batch)s
UNION ALL
SELECT sensor_id, greatest(start, %(start)s), least("end", %(end)s) FROM sensors_heartbeat
WHERE sensor_id = ANY(%(sensors)s) AND start < %(end)s AND "end" > %(start)s AND start > %(start)s - %(longest_heartbeat)s
"""


def seconds_by_hour(day: date, intervals: list[tuple[datetime, datetime]]) -> NDArray[np.int64]:
    """Watched seconds of each hour of a reporting day; intervals [start, end) may overlap and touch other days."""
    edges = np.array([microseconds(moment) for moment in (*hour_starts(day), day_bounds(day)[1])], np.int64)
    watched = np.zeros(len(edges) - 1, np.int64)
    for start, end in _united(intervals):
        watched += np.clip(np.minimum(edges[1:], end) - np.maximum(edges[:-1], start), 0, None)
    return watched // 1_000_000


def covered_hours(day: date, seconds: NDArray[np.int64]) -> int:
    """How many hours of the day count as watched."""
    return int(np.count_nonzero(seconds * 60 >= COVERED_MINUTES * np.array(hour_lengths(day))))


def intervals_of(cursor: Any, sensor_ids: list[int], day: date) -> dict[int, list[tuple[datetime, datetime]]]:
    """What covered each sensor on a reporting day, every sensor named."""
    start, end = day_bounds(day)
    longest = {"longest_batch": 2 * MAX_INTERVAL, "longest_heartbeat": 2 * MAX_HEARTBEAT}  # generous: it only spares a search
    cursor.execute(_INTERVALS, {"sensors": sensor_ids, "start": start, "end": end} | longest)
    found: dict[int, list[tuple[datetime, datetime]]] = {sensor: [] for sensor in sensor_ids}
    for sensor, first, last in cursor.fetchall():
        found[sensor].append((first, last))
    return found


def _united(intervals: list[tuple[datetime, datetime]]) -> list[tuple[int, int]]:
    united: list[tuple[int, int]] = []
    for start, end in sorted((microseconds(start), microseconds(end)) for start, end in intervals):
        if united and start <= united[-1][1]:
            united[-1] = (united[-1][0], max(end, united[-1][1]))
        else:
            united.append((start, end))
    return united
