"""The words of change of a curve (language.md), from numbers: what it does over a period, and whether weeks show in it. Pure.

The word follows from the ratio of the last and the first ten-day mean: steady within ±10 %, slight up to 30 %, rise or
fall beyond. Surge and plunge: to twice or half within three days, and not back. Fluctuating: no trend, but a robust
variation above 30 %. Within chance: beyond ±10 %, but no larger than what days differ by anyway, so neither steady nor a
trend. Gaps (None, NaN) are left out, never 0. The thresholds are the setting TREND_WORDS.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from django.conf import settings
from numpy.typing import NDArray

Values = Sequence[float | None] | NDArray[np.float64]
Floats = NDArray[np.float64]


class Word(StrEnum):
    STEADY = "steady"
    SLIGHT_RISE = "slight_rise"
    SLIGHT_FALL = "slight_fall"
    RISE = "rise"
    FALL = "fall"
    SURGE = "surge"
    PLUNGE = "plunge"
    FLUCTUATING = "fluctuating"
    WITHIN_CHANCE = "within_chance"
    UNKNOWN = "unknown"  # too few days, or nothing at the start to compare with


@dataclass(frozen=True)
class Thresholds:
    """Where one word ends and the next begins; shares of 1."""

    steady: float = 0.10
    slight: float = 0.30
    varied: float = 0.30
    jump: float = 2.0  # factor of a surge; a plunge is to 1 ÷ it
    jump_days: int = 3
    mean_days: int = 10  # at both ends
    side_days: int = 5  # whose median is the level before and after a jump
    least: float = 5.0  # a level below this is too little for a factor to mean anything
    sure: float = 2.0  # standard errors of the two means that their difference must exceed to be a trend


@dataclass(frozen=True)
class Jump:
    """From `before` (level up to bin `start`) to `after` (level from bin `end` on), `end − start` bins later."""

    start: int
    end: int
    before: float
    after: float

    @property
    def factor(self) -> float | None:
        return self.after / self.before if self.before else None


@dataclass(frozen=True)
class WeeklyCycle:
    """Weekdays as positions of the week that begins with the first bin: `high` has the largest typical value, `low` the smallest;
    `amplitude` is high ÷ low − 1, `share` the part of the day-to-day variation that the weekday tells."""

    high: int
    low: int
    amplitude: float
    share: float


@dataclass(frozen=True)
class Trend:
    word: Word
    ratio: float | None  # last ten-day mean ÷ first ten-day mean
    variation: float | None  # robust, relative to the median, beyond what counting alone makes
    jumps: tuple[Jump, ...] = ()
    cycle: WeeklyCycle | None = None


def thresholds() -> Thresholds:
    """Those of the setting TREND_WORDS, a dict of the fields to change."""
    return Thresholds(**getattr(settings, "TREND_WORDS", {}))


def trend(values: Values, rules: Thresholds | None = None) -> Trend:
    """What a curve of days does over its period. `values`: packets, sources or means of them."""
    rules = rules or thresholds()
    curve = np.array([np.nan if value is None else value for value in values], float)
    known = curve[~np.isnan(curve)]
    first, last = (_mean(part, rules) for part in (curve[: rules.mean_days], curve[-rules.mean_days :]))
    if first is None or last is None or len(curve) < 2 * rules.mean_days or not known.any():
        return Trend(Word.UNKNOWN, None, None)
    ratio = last / first if first else None
    found, variation = jumps(curve, rules), robust_variation(known)
    is_sure = abs(last - first) >= rules.sure * _noise(known) * (2 / rules.mean_days) ** 0.5
    return Trend(_word(ratio, variation, found, is_sure, rules), ratio, variation, found, weekly_cycle(curve))


def _mean(part: Floats, rules: Thresholds) -> float | None:
    known = part[~np.isnan(part)]
    return float(known.mean()) if 2 * len(known) >= rules.mean_days else None


def _noise(known: Floats) -> float:
    """Standard deviation of a day about the level of its neighbours, from the differences of neighbours."""
    return 1.4826 * float(np.median(np.abs(np.diff(known)))) / 2**0.5


def _word(ratio: float | None, variation: float, found: tuple[Jump, ...], is_sure: bool, rules: Thresholds) -> Word:
    if ratio is None:
        return Word.SURGE if any(jump.after > jump.before for jump in found) else Word.UNKNOWN
    change = round(ratio - 1, 9)  # 11 ÷ 10 is +10 %, and not a binary digit more
    if is_sure and abs(change) > rules.slight:
        stayed = any((jump.after > jump.before) == (change > 0) for jump in found)
        if change > 0:
            return Word.SURGE if stayed and ratio >= rules.jump else Word.RISE
        return Word.PLUNGE if stayed and ratio <= 1 / rules.jump else Word.FALL
    # Day-to-day variation beyond 30 % hides a slight change: of such a curve nobody would say that it rises.
    if variation > rules.varied:
        return Word.FLUCTUATING
    if abs(change) <= rules.steady:
        return Word.STEADY
    if not is_sure:
        return Word.WITHIN_CHANCE
    return Word.SLIGHT_RISE if change > 0 else Word.SLIGHT_FALL


def robust_variation(known: Floats) -> float:
    """1.4826 · median absolute deviation ÷ median, less what counting alone (Poisson) would make; 0 for a curve of zeros."""
    middle = float(np.median(known)) if len(known) else 0.0
    if middle <= 0:
        return 0.0
    spread = 1.4826 * float(np.median(np.abs(known - middle)))
    return float(np.sqrt(max(0.0, spread**2 - middle)) / middle)


def jumps(curve: Floats, rules: Thresholds | None = None) -> tuple[Jump, ...]:
    """Each place where the level (the median of the days on one side) doubles or halves within `jump_days`, the middle
    one of neighbouring places."""
    rules = rules or thresholds()
    side, gap = rules.side_days, rules.jump_days
    starts = np.arange(side - 1, len(curve) - side - gap + 1)
    levels = _levels(curve, side)
    before, after = levels[starts - side + 1], levels[starts + gap]
    low, high = np.fmin(before, after), np.fmax(before, after)
    with np.errstate(divide="ignore", invalid="ignore"):
        factors = np.where(high >= rules.least, high / low, 0.0)
    # Counting alone must not double a level: four standard errors of both medians between them.
    is_jump = (factors >= rules.jump) & (high - low >= 4 * 1.25 * np.sqrt((high + low) / side))
    middles = [run[len(run) // 2] for run in _runs(is_jump & ~np.isnan(factors))]
    return tuple(Jump(int(starts[at]), int(starts[at]) + gap, float(before[at]), float(after[at])) for at in middles)


def _levels(curve: Floats, side: int) -> Floats:
    """The median of what is known of each `side` days that follow each other, NaN where that is half of them or less."""
    if len(curve) < side:
        return np.empty(0)
    days = np.sort(np.lib.stride_tricks.sliding_window_view(curve, side), axis=1)  # what is not known comes last
    known = side - np.isnan(days).sum(axis=1)
    middles = np.stack([(known - 1) // 2, known // 2], axis=1).clip(min=0)
    levels: Floats = np.take_along_axis(days, middles, axis=1).mean(axis=1)
    return np.where(2 * known > side, levels, np.nan)


def _runs(flags: NDArray[np.bool_]) -> list[NDArray[np.intp]]:
    at = np.flatnonzero(flags)
    return [run for run in np.split(at, np.flatnonzero(np.diff(at) > 1) + 1) if len(run)]


WEEK = 7
MIN_WEEKS = 4
CYCLE_F = 6.0  # F of weekdays against the rest: p < 0.001 from four weeks on
CYCLE_SHARE = 0.3
CYCLE_AMPLITUDE = 0.15


def weekly_cycle(curve: Floats) -> WeeklyCycle | None:
    """The weekly cycle of a curve of days, None where weekdays tell too little of it."""
    if len(curve) < MIN_WEEKS * WEEK or not np.nansum(curve):
        return None
    logs = np.log1p(curve)
    rest = logs - _centred_week(logs)
    known = ~np.isnan(rest)
    weekday = np.arange(len(curve)) % WEEK
    groups = [rest[known & (weekday == day)] for day in range(WEEK)]
    if min(map(len, groups)) < MIN_WEEKS - 1:
        return None
    means = np.array([group.mean() for group in groups])
    between = sum(len(group) * (mean - rest[known].mean()) ** 2 for group, mean in zip(groups, means, strict=True))
    share = float(between / max(((rest[known] - rest[known].mean()) ** 2).sum(), 1e-12))
    degrees = int(known.sum()) - WEEK
    f = (share / (WEEK - 1)) / max((1 - share) / degrees, 1e-12)
    typical = np.array([np.median(group) for group in groups])
    high, low = int(typical.argmax()), int(typical.argmin())
    amplitude = float(np.exp(typical[high] - typical[low]) - 1)
    is_cycle = f >= CYCLE_F and share >= CYCLE_SHARE and amplitude >= CYCLE_AMPLITUDE
    return WeeklyCycle(high, low, amplitude, share) if is_cycle else None


def _centred_week(logs: Floats) -> Floats:
    """The mean of the seven days around each, which no weekly cycle moves; NaN at the ends and where a day is unknown."""
    means = np.full(len(logs), np.nan)
    means[WEEK // 2 : len(logs) - WEEK // 2] = np.convolve(logs, np.full(WEEK, 1 / WEEK), mode="valid")
    return means
