"""Which word of change a curve gets."""

import numpy as np
import pytest

from apps.analysis import trendwords
from apps.analysis.trendwords import Thresholds, Word, jumps, trend, weekly_cycle

WEEK = 1 + 0.4 * np.sin(np.arange(90) * 2 * np.pi / 7)


def around(levels) -> np.ndarray:
    return np.random.default_rng(7).poisson(levels).astype(float)


@pytest.mark.parametrize(
    ("levels", "word"),
    [
        (np.full(90, 1000), Word.STEADY),
        (np.linspace(1000, 1080, 90), Word.STEADY),
        (np.linspace(1000, 1280, 90), Word.SLIGHT_RISE),
        (np.linspace(1000, 780, 90), Word.SLIGHT_FALL),
        (np.linspace(1000, 1700, 90), Word.RISE),
        (np.linspace(1000, 500, 90), Word.FALL),
        (np.repeat([1000, 2500], 45), Word.SURGE),
        (np.repeat([1000, 300], 45), Word.PLUNGE),
        (np.repeat([1000, 1600], 45), Word.RISE),
        (1000 * WEEK, Word.FLUCTUATING),
        (np.full(90, 3), Word.STEADY),  # counting alone makes ±30 % of it
        (np.zeros(90), Word.UNKNOWN),
        (np.full(12, 1000), Word.UNKNOWN),
    ],
)
def test_a_curve_gets_its_word(levels, word):
    assert trend(around(levels)).word is word


@pytest.mark.parametrize(
    ("last", "word"),
    [
        (100, Word.STEADY),
        (110, Word.STEADY),
        (90, Word.STEADY),
        (111, Word.WITHIN_CHANCE),
        (89, Word.WITHIN_CHANCE),
        (135, Word.WITHIN_CHANCE),
        (140, Word.RISE),
    ],
)
def test_a_change_that_days_differ_by_anyway_is_steady_within_ten_percent_only(last, word):
    """Days alternate by ±20 %, so that the ten-day means must differ by 37.5 % to differ by two standard errors; the robust
    variation is 28 %, too little to be fluctuating."""
    restless = np.tile([80.0, 120.0], 15)
    assert trend(np.r_[restless[:10], restless, restless[:10] + last - 100]).word is word


def test_a_change_that_is_sure_keeps_its_word():
    assert trend([100.0] * 20 + [111.0] * 20).word is Word.SLIGHT_RISE
    assert trend([100.0] * 20 + [150.0] * 20).word is Word.RISE
    assert trend([100.0] * 20 + [110.0] * 20).word is Word.STEADY


def test_no_trend_with_much_variation_is_fluctuating_beyond_ten_percent_too():
    restless = np.tile([50.0, 150.0], 15)
    assert trend(np.r_[restless[:10], restless, restless[:10] + 20]).word is Word.FLUCTUATING


def test_a_bump_that_is_over_is_no_surge_but_its_jumps_are_known():
    found = trend(around(np.r_[np.full(40, 1000), np.full(12, 4000), np.full(38, 1000)]))
    assert found.word is Word.STEADY
    assert [(jump.start < 40 <= jump.end, round(jump.factor)) for jump in found.jumps][0] == (True, 4)
    assert found.jumps[1].start < 52 <= found.jumps[1].end and found.jumps[1].factor == pytest.approx(0.25, abs=0.02)


def test_the_ratio_is_that_of_the_ten_day_means():
    curve = [10.0] * 10 + [99.0] * 30 + [15.0] * 10
    assert trend(curve).ratio == 1.5


def test_gaps_are_left_out_and_too_many_of_them_leave_no_word():
    curve = around(np.linspace(1000, 1700, 90)).tolist()
    curve[2:5] = curve[50:60] = [None] * 3
    assert trend(curve).word is Word.RISE
    curve[:8] = [None] * 8
    assert trend(curve).word is Word.UNKNOWN


def test_a_surge_takes_at_most_three_days():
    slow = np.r_[np.full(40, 1000), np.linspace(1000, 2500, 20), np.full(30, 2500)]
    assert jumps(slow) == ()
    assert trend(slow).word is Word.RISE


def test_counting_alone_is_no_surge():
    for seed in range(20):
        assert jumps(np.random.default_rng(seed).poisson(6, 90).astype(float)) == ()


def test_the_weekly_cycle_is_told_by_its_weekdays():
    cycle = weekly_cycle(around(1000 * WEEK))
    assert (cycle.high, cycle.low) == (2, 5)
    assert cycle.amplitude == pytest.approx(1.3, abs=0.15)
    assert cycle.share > 0.9


def test_noise_has_no_weekly_cycle():
    found = [weekly_cycle(np.random.default_rng(seed).lognormal(5, 0.4, 90)) for seed in range(200)]
    assert sum(cycle is not None for cycle in found) <= 2
    assert weekly_cycle(np.zeros(90)) is None


def test_a_weekly_cycle_survives_gaps():
    curve = around(1000 * WEEK)
    curve[[10, 11, 47]] = np.nan
    assert (weekly_cycle(curve).high, weekly_cycle(curve).low) == (2, 5)


def test_thresholds_are_a_setting(settings):
    settings.TREND_WORDS = {"steady": 0.5}
    assert trend([10.0] * 10 + [99.0] * 30 + [12.0] * 10).word is Word.STEADY
    assert trend([10.0] * 10 + [99.0] * 30 + [12.0] * 10, Thresholds()).word is Word.SLIGHT_RISE


@pytest.mark.parametrize("days", [0, 4, 5, 30])
@pytest.mark.parametrize("side", [4, 5])
def test_levels_are_medians_of_the_days_that_are_known(days, side):
    curve = np.random.default_rng(days).integers(0, 50, days).astype(float)
    curve[::3] = np.nan
    curve[7:14] = np.nan
    found = trendwords._levels(curve, side)
    windows = [curve[at : at + side][~np.isnan(curve[at : at + side])] for at in range(days - side + 1)]
    expected = [float(np.median(known)) if 2 * len(known) > side else np.nan for known in windows]
    np.testing.assert_array_equal(found, np.array(expected))
