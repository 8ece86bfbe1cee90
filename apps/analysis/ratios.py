"""The three ratios that monitoring reports quote, which must not be mixed up. Pure; gaps (None) are not zero.

Values are one a day, `days` the days in order. A mean is over the known days of its window. Sources: JPCERT/CC,
Internet fixed-point observation report, Jan-Mar 2023 (1.5× of China, 8× of the Netherlands, 6× of Japan to 37215/TCP).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

Values = Sequence[float | None]


class RatioName(StrEnum):
    END_START = "end_start"  # mean of the last n days ÷ mean of the first n days
    AFTER_BEFORE = "after_before"  # mean of D … D+n-1 ÷ mean of D-n … D-1
    DAY_BASELINE = "day_baseline"  # one day ÷ mean of the n days that end with another


@dataclass(frozen=True)
class Window:
    """Days first to last, both included. `mean` is None where none of them is known; `days` is how many are."""

    first: date
    last: date
    mean: float | None
    days: int


@dataclass(frozen=True)
class Ratio:
    """`value` is None where a window is not known or the denominator is 0."""

    name: RatioName
    value: float | None
    numerator: Window
    denominator: Window


def end_start(values: Values, days: Sequence[date], n: int = 10) -> Ratio:
    """How a period ends, measured by how it began."""
    last, first = days[-1], days[0]
    numerator = window(values, days, last - timedelta(days=n - 1), last)
    return _ratio(RatioName.END_START, numerator, window(values, days, first, first + timedelta(days=n - 1)))


def after_before(values: Values, days: Sequence[date], day: date, n: int = 10) -> Ratio:
    """The n days from `day` on, measured by the n days before it."""
    numerator = window(values, days, day, day + timedelta(days=n - 1))
    return _ratio(RatioName.AFTER_BEFORE, numerator, window(values, days, day - timedelta(days=n), day - timedelta(days=1)))


def day_baseline(values: Values, days: Sequence[date], day: date, ending: date, n: int = 10) -> Ratio:
    """One day, measured by the n days that end with `ending`, itself included."""
    numerator = window(values, days, day, day)
    return _ratio(RatioName.DAY_BASELINE, numerator, window(values, days, ending - timedelta(days=n - 1), ending))


def span_of(name: RatioName, day: date | None, ending: date | None, n: int) -> tuple[date, date] | None:
    """The first and last day that a ratio looks at; None where that is the period's own affair."""
    if name is RatioName.AFTER_BEFORE and day:
        return day - timedelta(days=n), day + timedelta(days=n - 1)
    if name is RatioName.DAY_BASELINE and day and ending:
        first = ending - timedelta(days=n - 1)
        return min(first, day), max(ending, day)
    return None


def window(values: Values, days: Sequence[date], first: date, last: date) -> Window:
    """Of the days given, those from first to last."""
    known = [value for day, value in zip(days, values, strict=True) if first <= day <= last and value is not None]
    return Window(first, last, sum(known) / len(known) if known else None, len(known))


def _ratio(name: RatioName, numerator: Window, denominator: Window) -> Ratio:
    value = numerator.mean / denominator.mean if numerator.mean is not None and denominator.mean else None
    return Ratio(name, value, numerator, denominator)
