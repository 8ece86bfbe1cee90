"""Bodies of small cells give back what was put into them, many small ones and a few large ones alike."""

import numpy as np
import pytest

from apps.observations.planning import smallreads
from apps.observations.storage import smallcells
from apps.observations.storage.columns import take

CHANCE = np.random.default_rng(5)


def frame(rows, layout):
    largest = {name: 2 if dtype.kind == "b" else min(int(np.iinfo(dtype).max), 1 << 62) for name, dtype in layout.items()}
    return {name: CHANCE.integers(0, largest[name], rows).astype(dtype) for name, dtype in layout.items()}


@pytest.mark.parametrize("layout", [smallcells.CELL, smallcells.MEMBER], ids=["cell", "member"])
@pytest.mark.parametrize("sizes", [(), (0,), (1,), (3, 0, 7, 1), (1500, 2000), (5000, 0)], ids=str)
def test_bodies_come_back_one_after_the_other(layout, sizes):
    whole, ends = frame(sum(sizes), layout), np.cumsum([0, *sizes])
    parts = [take(whole, slice(first, end)) for first, end in zip(ends[:-1], ends[1:], strict=True)]
    found, counts = smallcells.decode([smallcells.encode(part, layout) for part in parts], layout)
    assert counts.tolist() == list(sizes)
    for name, dtype in layout.items():
        assert found[name].dtype == dtype
        assert found[name].tolist() == whole[name].tolist()


def test_a_body_that_is_no_body_is_refused():
    with pytest.raises(Exception, match="zstd|frame"):
        smallcells.decode([b"nonsense"], smallcells.CELL)


@pytest.mark.parametrize("sizes", [(1,), (3, 0, 7, 1), (1500, 0, 2000)], ids=str)
@pytest.mark.parametrize("is_known", [True, False], ids=["after all of them", "alone"])
@pytest.mark.parametrize("every", [3, 20])
def test_some_rows_are_those_of_the_whole(sizes, is_known, every):
    whole, ends = frame(sum(sizes), smallcells.CELL), np.cumsum([0, *sizes])
    parts = [take(whole, slice(first, end)) for first, end in zip(ends[:-1], ends[1:], strict=True)]
    found = smallcells.Bodies([smallcells.encode(part, smallcells.CELL) for part in parts], smallcells.CELL)
    rows = np.arange(0, sum(sizes), every)
    for name, column in whole.items():
        if is_known:
            assert found.column(name).tolist() == column.tolist()
        assert found.at(name, rows).tolist() == column[rows].tolist()
        assert found.at(name, rows[:0]).tolist() == []


def test_members_know_their_cells():
    cells = frame(3, smallcells.CELL) | {"port": np.array([23, 80, 443], np.uint16), "members": np.array([2, 0, 1], np.uint8)}
    members = frame(3, smallcells.MEMBER)
    told = smallcells.with_members(cells, members)
    assert told["port"].tolist() == [23, 23, 443]
    assert told["packets"].tolist() == members["packets"].tolist()


def test_members_are_found_by_their_cells():
    at, cell = smallcells.members_of(np.array([2, 0, 1, 3], np.uint8), np.array([0, 1, 3]))
    assert at.tolist() == [0, 1, 3, 4, 5]
    assert cell.tolist() == [0, 0, 2, 2, 2]


@pytest.mark.parametrize("cells", [1, 30, 4000])
def test_sums_are_the_same_by_table_and_by_sorting(cells, monkeypatch):
    keys = CHANCE.integers(0, 900, cells)
    columns = {name: CHANCE.integers(1, 8, cells).astype(np.uint8) for name in ("packets", "sources", "sensor_sources")}
    names = ("packets", "sources", "most", "sensor_sources")
    found = []
    for keys_per_cell in (0, 1000):  # never a table, always one
        monkeypatch.setattr(smallreads, "_KEYS_PER_CELL", keys_per_cell)
        summed = smallreads._summed(keys, np.zeros(cells, np.int64), columns, names)
        found.append({name: column.tolist() for name, column in summed.items()})
    assert found[0]["packets"] == [int(columns["packets"][keys == key].sum()) for key in np.unique(keys)]
    assert found[0] | {"most": 0} == found[1] | {"most": 0}
    assert all(1 <= least <= true for least, true in zip(found[1]["most"], found[0]["most"], strict=True))
