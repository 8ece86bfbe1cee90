"""Headers of every page, tokens against forged forms, redirects, and text of strangers in pages, files and headers."""

import pytest
from django.http import HttpResponse
from django.test import Client, override_settings
from django.urls import path, reverse

from apps.common.exports import csv_lines
from apps.enrichment.models import Network
from tests.portal.scene import JAPANESE, PERIOD
from tests.security import routes

MARKUP = '<script>alert("x")</script>'
GETS = [name for name, (method, _answers) in routes.TABLE.items() if method == "get"]
POSTS = [name for name, (method, _answers) in routes.TABLE.items() if method == "post" and not name.startswith("api:")]


def fail(request):
    raise RuntimeError("on purpose")


urlpatterns = [path("fail/", fail), path("", lambda request: HttpResponse())]


@pytest.mark.parametrize("name", GETS)
def test_every_answer_is_under_the_strict_policy(portal, db, name):
    response = portal.client_of("admin" if name.startswith("admin:") else "coordinator").get(portal.url(name))
    require_headers(response)


def require_headers(response):
    policy = response.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy and "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy and "http:" not in policy and "*" not in policy
    assert response.headers["X-Frame-Options"] == "DENY"
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["Referrer-Policy"] == "same-origin"
    assert response.headers["Cross-Origin-Opener-Policy"] == "same-origin"


def test_pages_of_errors_are_under_it_too(portal, db):
    client = portal.client_of("coordinator")
    for url in ("/nowhere/", "/?from=nonsense", "/api/v1/nowhere", "/api/v1/rankings/?from=nonsense"):
        response = client.get(url)
        assert response.status_code in (400, 404)
        require_headers(response)


@override_settings(ROOT_URLCONF=__name__)
def test_a_failure_tells_nothing_of_itself_and_is_under_the_policy():
    response = Client(raise_request_exception=False).get("/fail/")
    assert response.status_code == 500
    assert "on purpose" not in response.content.decode()
    require_headers(response)


def test_a_wrong_host_is_refused_without_its_name(db):
    response = Client().get("/accounts/login/", HTTP_HOST="evil.example")
    assert response.status_code == 400
    assert "evil.example" not in response.content.decode()


@pytest.mark.parametrize("name", POSTS)
def test_a_forged_form_is_refused(portal, db, name):
    client = Client(enforce_csrf_checks=True)
    client.force_login(portal.cast.coordinator)
    assert client.post(portal.url(name), {}).status_code == 403


@pytest.mark.parametrize("name", ["api:rankings", "api:ingest-heartbeat"])
def test_a_session_writes_nothing_by_the_api(portal, db, name):
    client = Client(enforce_csrf_checks=True)
    client.force_login(portal.cast.coordinator)
    assert client.post(portal.url(name), {}).status_code in (401, 403, 405)


@pytest.mark.parametrize(
    "target", ["https://evil.example/", "//evil.example/", "/\\evil.example", "javascript:alert(1)", "http:evil.example", "\t//x"]
)
def test_no_redirect_leads_off_the_portal(portal, db, target):
    client = portal.client_of("coordinator")
    client.raise_request_exception = False
    posted = [
        client.post(reverse("accounts:language"), {"language": "en", "next": target}),
        client.post(reverse("enrichment:lookup"), {"address": "198.51.100.7", "next": target}),
        Client().get(reverse("admin:login"), {"next": target}),
    ]
    for response in posted:
        assert response.status_code == 302
        assert response["Location"].startswith("/") and not response["Location"].startswith(("//", "/\\"))


def test_words_of_a_registry_are_text_in_every_page(portal, db):
    Network.objects.update(holder=MARKUP, name=MARKUP, handle=MARKUP)
    for name in ("portal:source", "enrichment:holder", "portal:sources"):
        data = {"address": JAPANESE} if name == "enrichment:holder" else PERIOD
        text = portal.client_of("coordinator").get(portal.url(name), data).content.decode()
        assert MARKUP not in text
    shown = portal.client_of("coordinator").get(reverse("enrichment:holder"), {"address": JAPANESE}).content.decode()
    assert "&lt;script&gt;" in shown


@pytest.mark.parametrize("name", ["portal:home", "portal:search", "portal:sources", "coordination:ticket-list", "accounts:login"])
def test_what_is_typed_is_text_in_the_page(portal, db, name):
    client = portal.client_of("coordinator")
    for parameter in ("q", "zone", "ports", MARKUP, "next", "state"):
        response = client.get(portal.url(name), {parameter: MARKUP})
        assert MARKUP not in response.content.decode()


@pytest.mark.parametrize("cell", ["=1+1", "+1", "-1+cmd", "@SUM(A1)", "\t=1", "\r=1"])
def test_no_cell_of_a_csv_file_is_a_formula(cell):
    _header, line = csv_lines(["x"], [[cell]])
    assert line.lstrip('"').startswith("'")


@pytest.mark.parametrize("name", ["portal:csv-sources", "api:rankings", "api:series", "api:sources"])
def test_no_parameter_gets_into_the_headers_of_a_file(portal, db, name):
    client = portal.client_of("coordinator")
    for text in ('tcp/23"\r\nX-Evil: 1', 'tcp/23";x="', "tcp/23\x0d\x0aX-Evil:1"):
        response = client.get(portal.url(name), PERIOD | {"ports": text, **({"format": "csv"} if "api" in name else {})})
        assert response.status_code == 400
        assert "X-Evil" not in response.headers
