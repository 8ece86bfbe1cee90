"""The three ratios and the moving mean: which days they look at, and that a gap is no zero."""

from datetime import date, timedelta

import pytest

from apps.analysis.ratios import RatioName, Window, after_before, day_baseline, end_start, span_of
from apps.analysis.smoothing import moving_mean

FIRST = date(2023, 1, 1)
DAYS = [FIRST + timedelta(days=number) for number in range(90)]


def test_the_end_is_measured_by_the_start():
    values = [10.0] * 10 + [99.0] * 70 + [15.0] * 10
    found = end_start(values, DAYS)
    assert (found.name, found.value) == (RatioName.END_START, 1.5)
    assert found.numerator == Window(date(2023, 3, 22), date(2023, 3, 31), 15, 10)
    assert found.denominator == Window(date(2023, 1, 1), date(2023, 1, 10), 10, 10)


def test_after_a_day_includes_it_and_before_does_not():
    values = [2.0 if day < date(2023, 1, 23) else 16.0 for day in DAYS]
    found = after_before(values, DAYS, date(2023, 1, 23))
    assert found.value == 8
    assert (found.numerator.first, found.numerator.last) == (date(2023, 1, 23), date(2023, 2, 1))
    assert (found.denominator.first, found.denominator.last) == (date(2023, 1, 13), date(2023, 1, 22))


def test_one_day_is_measured_by_the_ten_that_end_with_another():
    values = [5.0] * 90
    values[DAYS.index(date(2023, 2, 28))] = 30.0
    found = day_baseline(values, DAYS, date(2023, 2, 28), date(2023, 2, 18))
    assert found.value == 6
    assert (found.denominator.first, found.denominator.last) == (date(2023, 2, 9), date(2023, 2, 18))


def test_gaps_are_left_out_of_means_and_not_counted_as_zero():
    values = [10.0, None, 20.0, *[None] * 77, *[30.0] * 9, None]
    found = end_start(values, DAYS)
    assert (found.value, found.denominator.days, found.numerator.days) == (2, 2, 9)


def test_there_is_no_ratio_to_nothing():
    assert end_start([0.0] * 10 + [None] * 70 + [1.0] * 10, DAYS).value is None
    assert end_start([None] * 80 + [1.0] * 10, DAYS).value is None
    assert end_start([1.0] * 80 + [None] * 10, DAYS).value is None
    assert after_before([1.0] * 90, DAYS, FIRST).denominator == Window(FIRST - timedelta(days=10), FIRST - timedelta(days=1), None, 0)


def test_windows_say_which_days_are_needed():
    assert span_of(RatioName.END_START, None, None, 10) is None
    assert span_of(RatioName.AFTER_BEFORE, FIRST, None, 10) == (FIRST - timedelta(days=10), FIRST + timedelta(days=9))
    assert span_of(RatioName.DAY_BASELINE, date(2023, 2, 28), date(2023, 2, 18), 10) == (date(2023, 2, 9), date(2023, 2, 28))
    assert span_of(RatioName.DAY_BASELINE, date(2023, 2, 1), date(2023, 2, 18), 10) == (date(2023, 2, 1), date(2023, 2, 18))


@pytest.mark.parametrize(
    ("values", "n", "expected"),
    [
        ([1, 2, 3, 4], 2, (None, 1.5, 2.5, 3.5)),
        ([1, None, 3, None, None], 2, (None, 1.0, 3.0, 3.0, None)),
        ([1, 2], 3, (None, None)),
        ([], 3, ()),
        ([0, 0, 6], 3, (None, None, 2.0)),
        ([5, None], 1, (5.0, None)),
    ],
)
def test_a_moving_mean_trails_and_passes_over_gaps(values, n, expected):
    assert moving_mean(values, n) == expected


def test_a_moving_mean_forgets_what_has_gone_by():
    assert moving_mean([1e15, 0.1, 0.1, 0.0, 0.0], 2)[2:] == (0.1, 0.05, 0.0)
