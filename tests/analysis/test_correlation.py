"""Correlation of curves that are related, with a lag, and of such as are not however alike they look."""

import numpy as np
import pytest

from apps.analysis.correlation import lagged

DAYS = 90


def bump(at: int, days: int = 15) -> np.ndarray:
    curve = np.zeros(DAYS)
    curve[at : at + days] = 2
    return curve


def packets(logs: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    return 500 * np.exp(logs + rng.normal(0, 0.15, DAYS))


def remembering(rng: np.random.Generator, memory: float) -> np.ndarray:
    """A curve in which each day is like the day before."""
    curve = np.zeros(DAYS)
    for day in range(1, DAYS):
        curve[day] = memory * curve[day - 1] + rng.normal()
    return 50 * np.exp(curve)


@pytest.mark.parametrize("lag", [-5, 0, 3])
def test_a_shared_bump_is_found_with_its_lag(lag):
    rng = np.random.default_rng(1)
    found = lagged(packets(bump(40), rng), packets(bump(40 + lag), rng))
    assert found.best_lag == lag
    assert found.is_significant and found.r > 0.7 and found.p < 0.05


def test_a_bump_beside_a_curve_without_one_is_no_correlation():
    rng = np.random.default_rng(2)
    found = lagged(packets(bump(40), rng), packets(np.zeros(DAYS), rng))
    assert found.r is not None and not found.is_significant


def test_two_curves_that_drift_on_their_own_are_not_called_correlated():
    rng = np.random.default_rng(3)
    called = [lagged(remembering(rng, memory), remembering(rng, memory)).is_significant for memory in [0.5, 0.8, 0.9, 1.0] * 50]
    assert sum(called) <= 0.05 * len(called) + 4  # two standard errors over the level


def test_one_wild_day_in_common_makes_no_correlation():
    rng = np.random.default_rng(4)
    first, second = packets(np.zeros(DAYS), rng), packets(np.zeros(DAYS), rng)
    first[33] = second[33] = 1e6
    assert not lagged(first, second).is_significant


def test_gaps_are_left_out():
    rng = np.random.default_rng(5)
    first, second = packets(bump(40), rng).tolist(), packets(bump(43), rng).tolist()
    for day in (5, 6, 44, 70):
        first[day] = None
    found = lagged(first, second)
    assert (found.best_lag, found.is_significant) == (3, True)
    assert found.n == DAYS - 3 - 4


def test_curves_that_say_nothing_have_no_coefficient():
    assert lagged(np.zeros(DAYS), np.arange(DAYS)).r is None
    assert lagged(np.arange(15), np.arange(15)).r is None
    with pytest.raises(ValueError, match="curves of 3 and 4"):
        lagged([1, 2, 3], [1, 2, 3, 4])
