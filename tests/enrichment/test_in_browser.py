"""Look-up of a source in a real browser, with a real worker: the page keeps itself up to date without a reload."""

from django.urls import reverse

from apps.enrichment.models import Lookup, State
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
