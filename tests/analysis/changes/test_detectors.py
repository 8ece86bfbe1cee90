"""Each detector on curves with known answers: with gaps, with nothing at all, with counts so small that they must not alarm."""

import math

import numpy as np
import pytest

from apps.analysis.changes.bumps import bump_of, decompose
from apps.analysis.changes.overlaps import overlaps
from apps.analysis.changes.spikes import spikes, usual_at
from apps.analysis.changes.standings import climbers, newcomers
from apps.analysis.changes.steps import steps
from apps.analysis.changes.trends import slow_trend

DAYS = 91
SENSORS = np.full(DAYS, 10.0)
TOTAL = np.full(DAYS, 3000.0)
WEEK = 1 + 0.4 * np.sin(np.arange(DAYS) * 2 * np.pi / 7)


def curve(levels, seed: int = 3) -> np.ndarray:
    """Mean packets per sensor of ten, from expected packets over all of them."""
    return np.random.default_rng(seed).poisson(np.broadcast_to(levels, DAYS)) / SENSORS


def with_gaps(values: np.ndarray, *days: int) -> np.ndarray:
    values = values.copy()
    values[list(days)] = np.nan
    return values


def ask_spikes(values: np.ndarray, first: int = DAYS - 7) -> list:
    return spikes(values, SENSORS, TOTAL, first)


# Spikes


def test_a_spike_is_found_with_the_usual_of_its_weekday():
    levels = 1000 * WEEK
    levels[87] *= 4
    [found] = ask_spikes(curve(levels))
    assert (found.first, found.last, found.peak) == (87, 87, 87)
    assert found.usual == pytest.approx(100 * WEEK[87], rel=0.1)
    assert found.factor == pytest.approx(4, rel=0.1)


def test_days_of_a_weekly_cycle_are_no_spikes():
    assert ask_spikes(curve(1000 * (1 + 0.9 * (np.arange(DAYS) % 7 == 2)) ** 2), first=60) == []


def test_neighbouring_days_are_one_spike_named_by_its_highest():
    levels = np.full(DAYS, 500.0)
    levels[85:88] = [3000, 9000, 2500]
    [found] = ask_spikes(curve(levels))
    assert (found.first, found.peak, found.last) == (85, 86, 87)


def test_gaps_in_history_are_left_out_and_a_gap_is_no_spike():
    levels = np.full(DAYS, 500.0)
    levels[87] = 3000
    weeks_ago = [87 - 7, 87 - 21, 87 - 35]
    [found] = ask_spikes(with_gaps(curve(levels), *weeks_ago, 10, 11, 86))
    assert found.usual == pytest.approx(50, rel=0.1)
    assert ask_spikes(with_gaps(curve(levels), 87)) == []


def test_too_little_history_says_nothing():
    values = curve(np.r_[np.full(90, 500.0), 9000])
    assert usual_at(with_gaps(values, *range(60)), 90).value == pytest.approx(50, rel=0.15)
    assert usual_at(with_gaps(values, *range(65)), 90) is None


def test_a_spike_from_nothing_has_no_factor():
    [found] = ask_spikes(np.where(np.arange(DAYS) == 88, 20.0, 0.0))
    assert (found.factor, found.usual, found.value) == (None, 0, 20)


def test_a_new_level_alarms_for_a_few_days_only():
    found = ask_spikes(curve(np.where(np.arange(DAYS) < 60, 500, 3000)), first=40)
    assert [(spike.first, spike.last <= 64) for spike in found] == [(60, True)]


def test_a_spike_must_matter_in_the_whole():
    levels = np.full(DAYS, 20.0)
    levels[87] = 120
    assert len(ask_spikes(curve(levels))) == 1
    assert spikes(curve(levels), SENSORS, 100 * TOTAL, DAYS - 7) == []


# Steps


@pytest.mark.parametrize(("after", "direction"), [(2000, 1), (250, -1)])
def test_a_step_is_found_with_its_day_and_levels(after, direction):
    [found] = steps(curve(np.where(np.arange(DAYS) < 60, 800, after)), SENSORS)
    assert (found.day, found.direction) == (60, direction)
    assert (found.before, found.after) == (pytest.approx(80, rel=0.1), pytest.approx(after / 10, rel=0.1))


def test_a_step_is_found_in_a_weekly_cycle_and_across_gaps():
    values = curve(np.where(np.arange(DAYS) < 60, 800, 2000) * WEEK)
    [found] = steps(with_gaps(values, 20, 58, 59, 60, 75), SENSORS)
    assert abs(found.day - 60) <= 2


def test_a_few_wild_days_are_no_step():
    levels = np.full(DAYS, 800.0)
    levels[[40, 41, 42, 70]] = 8000
    assert steps(curve(levels), SENSORS) == []


def test_a_curve_of_sensors_that_were_away_has_no_step():
    assert steps(with_gaps(curve(800), *range(50, 60)), SENSORS) == []


# Slow trends


@pytest.mark.parametrize("factor", [2, 0.5])
def test_a_slow_trend_is_found_with_its_means(factor):
    values = with_gaps(curve(1000 * factor ** np.linspace(-DAYS / 56 + 1, 1, DAYS)), 50, 61, 62)
    found = slow_trend(values, SENSORS)
    assert found.start == pytest.approx(np.nanmean(values[-56:-46])) and found.end == pytest.approx(np.nanmean(values[-10:]))
    assert found.weekly == pytest.approx(factor ** (1 / 8), rel=0.02)
    assert found.direction == (1 if factor > 1 else -1)


def test_steps_bumps_and_small_changes_are_no_slow_trends():
    for levels in (
        np.where(np.arange(DAYS) < 60, 800, 2000),
        800 + 4000 * np.exp(-0.5 * ((np.arange(DAYS) - 80) / 4) ** 2),
        np.linspace(1000, 1150, DAYS),
    ):
        assert slow_trend(curve(levels), SENSORS) is None


# Ranks


def table(*rows) -> np.ndarray:
    return np.array([curve(row, seed) for seed, row in enumerate(rows)])


def test_a_newcomer_is_told_with_its_rank_before():
    others = [1000 - 40 * n for n in range(20)]
    late = np.where(np.arange(DAYS) < 84, 20, 900)
    [found] = newcomers(table(*others, late), SENSORS, DAYS - 1)
    assert (found.key, found.rank, found.before) == (20, found.rank, 21)
    assert found.rank in (3, 4) and found.factor > 20
    assert climbers(table(*others, late), SENSORS, DAYS - 1) == []


def test_what_was_never_there_has_no_rank_before():
    others = [1000 - 40 * n for n in range(20)]
    [found] = newcomers(table(*others, np.where(np.arange(DAYS) < 84, 0, 900)), SENSORS, DAYS - 1)
    assert (found.before, found.factor) == (None, None)


def test_climbing_many_places_is_told_within_the_first_thirty():
    others = [1000 - 20 * n for n in range(40)]
    [found] = climbers(table(*others, np.where(np.arange(DAYS) < 84, 230, 780)), SENSORS, DAYS - 1, first_places=10)
    assert found.before >= 38 and 11 <= found.rank <= 14


def test_one_wild_day_moves_no_rank():
    others = [1000 - 40 * n for n in range(20)]
    levels = np.full(DAYS, 20.0)
    levels[88] = 9000
    assert newcomers(table(*others, levels), SENSORS, DAYS - 1) == []


# Bumps


def bumped(at: float, height: float = 4, base: float = 200) -> np.ndarray:
    return base * (1 + height * np.exp(-0.5 * ((np.arange(DAYS) - at) / 4) ** 2))


def test_bumps_of_regions_are_put_in_order_with_their_lags():
    rows = table(bumped(50), bumped(30), 300, bumped(62.5))
    found = decompose(rows, rows.sum(axis=0), 10.0)
    assert [bump.key for bump in found.bumps] == [1, 0, 3]
    assert found.lags == (0, pytest.approx(20, abs=1), pytest.approx(32.5, abs=1))
    assert found.explained == pytest.approx(1, abs=0.1)
    excess = math.fsum(bump.excess for bump in found.bumps)
    assert found.explained * found.whole == pytest.approx(excess)
    assert found.factor == pytest.approx(2, rel=0.15)
    assert [abs(bump.peak - at) <= 2 for bump, at in zip(found.bumps, (30, 50, 62.5), strict=True)] == [True] * 3


def test_what_is_beyond_the_base_is_the_sum_of_a_bump():
    values = np.zeros(DAYS) + 10
    values[40:50] = 30
    found = bump_of(values, 10.0)
    assert (found.base, found.excess, found.centre) == (10, 200, 44.5)


def test_what_has_not_ended_or_is_one_day_is_no_bump():
    assert bump_of(curve(np.where(np.arange(DAYS) < 80, 200, 900)), 10.0) is None
    assert bump_of(curve(np.where(np.arange(DAYS) == 60, 9000, 200)), 10.0) is None


# Sources


def test_sources_that_overlap_are_counted_once():
    large, small, other = (np.arange(first, last, dtype=np.uint64) for first, last in ((0, 1000), (900, 1100), (5000, 5400)))
    [found] = overlaps({"tcp/2323": small, "tcp/23": large, "tcp/445": other})
    assert (found.first, found.second, found.both) == ("tcp/23", "tcp/2323", 100)
    assert (found.contained, found.jaccard) == (0.5, pytest.approx(100 / 1100))


def test_few_sources_are_not_compared():
    assert overlaps({"a": np.arange(99, dtype=np.uint64), "b": np.arange(500, dtype=np.uint64)}) == []


# Nothing to find


@pytest.mark.parametrize("mean", [0, 0.5, 3, 8])
def test_counting_alone_alarms_nobody(mean):
    for seed in range(50):
        values = curve(mean, seed)
        assert ask_spikes(values, first=60) == [] and steps(values, SENSORS) == []
        assert slow_trend(values, SENSORS) is None and bump_of(values, 10.0) is None
    rows = np.array([curve(mean, seed) for seed in range(40)])
    assert newcomers(rows, SENSORS, DAYS - 1) == [] and climbers(rows, SENSORS, DAYS - 1) == []


def test_a_constant_curve_alarms_nobody():
    for value in (0.0, 100.0, np.nan):
        values = np.full(DAYS, value)
        assert ask_spikes(values) == [] and steps(values, SENSORS) == []
        assert slow_trend(values, SENSORS) is None and bump_of(values) is None
