"""What is not a plain form: pages that show and take a form, and calls that write. Each is for some of the cast; from everybody else,
and without the token against forged requests, it changes nothing."""

import json

import pytest
from django.db import transaction
from django.test import Client
from django.urls import reverse
from rest_framework.test import APIClient

from apps.accounts.models import AuditEntry
from tests.observations import sightings
from tests.security import routes
from tests.security.test_hostile_input import FORMS
from tests.security.test_hostile_json import BODIES

WRITERS = {
    "portal:annotations": {"analyst"},
    "portal:annotation": {"analyst"},
    "portal:remove-annotation": {"analyst"},
    "portal:add-note": {"analyst"},
    "portal:edit-note": {"analyst"},
    "portal:remove-note": {"analyst"},
    "portal:exclusions": {"analyst", "admin"},
    "portal:lift-exclusion": {"analyst", "admin"},
    "portal:remove-scanners": {"admin"},
    "portal:decide-change": {"analyst", "coordinator", "approver"},
    **dict.fromkeys(("portal:add-feature-set", "portal:edit-feature-set", "portal:remove-feature-set"), {"analyst"}),
    **dict.fromkeys(("api:feature-sets", "api:feature-set"), {"analyst"}),
    "portal:add-source-note": {"analyst", "coordinator", "approver"},
    **dict.fromkeys(
        (
            "portal:describe-holder", "portal:choose-kind", "portal:add-holder-contact", "portal:undo-merge", "portal:correct-network",
            "portal:add-network-contact", "portal:withdraw-correction", "portal:withdraw-contact",
        ),
        {"analyst", "coordinator", "approver"},
    ),
    "api:annotations": {"analyst"},
    "api:annotation": {"analyst"},
    "api:exclusions": {"analyst", "admin"},
    "api:port-notes": {"analyst"},
    "api:port-note": {"analyst"},
    "api:change-decision": {"analyst", "coordinator", "approver"},
}  # fmt: skip
READS_SUMS = "partner who reads sums"


def sent(portal, client, name):
    """The status of a request that would be carried out for a writer, and whether it left a line in the audit log."""
    method, fields = (BODIES[name][1], BODIES[name][2]) if name in BODIES else ("post", FORMS[name])
    fields = fields | {key: portal.cast.sensor.pk for key in ("sensor", "sensor_id") if key in fields}
    before = AuditEntry.objects.count()
    with transaction.atomic():
        if name in BODIES:
            response = client.generic(method.upper(), portal.url(name), json.dumps(fields), content_type="application/json")
        else:
            response = client.post(portal.url(name), fields)
        changed = AuditEntry.objects.count() > before
        transaction.set_rollback(True)
    return response.status_code, changed


def test_every_route_that_writes_is_tried():
    ours = {name for name, (method, _answers) in routes.TABLE.items() if name.startswith("portal:") and method == "post"}
    assert ours <= set(WRITERS)
    assert set(BODIES) - {"api:cohorts-evaluate"} <= set(WRITERS)


@pytest.mark.parametrize("name", WRITERS)
def test_only_writers_write(portal, db, name):
    clients = {who: portal.client_of(who) for who in routes.EVERYBODY}
    clients[READS_SUMS] = APIClient()
    clients[READS_SUMS].force_login(sightings.who_reads_network_counts(portal.cast.partner_b))
    answers = {who: sent(portal, client, name) for who, client in clients.items()}
    assert {who for who, (_status, changed) in answers.items() if changed} == WRITERS[name]
    refused = {status for who, (status, _changed) in answers.items() if who not in WRITERS[name]}
    assert refused <= {302, 401, 403, 404}
    assert answers["partner_a"][0] == answers[READS_SUMS][0] == 404


@pytest.mark.parametrize("name", [*WRITERS, "api:cohorts-evaluate"])
def test_a_session_alone_writes_nothing(portal, db, name):
    who = sorted(WRITERS.get(name, {"analyst"}))[-1]
    client = Client(enforce_csrf_checks=True)
    client.force_login(portal.cast.people[who])
    assert sent(portal, client, name) == (403, False)


@pytest.mark.parametrize("expression", [{"min_sensors": 2}, {"sensors": "all"}, {"sensors": "overseas"}, {"not": {"ports": "tcp/23"}}])
def test_cohorts_of_partners_hold_what_their_own_sensors_saw(portal, db, expression):
    """Whatever the condition: neither addresses nor numbers of sources that only others saw."""
    body = {"expression": {"and": [expression]}, "match": "any_day", "from": "2026-03-02", "to": "2026-03-16"}
    partner = portal.client_of("partner_a").post(reverse("api:cohorts-evaluate"), body, format="json")
    text = partner.content.decode()
    assert partner.status_code in (200, 400)
    assert "203.0.113.9" not in text and "2001:db8:1:2" not in text
    if partner.status_code == 200:
        assert partner.json()["total"] <= 1


def test_conditions_tell_sensors_of_others_not_apart_from_none(portal, db):
    def answer(number):
        body = {"expression": {"sensors": str(number)}, "from": "2026-03-02", "to": "2026-03-16"}
        response = portal.client_of("partner_a").post(reverse("api:cohorts-evaluate"), body, format="json")
        return response.status_code, response.content.decode().replace(str(number), "N")

    assert answer(portal.cast.sensor_b.pk) == answer(999_999)
    assert answer(999_999)[0] == 400
