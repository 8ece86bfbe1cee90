"""Bodies of small cells give back what was put into them, many small ones and a few large ones alike."""

import numpy as np
import pytest

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


def test_members_know_their_cells():
    cells = frame(3, smallcells.CELL) | {"port": np.array([23, 80, 443], np.uint16), "members": np.array([2, 0, 1], np.uint8)}
    members = frame(3, smallcells.MEMBER)
    told = smallcells.with_members(cells, members)
    assert told["port"].tolist() == [23, 23, 443]
    assert told["packets"].tolist() == members["packets"].tolist()
