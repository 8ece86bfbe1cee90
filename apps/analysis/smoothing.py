"""Smoothing of curves. Pure; gaps (None) are not zero."""

from collections.abc import Sequence

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

Values = Sequence[float | None]


def moving_mean(values: Values, n: int) -> tuple[float | None, ...]:
    """The trailing mean of each value and the n - 1 before it, over those that are known; None where none of them is, and
    until n values have gone by. n ≥ 1. The reports' 10-day mean is `moving_mean(by_day, 10)`."""
    if len(values) < n:
        return (None,) * len(values)
    # Each window is added by itself: differences of running sums would leave crumbs of a large value where it has gone by.
    above = sliding_window_view(np.array([value or 0.0 for value in values]), n).sum(axis=1)
    below = sliding_window_view(np.array([value is not None for value in values], np.int64), n).sum(axis=1)
    means = (float(a) / int(b) if b else None for a, b in zip(above, below, strict=True))
    return (*(None,) * (n - 1), *means)
