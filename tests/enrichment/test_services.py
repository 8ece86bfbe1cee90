"""Asking, sharing, waiting and failing. The work runs in the test's process here; test_worker.py has a real worker."""

from datetime import timedelta

import pytest
from celery.exceptions import SoftTimeLimitExceeded
from django.db import OperationalError
from django.utils import timezone

from apps.common.errors import ParameterError
from apps.enrichment import services, tasks
from apps.enrichment.lookups import RegistryLookups
from apps.enrichment.models import Lookup, Network, State
from apps.enrichment.queries import address_info, holders_of
from apps.enrichment.queueing import running
from apps.enrichment.queues import KINDS
from apps.enrichment.registries import asking
from apps.enrichment.standin import Fault
from tests.enrichment.working import work
from tests.registries import answer_about, load_delegations

JAPAN, NEIGHBOUR, STRANGER = "1.33.7.9", "1.33.7.200", "1.33.8.1"


@pytest.fixture(autouse=True)
def delegations(db, registry):
    load_delegations()
    registry.answer_about = answer_about


@pytest.fixture
def ask(registry, queued, django_capture_on_commit_callbacks):
    """Ask for an address and carry out what was queued; → what is known then."""

    def ask_and_run(address, **options):
        with django_capture_on_commit_callbacks(execute=True):
            lookup = services.request_lookup(address=address, **options)
        work(queued)
        return address_info(str(lookup.address))

    return ask_and_run


def age(address, **delta):
    moment = timezone.now() - timedelta(**delta)
    Lookup.objects.filter(address=address).update(fetched_at=moment)


def test_an_address_gets_range_holder_and_contacts_labelled_as_sample(ask):
    info = ask(JAPAN)
    assert info.state is State.DONE
    assert info.network.cidrs == ["1.33.0.0/16"]
    assert info.network.registry == "apnic"
    assert info.holder.startswith("Sample Network ")
    assert info.holder.endswith("(JP)")
    assert info.is_sample
    assert info.is_exact_lookup
    assert [contact.role for contact in info.contacts] == ["abuse", "technical"]
    assert all(contact.email.endswith(".invalid") for contact in info.contacts)


def test_raw_is_kept_beside_parsed(ask):
    assert ask("210.107.73.73").network.raw["port43"] == "whois.apnic.net"


def test_a_neighbour_shares_the_answer_and_costs_no_query(ask, registry):
    ask(JAPAN)
    info = ask(NEIGHBOUR)
    assert (info.state, info.is_exact_lookup) == (State.DONE, False)
    assert info.holder == address_info(JAPAN).holder
    assert registry.asked == [JAPAN]


def test_another_block_is_asked_for_itself(ask, registry):
    ask(JAPAN)
    ask(STRANGER)
    assert registry.asked == [JAPAN, STRANGER]
    assert Network.objects.count() == 1  # the same range, renewed


def test_hundreds_of_neighbours_cost_one_query(ask, registry):
    for last in range(0, 256, 5):
        ask(f"1.33.7.{last}")
    assert len(registry.asked) == 1


def test_ipv6_neighbours_are_those_of_the_same_48(ask, registry):
    ask("2001:240:1::/64")
    assert ask("2001:240:1:ffff::1").is_exact_lookup is False
    ask("2001:240:2::1")
    assert registry.asked == ["2001:240:1::", "2001:240:2::1"]


def test_a_ticket_asks_for_the_very_address_once_in_seven_days(ask, registry):
    ask(JAPAN)
    assert ask(NEIGHBOUR, exact=True).is_exact_lookup
    ask(NEIGHBOUR, exact=True)
    assert registry.asked == [JAPAN, NEIGHBOUR]
    age(NEIGHBOUR, days=7, minutes=1)
    ask(NEIGHBOUR, exact=True)
    assert registry.asked == [JAPAN, NEIGHBOUR, NEIGHBOUR]


def test_statistics_refresh_after_thirty_days(ask, registry):
    ask(JAPAN)
    age(JAPAN, days=29)
    ask(JAPAN)
    assert len(registry.asked) == 1
    age(JAPAN, days=31)
    ask(JAPAN)
    assert len(registry.asked) == 2


def test_an_old_answer_of_a_neighbour_does_not_serve(ask, registry):
    ask(JAPAN)
    age(JAPAN, days=31)
    ask(NEIGHBOUR)
    assert registry.asked == [JAPAN, NEIGHBOUR]


def test_asking_twice_queues_once(registry, queued, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        for _ in range(3):
            services.request_lookup(address=JAPAN)
    assert len(queued) == 1
    assert address_info(JAPAN).state is State.QUEUED


def test_a_ticket_that_asks_while_the_look_up_waits_makes_it_exact(ask, registry, queued, django_capture_on_commit_callbacks):
    ask(JAPAN)
    with django_capture_on_commit_callbacks(execute=True):
        services.request_lookup(address=NEIGHBOUR)
        services.request_lookup(address=NEIGHBOUR, exact=True)
    assert len(queued) == 1
    work(queued)
    assert address_info(NEIGHBOUR).is_exact_lookup


def test_a_ticket_that_asks_while_a_neighbours_answer_is_shared_is_not_forgotten(ask, queued, monkeypatch):
    ask(JAPAN)
    lookup = services.request_lookup(address=NEIGHBOUR)
    known = RegistryLookups.known

    def interrupted(kind, row):
        Lookup.objects.filter(pk=row.pk).update(wants_exact=True)
        return known(kind, row)

    monkeypatch.setattr(RegistryLookups, "known", interrupted)
    work(queued)
    lookup.refresh_from_db()
    assert (lookup.state, lookup.is_exact) == (State.DONE, True)


def test_running_twice_asks_once(ask, registry):
    ask(JAPAN)
    assert running.run(KINDS["registry"], Lookup.objects.get().pk) is None
    assert len(registry.asked) == 1


def test_a_task_of_a_row_that_is_gone_does_nothing(db):
    assert running.run(KINDS["registry"], 999_999) is None


@pytest.mark.parametrize(
    ("fault", "state", "wait"),
    [
        (Fault.NOT_FOUND, State.NOT_FOUND, timedelta(days=7)),
        (Fault.RATE_LIMITED, State.RATE_LIMITED, timedelta(seconds=120)),
        (Fault.RATE_NOTICE, State.RATE_LIMITED, timedelta(minutes=1)),
        (Fault.SERVER_ERROR, State.ERROR, timedelta(minutes=1)),
        (Fault.HTML, State.ERROR, timedelta(minutes=1)),
        (Fault.BROKEN, State.ERROR, timedelta(minutes=1)),
        (Fault.HUGE, State.ERROR, timedelta(minutes=1)),
        (Fault.REDIRECT_LOOP, State.ERROR, timedelta(minutes=1)),
        (Fault.OTHER_RANGE, State.ERROR, timedelta(minutes=1)),
        (Fault.HANG_UP, State.ERROR, timedelta(minutes=1)),
    ],
)
def test_each_failure_ends_in_a_visible_state_with_a_time_for_the_next_try(ask, registry, fault, state, wait):
    registry.faults[JAPAN] = fault
    before = timezone.now()
    info = ask(JAPAN)
    assert info.state is state
    assert info.error
    assert before + wait <= info.next_try_at <= timezone.now() + wait
    assert info.network is None


def test_an_address_outside_every_delegation_is_not_found(ask):
    assert ask("9.9.9.9").state is State.NOT_FOUND


def test_what_was_found_before_stays_when_a_refresh_fails(ask, registry):
    ask(JAPAN)
    age(JAPAN, days=8)
    registry.faults[JAPAN] = Fault.SERVER_ERROR
    info = ask(JAPAN, exact=True)
    assert info.state is State.ERROR
    assert info.network is not None
    assert info.age_days == 8


def test_nobody_is_asked_again_before_the_time_except_by_a_person(ask, registry):
    registry.faults[JAPAN] = Fault.SERVER_ERROR
    ask(JAPAN)
    ask(JAPAN)
    assert len(registry.asked) == 1
    ask(JAPAN, exact=True)
    assert len(registry.asked) == 2


def test_a_registry_that_says_slow_down_is_left_alone_for_every_address(ask, registry):
    registry.faults[JAPAN] = Fault.RATE_LIMITED
    ask(JAPAN)
    ask(JAPAN, exact=True)
    assert ask(STRANGER, exact=True).state is State.QUEUED  # until the pause is over
    assert registry.asked == [JAPAN]
    assert ask("2.160.0.1").state is State.DONE  # another registry


@pytest.mark.parametrize(
    ("attempts", "wish", "expected"),
    [(0, None, timedelta(minutes=1)), (1, None, timedelta(minutes=4)), (3, None, timedelta(minutes=64)), (50, None, timedelta(days=1)),
     (0, timedelta(hours=2), timedelta(hours=2)), (3, timedelta(seconds=5), timedelta(minutes=64)),
     (0, timedelta(days=400), timedelta(days=1))],
)  # fmt: skip
def test_the_wait_grows_and_respects_the_registrys_wish(attempts, wish, expected):
    assert running.retry_wait(State.ERROR, attempts, wish) == expected


def test_due_failures_and_lost_work_are_queued_again(ask, registry, queued, django_capture_on_commit_callbacks):
    registry.faults[JAPAN] = Fault.SERVER_ERROR
    ask(JAPAN)
    with django_capture_on_commit_callbacks(execute=True):
        assert services.requeue_due() == 0  # not yet due
    past = timezone.now() - timedelta(hours=1)
    Lookup.objects.filter(address=JAPAN).update(next_try_at=past)
    Lookup.objects.create(address=STRANGER, block="1.33.8.0/24", state=State.RUNNING, started_at=past)
    Lookup.objects.create(address="1.33.9.1", block="1.33.9.0/24", state=State.QUEUED, queued_at=past, handed_at=past)
    with django_capture_on_commit_callbacks(execute=True):
        assert services.requeue_due() == 3
        assert services.requeue_due() == 0
    registry.faults.clear()
    while queued:
        work(queued)
    assert set(Lookup.objects.values_list("state", flat=True)) == {State.DONE}


def test_after_eight_failures_only_a_person_asks_again(ask, registry):
    registry.faults[JAPAN] = Fault.SERVER_ERROR
    ask(JAPAN)
    Lookup.objects.update(attempts=running.GIVE_UP_AFTER, next_try_at=timezone.now() - timedelta(days=1))
    assert services.requeue_due() == 0


def test_one_look_up_of_a_block_is_under_way_at_once(registry, queued):
    for address in (JAPAN, NEIGHBOUR):
        services.request_lookup(address=address, exact=True)
    assert tasks.dispatch("registry") == 1
    assert tasks.dispatch("registry") == 0
    tasks.look_up(*queued.pop())
    assert registry.asked == [JAPAN]
    assert len(queued) == 1  # the end of the one lets the other go
    work(queued)
    assert registry.asked == [JAPAN, NEIGHBOUR]


def test_no_registry_is_asked_more_often_than_set(registry, queued, settings):
    settings.RDAP_QUERIES_PER_MINUTE = 2
    rows = [services.request_lookup(address=f"1.33.{block}.1") for block in range(4)]
    rows.append(services.request_lookup(address="2.160.0.1"))
    work(queued)
    for row in rows:
        row.refresh_from_db()
    assert [row.state for row in rows] == [State.DONE, State.DONE, State.QUEUED, State.QUEUED, State.DONE]
    assert len(registry.asked) == 3


@pytest.mark.parametrize(
    "address", ["", "x", "10.0.0.1", "127.0.0.1", "224.0.0.1", "::1", "fe80::1%eth0", "1.33.7.9/24", "2001:db8::1", "1.33.7.9\x00"]
)
def test_addresses_no_registry_can_know_are_refused(db, address):
    with pytest.raises(ParameterError) as caught:
        services.request_lookup(address=address)
    assert caught.value.name == "address"
    assert not Lookup.objects.exists()


def test_a_page_costs_four_queries(ask, django_assert_num_queries):
    ask(JAPAN)
    with django_assert_num_queries(4):
        address_info(JAPAN)
    with django_assert_num_queries(1):
        assert address_info(STRANGER).state is State.NONE


def test_holders_of_a_list_come_in_one_query(ask, django_assert_num_queries):
    for address in (JAPAN, "2.160.0.1", "2001:240:1::/64"):
        ask(address)
    with django_assert_num_queries(1):
        holders = holders_of([JAPAN, "2.160.0.1", "2001:240:1::/64", STRANGER])
    assert set(holders) == {JAPAN, "2.160.0.1", "2001:240:1::/64"}


def test_what_postgresql_cannot_hold_is_left_out_of_the_raw_answer(ask, registry):
    odd = {"remarks": [{"title": "a\x00b", "\x00": float("nan"), "n": float("inf"), "s": "\ud800", "ok": 1.5}]}
    registry.answer_about = lambda address: {**(answer_about(address) or {}), **odd}
    assert ask(JAPAN).state is State.DONE
    [remark] = Network.objects.get().raw["remarks"]
    assert remark == {"title": "a\ufffdb", "\ufffd": None, "n": None, "s": "?", "ok": 1.5}


@pytest.mark.parametrize(("problem", "state"), [(KeyError("x"), State.ERROR), (SoftTimeLimitExceeded(), State.TIMEOUT)])
def test_an_answer_that_trips_us_is_not_asked_for_again_at_once(ask, monkeypatch, problem, state):
    def fail(answer):
        raise problem

    monkeypatch.setattr(asking, "parse_network", fail)
    assert ask(JAPAN).state is state
    lookup = Lookup.objects.get()
    assert (lookup.attempts, lookup.next_try_at is not None) == (1, True)
    assert services.requeue_due() == 0


def test_a_database_that_is_away_leaves_the_look_up_to_be_queued_again(ask, monkeypatch):
    def fail(answer):
        raise OperationalError

    monkeypatch.setattr(asking, "parse_network", fail)
    with pytest.raises(OperationalError):
        ask(JAPAN)
    assert Lookup.objects.get().state == State.RUNNING
