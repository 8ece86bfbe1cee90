"""Slow trends: a rise or fall that goes on for weeks. Pure functions on one curve.

The slope is the median of the slopes between all pairs of days (Theil and Sen), its certainty Mann and Kendall's test
with a variance that knows that days resemble the days before them. Steps and bumps, which have a slope too, are no slow
trends: each third of the time must take its part of the way.
"""

from dataclasses import dataclass
from math import erfc, sqrt

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

DAYS = 56
MIN_KNOWN = 42
MEAN_DAYS = 10
CHANGE = 0.30  # of the ten-day means: rise and fall of language.md
CHANCE = 0.001
PART = 0.2  # of the way, between the medians of neighbouring thirds
LEAST_PACKETS = 20.0


@dataclass(frozen=True)
class SlowTrend:
    """`start` and `end` are the first and last ten-day means, `weekly` the factor by which a week differs from the one before."""

    start: float
    end: float
    weekly: float
    p: float

    @property
    def factor(self) -> float:
        return self.end / self.start

    @property
    def direction(self) -> int:
        return 1 if self.end > self.start else -1


def slow_trend(curve: Floats, sensors: Floats) -> SlowTrend | None:
    """The trend of the last eight weeks of a curve, None where there is none."""
    part = curve[-DAYS:]
    at = np.flatnonzero(~np.isnan(part))
    ends = part[:MEAN_DAYS], part[-MEAN_DAYS:]
    if len(at) < MIN_KNOWN or any(np.isnan(end).sum() > MEAN_DAYS // 2 for end in ends):
        return None
    start, end = (float(np.nanmean(end)) for end in ends)
    packets = part * float(np.median(sensors[-DAYS:]))
    if start <= 0 or np.nanmedian(packets) < LEAST_PACKETS or 1 / (1 + CHANGE) < end / start < 1 + CHANGE:
        return None
    logs = np.log1p(packets[at])
    slope, p = _slope(at, logs), _chance(at, logs)
    if p > CHANCE or not _goes_on(logs, np.sign(end - start)):
        return None
    return SlowTrend(start, end, float(np.exp(7 * slope)), p)


def _slope(at: NDArray[np.intp], logs: Floats) -> float:
    first, second = np.triu_indices(len(at), 1)
    return float(np.median((logs[second] - logs[first]) / (at[second] - at[first])))


def _chance(at: NDArray[np.intp], logs: Floats) -> float:
    """Mann–Kendall, two-sided; the variance grown by the autocorrelation of what the slope leaves (Hamed and Rao, 1998)."""
    n = len(logs)
    first, second = np.triu_indices(n, 1)
    s = float(np.sign(logs[second] - logs[first]).sum())
    variance = n * (n - 1) * (2 * n + 5) / 18 * _growth(logs - _slope(at, logs) * at)
    return erfc(max(0.0, abs(s) - 1) / sqrt(2 * variance))


def _growth(rest: Floats) -> float:
    n = len(rest)
    ranks = np.argsort(np.argsort(rest)).astype(float)
    ranks -= ranks.mean()
    lags = np.arange(1, n // 4)
    correlations = np.array([(ranks[:-lag] * ranks[lag:]).sum() for lag in lags]) / (ranks**2).sum()
    correlations[np.abs(correlations) < 1.96 / sqrt(n)] = 0.0
    weights = (n - lags) * (n - lags - 1) * (n - lags - 2)
    return max(1.0, float(1 + 2 / (n * (n - 1) * (n - 2)) * (weights * correlations).sum()))


def _goes_on(logs: Floats, direction: float) -> bool:
    thirds = [float(np.median(part)) for part in np.array_split(logs, 3)]
    way = direction * (thirds[2] - thirds[0])
    return way > 0 and all(direction * (after - before) >= PART * way for before, after in zip(thirds, thirds[1:], strict=False))
