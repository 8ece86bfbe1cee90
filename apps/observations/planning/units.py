"""The five units, each computed in one place: of all keys over a period for rankings, of some keys by bin for series."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from apps.observations.figures import Dimension, Unit
from apps.observations.planning import planner, sensordays
from apps.observations.planning.asks import OWNERS, Ask
from apps.observations.planning.ranks import Exact, Keys, Values
from apps.observations.planning.together import together
from apps.observations.planning.watch import SensorDays, denominators
from apps.observations.storage.columns import Frame

ADDITIVE = (Unit.PACKETS, Unit.PACKETS_PER_SENSOR_DAY)  # the values of all keys add up to the total


@dataclass(frozen=True)
class Candidates:
    """Every key that occurs, with the bounds of its value; `exact` finds the values of some of them."""

    keys: Keys
    lower: Values
    upper: Values
    exact: Exact


def candidates(ask: Ask, unit: Unit, days: SensorDays) -> Candidates:
    """The values of all keys of an ask with one bin."""
    match unit:
        case Unit.PACKETS:
            frame = planner.packets(ask)
            return _known(frame["key"], frame["packets"].astype(float))
        case Unit.SOURCES:
            known = planner.bounds(ask)
            return Candidates(known.key, known.lower.astype(float), known.upper.astype(float), lambda some: _sources(ask, some))
        case Unit.PACKETS_PER_SOURCE:
            return _ratios(ask)
        case Unit.SOURCES_PER_SENSOR_DAY:
            frame = sensordays.bounds(ask, days)
            return _per_sensor_day(ask, days, frame, lambda some: sensordays.sources(ask.for_keys(tuple(some.tolist())), days))
    frame = sensordays.packets(ask, days)
    return _per_sensor_day(ask, days, frame | {"least": frame["value"]}, lambda some: frame)


def _known(keys: Keys, values: Values) -> Candidates:
    return Candidates(keys, values, values, lambda some: values[np.searchsorted(keys, some)])


def _ratios(ask: Ask) -> Candidates:
    known = planner.bounds(ask)

    def exact(some: Keys) -> Values:
        return known.packets[np.searchsorted(known.key, some)] / _sources(ask, some)

    return Candidates(known.key, known.packets / known.upper, known.packets / known.lower, exact)


def _sources(ask: Ask, some: Keys) -> Values:
    frame = planner.sources(ask.for_keys(tuple(some.tolist())))
    found = dict(zip(frame["key"].tolist(), frame["sources"].tolist(), strict=True))
    return np.array([found[key] for key in some.tolist()], float)


def _per_sensor_day(ask: Ask, days: SensorDays, bounds: Frame, exact: Callable[[Keys], Frame]) -> Candidates:
    """`bounds` have the sums over sensor-days as `value` and `least`; `exact` finds those of some keys as `value`."""
    by_owner = denominators(ask, days)

    def below(keys: Keys) -> Values:
        if not ask.is_by(*OWNERS):
            return np.full(len(keys), by_owner[0][0], float)
        return np.array([by_owner[ask.owner_of(key)][0] for key in keys.tolist()], float)

    def found(some: Keys) -> Values:
        frame = exact(some)
        values = dict(zip(frame["key"].tolist(), frame["value"].tolist(), strict=True))
        return np.array([values.get(key, 0) for key in some.tolist()], float) / below(some)

    keys, days_of_keys = bounds["key"], below(bounds["key"])
    seen = (days_of_keys > 0) & (bounds["value"] > 0)
    return Candidates(keys[seen], bounds["least"][seen] / days_of_keys[seen], bounds["value"][seen] / days_of_keys[seen], found)


def _of_sensor_days(ask: Ask, unit: Unit, days: SensorDays) -> Frame:
    numerator: Callable[[Ask, SensorDays], Frame] = sensordays.packets if unit is Unit.PACKETS_PER_SENSOR_DAY else sensordays.sources
    return numerator(ask, days)


def total(ask: Ask, unit: Unit, days: SensorDays) -> float:
    """The unit's value of everything an ask selects, 0 where nothing was seen."""
    ask = ask.ungrouped()
    match unit:
        case Unit.PACKETS:
            return float(planner.packets(ask)["packets"].sum())
        case Unit.SOURCES:
            return float(planner.sources(ask)["sources"].sum())
        case Unit.PACKETS_PER_SOURCE:
            packets, sources = together(lambda: planner.packets(ask), lambda: planner.sources(ask))
            return float(packets["packets"].sum()) / float(sources["sources"].sum()) if len(sources["sources"]) else 0.0
    return float(candidates(ask, unit, days).lower.sum())


def by_bin(ask: Ask, unit: Unit, days: SensorDays) -> dict[int, Values]:
    """The values of each key that was asked for or seen, one a bin; 0 where nothing was seen, NaN where there is no value (no source
    to divide by, no covered sensor-day)."""
    match unit:
        case Unit.PACKETS:
            return _table(planner.packets(ask), "packets", ask)
        case Unit.SOURCES:
            return _table(planner.sources(ask), "sources", ask)
        case Unit.PACKETS_PER_SOURCE:
            planner.read_at_once(ask)
            packets, sources = together(lambda: planner.packets(ask), lambda: planner.sources(ask))
            below = _table(sources, "sources", ask)
            return {key: _divided(values, below[key]) for key, values in _table(packets, "packets", ask).items()}
    by_owner, sums = denominators(ask, days), _table(_of_sensor_days(ask, unit, days), "value", ask)
    return {key: _divided(values, by_owner[ask.owner_of(key)]) for key, values in sums.items()}


def _table(frame: Frame, column: str, ask: Ask) -> dict[int, Values]:
    keys = np.union1d(frame["key"], np.array(_asked(ask), np.int64))
    table = np.zeros((len(keys), len(ask.spans)))
    table[np.searchsorted(keys, frame["key"]), frame["bin"]] = frame[column]
    return dict(zip(keys.tolist(), table, strict=True))


def _asked(ask: Ask) -> list[int]:
    """The keys that an ask names."""
    rows = (0,) if ask.rows is Dimension.NONE else ask.only_rows or ()
    columns = (0,) if ask.group is Dimension.NONE else ask.only or ()
    return [row << 32 | column for row in rows for column in columns]


def _divided(above: Values, below: NDArray[np.int64] | Values) -> Values:
    return np.divide(above, below, out=np.full(len(above), np.nan), where=below > 0)
