"""Open tickets and move them along: each call is one transaction with its rows in the timeline and the audit log."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.common.errors import DomainError
from apps.common.periods import Period
from apps.common.ports import PortKey
from apps.coordination import behaviours, certainty, changes, contacting, facts, lookups, numbers, observation_log, transitions
from apps.coordination.models import (
    Draft,
    Host,
    Incident,
    IncidentState,
    Investigation,
    InvestigationState,
    Kind,
    Language,
    Resolution,
    TimelineEntry,
)  # fmt: skip
from apps.coordination.services import contacts
from apps.observations import evidence

BOUNCE_GRACE = timedelta(days=1)  # nearly every delivery report has come by then
_Entry = TimelineEntry.Kind


@transaction.atomic
def open_from_source(
    *, by: User, source: str, ports: Sequence[PortKey] = (), period: Period, kind: Kind = Kind.NOTICE, language: str = "", note: str = ""
) -> Investigation:
    """The ticket about a source address (or the addresses of an IPv6 /64) and what it sent in the period.

    The incident is the open one of the same behaviour. A second call for the same address, or for another address with
    the same contact, leads to the open ticket there is.
    """
    changes.require_writer(by)
    addresses = _addresses(source, period)
    seen = {address: evidence.summary(address, period, ports) for address in addresses}
    seen = {address: summary for address, summary in seen.items() if summary.last_seen}
    if not seen:
        raise DomainError(_("No packets of %(source)s are on record in this period.") % {"source": source}, code="nothing_observed")
    incident = _incident(ports, list(seen.values()))
    investigation = _existing(incident, list(seen)) or _create(incident, by, kind, language, _language(seen), note)
    for address, summary in seen.items():
        _add_host(investigation, address, ports, period, summary, by)
    contacts.look_up(investigation, by=by)
    investigation.refresh_from_db()
    return investigation


@transaction.atomic
def add_note(*, investigation: Investigation, by: User, text: str) -> None:
    """An internal note; it never leaves the house."""
    investigation = changes.lock(investigation, by=by)
    if not text.strip():
        raise DomainError(_("The note is empty."), fields={"text": _("The note is empty.")})
    changes.log(investigation, by=by, kind=_Entry.NOTE, why=text.strip())


@transaction.atomic
def change_state(*, investigation: Investigation, by: User, to: str, why: str) -> None:
    """Move a ticket by hand, with a reason. Moves that follow from a mail are the outbox's alone."""
    investigation = changes.lock(investigation, by=by)
    transitions.require(transitions.INVESTIGATION, investigation.state, to)
    if to not in transitions.choices_by_hand(investigation.state):
        raise transitions.TransitionError(_("This state is not chosen by hand; it follows from what is done."))
    changes.move(investigation, InvestigationState(to), by=by, why=_reason(why))


@transaction.atomic
def change_host_state(*, host: Host, by: User, to: str, why: str) -> None:
    investigation = changes.lock(host.investigation, by=by)
    host = Host.objects.select_for_update().get(pk=host.pk)
    host.investigation = investigation
    changes.move_host(host, to, by=by, why=_reason(why))


@transaction.atomic
def close_incident(*, incident: Incident, by: User, to: str, resolution: str, why: str) -> None:
    """Resolve or abandon an incident. Its tickets must be closed before, so that none is forgotten."""
    changes.require_writer(by)
    incident = Incident.objects.select_for_update().get(pk=incident.pk)
    still_open = incident.investigations.open().values_list("number", flat=True)
    if still_open:
        raise DomainError(_("Tickets of this incident are still open: %(numbers)s") % {"numbers": ", ".join(f"#{n}" for n in still_open)})
    if resolution not in Resolution.values:
        raise DomainError(_("Choose how the incident ended."), fields={"resolution": _("Choose how the incident ended.")})
    changes.move_incident(incident, IncidentState(to), by=by, resolution=resolution, why=why.strip())


@transaction.atomic
def plan(*, investigation: Investigation, by: User, assignee: User | None, wake_on: date | None) -> None:
    """Who is in charge, and when the ticket comes back to the top of the queue."""
    investigation = changes.lock(investigation, by=by)
    if assignee is not None and not assignee.may_coordinate:
        raise DomainError(_("Only a coordinator or approver can be in charge."), fields={"assignee": _("Choose another person.")})
    investigation.assignee, investigation.wake_on = assignee, wake_on
    investigation.save(update_fields=["assignee", "wake_on", "changed_at"])
    changes.log(investigation, by=by, kind=_Entry.PLAN, assignee=assignee.get_username() if assignee else "",
                wake_on=wake_on.isoformat() if wake_on else "")  # fmt: skip


def await_contacts(*, now: datetime) -> int:
    """Tickets whose mail left a day ago and did not bounce wait for their contact; returns how many."""
    sent = Investigation.objects.filter(state=InvestigationState.SENT, outgoing_mail__sent_at__lt=now - BOUNCE_GRACE).distinct()
    return sum(_await_contact(pk) for pk in sent.values_list("pk", flat=True))


@transaction.atomic
def _await_contact(pk: int) -> bool:
    investigation = Investigation.objects.select_for_update().get(pk=pk)
    if investigation.state != InvestigationState.SENT:
        return False
    changes.move(investigation, InvestigationState.AWAITING_CONTACT, by=None)
    return True


def _addresses(source: str, period: Period) -> list[str]:
    try:
        return evidence.addresses_in(source, period)
    except ValueError as error:
        problem = _("%(source)s is not an address.") % {"source": source}
        raise DomainError(problem, code="bad_address", fields={"source": problem}) from error


def _incident(ports: Sequence[PortKey], summaries: Sequence[evidence.EvidenceSummary]) -> Incident:
    """The open incident of this behaviour. A concurrent opening of the same one waits for the unique key."""
    signatures = tuple({signature for summary in summaries for signature in summary.signatures})
    level = certainty.of_signatures(signatures)
    behaviour = behaviours.key_of(ports, is_mirai=level == certainty.Certainty.PATTERN)
    incident, _created = Incident.objects.get_or_create(behaviour=behaviour, state=IncidentState.OPEN, defaults={"certainty": level})
    return Incident.objects.select_for_update().get(pk=incident.pk)


def _existing(incident: Incident, addresses: Sequence[str]) -> Investigation | None:
    """The open ticket that already has one of the addresses, or whose contact answers for one of them."""
    tickets = Investigation.objects.open().filter(incident=incident)
    known = tickets.filter(hosts__address__in=addresses).first()
    if known:
        return known
    found = contacting.best([(address, lookups.info_of(address)) for address in addresses])
    return tickets.filter(contact__email=found.email.lower()).first() if found else None


def _create(incident: Incident, by: User, kind: Kind, language: str, usual: str, note: str) -> Investigation:
    investigation = Investigation.objects.create(
        number=numbers.allocate(timezone.now()), incident=incident, kind=kind, language=language or usual, assignee=by, opened_by=by
    )
    changes.log(investigation, by=by, kind=_Entry.OPENED, why=note.strip(), incident=incident.behaviour, language=language)
    return investigation


def _add_host(
    investigation: Investigation, address: str, ports: Sequence[PortKey], period: Period, summary: evidence.EvidenceSummary, by: User
) -> None:
    assert summary.last_seen is not None
    window = observation_log.recent(period, summary.last_seen)
    host, created = Host.objects.get_or_create(
        investigation=investigation,
        address=address,
        defaults={"ports": [str(port) for port in ports], "period_start": window.start, "period_end": window.end},
    )
    if created:
        host.summary = facts.as_kept(facts.summary_of(host))
        host.save(update_fields=["summary"])
        changes.log(investigation, by=by, kind=_Entry.HOST_ADDED, host=host, address=address)
        Draft.objects.filter(investigation=investigation).delete()  # it does not speak of this host


def _language(seen: dict[str, evidence.EvidenceSummary]) -> str:
    address, summary = next(iter(seen.items()))
    assert summary.last_seen is not None
    return Language.JA if lookups.region_of(address, summary.last_seen) == "JP" else Language.EN


def _reason(why: str) -> str:
    if not why.strip():
        raise DomainError(_("Give a reason."), fields={"why": _("Give a reason.")})
    return why.strip()
