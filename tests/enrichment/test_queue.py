"""The order of the queue, batches, and what one answer ends."""

from datetime import timedelta

import pytest
from django.utils import timezone

from apps.common.errors import ParameterError
from apps.enrichment import services, tasks
from apps.enrichment.models import Lookup, Network, Priority, State
from apps.enrichment.queueing import dispatching, running
from apps.enrichment.queues import KINDS
from apps.enrichment.services import request_lookup, request_many
from apps.enrichment.standin import Fault
from tests.enrichment.working import work
from tests.registries import answer_about, load_delegations


@pytest.fixture(autouse=True)
def delegations(db, registry, queued):
    load_delegations()
    registry.answer_about = answer_about


def blocks(count, first=0):
    """One address in each of `count` blocks of the same registry."""
    return [f"1.33.{number}.1" for number in range(first, first + count)]


def addresses_of(queued):
    rows = Lookup.objects.in_bulk([lookup_id for _kind, lookup_id in queued])
    return [rows[lookup_id].address for _kind, lookup_id in queued]


def states():
    return dict(Lookup.objects.values_list("address", "state"))


def test_a_ticket_is_next_behind_thousands(queued):
    background = [f"1.33.{block}.{last}" for block in range(250) for last in range(1, 41)]
    assert request_many(background).asked == 10_000
    request_lookup(address="1.33.255.9", exact=True, priority=Priority.TICKET)
    request_lookup(address="1.33.254.9", priority=Priority.REPORT)
    assert tasks.dispatch("registry") == 4
    assert addresses_of(queued)[:2] == ["1.33.255.9", "1.33.254.9"]


def test_a_ticket_goes_out_beside_a_full_set_of_others(queued):
    request_many(blocks(10))
    assert tasks.dispatch("registry") == 4
    request_lookup(address="1.33.255.9", exact=True, priority=Priority.TICKET)
    assert tasks.dispatch("registry") == 1
    assert addresses_of(queued)[-1] == "1.33.255.9"


def test_within_a_priority_the_longest_waiting_is_next(queued):
    first = timezone.now() - timedelta(hours=1)
    for number, address in enumerate(blocks(6)):
        request_lookup(address=address)
        Lookup.objects.filter(address=address).update(queued_at=first - timedelta(minutes=number))
    work(queued)
    assert Lookup.objects.order_by("started_at").values_list("address", flat=True)[0] == blocks(6)[-1]


def test_a_more_urgent_wish_moves_a_waiting_look_up_forward(queued):
    request_many(blocks(20))
    request_lookup(address="1.33.19.1", priority=Priority.TICKET)
    tasks.dispatch("registry")
    assert addresses_of(queued)[0] == "1.33.19.1"


def test_a_batch_moves_forward_what_waits_less_urgently_and_nothing_back(queued):
    request_lookup(address="1.33.0.1", priority=Priority.TICKET)
    request_many(blocks(3))
    request_many(blocks(3)[1:2], priority=Priority.REPORT)
    assert [row.priority for row in Lookup.objects.order_by("address")] == [Priority.TICKET, Priority.REPORT, Priority.BACKGROUND]


def test_one_query_for_a_block_however_many_neighbours_wait(registry, queued):
    request_many([f"1.33.{block}.{last}" for block in range(3) for last in range(100)])
    tasks.dispatch("registry")
    assert len(queued) == 3
    work(queued)
    assert len(registry.asked) == 3
    assert set(states().values()) == {State.DONE}
    assert Lookup.objects.filter(is_exact=True).count() == 3


def test_who_wants_an_exact_answer_is_not_ended_by_a_neighbours(registry, queued):
    request_lookup(address="1.33.0.1", priority=Priority.TICKET)
    request_lookup(address="1.33.0.2", exact=True)
    tasks.dispatch("registry")
    tasks.look_up(*queued.pop(0))
    assert states() == {"1.33.0.1": State.DONE, "1.33.0.2": State.QUEUED}
    work(queued)
    assert registry.asked == ["1.33.0.1", "1.33.0.2"]


def small_network(address):
    """/28s, so that a block has several."""
    answer = dict(answer_about(address) or {})
    start = int(address.rpartition(".")[2]) // 16 * 16
    prefix = address.rpartition(".")[0]
    return answer | {"startAddress": f"{prefix}.{start}", "endAddress": f"{prefix}.{start + 15}", "cidr0_cidrs": []}


def test_neighbours_get_the_answer_whose_range_holds_them(registry, queued):
    registry.answer_about = small_network
    for address in ("1.33.0.1", "1.33.0.33"):
        request_lookup(address=address, exact=True)
        work(queued)
    assert request_many(["1.33.0.2", "1.33.0.34", "1.33.0.200"]).fresh == 3
    starts = {row.address: row.network.start for row in Lookup.objects.select_related("network")}
    assert starts["1.33.0.2"] == "1.33.0.0"
    assert starts["1.33.0.34"] == "1.33.0.32"
    assert starts["1.33.0.200"] == "1.33.0.32"  # nobody's: the newest
    assert len(registry.asked) == 2


@pytest.mark.parametrize("fault", [Fault.NOT_FOUND, Fault.SERVER_ERROR])
def test_a_block_that_cannot_be_answered_costs_one_query(registry, queued, fault):
    addresses = [f"1.33.0.{last}" for last in range(100)]
    registry.faults = dict.fromkeys(addresses, fault)
    request_many(addresses)
    work(queued)
    assert len(registry.asked) == 1
    assert len(set(states().values())) == 1
    request_lookup(address="1.33.0.200")
    work(queued)
    assert len(registry.asked) == (1 if fault is Fault.NOT_FOUND else 2)


def test_slow_down_says_nothing_about_the_neighbours(registry, queued):
    registry.faults["1.33.0.1"] = Fault.RATE_LIMITED
    request_lookup(address="1.33.0.1", priority=Priority.REPORT)
    request_many(["1.33.0.2"])
    work(queued)
    assert states() == {"1.33.0.1": State.RATE_LIMITED, "1.33.0.2": State.QUEUED}


def test_a_batch_asks_only_for_what_is_not_fresh(registry, queued, django_assert_max_num_queries):
    request_many(blocks(3))
    work(queued)
    Lookup.objects.filter(address="1.33.0.1").update(fetched_at=timezone.now() - timedelta(days=31))
    Lookup.objects.create(address="1.33.9.1", block="1.33.9.0/24", state=State.NOT_FOUND, next_try_at=timezone.now() + timedelta(days=1))
    with django_assert_max_num_queries(12):
        counts = request_many([*blocks(5), "1.33.2.77", "1.33.9.1", "10.0.0.1", "2001:240:1::/64"])
    assert (counts.asked, counts.fresh, counts.not_askable) == (4, 4, 1)
    assert Lookup.objects.get(address="2001:240:1::").registry == "apnic"
    assert states()["1.33.2.77"] == State.DONE  # by its neighbour's answer


def test_a_batch_keeps_the_wish_for_an_exact_answer(registry, queued):
    row = request_lookup(address="1.33.0.1", exact=True)
    Lookup.objects.update(state=State.ERROR, next_try_at=timezone.now() - timedelta(hours=1))
    assert request_many(["1.33.0.1"]).asked == 1
    row.refresh_from_db()
    assert row.wants_exact


@pytest.mark.parametrize("hostile", ["x", "", "1.2.3.4'; DROP TABLE x", "1.33.0.1\x00", "1.33.0.1/24", "fe80::1%eth0"])
def test_a_batch_refuses_what_is_no_address(hostile):
    with pytest.raises(ValueError, match=r".*"):
        request_many(["1.33.0.1", hostile])
    assert not Lookup.objects.exists()


def test_a_batch_of_an_unknown_provider_is_refused():
    with pytest.raises(ParameterError) as caught:
        request_many(["1.33.0.1"], provider="whois")
    assert caught.value.name == "provider"


def test_a_batch_of_nothing_is_nothing():
    counts = request_many([])
    assert (counts.asked, counts.fresh, counts.not_askable) == (0, 0, 0)


def test_what_the_broker_does_not_take_waits_for_its_turn_again(queued):
    request_many(blocks(3))

    def refuse(kind, lookup_id):
        if queued:
            raise ConnectionError
        queued.append((kind, lookup_id))

    with pytest.raises(ConnectionError):
        dispatching.dispatch(KINDS["registry"], refuse)
    assert Lookup.objects.filter(handed_at__isnull=False).count() == 1
    assert tasks.dispatch("registry") == 2


def test_a_look_up_that_loses_every_worker_ends_as_failed():
    past = timezone.now() - running.LOST_AFTER - timedelta(seconds=1)
    row = Lookup.objects.create(address="1.33.0.1", block="1.33.0.0/24", state=State.QUEUED, queued_at=past)
    for attempt in range(1, running.GIVE_UP_AFTER + 1):
        Lookup.objects.update(state=State.RUNNING, handed_at=past, started_at=past)
        assert services.requeue_due() == 1
        row.refresh_from_db()
        assert (row.state, row.attempts, row.handed_at, row.queued_at) == (State.QUEUED, attempt, None, past)
    Lookup.objects.update(state=State.RUNNING, handed_at=past, started_at=past)
    assert services.requeue_due() == 0
    row.refresh_from_db()
    assert row.state == State.ERROR
    assert row.error_text


def test_a_worker_that_comes_back_late_changes_nothing(registry, queued, monkeypatch):
    row = request_lookup(address="1.33.0.1")
    tasks.dispatch("registry")
    kind = KINDS["registry"]
    ask = type(kind).ask

    def slow(self, lookup):
        answer = ask(self, lookup)
        Lookup.objects.update(started_at=timezone.now())  # another worker has taken it over meanwhile
        return answer

    monkeypatch.setattr(type(kind), "ask", slow)
    tasks.look_up(*queued.pop())
    row.refresh_from_db()
    assert row.state == State.RUNNING
    assert Network.objects.exists()  # what was learned stays


def test_a_dispatch_takes_a_query_for_each_lane_however_long_the_queue(django_assert_num_queries, queued):
    for count in (2, 100):
        Lookup.objects.all().delete()
        request_many([f"1.33.{block}.{last}" for block in range(count) for last in range(50)])
        with django_assert_num_queries(13):  # two of them the savepoint
            assert tasks.dispatch("registry") == min(count, 4)


def test_many_look_ups_of_one_block_do_not_stand_in_the_way(queued):
    for last in range(3):
        request_lookup(address=f"1.33.0.{last}", exact=True)
    request_many([f"1.33.{block}.1" for block in range(1, 3)])
    assert tasks.dispatch("registry") == 3
