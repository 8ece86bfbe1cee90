"""Sums over covered sensor-days: the numerators of the units per sensor and day. Periods and bins are whole days."""

import numpy as np
from django.conf import settings
from numpy.typing import NDArray

from apps.observations.planning import derived, planner, segmentreads, sensordaycounts
from apps.observations.planning.asks import Ask
from apps.observations.planning.spans import Piece, cut
from apps.observations.planning.together import together
from apps.observations.planning.watch import SensorDays
from apps.observations.storage.cells import encode, group, less
from apps.observations.storage.columns import Frame, take

_COLUMN = 0xFFFF_FFFF


def packets(ask: Ask, days: SensorDays) -> Frame:
    """key, bin, value: packets of covered sensor-days, which are all packets but those of the few uncovered days."""
    pieces = cut(ask.spans, settings.REPORT_TIME_ZONE, ())
    everything, lost = together(lambda: planner.packets(ask), lambda: uncovered_rows(ask, pieces, days))
    found = less(everything, lost, "packets")
    return found | {"value": found["packets"]}


def sources(ask: Ask, days: SensorDays) -> Frame:
    """key, bin, value: Σ of the distinct sources of each covered sensor-day. A source that two sensors see on three
    days counts six times, so no union of sets answers this."""
    pieces = cut(ask.spans, settings.REPORT_TIME_ZONE, ())
    if sensordaycounts.adds_up(ask):
        return _of_panels(ask, pieces, days)
    if sensordaycounts.bounds_kinds(ask):
        return _of_kinds(ask, pieces, days)
    counted = sensordaycounts.of_sensors(ask, days, days.is_covered)
    return sources_of_segments(ask, pieces, days) if counted is None else counted


def bounds(ask: Ask, days: SensorDays) -> Frame:
    """key, bin, value (no less than Σ of the distinct sources) and least (no more). They differ only for groups of ports."""
    if not sensordaycounts.bounds_kinds(ask):
        found = sources(ask, days)
        return found | {"least": found["value"]}
    found = _of_panels(ask, cut(ask.spans, settings.REPORT_TIME_ZONE, ()), days)
    return found | {"least": np.where(_is_group(found["key"]), 0, found["value"])}


def _of_panels(ask: Ask, pieces: list[Piece], days: SensorDays) -> Frame:
    everything, lost = together(lambda: sensordaycounts.of_panels(ask, pieces), lambda: _uncovered_sources(ask, pieces, days))
    return less(everything, lost, "value")


def _of_kinds(ask: Ask, pieces: list[Piece], days: SensorDays) -> Frame:
    """Of single ports from rows; of groups, whose ports may share sources, from segments."""
    single = _of_panels(ask, pieces, days)
    grouped = _is_group(single["key"])
    if not grouped.any():
        return single
    groups = tuple(np.unique(single["key"][grouped] & _COLUMN).tolist())
    exact = sources_of_segments(ask.for_keys(groups), pieces, days)
    parts = take(single, ~grouped), take(exact, _is_group(exact["key"]))
    return {name: np.concatenate([part[name] for part in parts]) for name in single}


def _is_group(key: NDArray[np.int64]) -> NDArray[np.bool_]:
    return (key & _COLUMN) >= derived.GROUP


def _uncovered_sources(ask: Ask, pieces: list[Piece], days: SensorDays) -> Frame:
    counted = sensordaycounts.of_sensors(ask, days, days.is_lost)
    return _sources_of(uncovered_rows(ask, pieces, days)) if counted is None else counted


def uncovered_rows(ask: Ask, pieces: list[Piece], days: SensorDays) -> Frame:
    """The segment rows of the sensor-days that are not covered."""
    lost = days.is_lost & np.isin(days.sensor, ask.sensors)
    return segmentreads.rows_of_sensor_days(ask, pieces, days.sensor[lost], days.day[lost])


def sources_of_segments(ask: Ask, pieces: list[Piece], days: SensorDays) -> Frame:
    rows = segmentreads.rows(ask, pieces)
    return _sources_of(take(rows, _is_covered(rows, days)))


def _sources_of(rows: Frame) -> Frame:
    key, number = rows["key"], rows["bin"]
    seen = group(key, number, rows["sensor"], rows["day"].astype(np.int64), encode(rows["source"])[1])
    key, number = seen.first(key), seen.first(number)
    cells = group(key, number)
    return {"key": cells.first(key), "bin": cells.first(number), "value": cells.sum(np.ones(len(key), np.int64))}


def _is_covered(rows: Frame, days: SensorDays) -> NDArray[np.bool_]:
    covered = _pair(days.sensor[days.is_covered], days.day[days.is_covered])
    return np.isin(_pair(rows["sensor"], rows["day"]), covered)


def _pair(sensor: NDArray[np.int64], day: NDArray[np.datetime64]) -> NDArray[np.int64]:
    return sensor.astype(np.int64) << 32 | day.astype("datetime64[D]").astype(np.int64)
