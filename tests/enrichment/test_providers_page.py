"""The page of providers: their states, queues and budgets; who may pause one."""

from datetime import timedelta

import pytest
from django.core.cache import cache
from django.urls import reverse
from django.utils import timezone, translation

from apps.accounts.models import AuditEntry
from apps.common.errors import ParameterError
from apps.enrichment import breakers, budgets, pacing, services
from apps.enrichment.limits import limit_of
from apps.enrichment.models import Lookup, Priority, Provider, ProviderDay, ProviderError, State
from apps.enrichment.providerstates import Standing, provider_states
from apps.enrichment.services import request_many
from tests.cast import client_for, statuses
from tests.registries import forget_pacing, load_delegations

PAGE = reverse("enrichment:providers")
NAME = "rdap:apnic"
PAUSE = reverse("enrichment:pause-provider", args=[NAME])
RESUME = reverse("enrichment:resume-provider", args=[NAME])
STAFF = {"analyst", "coordinator", "approver", "auditor", "admin"}
PAUSERS = {"coordinator", "admin"}


@pytest.fixture(autouse=True)
def nothing_else(db, queued, settings):
    forget_pacing()
    settings.DEMO = False


def state(name=NAME):
    return next(found for found in provider_states() if found.name == name)


def test_the_page_is_for_own_staff(cast):
    answers = statuses(cast, "get", PAGE)
    assert {name for name, status in answers.items() if status == 200} == STAFF
    assert {answers[name] for name in ("partner_a", "partner_b")} == {404}


def test_the_api_tells_the_same_to_own_staff(cast):
    Provider.objects.create(name=NAME, is_paused=True, pause_reason="maintenance")
    answer = client_for(cast.auditor).get(reverse("api:providers"))
    row = next(row for row in answer.json()["rows"] if row["name"] == NAME)
    assert (row["standing"], row["reason"], row["waiting"]["ticket"], len(row["days"])) == ("paused", "maintenance", 0, 7)
    assert client_for(cast.partner_a).get(reverse("api:providers")).status_code == 404


def test_coordinators_and_administrators_pause_and_resume_with_a_reason(cast):
    for person in sorted(STAFF | {"partner_a"}):
        Provider.objects.all().delete()
        client = client_for(cast.people[person])
        status = client.post(PAUSE, {"reason": "asked by telephone"}).status_code
        assert (status == 302, Provider.objects.filter(is_paused=True).exists()) == (person in PAUSERS, person in PAUSERS)
        assert (client.post(RESUME).status_code == 302) == (person in PAUSERS)
        assert not Provider.objects.filter(is_paused=True).exists()
    entries = AuditEntry.objects.filter(action__startswith="provider.").order_by("pk")
    assert [(entry.action, entry.actor_name, entry.target) for entry in entries][:2] == [
        ("provider.pause", "admin", NAME),
        ("provider.resume", "admin", NAME),
    ]
    assert entries[0].detail == {"reason": "asked by telephone"}


@pytest.mark.parametrize("reason", ["", "   ", "x" * 201, "a\nb", "a\x00b", "a\u202eb"])
def test_a_pause_without_a_readable_reason_is_refused_and_shown_as_written(cast, reason):
    answer = client_for(cast.coordinator).post(PAUSE, {"reason": reason})
    assert answer.status_code == 400
    assert 'role="alert"' in answer.content.decode()
    assert not Provider.objects.filter(is_paused=True).exists()


def test_a_reason_is_shown_escaped(cast):
    client_for(cast.admin).post(PAUSE, {"reason": "<script>alert(1)</script>"})
    page = client_for(cast.analyst).get(PAGE).content.decode()
    assert "&lt;script&gt;alert(1)" in page
    assert "<script>alert" not in page


@pytest.mark.parametrize("name", ["rdap:nowhere", "x", "shodan'; --", "%00"])
def test_a_provider_there_is_none_of_is_not_found(cast, name):
    client = client_for(cast.admin)
    for route in ("enrichment:pause-provider", "enrichment:resume-provider"):
        assert client.post(reverse(route, args=[name]), {"reason": "x"}).status_code == 404
    assert not Provider.objects.exists()


def test_pausing_by_a_program_names_what_is_wrong(cast):
    with pytest.raises(ParameterError) as caught:
        services.pause_provider(name="rdap:nowhere", by=cast.admin, reason="x")
    assert caught.value.name == "name"


def test_resuming_hands_out_what_had_waited(cast, registry, queued, django_capture_on_commit_callbacks):
    load_delegations()
    services.pause_provider(name=NAME, by=cast.admin, reason="x")
    with django_capture_on_commit_callbacks(execute=True):
        request_many(["1.33.0.1"])
    assert queued == []
    with django_capture_on_commit_callbacks(execute=True):
        services.resume_provider(name=NAME, by=cast.admin)
    assert len(queued) == 1


def test_each_standing_is_told(settings):
    now = timezone.now()
    assert state().standing is Standing.WORKING
    row = Provider.objects.create(name=NAME, failures_in_a_row=6, open_until=now + timedelta(minutes=9))
    assert (state().standing, state().until) == (Standing.OPEN, row.open_until)
    Provider.objects.update(open_until=now - timedelta(minutes=1))
    assert state().standing is Standing.TRIAL
    pacing.pause(NAME, now + timedelta(seconds=90), 90)
    assert state().standing is Standing.HELD_BACK
    Provider.objects.update(is_paused=True, pause_reason="asked to")
    assert (state().standing, state().reason) == (Standing.PAUSED, "asked to")
    settings.DEMO, settings.RDAP_HOST_OVERRIDE = True, ""
    assert state().standing is Standing.OFF


def test_queue_and_days_are_counted():
    load_delegations()
    request_many([f"1.33.{block}.1" for block in range(7)])
    request_many(["2.160.0.1"], priority=Priority.REPORT)
    Lookup.objects.filter(address="1.33.0.1").update(handed_at=timezone.now())
    Provider.objects.create(name=NAME)
    for back, asked in ((0, 5), (6, 3), (7, 100)):
        ProviderDay.objects.create(provider_id=NAME, day=budgets.today() - timedelta(days=back), asked=asked, failed=1)
    found = state()
    assert (found.waiting[Priority.BACKGROUND], found.all_waiting, found.in_flight) == (6, 6, 1)
    assert [count.asked for count in found.days] == [3, 0, 0, 0, 0, 0, 5]
    assert state("rdap:ripencc").waiting[Priority.REPORT] == 1


def test_errors_show_the_newest_in_the_readers_language(cast):
    Provider.objects.create(name=NAME)
    for number in range(7):
        ProviderError.objects.create(
            provider_id=NAME,
            address=f"1.33.0.{number}",
            state=State.ERROR,
            message="The registry answered with HTTP status %(detail)s.",
            detail="<b>503</b>",
        )
    assert [error.address for error in state().errors] == [f"1.33.0.{number}" for number in (6, 5, 4, 3, 2)]
    page = client_for(cast.analyst).get(PAGE, headers={"Accept-Language": "ja"}).content.decode()
    with translation.override("ja"):
        assert "&lt;b&gt;503&lt;/b&gt;" in page


def test_the_page_takes_few_queries(cast, django_assert_max_num_queries):
    load_delegations()
    request_many([f"1.33.{block}.{last}" for block in range(50) for last in range(20)])
    for name in ("rdap:apnic", "rdap:arin", "whois:apnic", "nir:jpnic"):
        Provider.objects.create(name=name, failures_in_a_row=breakers.OPEN_AFTER)
    client = client_for(cast.coordinator)
    client.get(PAGE)
    cache.clear()
    with django_assert_max_num_queries(12):
        client.get(PAGE)


def test_every_provider_has_limits():
    assert all(limit_of(found.name).per_minute > 0 for found in provider_states())
