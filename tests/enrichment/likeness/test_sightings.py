"""How far a scan lies from the packets of a source."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.enrichment.likeness.sightings import FAR, sightings_of

DAY = 737_000


def keys(*numbers):
    return np.array(numbers, np.uint64)


def gaps(sightings, *pairs):
    at, days = zip(*pairs, strict=True)
    return sightings.gaps(np.array(at, np.int64), np.array(days, np.int64)).tolist()


def test_the_nearest_packet_of_the_same_source_counts():
    seen = sightings_of({DAY: keys(5, 9), DAY + 40: keys(5), DAY + 41: keys(9)})
    assert seen.keys.tolist() == [5, 9]
    assert gaps(seen, (0, DAY + 1), (0, DAY + 39), (0, DAY - 7), (0, DAY + 100), (1, DAY + 40)) == [1, 1, 7, 60, 1]


def test_a_source_without_sightings_is_far_from_everything():
    assert gaps(sightings_of({}), (0, DAY)) == [FAR]


def test_some_of_the_sources_keep_their_days():
    seen = sightings_of({DAY: keys(5, 7, 9), DAY + 3: keys(7)}).among(np.array([False, True, True]))
    assert seen.keys.tolist() == [7, 9]
    assert gaps(seen, (0, DAY + 2), (1, DAY + 2)) == [1, 2]


@settings(deadline=None)
@given(
    st.dictionaries(st.integers(DAY, DAY + 60), st.sets(st.integers(1, 6), min_size=1), max_size=8),
    st.lists(st.tuples(st.integers(0, 5), st.integers(DAY - 40, DAY + 100)), min_size=1, max_size=20),
)
def test_gaps_are_those_of_a_search_through_all_days(days, asked):
    seen = sightings_of({day: keys(*sorted(of_day)) for day, of_day in days.items()})
    known = sorted(set().union(*days.values()))
    asked = [(at, day) for at, day in asked if at < len(known)]
    if asked:
        expected = [min(abs(day - other) for other, of_day in days.items() if known[at] in of_day) for at, day in asked]
        assert gaps(seen, *asked) == expected


@pytest.mark.parametrize("days", [{}, {DAY: keys()}])
def test_nothing_seen_is_no_source(days):
    assert len(sightings_of(days).keys) == 0
