from datetime import UTC, date, datetime

import pytest
from django.conf import settings
from django.utils import translation

from apps.common.periods import Bin, Period
from apps.observations.figures import RankRow
from apps.portal import words
from apps.portal.pages.sensors import strip
from apps.portal.tables import change_of_rank

TOKYO = settings.REPORT_TIME_ZONE


@pytest.mark.parametrize(
    ("value", "text"), [(1811, "1,811"), (404.0, "404"), (4.4839, "4.48"), (4.486, "4.49"), (1234.5, "1,234"), (0, "0"), (None, "–")]
)
def test_numbers_are_grouped_and_short(value, text):
    with translation.override("en"):
        assert words.number(value) == text


def test_shares_are_rounded():
    assert words.percent(13 / 14) == "92.9 %"


def test_a_period_of_days_names_its_last_day_and_one_of_hours_its_end():
    days = Period.of_days(date(2026, 3, 1), date(2026, 4, 1), TOKYO)
    hours = Period(datetime(2026, 3, 1, 3, tzinfo=UTC), datetime(2026, 3, 1, 6, tzinfo=UTC), TOKYO)
    with translation.override("ja"):
        assert words.period(days) == "2026年3月1日～2026年3月31日"
        assert words.period(hours) == "2026-03-01 12:00～2026-03-01 15:00"


def test_missing_days_are_told_as_runs():
    missing = tuple(date(2026, 3, day) for day in (1, 2, 3, 7, 9, 11))
    with translation.override("en"):
        assert words.some_days(missing, most=2) == "March 1, 2026 to March 3, 2026, March 7, 2026, 2 more days"


@pytest.mark.parametrize(("size", "text"), [(Bin.HOUR, "2026-03-01 09:00"), (Bin.DAY, "2026-03-01"), (Bin.MONTH, "2026-03")])
def test_bins_are_labelled_in_the_zone_of_the_period(size, text):
    assert words.bin_label(datetime(2026, 3, 1, tzinfo=UTC), size, TOKYO) == text


@pytest.mark.parametrize(
    ("rank", "previous", "kind", "text"), [(1, 3, "up", "↑ 2"), (3, 1, "down", "↓ 2"), (2, 2, "same", "→"), (1, None, "new", "new")]
)
def test_a_change_of_rank_is_told_by_direction(rank, previous, kind, text):
    row = RankRow(rank, "tcp/23", "", 1, None, previous, None, 1, None)
    with translation.override("en"):
        assert change_of_rank(row) == (kind, text)


def test_a_coverage_strip_joins_equal_days():
    cells = strip(["covered", "covered", "none", "covered"])
    assert [(cell.x, cell.width, cell.kind) for cell in cells] == [
        ("0.00", "50.00", "covered"), ("50.00", "25.00", "none"), ("75.00", "25.00", "covered"),
    ]  # fmt: skip
