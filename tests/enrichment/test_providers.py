"""What may be asked of a provider: turns, budgets with a reserve for tickets, the circuit breaker, pauses."""

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.utils import timezone

from apps.enrichment import breakers, budgets, pacing, providers, tasks
from apps.enrichment.failures import LookupFailedError
from apps.enrichment.limits import Limit, limit_of
from apps.enrichment.models import Lookup, Priority, Provider, ProviderDay, ProviderError, State
from apps.enrichment.providers import NotYetError
from tests.enrichment.working import work
from tests.registries import answer_about, forget_pacing, load_delegations

NAME = "rdap:apnic"
ADDRESS = "1.33.7.9"
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def forgotten():
    forget_pacing()


@pytest.fixture
def clock(monkeypatch):
    """`clock.now` is the time; `clock.pass_(minutes=5)` lets it pass."""

    class Clock:
        now = NOON

        def pass_(self, **span):
            self.now += timedelta(**span)

    found = Clock()
    monkeypatch.setattr(timezone, "now", lambda: found.now)
    return found


def ask(outcome: State | None = None, *, name=NAME, priority=Priority.PAGE, **failure):
    """One query that ends as said: with an answer, or in a failure's state."""
    with providers.asking(name, address=ADDRESS, priority=priority):
        if outcome:
            raise LookupFailedError(outcome, "No answer: %(detail)s", detail="x", **failure)


def fail(times: int, state=State.ERROR):
    for _ in range(times):
        with pytest.raises(LookupFailedError):
            ask(state)


def wait_of_ask(**options) -> int:
    with pytest.raises(NotYetError) as caught:
        ask(**options)
    return caught.value.seconds


def test_queries_answers_and_failures_are_counted(db):
    ask()
    ask(priority=Priority.TICKET)
    fail(1)
    day = ProviderDay.objects.get(provider=NAME)
    assert (day.asked, day.asked_for_tickets, day.failed) == (3, 1, 1)
    assert Provider.objects.get().last_success_at is not None


def test_the_breaker_opens_doubles_tries_once_and_closes(db, clock):
    fail(breakers.OPEN_AFTER)
    assert wait_of_ask() == 300
    clock.pass_(minutes=5)
    fail(1)  # the trial
    assert wait_of_ask() == 600
    for expected in (1200, 2400, 3600, 3600):
        clock.pass_(minutes=60)
        fail(1)
        assert wait_of_ask() == expected
    clock.pass_(minutes=60)
    ask()
    ask()
    provider = Provider.objects.get()
    assert (provider.failures_in_a_row, provider.open_until) == (0, None)


def test_only_one_query_tries_a_provider_that_had_failed(db, clock):
    fail(breakers.OPEN_AFTER)
    clock.pass_(minutes=5)
    assert providers.rooms([NAME])[NAME] == providers.Room(1, 1)
    with providers.asking(NAME, address=ADDRESS, priority=Priority.TICKET):
        assert wait_of_ask() == breakers.TRIAL_FOR.total_seconds()
    ask()


def test_a_trial_whose_worker_died_is_followed_by_another(db, clock):
    fail(breakers.OPEN_AFTER)
    clock.pass_(minutes=5)
    assert breakers.begin_trial(Provider.objects.get())
    clock.pass_(minutes=2)
    ask()


def test_failures_of_queries_that_were_under_way_do_not_double_the_wait(db, clock):
    fail(breakers.OPEN_AFTER)
    for _ in range(3):
        breakers.failed(NAME, was_trial=False)
    assert wait_of_ask() == 300


@pytest.mark.parametrize("harmless", [None, State.NOT_FOUND])
def test_failures_count_only_in_a_row(db, harmless):
    fail(breakers.OPEN_AFTER - 1)
    if harmless:
        fail(1, harmless)
    else:
        ask()
    fail(breakers.OPEN_AFTER - 1)
    ask()


def test_slow_down_is_a_pause_and_no_failure_of_the_breaker(db):
    with pytest.raises(LookupFailedError):
        ask(State.RATE_LIMITED, retry_after=timedelta(seconds=90))
    assert 85 <= wait_of_ask() <= 90
    assert providers.rooms([NAME, "rdap:arin"])[NAME] == providers.Room(0, 0)
    assert Provider.objects.get().failures_in_a_row == 0
    ask(name="rdap:arin")


def test_a_wish_for_a_pause_without_end_is_a_day(db, clock):
    assert providers.hold_back(NAME, timedelta(days=4000)) == clock.now + timedelta(days=1)
    assert providers.hold_back(NAME, None) == clock.now + timedelta(minutes=1)


def test_of_errors_the_newest_are_kept(db, monkeypatch):
    monkeypatch.setattr(providers, "KEPT_ERRORS", 3)
    monkeypatch.setattr(breakers, "OPEN_AFTER", 100)
    fail(5)
    fail(1, State.TIMEOUT)
    assert list(ProviderError.objects.values_list("state", flat=True)) == ["timeout", "error", "error"]


def test_a_paused_provider_is_asked_nothing_and_its_look_ups_wait(registry, queued, django_capture_on_commit_callbacks, db):
    load_delegations()
    registry.answer_about = answer_about
    Provider.objects.create(name=NAME, is_paused=True)
    Lookup.objects.create(address=ADDRESS, block="1.33.7.0/24", registry="apnic", state=State.QUEUED, queued_at=timezone.now())
    work(queued)
    assert wait_of_ask() == providers.PAUSED_S
    assert registry.asked == []
    Provider.objects.update(is_paused=False)
    work(queued)
    assert registry.asked == [ADDRESS]


def test_a_provider_paused_after_the_hand_out_leaves_the_look_up_in_its_place(registry, queued, db):
    load_delegations()
    row = Lookup.objects.create(address=ADDRESS, block="1.33.7.0/24", registry="apnic", state=State.QUEUED, queued_at=timezone.now())
    tasks.dispatch("registry")
    Provider.objects.create(name=NAME, is_paused=True)
    tasks.look_up(*queued.pop())
    queued_at = row.queued_at
    row.refresh_from_db()
    assert (row.state, row.queued_at, row.attempts, row.handed_at) == (State.QUEUED, queued_at, 0, None)
    assert row.next_try_at > timezone.now()


def test_the_day_has_a_budget_and_tickets_a_reserve(db, settings, clock):
    settings.SHODAN_API_KEY, settings.SHODAN_DAILY_BUDGET, settings.SHODAN_TICKET_RESERVE = "a key", 5, 2
    limit = Limit(per_minute=60, per_day=5, reserve=2)
    Provider.objects.create(name="shodan")
    of_tickets = [True, False, False, False, False, True, True]
    counted = [budgets.count("shodan", limit, for_ticket=of_ticket) for of_ticket in of_tickets]
    assert counted == [True, True, True, True, False, True, False]
    assert wait_of_ask(name="shodan", priority=Priority.TICKET) == 12 * 3600 + 1
    assert providers.rooms(["shodan"])["shodan"] == providers.Room(0, 0)
    clock.pass_(hours=12)
    assert providers.rooms(["shodan"])["shodan"].for_others > 0


def test_a_budget_of_nothing_asks_nothing(db):
    Provider.objects.create(name="shodan")
    assert not budgets.count("shodan", Limit(per_minute=60, per_day=0), for_ticket=True)
    assert not budgets.count("shodan", Limit(per_minute=60, per_day=5, reserve=9), for_ticket=False)


@pytest.mark.django_db(transaction=True)
def test_many_workers_at_once_do_not_exceed_the_budget():
    Provider.objects.create(name="shodan")
    limit = Limit(per_minute=60, per_day=100, reserve=30)

    def worker(number: int) -> tuple[int, int]:
        try:
            counted = [budgets.count("shodan", limit, for_ticket=number < 2) for _ in range(40)]
            return int(number < 2), sum(counted)
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        results = list(pool.map(worker, range(8)))
    day = ProviderDay.objects.get()
    others = sum(count for is_ticket, count in results if not is_ticket)
    assert sum(count for _is_ticket, count in results) == day.asked == 100
    assert day.asked - day.asked_for_tickets == others <= 70


def test_many_workers_at_once_share_the_turns_of_a_minute():
    limit = Limit(per_minute=20)
    with ThreadPoolExecutor(8) as pool:
        turns = list(pool.map(lambda _: pacing.take_turn("x", limit, for_ticket=False), range(100)))
    assert sum(turn.is_ours for turn in turns) == 18
    assert [pacing.take_turn("x", limit, for_ticket=True).is_ours for _ in range(4)] == [True, True, False, False]
    assert pacing.turns_taken(["x", "y"]) == {"x": 20, "y": 0}
    assert 55 < max(turn.wait_s for turn in turns) <= 62


@pytest.mark.parametrize(("per_minute", "apart"), [(50, 1.1), (60, 1.0), (600, 0.1)])
def test_queries_to_a_scanning_service_lie_a_second_apart_unless_more_are_allowed(settings, per_minute, apart):
    settings.SHODAN_QUERIES_PER_MINUTE = per_minute
    assert limit_of("shodan").apart_s == apart


def test_turns_lie_apart_where_a_provider_wants_that():
    limit = Limit(per_minute=60, apart_s=0.5)
    turns = [pacing.take_turn("x", limit, for_ticket=False) for _ in range(8)]
    waits = [turn.wait_s for turn in turns if turn.is_ours]
    assert waits == sorted(waits)
    assert len(waits) == 6  # what is further off than a worker waits is not booked
    assert all(later - earlier > 0.4 for earlier, later in zip(waits, waits[1:], strict=False))


def test_a_minute_is_any_minute(monkeypatch):
    monkeypatch.setattr(pacing, "WINDOW_MS", 600)
    monkeypatch.setattr(pacing, "LONGEST_SLEEP_MS", 0)
    limit, taken = Limit(per_minute=3), []
    deadline = time.monotonic() + 2
    while time.monotonic() < deadline:
        if pacing.take_turn("x", limit, for_ticket=True).is_ours:
            taken.append(time.monotonic())
        time.sleep(0.01)
    assert len(taken) >= 9
    assert all(later - earlier > 0.55 for earlier, later in zip(taken, taken[3:], strict=False))
