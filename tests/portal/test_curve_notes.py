"""Sentences below curves and rankings follow from their numbers."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from django.utils import translation

from apps.common.periods import Bin, Period
from apps.observations.figures import Dimension, FigureMeta, Freshness, Ranking, RankRow, Series, SeriesSet, Unit
from apps.portal.curvenotes import curve_notes, rank_note
from tests.observations.test_queries import TOKYO

FIRST = date(2020, 10, 1)  # a Thursday
PERIOD = Period.of_days(FIRST, date(2021, 1, 1), TOKYO)
META = FigureMeta(Unit.PACKETS, None, 1, "all", "Asia/Tokyo", PERIOD, Freshness(None, None, 0), None, False)


def curves(*values: list[float | None], bin: Bin = Bin.DAY) -> SeriesSet:
    starts = tuple(datetime(2020, 9, 30, 15, tzinfo=UTC) + timedelta(days=n) for n in range(len(values[0])))
    return SeriesSet(Dimension.PORT, bin, starts, tuple(Series("tcp/23", "23/TCP", tuple(one), 0) for one in values), META)


def texts(notes) -> list[str]:
    return [note.text for note in notes]


@pytest.mark.parametrize(
    ("values", "text"),
    [
        ([100.0] * 92, "23/TCP: steady (last ten days 1 times the first ten)"),
        ([100.0 + n * 0.25 for n in range(92)], "23/TCP: slight rise (last ten days 1.20 times the first ten)"),
        ([100.0] * 60 + [20.0] * 32, "23/TCP: plunge (last ten days 0.20 times the first ten)"),
        ([80.0, 120.0] * 41 + [100.0, 140.0] * 5, "23/TCP: change within chance variation (last ten days 1.20 times the first ten)"),
        ([100.0, None] * 46, "23/TCP: steady (last ten days 1 times the first ten)"),
    ],
)
def test_a_curve_is_told_in_the_words_of_change(values, text):
    with translation.override("en"):
        assert texts(curve_notes(curves(values))) == [text]


def test_a_change_within_chance_is_told_in_japanese():
    with translation.override("ja"):
        told = texts(curve_notes(curves([80.0, 120.0] * 41 + [100.0, 140.0] * 5)))
    assert told == ["23/TCP：偶然の変動の範囲内の増減（最後の 10 日平均は最初の 10 日平均の 1.20 倍）"]


def test_weekdays_are_those_of_the_days():
    week = [160.0, 150.0, 40.0, 50.0, 140.0, 140.0, 140.0]  # from Thursday: least on Saturday
    with translation.override("en"):
        [note] = texts(curve_notes(curves(week * 13)))
    assert "weekly cycle, most on Thursday, least on Saturday" in note


def test_nothing_is_said_of_few_days_or_other_bins():
    assert curve_notes(curves([5.0] * 10)) == ()
    assert curve_notes(curves([5.0] * 30, bin=Bin.WEEK)) == ()


def ranked(*previous: int | None) -> Ranking:
    row = RankRow(1, "tcp/1", "1/TCP", 1, None, None, None, 1, None)
    rows = (replace(row, rank=n, label=f"{n}/TCP", previous_rank=before) for n, before in enumerate(previous, start=1))
    return Ranking(Dimension.PORT, tuple(rows), 0, PERIOD, META)


def test_ranks_that_stayed_and_ranks_that_changed_are_told():
    with translation.override("en"):
        assert texts(rank_note(ranked(1, 2, 3, 4, 5))) == ["The first 5 ranks are those of the previous period."]
        moved = "Among the first 5, ranks changed: 3/TCP from 7 to 3, 5/TCP from outside the ranking to 5"
        assert texts(rank_note(ranked(1, 2, 7, 4, None))) == [moved]
        assert rank_note(ranked(None, None, None, None, None)) == ()
