"""Σ of the distinct sources of sensor-days from the counts: of whole networks and their halves, where what each source adds is counted
once (`sensor_sources` of tallies and of day rows), and of single sensors."""

from collections import defaultdict
from dataclasses import replace
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from apps.observations.figures import Dimension
from apps.observations.models import COUNTED, Grain, Slice
from apps.observations.planning import countreads, derived, tallyreads
from apps.observations.planning.asks import Ask
from apps.observations.planning.cellkeys import bins_of
from apps.observations.planning.remainders import remainder_of
from apps.observations.planning.spans import Piece
from apps.observations.planning.together import Read, fetch
from apps.observations.planning.watch import SensorDays
from apps.observations.storage import sourcesets
from apps.observations.storage.cells import group
from apps.observations.storage.columns import Frame, empty
from apps.observations.storage.hours import day_bounds

_WITHOUT_PORTS = (Slice.TOTAL, Slice.REGION)
# Of several signatures in one cell only the union of the sets tells how many sources there are.
_CELLS = """
WITH cell AS (
    SELECT {key} AS key, bucket, sensor_id, count(*) AS rows, max(sources) AS sources FROM observations_sensorcount
    WHERE sensor_id = ANY(%s) AND grain = %s AND slice = %s AND bucket >= %s AND bucket < %s {filters} GROUP BY 1, 2, 3
), covered(sensor_id, bucket) AS (SELECT * FROM unnest(%s::bigint[], %s::timestamptz[]))
SELECT key::bigint, {bucket}, coalesce(sum(sources) FILTER (WHERE rows = 1), 0)::bigint, count(*) FILTER (WHERE rows > 1)
FROM cell JOIN covered USING (sensor_id, bucket) GROUP BY 1, 2
"""
_SETS = """
SELECT key::bigint, {bucket}, extract(epoch FROM bucket)::bigint, sensor_id, source_set FROM (
    SELECT {key} AS key, bucket, sensor_id, source_set, count(*) OVER (PARTITION BY {key}, bucket, sensor_id) AS rows
    FROM observations_sensorcount
    WHERE sensor_id = ANY(%s) AND grain = %s AND slice = %s AND bucket >= %s AND bucket < %s {filters}
) AS row JOIN unnest(%s::bigint[], %s::timestamptz[]) AS covered(sensor_id, bucket) USING (sensor_id, bucket)
WHERE rows > 1
"""


def adds_up(ask: Ask) -> bool:
    """Whether `of_panels` can answer: rows of panels tell it of everything, each region, each port, and each region of a port, all
    counted signatures together, and each signature of a network or a half. What a source sent to several ports, or under some
    signatures, only sets tell."""
    if ask.is_by(Dimension.SIGNATURE):
        return tallyreads.applies(ask)
    by_port = ask.is_by(Dimension.PORT) or (ask.ports is not None and len(ask.ports) == 1)
    return (by_port or ask.slice in _WITHOUT_PORTS) and _counts_all(ask)


def bounds_kinds(ask: Ask) -> bool:
    """Whether `of_panels` tells it of each single port, and of a group of ports no less than it is."""
    return ask.group is Dimension.KIND and not ask.is_by(Dimension.PORT) and _counts_all(ask)


def _counts_all(ask: Ask) -> bool:
    is_whole = not ask.is_by(Dimension.SIGNATURE) and set(ask.signatures) == set(COUNTED)
    return is_whole and not ask.needs_rows and not ask.is_per_sensor


def of_panels(ask: Ask, pieces: list[Piece]) -> Frame:
    """key, bin, value: of all sensor-days, covered or not. `pieces` are all the days of the ask. A source has one region a day."""
    if remainder := remainder_of(ask):
        return remainder.sums("value", lambda one: of_panels(one, pieces))
    store = countreads.store_for(ask)
    found = countreads.sensor_sources(store, ask, pieces) if store else empty(("key", "bin", "value"))
    cells = group(found["key"], found["bin"])
    return {"key": cells.first(found["key"]), "bin": cells.first(found["bin"]), "value": cells.sum(found["value"])}


def of_sensors(ask: Ask, days: SensorDays, wanted: NDArray[np.bool_]) -> Frame | None:
    """key, bin, value of the wanted ones of `days`, where sensors' own rows can tell; else None."""
    if ask.needs_rows or ask.slice not in _WITHOUT_PORTS:
        return None
    sensors, buckets = _sensor_days(ask, days, wanted)
    return _of_sensor_rows(ask, sensors, buckets) if sensors else empty(("key", "bin", "value"))


def _of_sensor_rows(ask: Ask, sensors: list[int], buckets: list[datetime]) -> Frame:
    filters, values = countreads.filters_of(ask)
    names = {"key": countreads.key_of(_by_region(ask), "sensor_id"), "bucket": countreads.bucket_of(ask), "filters": filters}
    within = [ask.spans[0][0], ask.spans[-1][1]]
    parameters = [sorted(set(sensors)), int(Grain.DAY), int(ask.slice), *within, *values, sensors, buckets]
    rows = fetch(Read(_CELLS.format(**names), parameters, 4))
    found: dict[tuple[int, int], int] = defaultdict(int)
    for key, bucket, count, _several in rows:
        found[key, bucket] += count
    if any(several for *_rest, several in rows):
        sets: dict[tuple[int, ...], list[bytes]] = defaultdict(list)
        for *cell, body in fetch(Read(_SETS.format(**names), parameters, 4, has_body=True)):
            sets[tuple(cell)].append(bytes(body))
        for (key, bucket, _day, _sensor), bodies in sets.items():
            found[key, bucket] += sourcesets.union_count(bodies)
    table = np.array([(key, bucket, count) for (key, bucket), count in found.items()], np.int64).reshape(-1, 3)
    return _binned(ask, _with_origins(ask, table[:, 0]), table[:, 1], table[:, 2])


def _by_region(ask: Ask) -> Ask:
    """The ask by region where it is by origin: on one day of one sensor a source has one region, so that its regions add up to
    the origin, and no set needs to be read."""
    rows, group = (Dimension.REGION if dimension is Dimension.ORIGIN else dimension for dimension in ask.dimensions)
    return replace(ask, rows=rows, group=group, only=None if group is not ask.group else ask.only)


def _with_origins(ask: Ask, keys: NDArray[np.int64]) -> NDArray[np.int64]:
    row, column = keys >> 32, keys & 0xFFFF_FFFF
    row = derived.origins(row) if ask.rows is Dimension.ORIGIN else row
    return row << 32 | (derived.origins(column) if ask.group is Dimension.ORIGIN else column)


def _sensor_days(ask: Ask, days: SensorDays, wanted: NDArray[np.bool_]) -> tuple[list[int], list[datetime]]:
    """Sensor and begin of each wanted sensor-day."""
    kept = wanted & np.isin(days.sensor, ask.sensors)
    starts = {day: day_bounds(day)[0] for day in np.unique(days.day).tolist()}
    return days.sensor[kept].tolist(), [starts[day] for day in days.day[kept].tolist()]


def _binned(ask: Ask, key: NDArray[np.int64], bucket: NDArray[np.int64], value: NDArray[np.int64]) -> Frame:
    number = bins_of(ask, bucket)
    cells = group(key, number)
    return {"key": cells.first(key), "bin": cells.first(number), "value": cells.sum(value)}
