"""Periods cut into months, days and hours: the pieces are exactly the period, whatever the clocks do."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.common.periods import Bin, Period, add_months, bins, day_start
from apps.observations.models import Grain
from apps.observations.planning.spans import cut, edges

ZONES = [ZoneInfo(name) for name in ("Asia/Tokyo", "Europe/Berlin", "America/Sao_Paulo", "Asia/Kolkata", "UTC")]
HOURS = st.integers(0, 20_000).map(lambda hours: datetime(2025, 1, 1, tzinfo=UTC) + timedelta(hours=hours))
YEARS = {add_months(date(2025, 1, 1), month) for month in range(0, 30, 2)}  # every other month is closed


@given(HOURS, st.integers(1, 3000), st.sampled_from(ZONES), st.sampled_from(ZONES), st.sampled_from(Bin))
def test_pieces_are_the_period_and_each_lies_in_one_bin(start, hours, viewed, reporting, size):
    period = Period(start, start + timedelta(hours=hours), viewed)
    spans = edges(period, bins(period, size))
    pieces = cut(spans, reporting, YEARS)
    assert pieces[0].start == period.start
    assert pieces[-1].end == period.end
    assert all(before.end == after.start for before, after in zip(pieces, pieces[1:], strict=False))
    assert all(spans[piece.bin][0] <= piece.start < piece.end <= spans[piece.bin][1] for piece in pieces)


def test_a_quarter_is_its_closed_months_and_the_days_of_the_open_one():
    zone = ZONES[0]
    period = Period.of_days(date(2026, 1, 1), date(2026, 4, 1), zone)
    pieces = cut([(period.start, period.end)], zone, {date(2026, 1, 1), date(2026, 2, 1)})
    assert [piece.grain for piece in pieces] == [Grain.MONTH] * 2 + [Grain.DAY] * 31


def test_part_days_are_hours():
    zone = ZONES[0]
    start = day_start(date(2026, 3, 2), zone) + timedelta(hours=22)
    pieces = cut([(start, start + timedelta(hours=28))], zone, ())
    assert [piece.grain for piece in pieces] == [Grain.HOUR] * 2 + [Grain.DAY] + [Grain.HOUR] * 2


@pytest.mark.parametrize(("day", "hours"), [(date(2026, 3, 29), 23), (date(2026, 10, 25), 25)])
def test_a_day_on_which_clocks_change_is_still_one_day(day, hours):
    berlin = ZONES[1]
    period = Period.of_days(day, day + timedelta(days=1), berlin)
    [piece] = cut([(period.start, period.end)], berlin, ())
    assert (piece.grain, piece.end - piece.start) == (Grain.DAY, timedelta(hours=hours))
    assert len(bins(period, Bin.HOUR)) == hours


def test_the_part_of_an_hour_that_midnight_leaves_is_not_a_stored_one():
    kolkata = ZONES[3]
    midnight = day_start(date(2026, 3, 2), kolkata)  # 18:30 UTC
    pieces = cut([(midnight, midnight + timedelta(minutes=90))], kolkata, ())
    assert [(piece.end - piece.start, piece.is_stored) for piece in pieces] == [
        (timedelta(minutes=30), False),
        (timedelta(hours=1), True),
    ]
