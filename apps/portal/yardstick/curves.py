"""Daily packets as curves: straight lines between known days, bumps, and noise that is the same at every load."""

from collections.abc import Mapping
from datetime import date

import numpy as np

from apps.portal.yardstick.flows import Span
from apps.portal.yardstick.rounding import Floats, Ints


def line(span: Span, knots: Mapping[date, float]) -> Floats:
    """Straight between the knots, level before the first and after the last."""
    at = [span.index(day) for day in knots]
    return np.interp(np.arange(span.days), at, list(knots.values()))


def bump(span: Span, day: date, width: float, height: float) -> Floats:
    """A bell around a day; `width` is its standard deviation in days."""
    return height * np.exp(-(((np.arange(span.days) - span.index(day)) / width) ** 2) / 2)


def weekly(span: Span, by_weekday: tuple[float, ...]) -> Floats:
    """A factor for each day, Monday first."""
    return np.array(by_weekday)[(span.first.weekday() + np.arange(span.days)) % 7]


def noisy(values: Floats, rng: np.random.Generator, spread: float) -> Ints:
    """Whole numbers around the curve; `spread` is a share of the value."""
    drawn: Ints = np.rint(values * np.exp(rng.normal(0, spread, len(values)))).astype(np.int64)
    return drawn


def restless(span: Span, rng: np.random.Generator, period: float, height: float) -> Floats:
    """Up and down around 1 without trend: an uneven wave."""
    phase = np.cumsum(rng.uniform(0.7, 1.3, span.days)) * 2 * np.pi / period
    return 1 + height * np.sin(phase + rng.uniform(0, 2 * np.pi))
