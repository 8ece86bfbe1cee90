"""Look-up of a source in a real browser, with a real worker: the page keeps itself up to date without a reload."""

from django.urls import reverse

from apps.enrichment.models import Lookup, Provider, State
from apps.enrichment.services import request_many
from apps.enrichment.standin import Fault
from tests.cast import make_cast
from tests.registries import load_delegations

ADDRESS = "1.33.7.9"


def test_one_click_brings_holder_and_contact(celery_worker, registry, live_server, page, sign_in):
    load_delegations()
    sign_in(make_cast().coordinator)
    page.goto(live_server.url + reverse("portal:source", args=[ADDRESS]))
    page.locator("#holder button[type=submit]").click()
    page.locator("#holder[data-state=done]").wait_for(timeout=20_000)
    assert "Sample Network" in page.locator("#holder").inner_text()
    assert "abuse@net-" in page.locator("#holder").inner_text()


def test_a_look_up_under_way_survives_a_reload(celery_worker, registry, live_server, page, sign_in):
    load_delegations()
    registry.faults[ADDRESS] = Fault.SLOW
    registry.slow_s = 3.0
    sign_in(make_cast().analyst)
    page.goto(live_server.url + reverse("portal:source", args=[ADDRESS]))
    page.locator("#holder button[type=submit]").click()
    page.locator("#holder[data-state=running]").wait_for(timeout=20_000)
    page.reload()
    page.locator("#holder[data-state=done]").wait_for(timeout=20_000)
    assert Lookup.objects.get().state == State.DONE


def test_a_provider_is_paused_with_a_reason_and_resumed(live_server, page, sign_in, transactional_db, queued):
    load_delegations()
    request_many([f"1.33.{block}.1" for block in range(30)])
    sign_in(make_cast().coordinator)
    page.goto(live_server.url + reverse("enrichment:providers"))
    row = page.locator("tr[data-provider='rdap:apnic']")
    assert row.inner_text().split("\t")[6:8] == ["26", "4"]
    form = page.locator("form[action$='rdap:apnic/pause/']")
    form.locator("input[name=reason]").fill("maintenance of the registry")
    form.locator("button").click()
    page.locator("form[action$='rdap:apnic/resume/']").wait_for()
    assert "maintenance of the registry (coordinator)" in row.inner_text()
    page.locator("form[action$='rdap:apnic/resume/'] button").click()
    page.locator("form[action$='rdap:apnic/pause/']").wait_for()
    assert not Provider.objects.get(name="rdap:apnic").is_paused


def test_the_page_of_providers_updates_itself(live_server, page, sign_in, transactional_db):
    sign_in(make_cast().analyst)
    page.goto(live_server.url + reverse("enrichment:providers"))
    Provider.objects.create(name="rdap:apnic", is_paused=True, pause_reason="asked to by telephone")
    page.get_by_text("asked to by telephone").wait_for(timeout=20_000)
    assert page.locator("#providers").count() == 1
