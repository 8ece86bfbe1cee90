"""The tables of states: every move they hold is possible, every other is refused, and the docs show the same tables."""

from pathlib import Path

import pytest
from django.conf import settings

from apps.coordination import changes, transitions
from apps.coordination.models import HostState, IncidentState, InvestigationState
from apps.coordination.services import tickets
from apps.coordination.transitions import HOST, INCIDENT, INVESTIGATION, NEVER_BY_HAND, TransitionError
from tests.coordination import scenes

S = InvestigationState


@pytest.mark.parametrize(("table", "states"), [(INVESTIGATION, S), (HOST, HostState), (INCIDENT, IncidentState)])
def test_every_state_stands_in_its_table_and_can_be_left_for_others(table, states):
    assert set(table) == set(states)
    assert all(set(after) <= set(states) and before not in after for before, after in table.items())


@pytest.mark.parametrize(("table", "first"), [(INVESTIGATION, S.DRAFT), (HOST, HostState.PENDING), (INCIDENT, IncidentState.OPEN)])
def test_every_state_can_be_reached(table, first):
    reached, waiting = {first}, [first]
    while waiting:
        new = set(table[waiting.pop()]) - reached
        reached |= new
        waiting += new
    assert reached == set(table)


@pytest.mark.parametrize("before", S)
def test_a_ticket_moves_along_the_table_only(cast, ticket, before):
    for after in S:
        type(ticket).objects.update(state=before)
        ticket = changes.lock(ticket, by=cast.coordinator)
        rows = ticket.timeline.count()
        if after in INVESTIGATION[before]:
            changes.move(ticket, after, by=cast.coordinator, why="because")
            entry = ticket.timeline.first()
            assert (entry.actor, entry.why, entry.data) == (cast.coordinator, "because", {"before": before, "after": after})
        else:
            with pytest.raises(TransitionError):
                changes.move(ticket, after, by=cast.coordinator)
            ticket.refresh_from_db()
            assert (ticket.state, ticket.timeline.count()) == (before, rows)


@pytest.mark.parametrize("before", HostState)
def test_a_host_moves_along_the_table_only(cast, ticket, before):
    host = ticket.hosts.get()
    for after in HostState:
        type(host).objects.update(state=before)
        if after in HOST[before]:
            tickets.change_host_state(host=host, by=cast.coordinator, to=after, why="they wrote")
        else:
            with pytest.raises(TransitionError):
                tickets.change_host_state(host=host, by=cast.coordinator, to=after, why="they wrote")
        host.refresh_from_db()
        assert host.state == (after if after in HOST[before] else before)


@pytest.mark.parametrize(("before", "after"), sorted(NEVER_BY_HAND))
def test_what_follows_from_something_else_is_no_button(cast, ticket, before, after):
    type(ticket).objects.update(state=before)
    with pytest.raises(TransitionError):
        tickets.change_state(investigation=ticket, by=cast.coordinator, to=after, why="I say so")
    assert after not in transitions.choices_by_hand(before)


def test_a_change_by_hand_needs_a_reason(cast, ticket):
    with pytest.raises(tickets.DomainError):
        tickets.change_state(investigation=ticket, by=cast.coordinator, to=S.RESOLVED, why="  ")


def test_an_incident_closes_with_a_result_when_its_tickets_are_closed(cast, ticket):
    with pytest.raises(tickets.DomainError, match="still open"):
        tickets.close_incident(incident=ticket.incident, by=cast.coordinator, to="resolved", resolution="fixed", why="")
    tickets.change_state(investigation=ticket, by=cast.coordinator, to=S.RESOLVED, why="withdrawn")
    with pytest.raises(tickets.DomainError, match="how the incident ended"):
        tickets.close_incident(incident=ticket.incident, by=cast.coordinator, to="resolved", resolution="", why="")
    tickets.close_incident(incident=ticket.incident, by=cast.coordinator, to="resolved", resolution="false_positive", why="")
    ticket.incident.refresh_from_db()
    assert (ticket.incident.state, ticket.incident.resolution) == ("resolved", "false_positive")
    assert ticket.timeline.first().kind == "incident_state"
    again = scenes.open_ticket(cast.coordinator)
    assert again.incident != ticket.incident


def test_the_docs_show_the_tables():
    page = (Path(settings.BASE_DIR) / "docs/subsystems/coordination.md").read_text()
    for table in (INVESTIGATION, HOST, INCIDENT):
        for before, after in table.items():
            assert f"| {before} | {', '.join(after)} |" in page
