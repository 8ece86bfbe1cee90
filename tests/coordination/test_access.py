"""Tickets exist for own staff alone, and only coordinators and approvers change them."""

import pytest
from django.urls import reverse

from apps.coordination.models import Investigation
from apps.coordination.queries import tickets_due, tickets_for_source
from tests.cast import statuses
from tests.coordination import scenes

READERS = {
    "analyst": 200,
    "coordinator": 200,
    "approver": 200,
    "auditor": 200,
    "admin": 404,
    "partner_a": 404,
    "partner_b": 404,
    "anonymous": 302,
}
WRITERS = READERS | {"analyst": 403, "auditor": 403, "coordinator": 302, "approver": 302}
POSTS = (
    "look-up",
    "choose-contact",
    "enter-contact",
    "add-note",
    "change-state",
    "plan",
    "close-incident",
    "write-draft",
    "edit-draft",
    "send",
)


@pytest.fixture
def mail(cast, ticket):
    return scenes.queued(ticket, cast.coordinator)


@pytest.mark.parametrize("name", ["ticket-detail", "ticket-contact"])
def test_readers_open_a_ticket_and_others_find_none(cast, ticket, name):
    assert statuses(cast, "get", reverse(f"coordination:{name}", args=[ticket.number])) == READERS


def test_readers_open_the_list_and_others_find_none(cast, ticket):
    assert statuses(cast, "get", reverse("coordination:ticket-list")) == READERS


def test_only_writers_open_the_form_of_a_new_ticket(cast, known_source):
    url = reverse("coordination:open-ticket") + f"?source={known_source}"
    expected = {name: 200 if status == 302 and name != "anonymous" else status for name, status in WRITERS.items()}
    assert statuses(cast, "get", url) == expected


def test_only_writers_open_tickets(cast, known_source):
    seen = statuses(cast, "post", reverse("coordination:open-ticket"), data={"source": known_source})
    assert seen == WRITERS
    assert Investigation.objects.count() == 1


def test_readers_see_the_preview_and_others_find_none(cast, ticket):
    scenes.previewed(ticket, cast.coordinator)
    assert statuses(cast, "get", reverse("coordination:preview", args=[ticket.number])) == READERS


@pytest.mark.parametrize("name", ["mail-detail", "mail-file"])
def test_readers_see_sent_mail_and_others_find_none(cast, ticket, mail, name):
    assert statuses(cast, "get", reverse(f"coordination:{name}", args=[ticket.number, mail.pk])) == READERS


def test_readers_get_the_observation_log_and_others_find_none(cast, ticket, mail):
    assert statuses(cast, "get", reverse("coordination:evidence-file", args=[ticket.number, mail.evidence_id])) == READERS


@pytest.mark.parametrize("name", POSTS)
def test_only_writers_act_on_a_ticket(cast, ticket, name):
    assert statuses(cast, "post", reverse(f"coordination:{name}", args=[ticket.number])) == WRITERS


def test_only_writers_change_a_host(cast, ticket):
    url = reverse("coordination:change-host-state", args=[ticket.number, ticket.hosts.get().pk])
    assert statuses(cast, "post", url, data={"to": "nonsense"}) == WRITERS


def test_only_writers_settle_an_uncertain_mail(cast, ticket, mail):
    assert statuses(cast, "post", reverse("coordination:settle", args=[ticket.number, mail.pk])) == WRITERS


@pytest.mark.parametrize("name", POSTS)
def test_nothing_is_changed_by_following_a_link(cast, ticket, name, client):
    client.force_login(cast.coordinator)
    assert client.get(reverse(f"coordination:{name}", args=[ticket.number])).status_code == 405


def test_a_mail_is_found_under_its_own_ticket_only(cast, ticket, mail, client):
    scenes.add_flow(cast.sensor, scenes.recently(3), source="203.0.113.9")
    other = scenes.open_ticket(cast.coordinator, source="203.0.113.9")
    client.force_login(cast.coordinator)
    assert other.pk != ticket.pk
    assert client.get(reverse("coordination:mail-detail", args=[other.number, mail.pk])).status_code == 404
    assert client.get(reverse("coordination:evidence-file", args=[other.number, mail.evidence_id])).status_code == 404


def test_lists_for_other_pages_are_empty_for_those_who_see_no_tickets(cast, ticket):
    assert [row.number for row in tickets_for_source(cast.auditor, scenes.SOURCE)] == [ticket.number]
    assert [row.number for row in tickets_due(cast.coordinator)] == [ticket.number]
    for user in (cast.admin, cast.partner_a, cast.anonymous):
        assert tickets_for_source(user, scenes.SOURCE) == []
        assert tickets_due(user) == []
