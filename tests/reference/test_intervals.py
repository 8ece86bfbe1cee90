from collections.abc import Sequence
from ipaddress import ip_network

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from apps.common.sourcekeys import from_address
from apps.reference.intervals import flatten, inside, key_ranges, merged, overlapping

TOP = 2**64 - 1
spans = st.lists(st.tuples(st.integers(0, 30), st.integers(0, 8)).map(lambda pair: (pair[0], pair[0] + pair[1])), max_size=12)


def columns(pairs: Sequence[tuple[int, int]]) -> tuple[NDArray[np.uint64], NDArray[np.uint64]]:
    return np.array([start for start, _ in pairs], np.uint64), np.array([end for _, end in pairs], np.uint64)


@given(spans, st.randoms(use_true_random=False))
def test_of_ranges_that_overlap_the_later_in_order_owns_a_key(pairs, random):
    order = np.array(random.sample(range(len(pairs)), len(pairs)), np.intp)
    bounds, owner = flatten(*columns(pairs), order)
    for key in range(45):
        holders = [int(i) for i in order if pairs[i][0] <= key <= pairs[i][1]]
        assert owner[np.searchsorted(bounds, np.uint64(key), side="right") - 1] == (holders[-1] if holders else -1)


def test_a_range_may_end_with_the_last_key():
    bounds, owner = flatten(*columns([(5, TOP), (TOP, TOP)]), np.array([0, 1]))
    assert (bounds.tolist(), owner.tolist()) == ([0, 5, TOP], [-1, 0, 1])


def test_merging_keeps_the_function():
    bounds, values = merged(np.array([0, 1, 2, 3], np.uint64), np.array([7, 7, 8, 7]))
    assert (bounds.tolist(), values.tolist()) == ([0, 2, 3], [7, 8, 7])


@given(spans)
def test_inside_finds_the_keys_of_any_range(pairs):
    found = inside(*columns(pairs), np.arange(45, dtype=np.uint64))
    assert found.tolist() == [any(a <= key <= b for a, b in pairs) for key in range(45)]


@given(spans.map(sorted))
def test_overlapping_marks_ranges_that_share_keys_with_an_earlier_one(pairs):
    expected = [any(other[1] >= pair[0] for other in pairs[:at]) for at, pair in enumerate(pairs)]
    assert overlapping(*columns(pairs)).tolist() == expected


@pytest.mark.parametrize(
    ("network", "ranges"),
    [
        ("192.0.2.0/24", [("192.0.2.0", "192.0.2.255")]),
        ("2001:db8::/32", [("2001:db8::", "2001:db8:ffff:ffff::")]),
        ("2001:db8::1/128", [("2001:db8::", "2001:db8::")]),
        ("::1/128", [("::", "::")]),
        ("::/16", [("::", "::ffff:ffff:0:0:0:0"), ("0:1::", "0:ffff:ffff:ffff::")]),
    ],
)
def test_networks_become_ranges_of_keys(network, ranges):
    assert key_ranges(ip_network(network)) == [(from_address(a), from_address(b)) for a, b in ranges]
