"""What is found is one row however often it is found, and what somebody made of it stays."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from apps.analysis.changes.findings import Finding, is_narrow, score_of
from apps.analysis.changes.keeping import Kept, keep
from apps.analysis.models import Change, ChangeKind, ChangeState

TODAY = date(2026, 3, 14)
pytestmark = pytest.mark.django_db


def days(number: int) -> timedelta:
    return timedelta(days=number)


def finding(kind: ChangeKind = ChangeKind.SPIKE, first: date = TODAY, last: date | None = None, **values) -> Finding:
    fields = {"dimension": "port", "subject": "tcp/23", "direction": 1, "score": 50.0, "numbers": {"value": 1}}
    return Finding(kind, first=first, last=last or first, **(fields | values))


def test_the_same_finding_twice_is_one_row():
    assert keep([finding()], "all", TODAY) == Kept(1, 0, 0)
    before = Change.objects.values().get()
    assert keep([finding()], "all", TODAY) == Kept(0, 1, 0)
    assert Change.objects.values().get() == before


def test_numbers_are_brought_up_to_date_and_the_decision_stays():
    keep([finding()], "all", TODAY)
    Change.objects.update(state=ChangeState.DISMISSED, reason="known")
    keep([finding(last=TODAY + days(1), score=60.0, numbers={"value": 2})], "all", TODAY + days(1))
    change = Change.objects.get()
    assert (change.state, change.reason) == (ChangeState.DISMISSED, "known")
    assert (change.first, change.last, change.score, change.numbers) == (TODAY, TODAY + days(1), 60.0, {"value": 2})
    assert change.as_of == TODAY + days(1)


def test_a_step_whose_day_moves_is_the_same_step_and_another_direction_another():
    keep([finding(ChangeKind.STEP, TODAY - days(10))], "all", TODAY)
    keep([finding(ChangeKind.STEP, TODAY - days(12)), finding(ChangeKind.STEP, TODAY - days(12), direction=-1)], "all", TODAY + days(1))
    assert sorted(Change.objects.values_list("direction", "first")) == [(-1, TODAY - days(12)), (1, TODAY - days(12))]


def test_steps_far_apart_and_other_subjects_are_rows_of_their_own():
    found = [finding(ChangeKind.STEP, TODAY - days(20)), finding(ChangeKind.STEP, TODAY - days(9)), finding(subject="tcp/22")]
    assert keep(found, "all", TODAY) == Kept(3, 0, 0)
    assert keep(found, "all", TODAY) == Kept(0, 3, 0)
    assert keep(found, "scenario", TODAY).added == 3


def test_a_trend_that_goes_on_is_one_row_whose_span_moves():
    for day in range(0, 30, 7):
        keep([finding(ChangeKind.TREND, TODAY + days(day - 55), TODAY + days(day))], "all", TODAY + days(day))
    change = Change.objects.get()
    assert (change.first, change.last) == (TODAY + days(28 - 55), TODAY + days(28))


def test_the_first_day_of_a_spike_stays_when_a_later_search_sees_less_of_it():
    keep([finding(first=TODAY - days(9), last=TODAY - days(4))], "all", TODAY)
    keep([finding(first=TODAY - days(6), last=TODAY - days(4))], "all", TODAY + days(2))
    assert Change.objects.get().first == TODAY - days(9)


def test_what_is_found_no_longer_goes_unless_somebody_decided():
    keep([finding(), finding(subject="tcp/22"), finding(subject="tcp/80")], "all", TODAY)
    Change.objects.filter(subject="tcp/22").update(state=ChangeState.WATCHED)
    Change.objects.filter(subject="tcp/80").update(state=ChangeState.DISMISSED)
    assert keep([], "all", TODAY) == Kept(0, 0, 1)
    assert set(Change.objects.values_list("subject", flat=True)) == {"tcp/22", "tcp/80"}


def test_what_lies_before_the_days_that_were_looked_at_stays():
    keep([finding(), finding(ChangeKind.STEP, TODAY - days(20)), finding(ChangeKind.TREND, TODAY - days(55), TODAY)], "all", TODAY)
    assert keep([], "all", TODAY + days(14)) == Kept(0, 0, 0)
    assert Change.objects.count() == 3


def test_two_findings_of_the_same_change_make_one_row():
    found = [finding(ChangeKind.STEP, TODAY - days(10)), finding(ChangeKind.STEP, TODAY - days(8), score=70.0)]
    assert keep(found, "all", TODAY).added == 1
    assert Change.objects.get().score == 70.0
    assert keep([replace(one, score=1.0) for one in found], "all", TODAY) == Kept(0, 1, 0)


@pytest.mark.parametrize(
    ("factor", "share", "narrow", "score"),
    [
        (None, 1.0, False, 100),
        (16, 0.1, False, 100),
        (1 / 16, 0.1, False, 100),
        (4, 0.025, False, 50),
        (4, 0.025, True, 12.5),
        (1, 0, False, 0),
        (2, 0.1, False, 50),
        (None, 0.001, False, 31.6),
        (None, 0, False, 0),
    ],
)
def test_the_weight_of_a_change(factor, share, narrow, score):
    assert score_of(factor, share, is_narrow=narrow) == score


def test_a_doubling_of_much_traffic_outweighs_the_end_of_a_trickle():
    assert score_of(2, 0.1) > score_of(1.5, 0.1) > score_of(0, 0.0005)
    assert score_of(16, 0.01) > score_of(2, 0.01)
    assert score_of(4, 0.05) > score_of(4, 0.005)


def test_one_sensor_or_a_handful_of_sources_is_narrow():
    assert is_narrow(1, 9, 1.0, 500) and is_narrow(9, 9, 0.95, 500) and is_narrow(9, 9, 0.2, 3)
    assert not is_narrow(9, 9, 0.5, 500) and not is_narrow(1, 1, 1.0, 500)
