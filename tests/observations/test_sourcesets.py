"""Source sets: every form gives back what went in, and set algebra is that of Python's sets."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.common.sourcekeys import from_address
from apps.observations.storage import sourcesets
from apps.observations.storage.ragged import Ragged

IPV4 = st.integers(0, 2**32 - 1)
IPV6 = st.integers(2**32, 2**64 - 1)
SETS = st.sets(IPV4 | IPV6, max_size=30)


def keys(numbers):
    return np.array(sorted(numbers), np.uint64)


@given(SETS)
def test_a_set_comes_back_as_it_was(numbers):
    body = sourcesets.encode(keys(numbers))
    assert sourcesets.keys_of(body).tolist() == sorted(numbers)
    assert sourcesets.count(body) == len(numbers)


@given(st.lists(SETS, max_size=8))
def test_many_sets_at_once_are_written_as_one_by_one(sets):
    flat = np.concatenate([keys(numbers) for numbers in sets]) if sets else keys([])
    written = sourcesets.encode_many(flat, np.array([len(numbers) for numbers in sets], np.int64))
    assert isinstance(written, Ragged)
    assert written.to_list() == [sourcesets.encode(keys(numbers)) for numbers in sets]


@given(SETS, SETS)
def test_union_intersection_and_difference_are_those_of_sets(first, second):
    a, b = sourcesets.encode(keys(first)), sourcesets.encode(keys(second))
    assert sourcesets.union([a, b]).tolist() == sorted(first | second)
    assert sourcesets.union_count([a, b]) == len(first | second)
    assert sourcesets.intersection(a, b).tolist() == sorted(first & second)
    assert sourcesets.difference(a, b).tolist() == sorted(first - second)


def test_a_crowded_set_becomes_a_bitmap_and_stays_exact():
    crowded = np.arange(1 << 24, (1 << 24) + 200_000, dtype=np.uint64)
    body = sourcesets.encode(crowded)
    assert body[:1] == sourcesets.BITMAP
    assert len(body) < 1000
    assert np.array_equal(sourcesets.keys_of(body), crowded)
    assert sourcesets.count(body) == 200_000
    assert sourcesets.union_count([body, sourcesets.encode(keys([1, 1 << 24]))]) == 200_001


def test_a_crowded_set_keeps_its_ipv6_sources():
    crowded = np.append(np.arange(1 << 24, (1 << 24) + 9_000, dtype=np.uint64), keys([1 << 40, 1 << 63]))
    body = sourcesets.encode(crowded)
    assert body[:1] == sourcesets.BITMAP
    assert np.array_equal(sourcesets.keys_of(body), crowded)
    assert sourcesets.count(body) == sourcesets.union_count([body, body]) == 9_002


def test_long_sets_of_every_form_are_united_exactly():
    """So long that they are merged; runs of IPv4, bitmaps, and IPv6 beside them."""
    rng = np.random.default_rng(1)
    sets = [np.unique(rng.integers(0, limit, 20_000, np.uint64)) for limit in (1 << 32, 1 << 16, 1 << 17, 1 << 63)]
    sets.append(np.unique(np.concatenate([sets[0][:5_000], sets[3][:5_000]])))
    bodies = [sourcesets.encode(one) for one in sets]
    assert {body[:1] for body in bodies} == {sourcesets.IPV4, sourcesets.IPV6, sourcesets.MIXED, sourcesets.BITMAP}
    whole = np.unique(np.concatenate(sets))
    assert np.array_equal(sourcesets.union(bodies), whole)
    assert sourcesets.union_count(bodies) == len(whole)
    assert [sourcesets.union_count([body]) for body in bodies] == [len(one) for one in sets]


def test_no_set_has_no_source():
    assert sourcesets.union([]).tolist() == []
    assert sourcesets.union_count([sourcesets.EMPTY]) == sourcesets.union_count([]) == 0


def test_a_scattered_set_stays_an_array_of_four_bytes_a_source():
    scattered = np.unique(np.random.default_rng(1).integers(0, 1 << 32, 20_000, np.uint64))
    assert len(sourcesets.encode(scattered)) == 1 + 4 * len(scattered)


@settings(max_examples=5)
@given(st.integers(4096, 9000))
def test_bitmaps_among_many_sets_are_written_whole(size):
    dense, short = np.arange(size, dtype=np.uint64), keys([7, from_address("2001:db8::1")])
    written = sourcesets.encode_many(np.concatenate([short, dense, short]), np.array([2, size, 2]))
    assert written.to_list() == [sourcesets.encode(short), sourcesets.encode(dense), sourcesets.encode(short)]


def test_bytes_that_are_no_set_are_refused():
    with pytest.raises(ValueError, match="not a source set"):
        sourcesets.keys_of(b"\x09abcd")


def test_one_ipv6_64_is_one_source():
    assert from_address("2001:db8:1:2::1") == from_address("2001:db8:1:2:ffff::9")
