"""Reading what fills and coverage say of sensor-days: of months that are over from a body each, of other days row by row."""

from collections.abc import Sequence
from datetime import date
from functools import partial

import numpy as np
from numpy.typing import NDArray

from apps.observations.planning.reading import once
from apps.observations.planning.together import Read, Row, together
from apps.observations.storage import pgcopy, sensormonths
from apps.observations.storage.columns import Frame

_KEPT = "SELECT 0::bigint, body FROM observations_monthstamp WHERE month BETWEEN %s AND %s AND body IS NOT NULL"
# The days of months without a body, in one go: a sensor's days come as arrays, not as rows.
_DAYS = """ARRAY(
    SELECT day FROM (SELECT %s::date + number AS day FROM generate_series(0, %s - 1) AS number) AS wanted
    WHERE NOT EXISTS (
        SELECT FROM observations_monthstamp AS kept WHERE kept.month = date_trunc('month', day)::date AND kept.body IS NOT NULL
    )
)"""
_ROWS = """
SELECT sensor_id, array_send(array_agg(day - date '1970-01-01')) || {arrays} FROM {table}
WHERE sensor_id = ANY({sensors}) AND day = ANY({days}) GROUP BY sensor_id
"""
_COVERAGE = {"hours": ("covered_hours::int4", ">i4"), "length": ("cardinality(seconds)", ">i4")}
_FILLS = {"rolled_at": ("rolled_at", ">i8"), "region_as_of": ("coalesce(region_as_of - date '1970-01-01', 0)", ">i4")}
_TABLES = (("observations_coverage", _COVERAGE), ("observations_fill", _FILLS))


def parts(first: date, last: date, sensors: Sequence[int] | None) -> list[Frame]:
    """Frames with sensor, day (since 1970) and some of the columns of `sensormonths.COLUMNS`, which together say all there is between two
    days. Those of chosen sensors (None: all) and of these days, and perhaps of others."""
    return list(together(partial(_kept, first, last), *(partial(_rows, first, last, sensors, *one) for one in _TABLES)))


def _kept(first: date, last: date) -> Frame:
    months = first.replace(day=1), last.replace(day=1)
    read = Read(_KEPT, months, 1, has_body=True)
    return once(("sensor-days of months", *months), read, lambda rows: sensormonths.decode(bytes(body) for _zero, body in rows))


def _rows(first: date, last: date, sensors: Sequence[int] | None, table: str, columns: dict[str, tuple[str, str]]) -> Frame:
    # All sensors are named, too: the index begins with them, and a table of many years would be read as a whole.
    of_sensors, chosen = ("ARRAY(SELECT id FROM sensors_sensor)", []) if sensors is None else ("%s::bigint[]", [list(sensors)])
    arrays = " || ".join(f"array_send(array_agg({sql}))" for sql, _type in columns.values())
    query = _ROWS.format(arrays=arrays, table=table, sensors=of_sensors, days=_DAYS)
    read = Read(query, [*chosen, first, (last - first).days + 1], 1, has_body=True)
    return once((table, first, last, None if sensors is None else tuple(sensors)), read, partial(_frame, columns))


def _frame(columns: dict[str, tuple[str, str]], rows: list[Row]) -> Frame:
    types = (">i4", *(type_ for _sql, type_ in columns.values()))
    arrays = [pgcopy.arrays_of(bytes(body), *types) for _sensor, body in rows]
    frame = {name: _joined([one[number] for one in arrays]) for number, name in enumerate(("day", *columns))}
    return frame | {"sensor": np.repeat(np.array([sensor for sensor, _body in rows], np.int64), [len(one[0]) for one in arrays])}


def _joined(parts: list[NDArray[np.int64]]) -> NDArray[np.int64]:
    return np.concatenate(parts) if parts else np.empty(0, np.int64)


class Grid:
    """Each of some sensors on every day from `first` on, day by day."""

    def __init__(self, sensors: Sequence[int], first: int, count: int) -> None:
        self._first, self.count = first, count
        self._own = np.array(sensors, np.int64)
        self._order = np.argsort(self._own)
        self.sensors = np.tile(self._own, count)
        self.days = np.repeat(np.arange(first, first + count), len(self._own))

    def filled(self, parts: Sequence[Frame], *names: str) -> list[NDArray[np.int64]]:
        """The columns, 0 where nothing is said of a sensor-day."""
        columns = [np.zeros(len(self.sensors), np.int64) for _ in names]
        for part in parts:
            rows, at = self._places(part)
            for name, column in zip(names, columns, strict=True):
                if name in part:
                    column[at] = part[name][rows]
        return columns

    def _places(self, part: Frame) -> tuple[NDArray[np.intp], NDArray[np.int64]]:
        """Which rows of a part are of this grid, and where each of them belongs."""
        if not len(self._own):
            return np.empty(0, np.intp), np.empty(0, np.int64)
        day = part["day"] - self._first
        position = self._order[np.searchsorted(self._own, part["sensor"], sorter=self._order).clip(max=len(self._own) - 1)]
        rows = np.flatnonzero((self._own[position] == part["sensor"]) & (day >= 0) & (day < self.count))
        return rows, day[rows] * len(self._own) + position[rows]
