"""Segments: what is stored comes back, in any choice of columns."""

from datetime import date

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.observations.models import Segment
from apps.observations.storage import segments
from apps.observations.storage.columns import COLUMNS, Frame, empty, take
from tests.factories import SensorFactory

DAY = date(2013, 5, 1)
STORED = [name for name in COLUMNS if name not in ("sensor", "day")]

ROWS = st.lists(
    st.tuples(
        st.integers(0, 255), st.integers(0, 65535), st.integers(0, 2**64 - 1), st.integers(0, 24), st.integers(0, 7),
        st.integers(0, 59), st.integers(0, 59), st.integers(1, 2**40), st.booleans(),
    ),
    max_size=40,
    unique_by=lambda row: row[:5],
)  # fmt: skip


def frame_of(rows) -> Frame:
    rows = sorted(rows)
    columns = list(zip(*rows, strict=True)) if rows else [()] * 9
    names = ("protocol", "port", "source", "hour", "signature", "first", "last", "packets", "excluded")
    frame = {name: np.array(values, COLUMNS[name]) for name, values in zip(names, columns, strict=True)}
    frame["last"] = np.maximum(frame["first"], frame["last"])
    # Region and scanner belong to the source, as the day's reference data say.
    return frame | {"region": (frame["source"] % 65521).astype(np.uint16), "scanner": frame["source"] % 2 == 1}


def same(frame: Frame, other: Frame) -> bool:
    return frame.keys() == other.keys() and all(
        np.array_equal(frame[name], other[name]) and frame[name].dtype == other[name].dtype for name in frame
    )


@given(ROWS)
def test_a_segment_comes_back_as_it_was(rows):
    frame = frame_of(rows)
    assert same(segments.decode(segments.encode(frame), STORED), {name: frame[name] for name in STORED})


@settings(max_examples=20)
@given(ROWS, st.sets(st.sampled_from(STORED), min_size=1))
def test_chosen_columns_are_those_of_the_whole(rows, chosen):
    frame, names = frame_of(rows), sorted(chosen)
    assert same(segments.decode(segments.encode(frame), names), {name: frame[name] for name in names})


def test_a_large_segment_is_stored_by_column_and_comes_back():
    rng = np.random.default_rng(1)
    rows = [(6, int(port), int(source), 3, 0, 5, 9, 1, False) for port, source in rng.integers(0, 65535, (3000, 2))]
    frame = frame_of({row[:5]: row for row in rows}.values())
    body = segments.encode(frame)
    assert same(segments.decode(body, STORED), {name: frame[name] for name in STORED})
    assert len(body) < 6 * len(frame["port"])


@pytest.mark.django_db
def test_reading_names_sensor_and_day_and_can_choose_rows():
    ours, other = SensorFactory(), SensorFactory()
    frame = frame_of([(6, 23, 1, 0, 0, 0, 0, 5, False), (6, 80, 2, 1, 0, 0, 0, 7, False)])
    for sensor in (ours, other):
        Segment.objects.create(sensor=sensor, day=DAY, rows=2, body=segments.encode(frame))
    both = segments.read([other.pk, ours.pk], [DAY])
    assert both["sensor"].tolist() == [ours.pk] * 2 + [other.pk] * 2
    assert set(both["day"].tolist()) == {DAY}
    assert segments.read([ours.pk], [DAY], ["packets", "port"], keep=lambda part: part["port"] == 80)["packets"].tolist() == [7]


@pytest.mark.django_db
def test_reading_more_rows_than_wanted_is_refused_before_they_are_read():
    sensor = SensorFactory()
    Segment.objects.create(sensor=sensor, day=DAY, rows=3, body=b"not read")
    with pytest.raises(segments.TooManyRowsError):
        segments.read([sensor.pk], [DAY], max_rows=2)


@pytest.mark.django_db
def test_reading_nothing_gives_empty_columns_of_the_right_types():
    assert same(segments.read([1], [DAY], ["sensor", "packets"]), empty(["sensor", "packets"]))
    assert same(take(segments.read([], []), slice(0, 0)), empty())
