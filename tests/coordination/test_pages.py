"""What the pages show and how many questions they ask the database for it."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from apps.coordination.models import Investigation, OutgoingMail
from apps.coordination.queries import PAGE_SIZE, TicketSearch, rows, search, tickets_due
from apps.coordination.services import mail as mail_service
from apps.coordination.services import tickets
from tests.cast import client_for
from tests.coordination import scenes

LIST = reverse("coordination:ticket-list")


@pytest.fixture
def three(cast, registry):
    """Three draft tickets with no contact, of the coordinator."""
    sources = [f"203.0.113.{last}" for last in (1, 2, 3)]
    for source in sources:
        scenes.add_flow(cast.sensor, scenes.recently(2), source=source)
    return [scenes.open_ticket(cast.coordinator, source=source) for source in sources]


def numbers(user, **wanted):
    return [row.number for row in rows(search(user, TicketSearch(**wanted)))]


def test_the_list_filters_by_state_person_and_words(cast, three):
    first, second, third = three
    tickets.change_state(investigation=first, by=cast.coordinator, to="resolved", why="withdrawn")
    tickets.plan(investigation=second, by=cast.coordinator, assignee=cast.approver, wake_on=None)
    assert numbers(cast.analyst) == [third.number, second.number]
    assert numbers(cast.analyst, state="resolved") == [first.number]
    assert numbers(cast.analyst, state="all") == [third.number, second.number, first.number]
    assert numbers(cast.approver, mine=True) == [second.number]
    assert numbers(cast.analyst, text="203.0.113.3") == [third.number]
    assert numbers(cast.analyst, text=f"#{second.number}") == [second.number]
    assert numbers(cast.analyst, text="tcp/23 203.0.113.2") == [second.number]
    assert numbers(cast.analyst, text="tcp/445") == []
    assert numbers(cast.analyst, state="nonsense") == numbers(cast.analyst, state="all")


def test_what_wakes_up_comes_first_and_is_due(cast, three):
    tickets.plan(investigation=three[0], by=cast.coordinator, assignee=cast.approver, wake_on=timezone.localdate())
    assert numbers(cast.analyst)[0] == three[0].number
    assert [row.number for row in tickets_due(cast.analyst)] == [three[0].number]
    assert {row.number for row in tickets_due(cast.coordinator)} == {ticket.number for ticket in three}


def test_the_list_asks_the_same_number_of_questions_however_long_it_is(cast, three):
    client = client_for(cast.coordinator)
    client.get(LIST)
    with CaptureQueriesContext(connection) as few:
        assert client.get(LIST).status_code == 200
    for last in range(10, 22):
        scenes.add_flow(cast.sensor, scenes.recently(2), source=f"203.0.113.{last}")
        scenes.open_ticket(cast.coordinator, source=f"203.0.113.{last}")
    client.get(LIST)  # names of ports are read again after a while, which is not the list's doing
    with CaptureQueriesContext(connection) as many:
        assert client.get(LIST).status_code == 200
    assert len(few) == len(many) <= 12


def test_the_list_has_pages(cast):
    from apps.coordination.models import Incident

    incident = Incident.objects.create(behaviour="tcp/23")
    Investigation.objects.bulk_create(Investigation(number=f"2020-{n:06d}", incident=incident) for n in range(1, PAGE_SIZE + 3))
    client = client_for(cast.analyst)
    first, second = client.get(LIST).content.decode(), client.get(LIST + "?page=2&state=open").content.decode()
    assert "#2020-000052" in first and "#2020-000002" not in first
    assert "#2020-000002" in second and "#2020-000052" not in second
    assert "page=2" in first
    assert client.get(LIST + "?page=nonsense").status_code == 200


def test_a_ticket_page_stays_within_its_budget(cast, ticket, smtp_server):
    from apps.coordination import delivery

    delivery.deliver(scenes.queued(ticket, cast.coordinator).pk)
    client = client_for(cast.coordinator)
    client.get(ticket.get_absolute_url())
    with CaptureQueriesContext(connection) as asked:
        assert client.get(ticket.get_absolute_url()).status_code == 200
    assert len(asked) <= 20


def test_the_way_from_contact_to_outbox_goes_over_the_pages(cast, known_source, smtp_server):
    ticket = scenes.open_ticket(cast.coordinator)
    client = client_for(cast.coordinator)

    def post(name, **fields):
        return client.post(reverse(f"coordination:{name}", args=[ticket.number]), fields, follow=True).content.decode()

    assert scenes.CONTACT in post("choose-contact", email=scenes.CONTACT)
    assert f"#{ticket.number}] Host from which" in post("write-draft", language="en", tlp="TLP:GREEN")
    ticket.draft.refresh_from_db()
    body = ticket.draft.body.replace("Our clocks", "All our clocks")
    preview = post("edit-draft", subject=ticket.draft.subject, body=body, then="preview")
    assert "All our clocks" in preview and "TLP:GREEN" in preview
    ticket.draft.refresh_from_db()
    assert ticket.draft.prepared_sha256 in preview
    page = post("send", sha256=ticket.draft.prepared_sha256, back="preview")
    assert OutgoingMail.objects.get().subject in page


def test_an_objection_on_the_preview_is_told_and_asks_for_a_reason(cast, registry, known_source):
    registry.answers[known_source] = scenes.FakeInfo(fetched_at=timezone.now() - timedelta(days=8))
    ticket = scenes.with_contact(scenes.open_ticket(cast.coordinator), cast.coordinator)
    draft = scenes.previewed(ticket, cast.coordinator)
    client = client_for(cast.coordinator)
    url = reverse("coordination:preview", args=[ticket.number])
    assert 'name="override-lookup_old"' in client.get(url).content.decode()
    send = reverse("coordination:send", args=[ticket.number])
    refused = client.post(send, {"sha256": draft.prepared_sha256, "back": "preview"}, follow=True)
    assert refused.redirect_chain[-1][0] == url
    assert "contact look-up older than 7 days" in refused.content.decode()
    assert not OutgoingMail.objects.exists()
    client.post(send, {"sha256": draft.prepared_sha256, "override-lookup_old": "asked by telephone"})
    mail = OutgoingMail.objects.get()
    page = client.get(reverse("coordination:mail-detail", args=[ticket.number, mail.pk])).content.decode()
    assert "asked by telephone" in page


def test_a_forbidden_move_is_told_and_changes_nothing(cast, ticket):
    client = client_for(cast.coordinator)
    answer = client.post(reverse("coordination:change-state", args=[ticket.number]), {"to": "verifying", "why": "x"}, follow=True)
    assert "cannot change from" in answer.content.decode()
    ticket.refresh_from_db()
    assert ticket.state == "draft"


def test_downloads_are_the_bytes_that_were_sent(cast, ticket):
    mail = scenes.queued(ticket, cast.coordinator)
    client = client_for(cast.auditor)
    got = client.get(reverse("coordination:mail-file", args=[ticket.number, mail.pk]))
    assert (got.content, got.headers["Content-Type"]) == (bytes(mail.message), "message/rfc822")
    assert got.headers["Content-Disposition"] == f'attachment; filename="{ticket.number}-{mail.pk}.eml"'
    log = client.get(reverse("coordination:evidence-file", args=[ticket.number, mail.evidence_id]))
    assert log.content == bytes(mail.evidence.csv)


def test_what_people_write_is_shown_as_text(cast, ticket):
    tickets.add_note(investigation=ticket, by=cast.coordinator, text="<script>alert(1)</script>")
    page = client_for(cast.analyst).get(ticket.get_absolute_url()).content.decode()
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)" in page


def test_a_reader_finds_no_buttons(cast, ticket):
    mail_service.write_draft(investigation=ticket, by=cast.coordinator)
    page = client_for(cast.auditor).get(ticket.get_absolute_url()).content.decode()
    main = page.partition("<main")[2].partition("</main>")[0]
    assert "<form" not in main


def test_a_text_that_cannot_be_saved_stays_in_the_form_beside_the_saved_one(cast, ticket):
    draft = mail_service.write_draft(investigation=ticket, by=cast.coordinator)
    mail_service.edit_draft(
        investigation=ticket, by=cast.approver, subject=draft.subject, body=draft.body + "First.\n", version=draft.version
    )
    url = reverse("coordination:edit-draft", args=[ticket.number])
    fields = {"subject": draft.subject, "body": draft.body + "Second.", "version": draft.version}
    answer = client_for(cast.coordinator).post(url, fields)
    assert answer.status_code == 409
    page = answer.content.decode()
    assert "First." in page and "Second." in page and "changed by somebody else" in page
    ticket.draft.refresh_from_db()
    again = client_for(cast.coordinator).post(url, fields | {"version": ticket.draft.version})
    assert again.status_code == 302


def test_a_text_that_lost_its_number_is_shown_again(cast, ticket):
    draft = mail_service.write_draft(investigation=ticket, by=cast.coordinator)
    url = reverse("coordination:edit-draft", args=[ticket.number])
    answer = client_for(cast.coordinator).post(url, {"subject": "no number", "body": draft.body + "Mine.", "version": draft.version})
    assert answer.status_code == 400
    assert "Mine." in answer.content.decode() and "must keep" in answer.content.decode()


def test_a_ticket_tells_its_behaviour_in_words_and_is_found_by_them(cast, ticket):
    page = client_for(cast.coordinator).get(ticket.get_absolute_url(), headers={"accept-language": "ja"}).content.decode()
    assert "インシデント: 23/TCP (telnet)" in page and "「23/TCP (telnet)」" in page
    assert '<div class="text-secondary fw-normal">23/TCP (telnet)</div>' in page  # the host's ports
    assert "システム" in page
    listed = client_for(cast.coordinator).get(LIST, {"q": "23/TCP (telnet)"}).content.decode()
    assert f"#{ticket.number}" in listed
    assert f"#{ticket.number}" not in client_for(cast.coordinator).get(LIST, {"q": "24/TCP"}).content.decode()
