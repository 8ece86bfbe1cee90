"""What programs send as JSON: whatever comes is refused by name, changes nothing, and is no 500."""

import json
from typing import Any

import pytest
from django.db import transaction
from django.urls import reverse

from apps.accounts.models import AuditEntry
from tests.portal.scene import PERIOD
from tests.security import routes

PORT = {"ports": "tcp/23"}
# Address → (who may send it, how, a body that is accepted)
BODIES: dict[str, tuple[str, str, dict[str, Any]]] = {
    "api:cohorts-evaluate": ("coordinator", "post", PERIOD | {"expression": {"and": [PORT, {"not": {"regions": "JP"}}]}}),
    "api:annotations": ("analyst", "post", {"day": "2026-03-02", "text_en": "a", "ports": "tcp/23", "regions": "JP", "url": ""}),
    "api:annotation": ("analyst", "put", {"day": "2026-03-02", "last_day": "2026-03-03", "text_ja": "a"}),
    "api:exclusions": ("analyst", "post", {"sensor_id": 1, "port": "tcp/22", "first_day": "2026-03-02", "last_day": None, "reason": "r"}),
    "api:port-notes": ("analyst", "post", {"subject": "ip/48", "text_en": "a", "text_ja": "a", "links": ["https://example.org/"]}),
    "api:port-note": ("analyst", "put", {"subject": "ip/49", "valid_from": "2026-03-02", "text_en": "a", "text_ja": "a", "links": []}),
    "api:change-decision": ("analyst", "post", {"state": "dismissed", "reason": "r"}),
    "api:feature-sets": ("analyst", "post", {"name": "n", "note": "", "wants_all": ["tag:vpn"], "wants_any": [], "wants_none": []}),
    "api:feature-set": ("analyst", "put", {"name": "n", "wants_any": ["port:tcp/22", "tag:vpn"]}),
}
READ_ONLY = {"api:cohorts-evaluate"}
WITHOUT_BODY = {"api:exclusion", "api:scanner-list", "api:ingest-heartbeat", "api:ingest-batch"}
VALUES: tuple[Any, ...] = (
          None, True, 0, -1, 2**31 - 1, 2**63, 10**400, 1.5, float("nan"), float("inf"), "", "a\x00b", "\ud800", "x" * 20_000, "²",
          "9999-12-31", "0001-01-01", [], [[]], ["a\x00b"], {}, {"a": {}}, ["x"] * 5000)  # fmt: skip
WHOLE = (b"", b"null", b"[]", b"0", b'"x"', b"{", b"\xff\xfe", b"[" * 100_000, b'{"expression":' * 5000, b'{"a":' + b"9" * 5000 + b"}",
         b'{"expression": {"ports": "tcp/23"}, "expression": 1}')  # fmt: skip


def status_of(portal, name, body):
    """What is answered; what it changed is undone. Only a success may leave a line in the audit log."""
    who, method, _example = BODIES[name]
    client = portal.client_of(who)
    client.raise_request_exception = False
    before = AuditEntry.objects.count()
    with transaction.atomic():
        data = body if isinstance(body, bytes) else json.dumps(body)
        status = client.generic(method.upper(), portal.url(name), data, content_type="application/json").status_code
        assert status < 300 or AuditEntry.objects.count() == before
        transaction.set_rollback(True)
    return status


def test_every_call_that_takes_json_is_tried():
    written = {name for name, (method, _answers) in routes.TABLE.items() if name.startswith("api:") and method != "get"}
    assert written - WITHOUT_BODY <= set(BODIES)


@pytest.mark.parametrize("name", BODIES)
def test_the_bodies_are_right_before_they_are_spoilt(portal, db, name):
    body = BODIES[name][2] | ({"sensor_id": portal.cast.sensor.pk} if "sensor_id" in BODIES[name][2] else {})
    assert status_of(portal, name, body) in (200, 201)


@pytest.mark.parametrize("name", BODIES)
def test_no_body_brings_a_call_down(portal, db, name):
    example = BODIES[name][2]
    spoilt = [example | {field: value} for field in (*example, "unknown") for value in VALUES]
    found = {repr(body)[:80]: status_of(portal, name, body) for body in (*WHOLE, *spoilt)}
    assert not {body: status for body, status in found.items() if status >= 500}


CONDITIONS = ("ports", "groups", "regions", "origin", "signatures", "scanners", "sensors", "from", "to", "period", "min_sensors", "and",
              "or", "not", "zone", "nonsense")  # fmt: skip


@pytest.mark.parametrize("name", CONDITIONS)
def test_no_condition_brings_cohorts_down(portal, db, name):
    found = {repr(value)[:80]: status_of(portal, "api:cohorts-evaluate", PERIOD | {"expression": {name: value}}) for value in VALUES}
    assert not {value: status for value, status in found.items() if status >= 500}


def nested(depth):
    return PORT if not depth else {"and": [nested(depth - 1)]}


@pytest.mark.parametrize(
    ("expression", "name"),
    [
        (nested(6), "and"),
        ({"or": [PORT] * 21}, "or"),
        ({"and": [{"or": [PORT] * 11}] * 2}, "and"),
        ({"ports": [f"tcp/{n}" for n in range(1, 502)]}, "ports"),
        ({"ports": "tcp/99999"}, "ports"),
        ({"groups": "no-such-group"}, "groups"),
        ({"regions": "XX"}, "regions"),
        ({"min_sensors": 2**63}, "min_sensors"),
        ({"from": "2016-01-01", "to": "2026-01-01"}, "from"),
    ],
)
def test_cohorts_name_the_place_that_is_refused(portal, db, expression, name):
    client = portal.client_of("coordinator")
    response = client.post(reverse("api:cohorts-evaluate"), PERIOD | {"expression": expression}, format="json")
    assert response.status_code == 400
    assert any(name in place for place in response.json()["fields"])


TEN_YEARS = {"from": "2016-03-16", "to": "2026-03-16"}
PORTS = ",".join(f"tcp/{n}" for n in range(1, 502))
FIGURES = ("series", "profile", "matrix", "ratios", "co-ports", "only-these-sensors", "coverage", "label-moves", "changes")


@pytest.mark.parametrize(
    ("name", "query", "parameter"),
    [
        ("series", TEN_YEARS | {"bin": "hour"}, "bin"), ("profile", TEN_YEARS, "from"),
        ("label-moves", TEN_YEARS | {"region": "JP"}, "from"), ("label-moves", {"region": "XX"}, "region"),
        *((name, {"regions": "XX"}, "regions") for name in FIGURES), *((name, {"ports": PORTS}, "ports") for name in FIGURES),
        *((name, {"groups": "no-such"}, "groups") for name in FIGURES), *((name, {"from": "2016-01-01", "to": "2026-03-01"}, "from")
                                                                         for name in FIGURES),
        ("matrix", {"rows": "nonsense"}, "rows"), ("matrix", {"top_rows": "51"}, "top_rows"), ("matrix", {"columns": "sensor"}, "columns"),
        ("ratios", {"days": "93"}, "days"), ("series", {"mean": "367"}, "mean"), ("series", {"compare": "nonsense"}, "compare"),
        ("co-ports", {"limit": "201"}, "limit"), ("changes", {"page": "1001"}, "page"), ("changes", {"kind": "nonsense"}, "kind"),
        ("changes", {"ports": "tcp/23"}, "ports"), ("changes", {"scanners": "exclude"}, "scanners"),
        ("port-notes", {"ports": PORTS}, "ports"),
        ("exclusions", {"sensors": "1"}, "sensors"), ("scanner-lists", {"day": "2026-03-02"}, "day"),
    ],
)  # fmt: skip
def test_absurd_questions_are_refused_by_the_name_of_the_parameter(portal, db, name, query, parameter):
    """Filters that a call does not know are refused by their names, too: nothing that is on is left without effect."""
    period = {} if name in ("port-notes", "exclusions", "scanner-lists") else PERIOD
    response = portal.client_of("coordinator").get(reverse(f"api:{name}"), period | query)
    assert response.status_code == 400
    assert parameter in response.json()["fields"]
