"""What sensors contributed comes back as it was written, however wide its numbers are, and takes no more bytes than they need."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.observations.storage import bysensor

WIDE = st.one_of(st.integers(0, 255), st.integers(256, 2**16 - 1), st.integers(2**16, 2**32 - 1))
RECORDS = st.lists(st.tuples(WIDE, WIDE, WIDE | st.integers(2**32, 2**64 - 1)), max_size=6)


def encoded(rows):
    records = np.array([record for row in rows for record in row], bysensor.RECORD)
    return bysensor.encode_many(records, np.array([len(row) for row in rows], np.int64)).to_list()


def decoded(bodies):
    records, numbers = bysensor.decode_many(bodies)
    assert records.dtype == bysensor.RECORD
    return [records[numbers == number].tolist() for number in range(len(bodies))]


def narrowest(largest):
    return next(width for width in (1, 2, 4, 8) if largest < 256**width)


@given(st.lists(RECORDS, max_size=12))
def test_rows_of_any_widths_come_back_from_one_call(rows):
    assert decoded(encoded(rows)) == rows


@given(st.lists(RECORDS, max_size=12))
def test_a_body_is_a_tag_and_each_column_at_its_narrowest(rows):
    sizes = [sum(narrowest(max(column)) for column in zip(*row, strict=True)) for row in rows]
    assert [len(body) for body in encoded(rows)] == [1 + size * len(row) if row else 0 for size, row in zip(sizes, rows, strict=True)]


def test_bytes_are_these():
    """Written down, because stored bodies outlive the code that made them."""
    rows = [[(1, 2, 3)], [], [(4, 5, 6), (0x1234, 7, 255)], [(9, 1, 1 << 40)], [(70_000, 300, 256)]]
    assert encoded(rows) == [
        b"\x00\x01\x02\x03",
        b"",
        b"\x01\x04\x00\x05\x06\x34\x12\x07\xff",
        b"\x30\x09\x01" + (1 << 40).to_bytes(8, "little"),
        b"\x16\x70\x11\x01\x00\x2c\x01\x00\x01",
    ]
    assert decoded(encoded(rows)) == rows


def test_the_largest_numbers_fit():
    rows = [[(2**32 - 1, 2**32 - 1, 2**64 - 1)], [(1, 1, 1)]]
    assert decoded(encoded(rows)) == rows


def test_nothing_is_no_bytes():
    assert encoded([]) == []
    assert encoded([[], []]) == [b"", b""]
    assert decoded([b"", b""]) == [[], []]
    assert decoded([]) == []


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"\x00", id="tag alone"),
        pytest.param(b"\x00\x01\x02", id="cut off"),
        pytest.param(b"\x00\x01\x02\x03\x04", id="too long"),
        pytest.param(b"\x40\x01\x02\x03", id="unknown tag"),
        pytest.param(b"\x03" + bytes(10), id="sensor of eight bytes"),
        pytest.param(b"\x0c" + bytes(10), id="sources of eight bytes"),
    ],
)
def test_a_body_that_is_none_is_refused_among_others(body):
    good = encoded([[(1, 2, 3)]])
    with pytest.raises(ValueError, match="not records of sensors"):
        bysensor.decode_many([*good, body, *good])


def test_many_rows_come_back():
    chance = np.random.default_rng(3)
    counts = chance.geometric(0.3, 100_000)
    records = np.zeros(int(counts.sum()), bysensor.RECORD)
    for name in records.dtype.names:
        records[name] = chance.geometric(0.01, len(records))
    found, numbers = bysensor.decode_many(bysensor.encode_many(records, counts).to_list())
    order = np.argsort(numbers, kind="stable")
    assert np.array_equal(found[order], records)
    assert np.array_equal(numbers[order], np.repeat(np.arange(len(counts)), counts))
