"""Sums over covered sensor-days: the numerators of the units per sensor and day. Periods and bins are whole days."""

import numpy as np
from django.conf import settings
from numpy.typing import NDArray

from apps.common.periods import local_day
from apps.observations.planning import planner, segmentreads, sensordaycounts
from apps.observations.planning.asks import Ask
from apps.observations.planning.spans import Piece, cut
from apps.observations.planning.together import together
from apps.observations.planning.watch import SensorDays
from apps.observations.storage.cells import group
from apps.observations.storage.columns import Frame, take


def packets(ask: Ask, days: SensorDays) -> Frame:
    """key, bin, value: packets of covered sensor-days, which are all packets but those of the few uncovered days."""
    uncovered = set(np.unique(days.day[~days.is_covered]).tolist())
    zone = settings.REPORT_TIME_ZONE
    pieces = [piece for piece in cut(ask.spans, zone, ()) if local_day(piece.start, zone) in uncovered]
    everything, rows = together(lambda: planner.packets(ask), lambda: segmentreads.rows(ask, pieces))
    lost = take(rows, ~_is_covered(rows, days))
    key, number = (np.concatenate([everything[name], lost[name]]) for name in ("key", "bin"))
    cells = group(key, number)
    value = cells.sum(np.concatenate([everything["packets"], -lost["packets"]]))
    return {"key": cells.first(key), "bin": cells.first(number), "value": value}


def sources(ask: Ask, days: SensorDays) -> Frame:
    """key, bin, value: Σ of the distinct sources of each covered sensor-day. A source that two sensors see on three
    days counts six times, so no union of sets answers this."""
    pieces = cut(ask.spans, settings.REPORT_TIME_ZONE, ())
    counted = sensordaycounts.sources(ask, pieces, days)
    return sources_of_segments(ask, pieces, days) if counted is None else counted


def sources_of_segments(ask: Ask, pieces: list[Piece], days: SensorDays) -> Frame:
    rows = segmentreads.rows(ask, pieces)
    rows = take(rows, _is_covered(rows, days))
    key, number = rows["key"], rows["bin"]
    seen = group(key, number, rows["sensor"], rows["day"].astype(np.int64), np.unique(rows["source"], return_inverse=True)[1])
    key, number = seen.first(key), seen.first(number)
    cells = group(key, number)
    return {"key": cells.first(key), "bin": cells.first(number), "value": cells.sum(np.ones(len(key), np.int64))}


def _is_covered(rows: Frame, days: SensorDays) -> NDArray[np.bool_]:
    covered = _pair(days.sensor[days.is_covered], days.day[days.is_covered])
    return np.isin(_pair(rows["sensor"], rows["day"]), covered)


def _pair(sensor: NDArray[np.int64], day: NDArray[np.datetime64]) -> NDArray[np.int64]:
    return sensor.astype(np.int64) << 32 | day.astype("datetime64[D]").astype(np.int64)
