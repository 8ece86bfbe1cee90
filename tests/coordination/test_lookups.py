"""Tickets on what enrichment really holds, without anything standing in for it."""

from datetime import timedelta

import pytest
from django.conf import settings
from django.utils import timezone

from apps.common.periods import local_day
from apps.coordination import facts, lookups
from apps.coordination.models import TimelineEntry
from apps.coordination.queries import TicketSearch, rows, search, ticket_page
from apps.coordination.services import contacts, mail
from apps.enrichment.models import ContactRole, Lookup, Network, NetworkContact, State
from tests.coordination import scenes
from tests.reference import tables

PUBLIC = "133.242.0.9"
NEIGHBOUR = "133.242.0.10"


@pytest.fixture
def looked_up(db) -> Network:
    """PUBLIC was looked up an hour ago; its network names two mailboxes, one of them a registry's."""
    at = timezone.now() - timedelta(hours=1)
    network = Network.objects.create(
        start="133.242.0.0", end="133.242.255.255", cidrs=["133.242.0.0/16"], handle="N", name="SAMPLE-NET", holder="Sample Internet",
        registry="apnic", asn=64500, raw={}, fetched_at=at,
    )  # fmt: skip
    for email, role, is_registry in (
        ("hostmaster@nic.ad.jp", ContactRole.ABUSE, True),
        ("abuse@isp.invalid", ContactRole.TECHNICAL, False),
    ):
        NetworkContact.objects.create(network=network, email=email, role=role, level=1, is_registry_mailbox=is_registry)
    Lookup.objects.create(address=PUBLIC, block="133.242.0.0/24", state=State.DONE, is_exact=True, network=network, fetched_at=at)
    Lookup.objects.create(address=NEIGHBOUR, block="133.242.0.0/24", state=State.DONE, is_exact=False, network=network, fetched_at=at)
    return network


def test_a_fresh_look_up_of_the_very_address_offers_its_contact(cast, looked_up):
    scenes.busy_source([cast.sensor, cast.sensor_a], source=PUBLIC)
    ticket = scenes.open_ticket(cast.coordinator, source=PUBLIC)
    assert not ticket.timeline.filter(kind=TimelineEntry.Kind.LOOKUP).exists()
    [line] = ticket_page(ticket, cast.coordinator).hosts
    assert [(option.email, option.role, option.level) for option in line.options] == [("abuse@isp.invalid", "technical", 1)]
    ticket = contacts.choose(investigation=ticket, by=cast.coordinator, email="abuse@isp.invalid")
    assert (ticket.contact.holder, ticket.contact_source, ticket.contact_level) == ("Sample Internet", "RDAP, APNIC", "1")
    draft = mail.write_draft(investigation=ticket, by=cast.coordinator)
    assert mail.objections(ticket) == []
    assert "AS64500" in draft.subject
    assert b",64500," in bytes(draft.evidence.csv)


def test_the_log_has_the_as_of_each_packets_day(cast, looked_up):
    for hours in (74, 50, 26):
        scenes.add_flow(cast.sensor, scenes.recently(hours), source=PUBLIC, packets=3)
    last, middle = (local_day(scenes.recently(hours), settings.REPORT_TIME_ZONE) for hours in (26, 50))
    tables.load(middle - timedelta(days=9), {"133.242.0.0/16": "64496"})
    tables.load(middle, {"133.242.0.0/16": "64497_64498"})
    tables.load(last, {"133.0.0.0/9": "64499"})
    ticket = scenes.open_ticket(cast.coordinator, source=PUBLIC)
    assert [line.asn for line in facts.lines_of(ticket)] == ["64496", "64497_64498", "64500"]
    contacts.choose(investigation=ticket, by=cast.coordinator, email="abuse@isp.invalid")
    draft = mail.write_draft(investigation=ticket, by=cast.coordinator)
    assert "AS64496, AS64497, AS64498, AS64500" in draft.subject or "AS64496、AS64497、AS64498、AS64500" in draft.subject
    assert b",64497_64498," in bytes(draft.evidence.csv)


def test_a_neighbours_answer_does_not_do_for_a_mail(cast, looked_up):
    scenes.busy_source([cast.sensor, cast.sensor_a], source=NEIGHBOUR)
    ticket = scenes.open_ticket(cast.coordinator, source=NEIGHBOUR)
    assert ticket.timeline.filter(kind=TimelineEntry.Kind.LOOKUP).count() == 1
    row = Lookup.objects.get(address=NEIGHBOUR)
    assert (row.state, row.wants_exact, row.reason) == (State.QUEUED, True, f"ticket #{ticket.number}")
    page = ticket_page(ticket, cast.coordinator)
    assert page.is_looking_up
    assert page.hosts[0].options == ()
    [listed] = rows(search(cast.coordinator, TicketSearch()))
    assert listed.contact_status == str(State.QUEUED.label)


def test_a_private_source_is_not_looked_up_and_meets_the_gate(cast, db):
    scenes.busy_source([cast.sensor, cast.sensor_a], source="10.1.2.3")
    ticket = scenes.open_ticket(cast.coordinator, source="10.1.2.3")
    assert not Lookup.objects.exists()
    ticket = contacts.enter(investigation=ticket, by=cast.coordinator, email="noc@isp.invalid", holder="", why="test network")
    mail.write_draft(investigation=ticket, by=cast.coordinator)
    assert [finding.code for finding in mail.objections(ticket)] == ["bogon"]


@pytest.mark.parametrize(
    ("address", "expected"), [("10.0.0.1", True), ("224.0.0.1", True), ("2001:db8::1", True), (PUBLIC, False), ("2001:200::1", False)]
)
def test_bogons_are_those_of_iana(address, expected):
    assert lookups.is_bogon(address) is expected


def test_without_delegations_a_region_is_unknown(db):
    assert lookups.region_of(PUBLIC, timezone.now()) == ""
