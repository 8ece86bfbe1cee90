"""Cutting flows into batches: nothing lost, nothing over a silence, nothing over a week or the limit."""

from datetime import timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.observations.importers import batching
from apps.observations.importers.packets import PacketFlows

HOUR, WEEK = 3600, 7 * 86_400
START = 2300 * WEEK


def flows_at(*seconds):
    bucket = np.array(sorted(START + second // 60 * 60 for second in seconds), np.int64)
    return PacketFlows({"bucket": bucket})


def cut(*seconds, gap_h=6):
    return [
        (span.rows.start, span.rows.stop, span.start - START, span.end - START)
        for span in batching.cut(flows_at(*seconds), timedelta(hours=gap_h))
    ]


def test_no_flows_make_no_batch():
    assert cut() == []


def test_a_stretch_is_declared_from_its_first_to_its_last_minute():
    assert cut(0, HOUR, 5 * HOUR) == [(0, 3, 0, 5 * HOUR + 60)]


def test_a_silence_is_not_declared():
    assert cut(0, 60, 60 + 7 * HOUR) == [(0, 2, 0, 120), (2, 3, 60 + 7 * HOUR, 120 + 7 * HOUR)]
    assert len(cut(0, 60, 60 + 6 * HOUR)) == 1


def test_batches_end_with_the_week_and_leave_no_hole():
    assert cut(WEEK - HOUR, WEEK + HOUR) == [(0, 1, WEEK - HOUR, WEEK), (1, 2, WEEK, WEEK + HOUR + 60)]


def test_full_batches_end_where_a_minute_begins(monkeypatch):
    monkeypatch.setattr(batching, "MAX_FLOWS", 3)
    assert cut(0, 60, 60, 60, 120) == [(0, 1, 0, 60), (1, 4, 60, 120), (4, 5, 120, 180)]


def test_a_minute_larger_than_a_batch_fills_several(monkeypatch):
    monkeypatch.setattr(batching, "MAX_FLOWS", 2)
    assert cut(0, 0, 0, 0, 0, 60) == [(0, 2, 0, 60), (2, 4, 0, 60), (4, 6, 0, 120)]


@pytest.mark.parametrize("most", [1, 3, 50])
@given(st.lists(st.integers(0, 20 * 86_400), max_size=60), st.integers(1, 24))
def test_every_flow_is_in_one_batch_that_declares_its_minute(most, seconds, gap_h):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(batching, "MAX_FLOWS", most)
        spans = cut(*seconds, gap_h=gap_h)
    minutes = flows_at(*seconds)["bucket"] - START
    assert [row for start, stop, _from, _to in spans for row in range(start, stop)] == list(range(len(minutes)))
    for start, stop, begin, end in spans:
        assert 0 < stop - start <= most
        assert begin <= minutes[start]
        assert minutes[stop - 1] + 60 <= end <= begin + WEEK
    for (_, stop, _, end), (_, _, begin, _) in zip(spans, spans[1:], strict=False):
        silence = minutes[stop] - minutes[stop - 1] - 60
        assert (begin <= end) == (silence <= gap_h * HOUR)


def test_an_id_belongs_to_one_sensor_log_and_way_of_cutting():
    source = batching.Source("one", "ab" * 32, "marx", timedelta(hours=6), names_sensor=True)
    ids = {
        source.batch_id(0),
        source.batch_id(1),
        batching.Source("two", "ab" * 32, "marx", timedelta(hours=6), names_sensor=True).batch_id(0),
        batching.Source("one", "cd" * 32, "marx", timedelta(hours=6), names_sensor=True).batch_id(0),
        batching.Source("one", "ab" * 32, "marx", timedelta(hours=3), names_sensor=True).batch_id(0),
    }
    assert len(ids) == 5
    assert {one.version for one in ids} == {5}
    assert source.batch_id(0) == batching.Source("one", "ab" * 32, "marx", timedelta(hours=6), names_sensor=False).batch_id(0)
