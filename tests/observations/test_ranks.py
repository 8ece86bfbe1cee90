"""Pruning never changes an answer: what ranks.py finds with bounds equals what one finds by looking at everything."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.observations.planning import ranks

# (lower, value, upper) of up to 60 keys, with many ties
CELLS = st.lists(st.lists(st.integers(0, 12), min_size=3, max_size=3).map(sorted), max_size=60)


class Looked:
    """Tells exact values, and how many were asked for."""

    def __init__(self, values):
        self.values, self.asked = values, 0

    def __call__(self, some):
        self.asked += len(some)
        return self.values[some]


def columns(cells):
    table = np.array(cells, float).reshape(-1, 3)
    return np.arange(len(table)), table[:, 0], Looked(table[:, 1]), table[:, 2]


def naive(values):
    order = sorted(range(len(values)), key=lambda key: (-values[key], key))
    return [(key, values[key], 1 + sum(other > values[key] for other in values)) for key in order if values[key]]


@given(CELLS, st.integers(1, 70))
def test_the_first_places_are_those_of_the_whole_ranking(cells, limit):
    keys, lower, exact, upper = columns(cells)
    found = ranks.top(keys, lower, upper, exact, limit)
    assert list(zip(found.keys.tolist(), found.values.tolist(), found.ranks.tolist(), strict=True)) == naive(exact.values.tolist())[:limit]


@given(CELLS, st.sets(st.integers(0, 59)))
def test_the_rank_of_any_key_is_its_rank_among_all(cells, wanted):
    keys, lower, exact, upper = columns(cells)
    found = ranks.true_ranks(np.array(sorted(wanted), np.int64), keys, lower, upper, exact)
    assert found == {key: (rank, value) for key, value, rank in naive(exact.values.tolist()) if key in wanted}


def test_the_long_tail_is_never_looked_at():
    count = 50_000
    values = np.sort(np.random.default_rng(1).pareto(1, count))[::-1] * 100
    exact = Looked(values)
    found = ranks.top(np.arange(count), values * 0.7, values * 1.5, exact, 10)
    assert found.keys.tolist() == list(range(10))
    assert exact.asked < 500


def test_keys_that_cannot_reach_the_last_place_are_not_looked_at_with_those_that_may():
    values = np.arange(150.0, 0, -1) ** 2
    exact = Looked(values)
    found = ranks.top(np.arange(150), values * 0.9, values * 1.1, exact, 10)
    assert found.keys.tolist() == list(range(10))
    assert exact.asked == sum(values * 1.1 >= values[9] * 0.9)


def test_a_hundred_thousand_keys_of_which_nothing_is_known_are_looked_at_in_few_rounds():
    count, rounds = 100_000, []
    values = np.random.default_rng(1).permutation(count).astype(float) + 1

    def exact(some):
        rounds.append(len(some))
        return values[some]

    found = ranks.top(np.arange(count), np.ones(count), np.full(count, count + 1.0), exact, 10)
    assert found.values.tolist() == [float(count - place) for place in range(10)]
    assert sum(rounds) == count and len(rounds) <= 4


@pytest.mark.parametrize("limit", [1, 5])
def test_nothing_ranks_as_nothing(limit):
    nothing = np.empty(0)
    assert len(ranks.top(np.empty(0, np.int64), nothing, nothing, Looked(nothing), limit)) == 0


@given(CELLS, st.sets(st.integers(0, 59)))
def test_chosen_keys_are_placed_as_in_the_whole_ranking(cells, wanted):
    keys, lower, exact, upper = columns(cells)
    found = ranks.placed(np.array(sorted(wanted), np.int64), keys, lower, upper, exact)
    whole = [row for row in naive(exact.values.tolist()) if row[0] in wanted]
    assert list(zip(found.keys.tolist(), found.values.tolist(), found.ranks.tolist(), strict=True)) == whole
