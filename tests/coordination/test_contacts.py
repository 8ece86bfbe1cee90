"""The contact that a ticket gets by itself, what a person makes of it, and hosts that move and come back."""

import pytest

from apps.common.errors import DomainError
from apps.coordination import contacting, jobs
from apps.coordination.models import Contact, InvestigationState, TimelineEntry
from apps.coordination.queries import ticket_page
from apps.coordination.services import contacts, mail, tickets
from tests.coordination import scenes
from tests.coordination.scenes import FakeContact, FakeInfo

OTHER = "203.0.113.9"
TECHNICAL = FakeContact(email="noc@isp.invalid", role="technical")
ADMINISTRATIVE = FakeContact(email="office@isp.invalid", role="administrative")


def opened(cast, registry, *options, country="", language="", **info):
    registry.answers[scenes.SOURCE] = FakeInfo(contacts=options, country=country, **info)
    scenes.busy_source([cast.sensor, cast.sensor_a])
    return scenes.open_ticket(cast.coordinator, language=language)


def test_the_best_contact_is_filled_in_with_its_source_and_date(cast, registry):
    ticket = opened(cast, registry, ADMINISTRATIVE, TECHNICAL, FakeContact())
    assert (ticket.contact.email, ticket.contact_role, ticket.contact_source) == (scenes.CONTACT, "abuse", "RDAP APNIC")
    assert (ticket.contact_lookup_address, ticket.contact_fetched_at is not None) == (scenes.SOURCE, True)
    assert ticket.timeline.get(kind=TimelineEntry.Kind.CONTACT).actor_name == "system"


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ((ADMINISTRATIVE, TECHNICAL), "noc@isp.invalid"),
        ((ADMINISTRATIVE,), "office@isp.invalid"),
        ((FakeContact(email="helpdesk@apnic.net"), ADMINISTRATIVE), "office@isp.invalid"),
        ((FakeContact(role="other"),), None),
        ((), None),
    ],
)
def test_abuse_comes_before_technical_before_administrative_and_a_registry_never(cast, registry, options, expected):
    contact = opened(cast, registry, *options).contact
    assert (contact.email if contact else None) == expected


def test_a_contact_that_bounced_is_passed_over(cast, registry):
    ticket = opened(cast, registry, FakeContact(), TECHNICAL)
    type(ticket).objects.update(state=InvestigationState.SENT)
    tickets.change_state(investigation=ticket, by=cast.coordinator, to="bounced", why="delivery report")
    assert Contact.objects.get(email=scenes.CONTACT).bounced_at
    tickets.change_state(investigation=ticket, by=cast.coordinator, to="closed_no_response", why="no way")
    again = scenes.open_ticket(cast.coordinator)
    assert again.contact.email == "noc@isp.invalid"
    assert ticket_page(again, cast.coordinator).bounced == {scenes.CONTACT}


def test_a_mail_to_a_contact_that_bounced_meets_the_gate_until_somebody_answers(cast, ticket):
    Contact.objects.update(bounced_at=scenes.recently(1))
    ticket.refresh_from_db()
    mail.write_draft(investigation=ticket, by=cast.coordinator)
    assert [finding.code for finding in mail.objections(ticket)] == ["bounced"]
    type(ticket).objects.update(state=InvestigationState.SENT)
    tickets.change_state(investigation=ticket, by=cast.coordinator, to="replied", why="they wrote")
    assert Contact.objects.get().bounced_at is None


def test_a_contact_is_filled_in_when_its_look_up_arrives(cast, registry):
    ticket = opened(cast, registry, state="running", fetched_at=None, is_exact_lookup=False)
    assert (ticket.contact, contacting.fill(ticket.pk)) == (None, True)
    registry.answers[scenes.SOURCE] = FakeInfo()
    jobs.fill_contacts()
    ticket.refresh_from_db()
    assert ticket.contact.email == scenes.CONTACT


def test_what_a_person_chose_stays(cast, registry):
    ticket = opened(cast, registry, state="running", fetched_at=None, is_exact_lookup=False)
    contacts.enter(investigation=ticket, by=cast.coordinator, email="noc@isp.invalid", holder="", why="their web page")
    registry.answers[scenes.SOURCE] = FakeInfo()
    assert contacting.fill(ticket.pk) is False
    ticket.refresh_from_db()
    assert ticket.contact.email == "noc@isp.invalid"


@pytest.mark.parametrize(("country", "language", "expected"), [("JP", "", "ja"), ("DE", "", "en"), ("JP", "en", "en"), ("DE", "ja", "ja")])
def test_the_language_follows_the_contacts_region_unless_chosen(cast, registry, country, language, expected):
    assert opened(cast, registry, FakeContact(), country=country, language=language).language == expected


def test_a_contact_with_an_open_ticket_is_left_to_a_person(cast, registry, ticket):
    scenes.add_flow(cast.sensor, scenes.recently(2), source=OTHER)
    second = scenes.open_ticket(cast.coordinator, source=OTHER)
    registry.answers[OTHER] = FakeInfo()
    assert contacting.fill(second.pk) is False
    second.refresh_from_db()
    page = ticket_page(second, cast.coordinator)
    assert (second.contact, page.other, page.is_looking_up) == (None, ticket, False)


def moved(cast, registry):
    scenes.busy_source([cast.sensor, cast.sensor_a], source=OTHER)
    second = scenes.open_ticket(cast.coordinator, source=OTHER)
    registry.answers[OTHER] = FakeInfo()
    scenes.with_contact(second, cast.coordinator)
    return second


def test_hosts_that_were_moved_can_come_back(cast, registry, ticket):
    second = moved(cast, registry)
    second.refresh_from_db()
    assert ticket_page(second, cast.coordinator).may_take_back
    contacts.take_back(investigation=second, by=cast.coordinator)
    second.refresh_from_db()
    assert (second.state, second.contact) == (InvestigationState.DRAFT, None)
    assert [host.address for host in second.hosts.all()] == [OTHER]
    assert [host.address for host in ticket.hosts.all()] == [scenes.SOURCE]
    assert ticket.timeline.filter(kind=TimelineEntry.Kind.HOST_MOVED).count() == 2
    with pytest.raises(DomainError, match="No hosts were moved"):
        contacts.take_back(investigation=second, by=cast.coordinator)


def test_hosts_of_a_mail_under_way_stay(cast, registry, ticket):
    second = moved(cast, registry)
    scenes.queued(ticket, cast.coordinator)
    with pytest.raises(DomainError, match="gone on since"):
        contacts.take_back(investigation=second, by=cast.coordinator)
    assert ticket.hosts.count() == 2
