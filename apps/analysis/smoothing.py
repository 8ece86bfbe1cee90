"""Smoothing of curves. Pure; gaps (None) are not zero."""

from collections.abc import Sequence

import numpy as np

Values = Sequence[float | None]


def moving_mean(values: Values, n: int) -> tuple[float | None, ...]:
    """The trailing mean of each value and the n - 1 before it, over those that are known; None where none of them is, and
    until n values have gone by. n ≥ 1. The reports' 10-day mean is `moving_mean(by_day, 10)`."""
    known = np.array([value is not None for value in values], np.int64)
    sums = np.cumsum(np.concatenate([[0.0], [value or 0.0 for value in values]]))
    counts = np.cumsum(np.concatenate([[0], known]))
    if len(values) < n:
        return (None,) * len(values)
    above, below = sums[n:] - sums[:-n], counts[n:] - counts[:-n]
    means = (float(a) / int(b) if b else None for a, b in zip(above, below, strict=True))
    return (*(None,) * (n - 1), *means)
