"""Find out whom to write to, and record how that was chosen."""

from datetime import timedelta
from functools import partial

from django.core.exceptions import ValidationError
from django.db import transaction
from django.forms import EmailField
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.common.errors import DomainError
from apps.coordination import changes, contacting, lookups, tasks
from apps.coordination.contacting import Choice
from apps.coordination.gate import MAX_LOOKUP_AGE
from apps.coordination.models import Draft, Host, HostState, Investigation, InvestigationState, TimelineEntry

MANUAL = "manual"
FIRST_LOOK = timedelta(seconds=1)  # most registries have answered by then
_Entry = TimelineEntry.Kind
_MAY_CHOOSE = (InvestigationState.DRAFT, InvestigationState.BOUNCED)


@transaction.atomic
def look_up(investigation: Investigation, *, by: User, again: bool = False) -> int:
    """Ask for a look-up of every host's very address where none of the last 7 days is on record (`again`: in any case).

    A draft without a contact gets the best one offered, now or when the answers have come. Returns the number of look-ups
    now under way.
    """
    investigation = changes.lock(investigation, by=by)
    asked = 0
    for host in investigation.hosts.all():
        wanted = (again or not _is_fresh(host.address)) and not lookups.is_bogon(host.address)
        if wanted and lookups.request(host.address, by=by, reason=f"ticket #{investigation.number}"):
            changes.log(investigation, by=by, kind=_Entry.LOOKUP, host=host, address=host.address)
            asked += 1
    if contacting.fill(investigation.pk):
        first_look = partial(tasks.fill_contact.apply_async, (investigation.pk,), countdown=FIRST_LOOK.total_seconds())
        transaction.on_commit(first_look, robust=True)
    return asked


@transaction.atomic
def choose(*, investigation: Investigation, by: User, email: str) -> Investigation:
    """Take one of the contacts that the look-up of a host's address offers. Returns the ticket that now has the hosts."""
    investigation = changes.lock(investigation, by=by)
    for host in investigation.hosts.all():
        info = lookups.info_of(host.address)
        for option in lookups.options(info):
            if option.email.lower() == email.strip().lower():
                return _set(investigation, by, contacting.choice_of(host.address, option, info))
    raise DomainError(_("This address is not among the contacts found for the hosts."), fields={"email": _("Choose one of those offered.")})


@transaction.atomic
def enter(*, investigation: Investigation, by: User, email: str, holder: str, why: str) -> Investigation:
    """Take a contact that a person knows; the reason is recorded. It beats what look-ups say."""
    investigation = changes.lock(investigation, by=by)
    try:
        EmailField(max_length=254).clean(email)  # as long as the contact's column
    except ValidationError as error:
        raise DomainError(_("This is not a mail address."), fields={"email": _("This is not a mail address.")}) from error
    if not why.strip():
        raise DomainError(_("Say where this contact is known from."), fields={"why": _("Say where this contact is known from.")})
    return _set(investigation, by, Choice(email, holder.strip(), MANUAL, timezone.now()), why.strip())


@transaction.atomic
def take_back(*, investigation: Investigation, by: User) -> None:
    """Undo the move of this ticket's hosts to another: they come back, and the ticket is a draft again, without a contact.

    Possible until a mail about them is on its way.
    """
    investigation = changes.lock(investigation, by=by)
    moved = contacting.moved_away(investigation)
    if moved is None:
        raise DomainError(_("No hosts were moved from this ticket."), code="nothing_moved")
    other = changes.lock(Investigation.objects.get(number=moved.data["counterpart"]), by=by)
    hosts = Host.objects.select_for_update().filter(investigation=other, address__in=moved.data["addresses"])
    if other.state != InvestigationState.DRAFT or hosts.exclude(state=HostState.PENDING).exists():
        raise DomainError(_("Ticket %(number)s has gone on since; its hosts stay there.") % {"number": f"#{other.number}"})
    addresses = [host.address for host in hosts]
    investigation.contact = None
    investigation.save(update_fields=["contact", "changed_at"])
    _move_hosts(other, investigation, addresses, by)
    changes.move(investigation, InvestigationState.DRAFT, by=by, why=f"← #{other.number}")


def _is_fresh(address: str) -> bool:
    info = lookups.info_of(address)
    return bool(info.is_exact_lookup and info.fetched_at and timezone.now() - info.fetched_at < MAX_LOOKUP_AGE)


def _set(investigation: Investigation, by: User, choice: Choice, why: str = "") -> Investigation:
    if investigation.state not in _MAY_CHOOSE:
        raise DomainError(_("The contact can be chosen while the ticket is a draft or its mail has bounced."), code="forbidden_transition")
    other = contacting.other_ticket(investigation, choice.email)
    if other:
        return _join(investigation, other, by)
    contacting.address_to(investigation, choice, by=by, why=why)
    return investigation


def _join(investigation: Investigation, other: Investigation, by: User) -> Investigation:
    """One open ticket per incident and contact: the hosts go to the one there is, and this one ends (see `take_back`)."""
    other = changes.lock(other, by=by)
    if investigation.state != InvestigationState.DRAFT:
        raise DomainError(_("Ticket %(number)s is already open with this contact.") % {"number": f"#{other.number}"})
    known = set(other.hosts.values_list("address", flat=True))
    addresses = [host.address for host in investigation.hosts.all() if host.address not in known]
    _move_hosts(investigation, other, addresses, by)
    changes.move(investigation, InvestigationState.RESOLVED, by=by, why=f"→ #{other.number}")
    return other


def _move_hosts(origin: Investigation, target: Investigation, addresses: list[str], by: User) -> None:
    Host.objects.filter(investigation=origin, address__in=addresses).update(investigation=target)
    Draft.objects.filter(investigation__in=[origin, target]).delete()  # neither speaks of the right hosts any more
    for ticket, counterpart in ((origin, target), (target, origin)):
        changes.log(ticket, by=by, kind=_Entry.HOST_MOVED, addresses=addresses, counterpart=counterpart.number,
                    direction="out" if ticket is origin else "in")  # fmt: skip
