"""Columns of numbers as bytes and back."""

import numpy as np
import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from apps.observations.storage import numberbodies

NAMES = ("key", "packets", "sources")
NUMBER = st.one_of(st.integers(0, 300), st.integers(0, 2**62))


@given(st.lists(st.tuples(st.integers(0, 2**24), NUMBER, NUMBER), max_size=60))
def test_numbers_of_any_size_come_back(rows):
    rows.sort(key=lambda row: row[0])
    table = np.array(rows, np.int64).reshape(-1, 3)
    body = numberbodies.encode(dict(zip(NAMES, table.T, strict=True)), NAMES)
    found = numberbodies.decode(body, NAMES)
    assert list(zip(*(found[name].tolist() for name in NAMES), strict=True)) == rows


@given(st.lists(st.tuples(st.integers(0, 2**24), NUMBER, NUMBER), max_size=60), st.integers(1, 4))
def test_some_columns_and_rows_are_those_of_the_whole(rows, step):
    rows.sort(key=lambda row: row[0])
    table = np.array(rows, np.int64).reshape(-1, 3)
    body = numberbodies.encode(dict(zip(NAMES, table.T, strict=True)), NAMES)
    found = numberbodies.decode(body, NAMES, wanted=("sources",), choose=lambda keys: np.arange(0, len(keys), step))
    assert {name: column.tolist() for name, column in found.items()} == {
        "key": table[::step, 0].tolist(),
        "sources": table[::step, 2].tolist(),
    }
    whole = numberbodies.decode(body, NAMES, wanted=("packets",))
    assert {name: column.tolist() for name, column in whole.items()} == dict(zip(("key", "packets"), table[:, :2].T.tolist(), strict=True))


def test_a_small_number_takes_a_byte_or_less():
    numbers = np.random.default_rng(7).integers(0, 256, 10_000)
    body = numberbodies.encode({"key": np.arange(10_000), "packets": numbers}, ("key", "packets"))
    assert len(body) < 10_200


@pytest.mark.parametrize("body", [b"", b"nonsense", zstandard.compress(b""), zstandard.compress(bytes(3)), zstandard.compress(bytes(99))])
def test_what_is_no_body_is_refused(body):
    with pytest.raises(ValueError):
        numberbodies.decode(body, NAMES)


def test_a_body_of_other_columns_is_refused():
    body = numberbodies.encode({"key": np.arange(3), "packets": np.arange(3)}, ("key", "packets"))
    with pytest.raises(ValueError):
        numberbodies.decode(body, NAMES)
