"""Asking for profiles, and what the queue makes of the answers."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from apps.common.errors import ParameterError
from apps.enrichment.hosts import standin_data, switches
from apps.enrichment.hosts.services import request_host_lookup, request_many_hosts
from apps.enrichment.hosts.standin import Fault
from apps.enrichment.models import HostLookup, HostProvider, HostSnapshot, Priority, Provider, State
from tests.enrichment.working import work

pytestmark = pytest.mark.django_db(transaction=True)
ADDRESS = "1.1.1.1"
SHODAN, INTERNETDB = HostProvider.SHODAN, HostProvider.INTERNETDB


@pytest.fixture(autouse=True)
def world(scanner, queued, monkeypatch, settings):
    """The stand-in's answers do not depend on what was observed, and turns come at once."""
    monkeypatch.setattr("apps.enrichment.providers.time.sleep", lambda seconds: None)
    scanner.answer_about = lambda address: standin_data.recorded_answers().get(address)


def look_up(queued, **wish) -> HostLookup:
    row = request_host_lookup(address=ADDRESS, **wish)
    work(queued, "host")
    row.refresh_from_db()
    return row


def test_a_profile_is_fetched_and_kept(queued, scanner):
    row = look_up(queued)
    assert (row.state, row.provider, row.attempts, row.error) == (State.DONE, SHODAN, 0, "")
    assert [service.port for service in row.snapshot.services.all()] == [80, 53]
    assert row.fetched_at > timezone.now() - timedelta(minutes=1)


def test_an_answer_of_the_last_30_days_is_not_asked_for_again(queued, scanner):
    row = look_up(queued)
    look_up(queued)
    assert scanner.asked == [ADDRESS]
    HostLookup.objects.filter(pk=row.pk).update(fetched_at=timezone.now() - timedelta(days=31))
    look_up(queued)
    assert scanner.asked == [ADDRESS, ADDRESS]
    assert HostSnapshot.objects.count() == 1


def test_a_person_gets_a_new_answer_but_not_for_every_click(queued, scanner):
    row = look_up(queued)
    look_up(queued, at_once=True)
    assert scanner.asked == [ADDRESS]
    HostLookup.objects.filter(pk=row.pk).update(fetched_at=timezone.now() - timedelta(minutes=11))
    look_up(queued, at_once=True)
    assert scanner.asked == [ADDRESS, ADDRESS]


def test_no_data_is_an_answer_and_leaves_earlier_profiles(queued, scanner):
    row = look_up(queued)
    HostLookup.objects.filter(pk=row.pk).update(fetched_at=timezone.now() - timedelta(days=31))
    scanner.faults[ADDRESS] = Fault.NO_DATA
    row = look_up(queued)
    assert (row.state, row.snapshot) == (State.DONE, None)
    assert HostSnapshot.objects.count() == 1
    look_up(queued)
    assert scanner.asked == [ADDRESS, ADDRESS]  # and is kept as long as any


@pytest.mark.parametrize(
    ("fault", "state", "words"),
    [
        (Fault.SERVER_ERROR, State.ERROR, "503"),
        (Fault.HTML, State.ERROR, "text/html"),
        (Fault.DEEP, State.ERROR, "not a host profile"),
        (Fault.HUGE, State.ERROR, "larger than 4 MiB"),
        (Fault.RATE_LIMITED, State.RATE_LIMITED, "slow down"),
    ],
)
def test_a_failure_is_visible_with_reason_and_time_of_the_next_try(queued, scanner, settings, fault, state, words):
    settings.LANGUAGE_CODE = "en"
    scanner.faults[ADDRESS] = fault
    row = look_up(queued)
    assert (row.state, row.attempts) == (state, 1)
    assert words in row.error_text
    assert row.next_try_at > timezone.now()
    look_up(queued)
    assert scanner.asked == [ADDRESS]


def test_a_refused_key_costs_one_question(queued, scanner, settings):
    settings.SHODAN_API_KEY, settings.INTERNETDB_ENABLED = "wrong", False
    row = look_up(queued)
    assert (row.state, row.error) == (State.ERROR, switches.KEY_REFUSED)
    assert row.next_try_at > timezone.now() + timedelta(hours=23)
    with pytest.raises(ParameterError, match="refuses the key|拒否"):
        look_up(queued, at_once=True)
    assert (scanner.refused, scanner.asked) == (1, [])
    assert Provider.objects.get(name="shodan").failures_in_a_row == 1


def test_without_a_service_nothing_is_queued(queued, scanner, settings):
    settings.SHODAN_API_KEY, settings.INTERNETDB_ENABLED = "", False
    with pytest.raises(ParameterError, match="SHODAN_API_KEY"):
        request_host_lookup(address=ADDRESS)
    with pytest.raises(ParameterError, match="SHODAN_API_KEY"):
        request_many_hosts([ADDRESS])
    with pytest.raises(ParameterError, match="INTERNETDB_ENABLED"):
        request_host_lookup(address=ADDRESS, service=INTERNETDB)
    assert not HostLookup.objects.exists()


def test_where_shodan_is_off_internetdb_is_asked(queued, scanner, settings):
    settings.SHODAN_API_KEY = ""
    row = look_up(queued)
    assert (row.state, row.provider, row.snapshot.provider) == (State.DONE, INTERNETDB, INTERNETDB)
    assert [service.port for service in row.snapshot.services.all()] == [53, 80]


@pytest.mark.parametrize("address", ["10.0.0.1", "127.0.0.1", "fe80::1", "224.0.0.1", "x", "", "1.1.1.1\x00"])
def test_nobody_is_asked_about_what_is_no_host_on_the_internet(scanner, address):
    with pytest.raises(ParameterError):
        request_host_lookup(address=address)
    assert not HostLookup.objects.exists()


def test_many_hosts_are_queued_in_few_statements_and_each_asked_once(queued, scanner):
    addresses = [f"49.212.{number // 200}.{number % 200 + 1}" for number in range(300)]
    look_up(queued)
    with CaptureQueriesContext(connection) as captured:
        counts = request_many_hosts([*addresses, *addresses, ADDRESS, "10.0.0.1"], priority=Priority.REPORT, reason="a report")
    # What is handed out on commit takes statements of its own; queueing itself takes a few, however many addresses there are.
    assert len(captured) < 40
    assert (counts.asked, counts.fresh, counts.not_askable) == (300, 1, 1)
    assert HostLookup.objects.filter(provider=SHODAN, priority=Priority.REPORT).count() == 300


def test_an_urgent_wish_moves_a_look_up_that_waits_forward(queued, scanner):
    request_many_hosts([ADDRESS])
    request_host_lookup(address=ADDRESS, priority=Priority.TICKET, reason="ticket")
    row = HostLookup.objects.get()
    assert (row.priority, row.reason) == (Priority.TICKET, "ticket")


def test_an_ipv6_source_is_asked_about_by_its_first_address(queued, scanner):
    assert request_host_lookup(address="2606:4700:4700::/64").address == "2606:4700:4700::"
