from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from apps.enrichment.models import Lookup, State
from apps.enrichment.standin import Fault
from tests.cast import client_for, statuses
from tests.enrichment.working import work
from tests.registries import answer_about, load_delegations

ADDRESS = "1.33.7.9"
HOLDER = f"{reverse('enrichment:holder')}?address={ADDRESS}"
LOOKUP = reverse("enrichment:lookup")
STAFF = {"analyst", "coordinator", "approver", "auditor", "admin"}


@pytest.fixture(autouse=True)
def broker(queued):
    """Nothing is handed to a real one."""


@pytest.fixture
def looked_up(cast, registry, queued):
    load_delegations()
    registry.answer_about = answer_about
    client_for(cast.coordinator).post(LOOKUP, {"address": ADDRESS})
    work(queued)


def show(user):
    return client_for(user).get(HOLDER, headers={"accept-language": "en"}).content.decode()


def test_the_fragment_is_for_own_staff(cast):
    answers = statuses(cast, "get", HOLDER)
    assert answers.pop("anonymous") == 302
    assert {name for name, status in answers.items() if status == 200} == STAFF
    assert answers["partner_a"] == answers["partner_b"] == 404


def test_analysts_and_coordinators_may_ask(cast):
    answers = statuses(cast, "post", LOOKUP, data={"address": ADDRESS, "next": f"/sources/{ADDRESS}/"})
    assert answers == {
        "analyst": 302, "coordinator": 302, "approver": 302, "auditor": 404, "admin": 404,
        "partner_a": 404, "partner_b": 404, "anonymous": 302,
    }  # fmt: skip
    assert Lookup.objects.get().wants_exact


def test_a_stranger_who_asks_only_sees_the_login_page(cast):
    assert reverse("accounts:login") in Client().post(LOOKUP, {"address": ADDRESS})["Location"]
    assert not Lookup.objects.exists()


def test_asking_is_a_post_with_csrf_token(cast):
    assert client_for(cast.analyst).get(LOOKUP).status_code == 405
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(cast.analyst)
    assert strict.post(LOOKUP, {"address": ADDRESS}).status_code == 403


def test_before_anybody_asks_there_is_a_button_for_those_who_may(cast):
    assert "Look up" in show(cast.analyst)
    assert "Look up" not in show(cast.auditor)
    assert "every 2s" not in show(cast.analyst)


def test_while_waiting_the_fragment_asks_again_by_itself_also_after_a_reload(cast):
    client = client_for(cast.analyst)
    answer = client.post(LOOKUP, {"address": ADDRESS}, headers={"hx-request": "true"}).content.decode()
    for page in (answer, show(cast.analyst)):
        assert 'hx-trigger="every 2s"' in page
        assert f'hx-get="{reverse("enrichment:holder")}?address={ADDRESS}"' in page
        assert 'data-state="queued"' in page


def test_the_answer_shows_holder_network_contact_and_that_it_is_a_sample(cast, looked_up):
    page = show(cast.auditor)
    for text in ("Sample Network", "1.33.0.0/16", "APNIC", "abuse@net-", ".invalid", "data-sample"):
        assert text in page
    assert "every 2s" not in page


def test_a_failure_shows_its_reason_and_the_next_try(cast, registry, queued):
    load_delegations()
    registry.faults[ADDRESS] = Fault.SERVER_ERROR
    client_for(cast.analyst).post(LOOKUP, {"address": ADDRESS})
    work(queued)
    page = show(cast.analyst)
    assert "HTTP status 503" in page
    assert "Next try:" in page


def test_a_neighbours_answer_says_so(cast, looked_up):
    client = client_for(cast.analyst)
    Lookup.objects.filter(address=ADDRESS).update(is_exact=False)
    page = client.get(HOLDER).content.decode()
    assert "data-shared" in page


@pytest.mark.parametrize("address", ["", "x", "<script>", "1.33.7.9/24", "1.33.7.9\x00"])
def test_nonsense_is_404_for_the_fragment_and_a_message_for_the_button(cast, address):
    client = client_for(cast.analyst)
    assert client.get(reverse("enrichment:holder"), {"address": address}).status_code == 404
    assert client.post(LOOKUP, {"address": address}).status_code == 302
    assert client.post(LOOKUP, {"address": address}, headers={"hx-request": "true"}).status_code == 400


def test_what_a_registry_wrote_is_shown_escaped(cast, looked_up):
    network = Lookup.objects.get().network
    assert network is not None
    network.holder, network.name = "<script>alert(1)</script>", '"><img src=x>'
    network.save()
    page = show(cast.analyst)
    assert "<script>" not in page
    assert "<img" not in page


def test_the_button_never_leads_off_the_portal(cast):
    response = client_for(cast.analyst).post(LOOKUP, {"address": ADDRESS, "next": "https://example.invalid/"})
    assert response["Location"] == "/"


def test_private_sources_are_not_asked_about(cast):
    client_for(cast.analyst).post(LOOKUP, {"address": "192.168.0.1"})
    assert not Lookup.objects.exists()
    page = client_for(cast.analyst).get(reverse("enrichment:holder"), {"address": "192.168.0.1"})
    assert page.status_code == 200
    assert f'data-state="{State.NONE}"' in page.content.decode()
    assert "<button" not in page.content.decode()


def test_script_and_control_characters_of_registries_are_shown_as_text(cast, registries, queued):
    load_delegations()
    registries.faults[ADDRESS] = Fault.SERVER_ERROR
    registries.whois.faults[ADDRESS] = Fault.SCRIPT
    client_for(cast.analyst).post(LOOKUP, {"address": ADDRESS})
    work(queued)
    page = show(cast.analyst)
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "data-raw" in page
    assert "abuse@sample.invalid" in page
    assert not {"\x00", "\x07"} & set(page.partition("data-raw")[0])


def test_a_failure_of_whois_shows_its_reason(cast, registries, queued):
    load_delegations()
    registries.faults[ADDRESS] = Fault.HTML
    registries.whois.faults[ADDRESS] = Fault.REDIRECT_LOOP
    client_for(cast.analyst).post(LOOKUP, {"address": ADDRESS})
    work(queued)
    assert "The WHOIS referrals go round in a circle: whois.loop.invalid" in show(cast.analyst)


def test_earlier_versions_are_listed_once_there_are_any(cast, looked_up, queued, registry):
    assert "data-history" not in show(cast.auditor)
    Lookup.objects.update(fetched_at=timezone.now() - timedelta(days=8))
    registry.answer_about = lambda address: {**(answer_about(address) or {}), "name": "RENAMED"}
    client_for(cast.analyst).post(LOOKUP, {"address": ADDRESS})
    work(queued)
    page = show(cast.auditor)
    assert "History: 2 versions" in page
    assert "RENAMED" in page


def test_the_page_of_a_national_registry_is_shown_as_text(cast, registries, queued):
    load_delegations()
    registries.answer_about = answer_about
    client_for(cast.analyst).post(LOOKUP, {"address": ADDRESS})
    work(queued)
    page = show(cast.analyst)
    assert "JPNIC (WHOIS)" in page
    assert "[Network Number]" in page
    assert "whois_gw?key" not in page
