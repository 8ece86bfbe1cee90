"""No page, no form and no call of the API stumbles over what is sent to it: whatever comes, no answer is a 500."""

import itertools
from urllib.parse import urlencode

import pytest
from django.db import transaction
from django.urls import reverse

from apps.coordination.models import InvestigationState, MailStatus
from tests.portal.scene import JAPANESE
from tests.security import routes

NUL = "a\x00b"
TEXTS = (NUL, "%00", "x" * 20_000, "9" * 400, "-1", "1e9", "nan", "../../etc/passwd", "<script>alert(1)</script>", "\ud800", "²", "٣",
         "\r\nSet-Cookie: a=b", "'; DROP TABLE x; --", "{{ 7 }}", "\u202e", "0x10", "fe80::1%lo",
         "tcp/23,tcp/23", "9999-12-31")  # fmt: skip
FIGURES = (
    "from", "to", "through", "period", "zone", "sensors", "ports", "regions", "signatures", "scanners", "unit", "bin", "scale", "previous",
    "compare", "fixed", "limit", "cursor", "top", "split", "dimension", "format", "groups", "origin", "prefix", "mean",
    "name", "day", "ending", "days", "rows", "columns", "top_rows", "top_columns",
    "kind", "state", "page", "region", "before_from", "before_to", "before_through", "shading", "chart", "match", "add", "subject",
    "c0-ports", "c0-join", "c0-min", "c0-first", "c0-last", "c0-sensors", "c9-groups", "names", "kinds", "others", "field",
)  # fmt: skip
OTHERS = ("q", "state", "mine", "page", "source", "port", "address", "next", "unknown", "o", "p", "e", "all", "_facets", "pk__in")
PAGES = [name for name, (method, _answers) in routes.TABLE.items() if method == "get" and name != "healthz"]


def sent(text):
    """As a browser can send it: a lone surrogate is not text, its bytes are."""
    return text.encode("utf-8", "surrogatepass")


def client_of(portal, who):
    client = portal.client_of(who)
    client.raise_request_exception = False
    return client


def status_of(response):
    """Also of what goes wrong only while the answer is being sent."""
    if response.streaming:
        b"".join(response.streaming_content)
    return response.status_code


def failures(client, url, queries):
    return [{name: text[:30] for name, text in query.items()} for query in queries
            if status_of(client.get(url, {name: sent(text) for name, text in query.items()})) >= 500]  # fmt: skip


@pytest.mark.parametrize("name", PAGES)
def test_no_parameter_brings_a_page_down(portal, db, name):
    client = client_of(portal, "admin" if name.startswith("admin:") else "coordinator")
    names = FIGURES if name.startswith(("portal:", "api:")) else OTHERS
    everything = [dict.fromkeys(names, text) for text in (NUL, "²")]
    texts = itertools.cycle(TEXTS)
    alone = [{each: next(texts)} for each in names]
    lists = not name.startswith("admin:") or name.endswith("_changelist")
    assert not failures(client, portal.url(name), everything + (alone if lists else []))


@pytest.mark.parametrize(
    ("name", "parameter"),
    [
        ("api:series", "from"), ("api:rankings", "sensors"), ("api:rankings", "ports"), ("api:rankings", "zone"), ("api:sources", "cursor"),
        ("api:sources", "prefix"), ("portal:sources", "prefix"), ("portal:csv-sources", "prefix"), ("portal:looking-up", "prefix"),
        ("portal:sources", "cursor"), ("portal:search", "q"), ("coordination:ticket-list", "q"), ("coordination:open-ticket", "source"),
        ("enrichment:holder", "address"),
    ],
)  # fmt: skip
def test_no_text_brings_a_parameter_down(portal, db, name, parameter):
    client = client_of(portal, "coordinator")
    assert not failures(client, portal.url(name), [{parameter: text} for text in TEXTS])


# What each form takes; one field at a time is spoilt.
FORMS = {
    "accounts:login": {"username": "analyst", "password": "x", "next": "/"},
    "accounts:language": {"language": "ja", "next": "/"},
    "accounts:password": {"old_password": "x", "new_password1": "correct-horse-7", "new_password2": "correct-horse-7"},
    "enrichment:lookup": {"address": JAPANESE, "next": "/"},
    "portal:add-source-note": {"text": "a note"},
    "portal:describe-holder": {"name": "n", "note": "m"},
    "portal:choose-kind": {"kind": "hosting", "reason": "their site"},
    "portal:merge-holders": {"others": "1, 2", "reason": "one company"},
    "portal:add-holder-contact": {"email": "noc@isp.invalid", "role": "1", "reason": "a call"},
    "portal:merges": {"groups": "1,2", "reason": "one company"},
    "portal:undo-merge": {},
    "portal:correct-network": {"field": "asn", "value": "AS64500", "reason": "their mail"},
    "portal:add-network-contact": {"email": "noc@isp.invalid", "role": "1", "reason": "a call"},
    "portal:withdraw-correction": {},
    "portal:withdraw-contact": {},
    "api:cohorts-evaluate": {"expression": "x", "match": "any_day", "from": "2026-03-02", "sensors": "all", "limit": "10", "cursor": ""},
    "coordination:open-ticket": {"source": JAPANESE, "port": "tcp/23", "from": "2026-03-02", "to": "2026-03-16", "language": "en",
                                 "note": "n"},
    "coordination:look-up": {},
    "coordination:choose-contact": {"email": "abuse@isp.invalid"},
    "coordination:enter-contact": {"email": "noc@isp.invalid", "holder": "ISP", "why": "a call"},
    "coordination:add-note": {"text": "a note"},
    "coordination:change-state": {"to": "resolved", "why": "done", "back": "preview"},
    "coordination:plan": {"assignee": "1", "wake_on": "2026-04-01"},
    "coordination:close-incident": {"to": "resolved", "resolution": "fixed", "why": "done"},
    "coordination:change-host-state": {"to": "false_positive", "why": "a mistake"},
    "coordination:write-draft": {"language": "en", "tlp": "AMBER", "version": "1"},
    "coordination:edit-draft": {"subject": "", "body": "", "version": "1", "then": "preview"},
    "coordination:approve": {"sha256": "0"},
    "coordination:send": {"sha256": "0", "override-x": "why"},
    "coordination:settle": {"went": "yes", "why": "the server's log"},
    "coordination:take-back": {},
    "portal:decide-change": {"state": "dismissed", "reason": "our own test"},
    "portal:annotations": {"day": "2026-03-02", "last_day": "2026-03-03", "text_en": "a", "text_ja": "b", "url": "https://example.org/",
                           "ports": "tcp/23", "regions": "JP"},
    "portal:annotation": {"day": "2026-03-02", "last_day": "", "text_en": "a", "text_ja": "", "url": "", "ports": "", "regions": ""},
    "portal:remove-annotation": {},
    "portal:exclusions": {"sensor": "1", "port": "tcp/22", "first_day": "2026-03-02", "last_day": "2026-03-03", "reason": "maintenance"},
    "portal:lift-exclusion": {},
    "portal:remove-scanners": {},
    "portal:add-note": {"key": "k", "audience": "users", "subjects": "tcp/23", "title_ja": "a", "title_en": "a", "text_ja": "a",
                        "text_en": "a"},
    "portal:edit-note": {"subject": "tcp/23", "valid_from": "2026-03-02", "valid_to": "", "text_ja": "a", "text_en": "a",
                         "links": "https://example.org/"},
    "portal:remove-note": {},
    **dict.fromkeys(("portal:add-feature-set", "portal:edit-feature-set"), {
        "name": "n", "note": "a", "wants_all": "tag:vpn", "wants_any": "port:tcp/22", "wants_none": "tag:cloud",
    }),
    "portal:remove-feature-set": {},
    "enrichment:host-lookup": {"address": JAPANESE, "service": "shodan", "next": "/"},
    "enrichment:pause-provider": {"reason": "maintenance"},
    "enrichment:resume-provider": {},
    "admin:accounts_user_add": {"username": "new", "usable_password": "true", "password1": "correct-horse-7",
                                "password2": "correct-horse-7"},
    "admin:accounts_organisation_add": {"name": "new", "kind": "partner", "regions": "JP"},
    "admin:reference_portalias_add": {"protocol": "6", "port": "23", "name": "n"},
    "admin:accounts_organisation_changelist": {"action": "delete_selected", "_selected_action": "1", "index": "0", "select_across": "0"},
}  # fmt: skip
FORM = "application/x-www-form-urlencoded"
# Who may send it, where that is not a coordinator.
WRITERS = dict.fromkeys(
    (
        "portal:annotations",
        "portal:annotation",
        "portal:remove-annotation",
        "portal:exclusions",
        "portal:lift-exclusion",
        "portal:add-note",
        "portal:edit-note",
        "portal:remove-note",
        "portal:add-feature-set",
        "portal:edit-feature-set",
        "portal:remove-feature-set",
    ),
    "analyst",
) | {"portal:remove-scanners": "admin"}
# No fields, the wire format's, or JSON: test_hostile_json.py.
OUTSIDE = {"accounts:logout", "admin:logout", *(name for name in routes.TABLE if name.startswith("api:"))}  # fmt: skip


def test_every_form_is_tried():
    assert {name for name, (method, _answers) in routes.TABLE.items() if method != "get"} - OUTSIDE <= set(FORMS)


def status_of_form(client, url, fields):
    """What the form answers; what it changed is undone."""
    with transaction.atomic():
        status = client.post(url, urlencode({name: sent(text) for name, text in fields.items()}), content_type=FORM).status_code
        transaction.set_rollback(True)
    return status


@pytest.fixture
def ticket(portal, db, name):
    """The portal's ticket, where the form in question is open to be filled in."""
    ticket, draft = portal.ticket, portal.ticket.draft
    if name == "coordination:settle":
        ticket.outgoing_mail.update(status=MailStatus.UNCERTAIN)
        type(ticket).objects.update(state=InvestigationState.UNCERTAIN)
    else:
        type(ticket).objects.update(state=InvestigationState.DRAFT)
    if name == "coordination:close-incident":
        type(ticket).objects.update(state=InvestigationState.RESOLVED)
    return {"subject": draft.subject, "body": draft.body} if name == "coordination:edit-draft" else {}


@pytest.mark.parametrize("name", FORMS)
def test_no_field_brings_a_form_down(portal, ticket, name):
    who = "admin" if name.startswith("admin:") else WRITERS.get(name, "coordinator")
    client, url = client_of(portal, who), portal.url(name)
    fields, texts = FORMS[name] | ticket, itertools.cycle(TEXTS[4:])
    spoilt = [fields | {field: text} for field in fields for text in (fields[field] + "\x00", "x" * 3000, next(texts))]
    everything = [dict.fromkeys(fields, text) for text in (NUL, "\ud800")]
    assert not [one for one in [fields, {}, *everything, *spoilt] if status_of_form(client, url, one) >= 500]


PATHS = ("/ports/{}/23/", "/ports/tcp/{}/", "/regions/{}/", "/regions/{}/panels.csv", "/sources/{}/", "/sources/{}/timeline.csv",
         "/tickets/{}/", "/admin/accounts/user/{}/change/", "/admin/knox/authtoken/{}/change/", "/admin/enrichment/network/{}/change/",
         "/annotations/{}/", "/sensors/{}/", "/exclusions/{}/", "/holders/{}/", "/holders/{}/trend.csv", "/holders/{}/merges/",
         "/holders/{}/kind/", "/networks/{}/", "/port-notes/{}/new/",
         "/port-notes/port/{}/", "/regions/{}/ports/", "/api/v1/annotations/{}/", "/api/v1/exclusions/{}/series/",
         "/feature-sets/{}/", "/admin/r/{}/1/", "/api/v1/ingest/batches/{}", "/{}", "/static/{}")  # fmt: skip


@pytest.mark.parametrize("path", PATHS)
def test_no_path_brings_a_page_down(portal, db, path):
    client = client_of(portal, "admin" if path.startswith("/admin") else "coordinator")
    texts = [*(text for text in TEXTS if text != "\ud800" and len(text) < 1000), str(2**63), "0"]
    quoted = [text.replace("%", "%25").replace("\r\n", "%0D%0A").replace("\x00", "%00") for text in texts]
    assert not [text for text in [*quoted, "%ff%fe", "%ED%A0%80"] if status_of(client.get(path.format(text))) >= 500]


@pytest.mark.parametrize(
    "header", ["Token \xff\xfe", "Token a b c", "Token", "Sensor-Key \xff.\xff", "Sensor-Key a\x00.b", "Bearer x", "\xff"]
)
def test_no_authorization_brings_the_api_down(portal, db, header):
    client = client_of(portal, "anonymous")
    assert client.get(reverse("api:rankings"), HTTP_AUTHORIZATION=header).status_code == 401
    assert client.post(reverse("api:ingest-heartbeat"), {}, HTTP_AUTHORIZATION=header, format="json").status_code == 401


@pytest.mark.parametrize("name", ["portal:home", "accounts:login", "api:rankings"])
def test_no_cookie_or_header_brings_a_page_down(portal, db, name):
    client = client_of(portal, "anonymous")
    for text in ("\x00", "x" * 5000, "\xff", "en\r\nx: y", "ja" * 2000):
        client.cookies["sessionid"] = client.cookies["csrftoken"] = client.cookies["django_language"] = text.replace("\r\n", "")
        assert client.get(portal.url(name), HTTP_ACCEPT_LANGUAGE=text, HTTP_HX_REQUEST=text, HTTP_REFERER=text).status_code < 500
