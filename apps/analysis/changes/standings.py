"""Ranks by week: what is new in the first places, and what climbs by many. Pure functions on a table of curves.

A week is the last seven days, compared with each of the four weeks before. The busiest day of the week is left out of the
values that must have grown, so that one wild day moves no rank: that is a spike.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

WEEK = 7
WEEKS_BEFORE = 4
CLEARLY = 5  # places beyond the first N that a newcomer had before
LAST_RANK = 30  # climbing is told down to this place
CLIMB = 2.5  # best rank before ÷ rank now
PLACES = 5
GROWN = 1.5  # value now ÷ the largest of the four weeks before
LEAST_PACKETS = 10.0


@dataclass(frozen=True)
class Standing:
    """Row `key` of the table, in the week that ends with position `day`; `before` is its best rank of the four weeks before, None
    where it did not occur."""

    key: int
    day: int
    rank: int
    before: int | None
    value: float
    value_before: float

    @property
    def factor(self) -> float | None:
        return self.value / self.value_before if self.value_before > 0 else None


def newcomers(table: Floats, sensors: Floats, day: int, first_places: int = 10) -> list[Standing]:
    """Rows that are in the first places now and were clearly beyond them, or not there, in all four weeks before."""
    found = _climbers(table, sensors, day)
    return [one for one in found if one.rank <= first_places and (one.before is None or one.before > first_places + CLEARLY)]


def climbers(table: Floats, sensors: Floats, day: int, first_places: int = 10) -> list[Standing]:
    """Rows that gained many places, newcomers aside."""
    newer = {one.key for one in newcomers(table, sensors, day, first_places)}
    return [
        one
        for one in _climbers(table, sensors, day)
        if one.key not in newer
        and one.rank <= LAST_RANK
        and one.before is not None
        and one.before >= CLIMB * one.rank
        and one.before - one.rank >= PLACES
    ]


def _climbers(table: Floats, sensors: Floats, day: int) -> list[Standing]:
    """Rows whose week is more than the four weeks before, the busiest day aside, and more than counting alone explains."""
    weeks = [table[:, day + 1 - WEEK * (n + 1) : day + 1 - WEEK * n] for n in range(WEEKS_BEFORE + 1)]
    if day + 1 < WEEK * (WEEKS_BEFORE + 1) or any((~np.isnan(week)).any(axis=0).sum() < 4 for week in weeks):
        return []
    values = np.array([_mean(week) for week in weeks])
    ranks, steady = np.array([_ranks(row) for row in values]), _without_busiest(weeks[0])
    before, most = ranks[1:].min(axis=0), values[1:].max(axis=0)
    days = WEEK * float(np.median(sensors[day + 1 - WEEK : day + 1]))
    counting = 4 * np.sqrt((steady + most) / days)
    grown = (steady >= GROWN * most) & (steady * days / WEEK >= LEAST_PACKETS) & (steady - most >= counting)
    return [
        Standing(int(key), day, int(ranks[0, key]), int(before[key]) if most[key] > 0 else None, float(values[0, key]), float(most[key]))
        for key in np.flatnonzero(grown)
    ]


def _mean(week: Floats) -> Floats:
    known = ~np.isnan(week)
    sums: Floats = np.where(known, week, 0.0).sum(axis=1) / np.maximum(known.sum(axis=1), 1)
    return sums


def _without_busiest(week: Floats) -> Floats:
    filled = np.where(np.isnan(week), 0.0, week)
    days = np.maximum((~np.isnan(week)).sum(axis=1) - 1, 1)
    rest: Floats = (filled.sum(axis=1) - filled.max(axis=1)) / days
    return rest


def _ranks(values: Floats) -> Ints:
    """1 for the largest; equal values share the rank of the first of them."""
    return 1 + np.searchsorted(np.sort(-values), -values, side="left")
