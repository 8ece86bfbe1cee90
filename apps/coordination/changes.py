"""The one way to change a ticket: lock it, move a state along the table, write the timeline and the audit log."""

from datetime import timedelta
from typing import Any

from django.core.exceptions import PermissionDenied
from django.utils import timezone

from apps.accounts import audit
from apps.accounts.models import User
from apps.coordination import transitions
from apps.coordination.models import Contact, Host, Incident, IncidentState, Investigation, InvestigationState, TimelineEntry

QUIET_DAYS = timedelta(days=7)  # how long a contact is given before a ticket comes back to the top of the queue


def require_writer(by: User | None) -> None:
    """PermissionDenied unless `by` may coordinate; None is the system."""
    if by is not None and not by.may_coordinate:
        raise PermissionDenied


def lock(investigation: Investigation, *, by: User | None) -> Investigation:
    """The ticket as it stands now, held until the transaction ends, so that two people cannot change it at once."""
    require_writer(by)
    return Investigation.objects.select_for_update(of=("self",)).select_related("incident", "contact").get(pk=investigation.pk)


def log(
    investigation: Investigation, *, by: User | None, kind: TimelineEntry.Kind, why: str = "", host: Host | None = None, **data: Any
) -> TimelineEntry:
    """Write the timeline row and the audit entry of one change. Call it inside the transaction of the change."""
    audit.record(by=by, action=f"ticket.{kind}", target=f"#{investigation.number}", **data)
    return TimelineEntry.objects.create(
        investigation=investigation,
        host=host,
        actor=by,
        actor_name=by.get_username() if by else TimelineEntry.SYSTEM,
        kind=kind,
        data=data,
        why=why,
    )


def move(investigation: Investigation, to: InvestigationState, *, by: User | None, why: str = "") -> None:
    """Give a locked ticket another state, or TransitionError."""
    before = investigation.state
    transitions.require(transitions.INVESTIGATION, before, to)
    investigation.state = to
    fields = ["state", "changed_at"]
    if to == InvestigationState.SENT:
        investigation.wake_on = timezone.localdate() + QUIET_DAYS
        fields.append("wake_on")
    investigation.save(update_fields=fields)
    _remember_bounce(investigation)
    log(investigation, by=by, kind=TimelineEntry.Kind.STATE, why=why, before=before, after=str(to))


def _remember_bounce(investigation: Investigation) -> None:
    """An address that bounced is not chosen by itself again, until somebody answers from there."""
    at = {InvestigationState.BOUNCED: timezone.now(), InvestigationState.REPLIED: None}
    if investigation.contact_id and investigation.state in at:
        Contact.objects.filter(pk=investigation.contact_id).update(bounced_at=at[InvestigationState(investigation.state)])


def move_host(host: Host, to: str, *, by: User | None, why: str = "") -> None:
    """Give a host of a locked ticket another state, or TransitionError."""
    before = host.state
    transitions.require(transitions.HOST, before, to)
    host.state = to
    host.save(update_fields=["state"])
    log(host.investigation, by=by, kind=TimelineEntry.Kind.HOST_STATE, why=why, host=host,
        address=host.address, before=before, after=str(to))  # fmt: skip


def move_incident(incident: Incident, to: IncidentState, *, by: User | None, resolution: str = "", why: str = "") -> None:
    """Close or reopen a locked incident; every one of its tickets gets the row in its timeline."""
    before = incident.state
    transitions.require(transitions.INCIDENT, before, to)
    incident.state, incident.resolution = to, resolution
    incident.closed_at = None if to == IncidentState.OPEN else timezone.now()
    incident.save(update_fields=["state", "resolution", "closed_at"])
    for investigation in incident.investigations.all():
        log(investigation, by=by, kind=TimelineEntry.Kind.INCIDENT_STATE, why=why, resolution=resolution,
            before=before, after=str(to))  # fmt: skip
