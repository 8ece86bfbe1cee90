"""From a source to a ticket: incident, number, hosts, look-ups, and the ticket that is already there."""

from datetime import UTC, datetime

import pytest
from django.core.exceptions import PermissionDenied
from django.urls import reverse

from apps.accounts.models import AuditEntry
from apps.common.errors import DomainError
from apps.common.ports import PortKey
from apps.coordination import numbers
from apps.coordination.models import Certainty, HostState, Investigation, InvestigationState, NumberCounter, TimelineEntry
from apps.coordination.queries import tickets_for_source
from apps.coordination.services import contacts, tickets
from apps.observations.models import Signature
from tests.coordination import scenes

OTHER = "203.0.113.9"


def test_a_ticket_tells_who_opened_it_why_and_what_was_seen(cast, known_source):
    ticket = tickets.open_from_source(
        by=cast.coordinator, source=known_source, ports=[scenes.TELNET], period=scenes.last_days(), note="weekly review"
    )
    assert (ticket.state, ticket.tlp, ticket.assignee, ticket.incident.behaviour) == ("draft", "TLP:AMBER", cast.coordinator, "tcp/23")
    host = ticket.hosts.get()
    assert (host.address, host.ports, host.state) == (known_source, ["tcp/23"], HostState.PENDING)
    assert {name: host.summary[name] for name in ("packets", "rows", "sensors", "hours")} == {
        "packets": 4,
        "rows": 2,
        "sensors": 2,
        "hours": 2,
    }
    opened = ticket.timeline.get(kind=TimelineEntry.Kind.OPENED)
    assert (opened.actor, opened.why) == (cast.coordinator, "weekly review")
    assert AuditEntry.objects.filter(action="ticket.opened", target=f"#{ticket.number}", actor=cast.coordinator).count() == 1


def test_numbers_count_up_in_a_year_and_are_never_used_again(cast, known_source):
    first = scenes.open_ticket(cast.coordinator)
    year = first.number[:4]
    assert first.number == f"{year}-{NumberCounter.objects.get(year=year).last:06d}"
    first.hosts.all().delete()
    first.delete()
    second = scenes.open_ticket(cast.coordinator)
    assert int(second.number[5:]) == int(first.number[5:]) + 1


def test_the_year_of_a_number_is_that_of_the_reporting_zone(db):
    assert numbers.allocate(datetime(2031, 12, 31, 15, 0, tzinfo=UTC)) == "2032-000001"
    assert numbers.allocate(datetime(2031, 12, 31, 14, 59, tzinfo=UTC)) == "2031-000001"


@pytest.mark.parametrize(
    "pasted",
    [
        "2026-000123",
        "#2026-000123",
        "RE: [CSIRT-XX #2026-000123] Hosts",
        "返信：［CSIRT-XX ＃２０２６－０００１２３］ ご連絡",
        "Antw: 2026‐000123.",
    ],
)
def test_a_number_is_found_in_whatever_is_pasted(pasted):
    assert numbers.find(pasted) == "2026-000123"


@pytest.mark.parametrize("pasted", ["", "2026-00012", "2026-0001234", "12026-000123", "23/TCP"])
def test_what_is_no_number_is_not_taken_for_one(pasted):
    assert numbers.find(pasted) is None


def test_the_same_source_leads_to_the_open_ticket(cast, known_source):
    first = scenes.open_ticket(cast.coordinator)
    assert scenes.open_ticket(cast.approver) == first
    assert Investigation.objects.count() == 1


def test_a_closed_ticket_is_left_alone(cast, known_source):
    first = scenes.open_ticket(cast.coordinator)
    tickets.change_state(investigation=first, by=cast.coordinator, to=InvestigationState.RESOLVED, why="withdrawn")
    assert scenes.open_ticket(cast.coordinator) != first


def test_another_address_of_the_same_contact_joins_the_open_ticket(cast, registry, ticket):
    scenes.add_flow(cast.sensor, scenes.recently(2), source=OTHER)
    registry.answers[OTHER] = scenes.FakeInfo()
    assert scenes.open_ticket(cast.coordinator, source=OTHER) == ticket
    assert [host.address for host in ticket.hosts.all()] == [scenes.SOURCE, OTHER]


def test_a_new_host_takes_the_draft_back(cast, registry, ticket):
    scenes.previewed(ticket, cast.coordinator)
    scenes.add_flow(cast.sensor, scenes.recently(2), source=OTHER)
    registry.answers[OTHER] = scenes.FakeInfo()
    scenes.open_ticket(cast.coordinator, source=OTHER)
    ticket.refresh_from_db()
    assert not hasattr(ticket, "draft")


def test_choosing_the_contact_of_an_open_ticket_moves_the_hosts_there(cast, registry, ticket):
    scenes.add_flow(cast.sensor, scenes.recently(2), source=OTHER)
    second = scenes.open_ticket(cast.coordinator, source=OTHER)
    assert second != ticket
    registry.answers[OTHER] = scenes.FakeInfo()
    assert scenes.with_contact(second, cast.coordinator) == ticket
    second.refresh_from_db()
    assert second.state == InvestigationState.RESOLVED
    assert [host.address for host in ticket.hosts.all()] == [scenes.SOURCE, OTHER]
    for moved in (ticket, second):
        assert moved.timeline.filter(kind=TimelineEntry.Kind.HOST_MOVED).count() == 1


def test_another_behaviour_is_another_incident(cast, known_source, ticket):
    scenes.add_flow(cast.sensor, scenes.recently(2), port=PortKey(6, 445))
    other = scenes.open_ticket(cast.coordinator, ports=[PortKey(6, 445)])
    assert other.incident.behaviour == "tcp/445"
    assert other != ticket


def test_a_malwares_mark_makes_the_incident_a_pattern(cast, registry):
    scenes.busy_source([cast.sensor, cast.sensor_a], signature=Signature.MIRAI)
    incident = scenes.open_ticket(cast.coordinator).incident
    assert (incident.behaviour, incident.certainty) == ("tcp/23 mirai", Certainty.PATTERN)


def test_an_ipv6_source_becomes_a_host_for_each_address_seen(cast, registry):
    for address in ("2001:db8:1:2::1", "2001:db8:1:2::2", "2001:db8:1:3::1"):
        scenes.add_flow(cast.sensor, scenes.recently(2), source=address)
    ticket = scenes.open_ticket(cast.coordinator, source="2001:db8:1:2::/64")
    assert [host.address for host in ticket.hosts.all()] == ["2001:db8:1:2::1", "2001:db8:1:2::2"]
    assert [row.number for row in tickets_for_source(cast.analyst, "2001:db8:1:2::/64")] == [ticket.number]
    assert tickets_for_source(cast.analyst, "2001:db8:1:3::/64") == []


def test_evidence_goes_back_14_days_from_the_last_packet(cast, registry):
    for hours in (2, 13 * 24, 15 * 24, 20 * 24):
        scenes.add_flow(cast.sensor, scenes.recently(hours))
    ticket = tickets.open_from_source(by=cast.coordinator, source=scenes.SOURCE, ports=[scenes.TELNET], period=scenes.last_days(30))
    assert ticket.hosts.get().summary["rows"] == 2


def test_a_source_without_packets_gets_no_ticket(cast, registry):
    with pytest.raises(DomainError, match="No packets"):
        scenes.open_ticket(cast.coordinator)
    assert not Investigation.objects.exists()


def test_a_look_up_is_asked_for_unless_a_fresh_one_is_there(cast, known_source, registry):
    scenes.open_ticket(cast.coordinator)
    assert registry.asked == []
    scenes.add_flow(cast.sensor, scenes.recently(2), source=OTHER)
    ticket = scenes.open_ticket(cast.coordinator, source=OTHER)
    assert registry.asked == [OTHER]
    contacts.look_up(ticket, by=cast.coordinator, again=True)
    assert registry.asked == [OTHER, OTHER]


@pytest.mark.parametrize("name", ["analyst", "auditor", "admin", "partner_a"])
def test_only_coordinators_and_approvers_open_tickets(cast, known_source, name):
    with pytest.raises(PermissionDenied):
        scenes.open_ticket(getattr(cast, name))


def test_a_registrys_mailbox_is_never_offered_and_cannot_be_chosen(cast, known_source, registry):
    registry.answers[known_source] = scenes.FakeInfo(
        contacts=(scenes.FakeContact(email="helpdesk@apnic.net", is_registry_mailbox=True), scenes.FakeContact(email="abuse@ripe.net"))
    )
    ticket = scenes.open_ticket(cast.coordinator)
    for email in ("helpdesk@apnic.net", "abuse@ripe.net"):
        with pytest.raises(DomainError):
            scenes.with_contact(ticket, cast.coordinator, email)


def test_a_neighbours_answer_offers_no_contact(cast, known_source, registry):
    registry.answers[known_source] = scenes.FakeInfo(is_exact_lookup=False)
    with pytest.raises(DomainError):
        scenes.with_contact(scenes.open_ticket(cast.coordinator), cast.coordinator)


def test_a_contact_by_hand_needs_its_source_and_beats_the_look_up(cast, ticket):
    with pytest.raises(DomainError):
        contacts.enter(investigation=ticket, by=cast.coordinator, email="noc@isp.invalid", holder="", why=" ")
    with pytest.raises(DomainError):
        contacts.enter(investigation=ticket, by=cast.coordinator, email="not an address", holder="", why="their web page")
    changed = contacts.enter(investigation=ticket, by=cast.coordinator, email="NOC@isp.invalid", holder="ISP", why="their web page")
    assert (changed.contact.email, changed.contact_source) == ("noc@isp.invalid", "manual")


def test_the_form_refuses_nonsense_with_words(cast, client, known_source):
    client.force_login(cast.coordinator)
    url = reverse("coordination:open-ticket")
    for query, named in (("source=10.0.0.0/8", "source"), ("source=x", "source"), (f"source={known_source}&port=tcp/70000", "port"),
                         (f"source={known_source}&from=2026-02-30", "from")):  # fmt: skip
        answer = client.get(f"{url}?{query}")
        assert answer.status_code == 400
        assert named in answer.content.decode()


def test_the_form_leads_from_a_source_to_the_ticket(cast, client, known_source):
    client.force_login(cast.coordinator)
    period = scenes.last_days()
    fields = {"source": known_source, "port": "tcp/23", "from": f"{period.start:%Y-%m-%d}", "to": "", "language": "ja", "note": "n"}
    answer = client.post(reverse("coordination:open-ticket"), fields)
    ticket = Investigation.objects.get()
    assert answer.headers["Location"] == ticket.get_absolute_url()
    assert ticket.language == "ja"
    page = client.get(ticket.get_absolute_url()).content.decode()
    assert known_source in page
