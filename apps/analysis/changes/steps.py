"""Step changes: the day around which a curve moves to another level and stays there. Pure functions on one curve.

Where the steps are is found by `ruptures` (kernel change-point detection with a linear kernel: the segments with the
least squared deviation from their means, a penalty for each) in the logarithms of the curve without its weekly cycle.
Which of them are worth a sentence is decided by medians of the two weeks on either side, so that single wild days make
no step.
"""

from dataclasses import dataclass

import numpy as np
import ruptures
from numpy.typing import NDArray

from apps.analysis import trendwords

Floats = NDArray[np.float64]

STAYS = 7  # days that a level must last
SIDE = 14  # days on either side whose median is the level
PENALTY = 6.0  # of a step, in variances of a day × ln(days); curves remember themselves, hence more than the 2 of white noise
FACTOR = 1.5
SEPARATE = 0.8  # chance that a day after lies beyond a day before
LEAST_PACKETS = 10.0  # mean daily packets over all sensors, of the higher level
DEVIATIONS = 3.0  # of a day's noise, between the levels
CALM = 0.05
EXTREME = 4.0


@dataclass(frozen=True)
class Step:
    """The first day (position) of the new level; levels are medians of up to two weeks."""

    day: int
    before: float
    after: float

    @property
    def factor(self) -> float | None:
        return self.after / self.before if self.before > 0 else None

    @property
    def direction(self) -> int:
        return 1 if self.after > self.before else -1


def steps(curve: Floats, sensors: Floats) -> list[Step]:
    """The steps of a curve of mean packets per sensor and day; `sensors` are the covered ones of each day."""
    at = np.flatnonzero(~np.isnan(curve))
    if len(at) < 4 * STAYS or not np.nansum(curve):
        return []
    known = curve[at]
    logs = _without_week(known * np.median(sensors[at]), at)
    noise = max(CALM, 1.4826 * float(np.median(np.abs(np.diff(logs)))) / 2**0.5)
    found = [_step(known, logs, day, edges) for day, edges in _breaks(logs, noise)]
    return [
        Step(int(at[step.day]), step.before, step.after)
        for step, before, after in found
        if _is_one(step, before, after, noise, float(np.median(sensors[at])))
    ]


def _without_week(packets: Floats, at: NDArray[np.intp]) -> Floats:
    logs = np.log1p(packets)
    whole = np.full(at[-1] + 1, np.nan)
    whole[at] = packets
    if trendwords.weekly_cycle(whole) is None:
        return logs
    weekday = at % 7
    usual = np.array([np.median(logs[weekday == day]) if (weekday == day).any() else 0.0 for day in range(7)])
    rest: Floats = logs - usual[weekday] + usual.mean()
    return rest


def _breaks(logs: Floats, noise: float) -> list[tuple[int, tuple[int, int]]]:
    """Each break with the begin of the segment before and the end of the one after it."""
    smooth = _without_wild_days(logs, noise)
    penalty = PENALTY * noise**2 * np.log(len(logs))
    search = ruptures.KernelCPD(kernel="linear", min_size=STAYS).fit(smooth.reshape(-1, 1))
    edges = [0, *map(int, search.predict(pen=penalty))]
    return [(edges[n], (edges[n - 1], edges[n + 1])) for n in range(1, len(edges) - 1)]


def _without_wild_days(logs: Floats, noise: float) -> Floats:
    """Days further than EXTREME deviations from the median of the week around them are moved to that distance."""
    padded = np.pad(logs, 3, mode="reflect")
    around = np.median(np.lib.stride_tricks.sliding_window_view(padded, 7), axis=1)
    tamed: Floats = np.clip(logs, around - EXTREME * noise, around + EXTREME * noise)
    return tamed


def _step(known: Floats, logs: Floats, day: int, edges: tuple[int, int]) -> tuple[Step, Floats, Floats]:
    """The step with the logarithms of the days before and after it."""
    before, after = slice(max(edges[0], day - SIDE), day), slice(day, min(edges[1], day + SIDE))
    return Step(day, float(np.median(known[before])), float(np.median(known[after]))), logs[before], logs[after]


def _is_one(step: Step, before: Floats, after: Floats, noise: float, sensors: float) -> bool:
    low, high = sorted((step.before * sensors, step.after * sensors))
    if high < LEAST_PACKETS or high < FACTOR * max(low, 1.0):
        return False
    apart = float(np.median(after) - np.median(before)) * step.direction
    beyond = float(((after[:, None] - before[None, :]) * step.direction > 0).mean())
    # Counting alone: the medians of n days of Poisson counts differ by less than four of their standard errors.
    counting = 4 * 1.25 * np.sqrt(low / len(before) + high / len(after))
    return apart >= DEVIATIONS * noise and beyond >= SEPARATE and high - low >= counting
