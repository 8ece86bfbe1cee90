"""Asking for a view that has to be computed: a page that waits for it, 202 for programs."""

from datetime import timedelta

import pytest
from django.core.cache import cache
from rest_framework.test import APIClient

from apps.observations import computing
from apps.observations.models import Computation
from apps.observations.planning import longreads, segmentcache
from tests.observations import sightings
from tests.observations.test_computations import DAYS, FIRST, see_traffic

pytestmark = pytest.mark.django_db
LAST = FIRST + timedelta(days=DAYS - 1)


@pytest.fixture(scope="module")
def seen(django_db_setup, django_db_blocker):
    with sightings.kept(django_db_blocker):
        yield see_traffic()


@pytest.fixture(autouse=True)
def narrow(monkeypatch):
    monkeypatch.setattr(longreads, "PAGE_ROWS", 10)
    cache.clear()
    segmentcache.forget()


def query(cast, **others):
    parameters = {"from": FIRST, "to": LAST, "sensors": f"{cast.sensor.pk},{cast.sensor_a.pk}", "scanners": "exclude"} | others
    return "?" + "&".join(f"{name}={value}" for name, value in parameters.items())


def compute_all():
    for pk in Computation.objects.values_list("pk", flat=True):
        computing.advance(pk, 60)


def after_computing(client, url):
    for _step in range(4):
        response = client.get(url, follow=True)
        if response.status_code != 202:
            return response
        compute_all()
    raise AssertionError("it never ends")


@pytest.mark.parametrize("path", ["/ports/", "/explorer/", "/regions/", "/ports/tcp/23/"])
def test_a_page_waits_for_its_view_and_then_shows_it(seen, client, path):
    client.force_login(seen.analyst)
    waiting = client.get(path + query(seen), follow=True)
    assert waiting.status_code == 202
    progress = client.get(waiting.context["page"].progress_url)
    assert (progress.status_code, progress.headers.get("HX-Refresh")) == (200, None)
    shown = after_computing(client, waiting.context["page"].asked)
    assert shown.status_code == 200
    assert client.get(waiting.context["page"].progress_url).headers["HX-Refresh"] == "true"


def test_nobody_sees_the_computations_of_others(seen, client):
    client.force_login(seen.analyst)
    progress = client.get("/ports/" + query(seen), follow=True).context["page"].progress_url
    uuid = Computation.objects.earliest("created_at").pk
    api = APIClient()
    for other in (seen.coordinator, seen.partner_a):
        client.force_login(other)
        assert client.get(progress).status_code == 404
        api.force_authenticate(other)
        assert api.get(f"/api/v1/computations/{uuid}/").status_code == 404
        assert api.delete(f"/api/v1/computations/{uuid}/").status_code == 404
    assert Computation.objects.filter(pk=uuid).exists()


def test_a_partner_waits_for_own_sensors_only_and_is_refused_others(seen, client):
    client.force_login(seen.partner_a)
    assert client.get("/ports/" + query(seen), follow=True).status_code in (400, 404)  # not the partner's sensor
    assert not Computation.objects.exists()
    own = client.get("/ports/" + query(seen, sensors=seen.sensor_a.pk), follow=True)
    assert own.status_code == 202
    assert all(one.spec["sensors"] == [seen.sensor_a.pk] for one in Computation.objects.all())


def test_a_program_is_told_where_to_look_and_gets_the_same_answer(seen, monkeypatch):
    api = APIClient()
    api.force_authenticate(seen.analyst)
    url = "/api/v1/rankings/" + query(seen, dimension="port", unit="sources")
    with monkeypatch.context() as wide:
        wide.setattr(longreads, "PAGE_ROWS", 10**6)
        expected = api.get(url).json()
    cache.clear()
    waiting = api.get(url)
    assert (waiting.status_code, waiting.json()["code"]) == (202, "computing")
    progress = api.get(waiting["Location"]).json()
    assert (progress["state"], progress["done"]) == ("queued", 0)
    assert [line["uuid"] for line in waiting.json()["computations"]].index(progress["uuid"]) == 0
    found = after_computing(api, url)
    assert (found.status_code, found.json()["rows"]) == (200, expected["rows"])
    assert api.get(waiting["Location"]).json()["state"] == "done"
    assert api.delete(waiting["Location"]).status_code == 204
    assert api.get(url + "&format=csv").status_code == 200


def test_a_card_waits_by_itself_and_takes_no_foreign_address(seen, client):
    client.force_login(seen.analyst)
    card = client.get("/regions/" + query(seen), follow=True, headers={"HX-Request": "true"})
    assert b"<html" not in card.content
    progress = card.context["page"].progress_url
    assert b'hx-get="/computing/' in card.content
    compute_all()
    ended = client.get(progress)
    assert (b'hx-get="/regions/' in ended.content, ended.headers.get("HX-Refresh")) == (True, None)
    uuid = Computation.objects.earliest("created_at").pk
    elsewhere = client.get(f"/computing/?of={uuid}&asked=//evil.example/")
    assert (b"hx-get" in elsewhere.content, elsewhere.headers.get("HX-Refresh")) == (False, "true")
    assert client.get("/computing/?of=x").status_code == 404


def test_a_failure_is_told_and_not_tried_again_at_once(seen, client):
    client.force_login(seen.analyst)
    client.get("/ports/" + query(seen), follow=True)
    for pk in Computation.objects.values_list("pk", flat=True):
        computing.end(pk, Computation.State.FAILED, "too_slow")
    failed = client.get("/ports/" + query(seen), follow=True)
    assert failed.status_code == 503
    assert failed.context["page"].has_failed
    assert not Computation.objects.filter(state__in=Computation.UNFINISHED).exists()
