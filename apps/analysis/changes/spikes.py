"""Spikes: days far above what the same weekday usually has. Pure functions on one curve.

The usual is the median of the same weekday over eight weeks, moved to the level of the last week where that is higher, so
that a new level alarms for a few days and is then the usual; its spread is the median absolute deviation of the
logarithms of those weeks. Days without data are left out. What counting alone does (Poisson) is part of the spread.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

WEEK = 7
WEEKS = 8
HISTORY = WEEKS * WEEK  # days
MIN_WEEKDAYS = 4  # known days of the same weekday
Z = 4.0
FACTOR = 2.0
LEAST_PACKETS = 30  # above the usual, over all sensors
LEAST_SHARE = 0.002  # of all packets of a usual day
CALM = 0.1  # nobody's traffic is calmer than ±10 % from day to day


@dataclass(frozen=True)
class Usual:
    """What a day is expected to be, and the spread of its logarithm."""

    value: float
    spread: float


@dataclass(frozen=True)
class Spike:
    """Days `first`…`last` (positions in the curve) above the usual; `value` and `usual` are those of the `peak`. `z` is the
    distance in robust deviations."""

    first: int
    last: int
    peak: int
    value: float
    usual: float
    z: float

    @property
    def factor(self) -> float | None:
        return self.value / self.usual if self.usual > 0 else None


def usual_at(curve: Floats, day: int) -> Usual | None:
    """The usual of one day from the eight weeks before it, None where too little of them is known."""
    history = curve[max(0, day - HISTORY) : day]
    weekday = (np.arange(len(history)) - len(history)) % WEEK
    same = history[(weekday == 0) & ~np.isnan(history)]
    if len(same) < MIN_WEEKDAYS:
        return None
    medians = np.array([_median(history[weekday == number]) for number in range(WEEK)])
    rest = np.log1p(history) - np.log1p(medians[weekday])
    known = rest[~np.isnan(rest)]
    spread = 1.4826 * float(np.median(np.abs(known - np.median(known))))
    week = rest[-WEEK:][~np.isnan(rest[-WEEK:])]
    level = max(0.0, float(np.median(week))) if len(week) else 0.0
    return Usual(float(np.expm1(np.log1p(np.median(same)) + level)), spread)


def spikes(curve: Floats, sensors: Floats, total: Floats, first: int) -> list[Spike]:
    """The spikes of the days from position `first` on. `curve`: mean packets per sensor and day; `sensors`: covered sensors of
    each day; `total`: the curve of everything. Neighbouring days are one spike."""
    found: list[Spike] = []
    for day in range(first, len(curve)):
        one = _spike(curve, sensors, total, day)
        if one is None:
            continue
        if found and found[-1].last == day - 1:
            found[-1] = _joined(found[-1], one)
        else:
            found.append(one)
    return found


def _spike(curve: Floats, sensors: Floats, total: Floats, day: int) -> Spike | None:
    usual = None if np.isnan(curve[day]) else usual_at(curve, day)
    if usual is None:
        return None
    packets, expected = curve[day] * sensors[day], usual.value * sensors[day]
    deviation = np.hypot(max(usual.spread, CALM), 1 / np.sqrt(expected + 1))
    z = float((np.log1p(packets) - np.log1p(expected)) / deviation)
    least = max(LEAST_PACKETS, LEAST_SHARE * sensors[day] * _median(total[max(0, day - HISTORY) : day]))
    if z < Z or packets < FACTOR * expected or packets - expected < least:
        return None
    return Spike(day, day, day, float(curve[day]), usual.value, z)


def _joined(spike: Spike, day: Spike) -> Spike:
    higher = day if day.value > spike.value else spike
    return Spike(spike.first, day.last, higher.peak, higher.value, higher.usual, higher.z)


def _median(values: Floats) -> float:
    known = values[~np.isnan(values)]
    return float(np.median(known)) if len(known) else np.nan
