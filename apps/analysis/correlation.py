"""Whether two curves move together, at which lag, or not: a computed statement in either case. Pure.

Curves of traffic are heavy-tailed and remember themselves from day to day, so that two of them that have nothing to do
with each other often look alike. Hence logarithms without their extremes instead of values, an effective number of days
in place of the days (Pyper and Peterman, 1998: the autocorrelations of both curves shrink it), and a threshold that
knows how many lags were tried (Šidák).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import atanh, erfc, sqrt

import numpy as np
from numpy.typing import NDArray

Values = Sequence[float | None] | NDArray[np.float64]
Floats = NDArray[np.float64]

MIN_DAYS = 20  # fewer common days say nothing
MIN_EFFECTIVE = 6.0
LEVEL = 0.05  # chance that two unrelated curves are called correlated
LEAST = 0.3  # a weaker correlation is not worth a sentence, however sure
EXTREME = 5.0


@dataclass(frozen=True)
class Correlation:
    """`r`: the coefficient at `best_lag`, None where it cannot be computed. A positive lag: `b` follows `a` by so many
    bins. `n`: bins known in both curves at that lag; `effective_n`: as many independent ones; `p`: chance of so large a
    coefficient at any of the lags."""

    best_lag: int
    r: float | None
    n: int
    effective_n: float
    p: float
    is_significant: bool


NOTHING = Correlation(0, None, 0, 0.0, 1.0, False)


def lagged(a: Values, b: Values, max_lag: int = 7) -> Correlation:
    """The lag of −max_lag…max_lag bins at which two curves of equal length, None or NaN where nothing is known, are
    correlated most strongly, and whether that is more than chance."""
    first, second = as_floats(a), as_floats(b)
    if len(first) != len(second):
        raise ValueError(f"curves of {len(first)} and {len(second)} bins")
    lags = range(-max_lag, max_lag + 1)
    found = [(lag, *_at(first, second, lag)) for lag in lags]
    usable = [(abs(r), -abs(lag), lag, r, n, effective) for lag, r, n, effective in found if r is not None]
    if not usable:
        return NOTHING
    _size, _nearness, lag, r, n, effective = max(usable)
    p = 1 - (1 - _chance(r, effective)) ** len(usable)
    return Correlation(lag, r, n, effective, p, p <= LEVEL and abs(r) >= LEAST)


def as_floats(values: Values) -> Floats:
    """None becomes NaN."""
    return np.array([np.nan if value is None else value for value in values], float)


def _at(a: Floats, b: Floats, lag: int) -> tuple[float | None, int, float]:
    """(coefficient, common bins, effective ones) with `b` moved back by `lag`."""
    size = len(a) - abs(lag)
    x, y = (a[:size], b[lag : lag + size]) if lag >= 0 else (a[-lag : size - lag], b[:size])
    known = ~np.isnan(x) & ~np.isnan(y)
    n = int(known.sum())
    if n < MIN_DAYS or np.ptp(x[known]) == 0 or np.ptp(y[known]) == 0:
        return None, n, 0.0
    first, second = (_spread(_standard(values[known]), known) for values in (x, y))
    return float(np.nanmean(first * second)), n, _effective(first, second, n)


def _standard(values: Floats) -> Floats:
    """Logarithms, cut off at five robust deviations, with mean 0 and variance 1: one wild day makes no correlation."""
    logs = np.log1p(values)
    middle = np.median(logs)
    deviation = 1.4826 * np.median(np.abs(logs - middle)) or logs.std()
    cut = np.clip(logs, middle - EXTREME * deviation, middle + EXTREME * deviation)
    standard: Floats = (cut - cut.mean()) / cut.std()
    return standard


def _spread(standard: Floats, known: NDArray[np.bool_]) -> Floats:
    """Values back at their bins, so that neighbours stay neighbours across gaps."""
    whole = np.full(len(known), np.nan)
    whole[known] = standard
    return whole


def _effective(x: Floats, y: Floats, n: int) -> float:
    """n ÷ (1 + 2 Σ (1 − k/n)·ρx(k)·ρy(k)), over the lags up to a quarter of the curve, within 2…n."""
    lags = np.arange(1, max(2, n // 4))
    products = np.array([_autocorrelation(x, int(k)) * _autocorrelation(y, int(k)) for k in lags])
    shrink = 1 + 2 * float(((1 - lags / n) * products).sum())
    return float(min(n, max(2.0, n / shrink))) if shrink > 0 else float(n)


def _autocorrelation(x: Floats, lag: int) -> float:
    products = x[:-lag] * x[lag:]
    known = ~np.isnan(products)
    return float(products[known].sum() / np.count_nonzero(~np.isnan(x)))


def _chance(r: float, effective: float) -> float:
    """Two-sided, by Fisher's transformation."""
    if effective < MIN_EFFECTIVE:
        return 1.0
    z = atanh(min(abs(r), 0.999999)) * sqrt(effective - 3)
    return erfc(z / sqrt(2))
