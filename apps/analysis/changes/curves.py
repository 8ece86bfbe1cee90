"""What the search looks at: curves of the busiest ports and regions, read through the planner, over all sensors."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import numpy as np
from django.conf import settings
from numpy.typing import NDArray

from apps.common.periods import Bin, Period
from apps.common.ports import PortKey
from apps.observations import queries
from apps.observations.figures import Dimension, Ranking, RankRow, Selection, SeriesSet, Unit
from apps.observations.planning import countreads, planner, segmentreads, watch
from apps.observations.planning.asks import Ask
from apps.observations.planning.keys import port_code
from apps.observations.storage import sourcesets
from apps.sensors.scopes import SensorScope

Floats = NDArray[np.float64]

# The first is exact: packets of covered sensor-days ÷ covered sensor-days. It looks into segments on every day on which a sensor was
# not covered, which are too many where a sensor of a large network is new; the second then serves, in which the packets of
# sensor-days that are not quite covered count, too.
UNITS = (Unit.PACKETS_PER_SENSOR_DAY, Unit.PACKETS)
WINDOW = 91  # days: thirteen weeks
RECENT = 14  # days whose busiest keys are looked at besides those of the whole window
LIMITS = {Dimension.PORT: (100, 50), Dimension.REGION: (50, 30)}  # of the window, of its recent days
FEWEST_SENSORS = 0.5  # of the usual number; a day with fewer covered ones is a gap


@dataclass(frozen=True)
class Curves:
    """Mean packets per sensor and day of some keys: `values` (keys × days, NaN: gap), covered `sensors` of each day, and the `total`
    of everything. `unit` is what was asked: packets are divided by the covered sensors here."""

    unit: Unit
    dimension: Dimension
    first: date
    keys: tuple[str, ...]
    values: Floats
    sensors: Floats
    total: Floats

    @property
    def last(self) -> date:
        return self.day(len(self.total) - 1)

    def day(self, position: int) -> date:
        return self.first + timedelta(days=int(position))

    def share(self, value: float) -> float:
        """What part of a usual day's packets `value` is."""
        known = self.total[~np.isnan(self.total)]
        usual = float(np.median(known)) if len(known) else 0.0
        return value / usual if usual else 0.0


def span(first: date, last: date) -> Period:
    return Period.of_days(first, last + timedelta(days=1), settings.REPORT_TIME_ZONE)


def narrowed(scope: SensorScope, period: Period, dimension: Dimension, keys: tuple[str, ...]) -> Selection:
    """The selection of some ports or regions."""
    if dimension is Dimension.PORT:
        return Selection(scope, period, ports=tuple(map(PortKey.parse, keys)))
    return Selection(scope, period, regions=keys)


def load(scope: SensorScope, dimension: Dimension, as_of: date, unit: Unit = UNITS[0]) -> Curves:
    """The curves of the window that ends with `as_of`; call inside `queries.reading()`."""
    whole, recent = span(as_of - timedelta(days=WINDOW - 1), as_of), span(as_of - timedelta(days=RECENT - 1), as_of)
    limits = LIMITS[dimension]
    found: tuple[Ranking, Ranking, SeriesSet] = queries.together(
        lambda: queries.ranking(Selection(scope, whole), dimension, Unit.PACKETS, limits[0]),
        lambda: queries.ranking(Selection(scope, recent), dimension, Unit.PACKETS, limits[1]),
        lambda: queries.series(Selection(scope, whole), Dimension.NONE, Bin.DAY, unit),
    )
    keys = tuple(dict.fromkeys(row.key for ranking in found[:2] for row in ranking.rows))
    sensors = covered_sensors(scope, whole)
    lines = {line.key: line.values for line in _series(scope, whole, dimension, keys, unit).series} if keys else {}
    values = _table([lines.get(key, (0.0,) * WINDOW) for key in keys])
    total = _table([found[2].series[0].values])[0]
    first, per = as_of - timedelta(days=WINDOW - 1), _divisor(sensors, unit)
    return Curves(unit, dimension, first, keys, *_with_gaps(values / per, sensors, total / per))


def _series(scope: SensorScope, period: Period, dimension: Dimension, keys: tuple[str, ...], unit: Unit) -> SeriesSet:
    return queries.series(narrowed(scope, period, dimension, keys), dimension, Bin.DAY, unit, len(keys))


def by_region(scope: SensorScope, curves: Curves, port: str, top: int = 30) -> tuple[tuple[str, ...], Floats]:
    """(regions, their curves of packets to one port, with the gaps of `curves`)."""
    selection = narrowed(scope, span(curves.first, curves.last), Dimension.PORT, (port,))
    found = queries.series(selection, Dimension.REGION, Bin.DAY, curves.unit, top)
    table = _table([line.values for line in found.series]) / _divisor(curves.sensors, curves.unit)
    table[:, np.isnan(curves.total)] = np.nan
    return tuple(line.key for line in found.series), table


def _divisor(sensors: Floats, unit: Unit) -> Floats:
    return np.maximum(sensors, 1.0) if unit is Unit.PACKETS else np.ones(len(sensors))


def covered_sensors(scope: SensorScope, period: Period) -> Floats:
    """How many sensors were covered on each day of a period."""
    days = watch.sensor_days(scope.sensor_ids, period)
    first = np.datetime64(next(iter(period.days())))
    number = (days.day[days.is_covered].astype("datetime64[D]") - first).astype(int)
    return np.bincount(number, minlength=len(list(period.days()))).astype(float)


def _table(lines: list[tuple[float | None, ...]]) -> Floats:
    table = np.array([[np.nan if value is None else value for value in line] for line in lines], float)
    return table.reshape(len(lines), -1) if lines else np.empty((0, WINDOW))


def _with_gaps(values: Floats, sensors: Floats, total: Floats) -> tuple[Floats, Floats, Floats]:
    """Days with too few sensors tell more of the sensors than of the traffic."""
    watched = sensors[sensors > 0]
    gap = sensors < FEWEST_SENSORS * (np.median(watched) if len(watched) else 1)
    values, total, sensors = values.copy(), total.copy(), np.maximum(sensors, 1.0)
    values[:, gap] = total[gap] = np.nan
    return values, sensors, total


def drawn(first: date, values: Floats) -> dict[str, Any]:
    """A curve as it is kept with a change, to be drawn small."""
    return {"first": str(first), "values": [None if np.isnan(value) else round(float(value), 2) for value in values]}


def evidence(scope: SensorScope, dimension: Dimension, keys: tuple[str, ...], first: date, last: date) -> dict[str, RankRow]:
    """Of each key, how many sources sent during some days, how many sensors saw them, and the busiest sensor's share."""
    selection = narrowed(scope, span(first, last), dimension, keys)
    return {row.key: row for row in queries.ranking(selection, dimension, Unit.SOURCES, len(keys)).rows}


def sources_of_ports(scope: SensorScope, ports: tuple[str, ...], first: date, last: date) -> dict[str, sourcesets.Keys]:
    """The distinct sources of each port over some days, ascending."""
    codes = {port_code(PortKey.parse(port)): port for port in ports}
    ask = Ask(narrowed(scope, span(first, last), Dimension.PORT, ports), Dimension.PORT)
    chosen = planner.plan(ask, sources=True)
    bodies: dict[int, list[bytes]] = {code: [] for code in codes}
    if chosen.store and chosen.counted:
        for (code, _bin), found in countreads.source_sets(chosen.store, ask, chosen.counted).items():
            bodies[code] += found
    if chosen.read:
        for (code, _bin), keys in segmentreads.source_keys(segmentreads.rows(ask, chosen.read)).items():
            bodies[code].append(sourcesets.encode(keys))
    return {port: sourcesets.union(bodies[code]) for code, port in codes.items()}
