"""Find out whom to write to, and record how that was chosen."""

from datetime import datetime

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.common.errors import DomainError
from apps.coordination import changes, lookups
from apps.coordination.gate import MAX_LOOKUP_AGE
from apps.coordination.models import Contact, Draft, Host, Investigation, InvestigationState, TimelineEntry

MANUAL = "manual"
_Entry = TimelineEntry.Kind
_MAY_CHOOSE = (InvestigationState.DRAFT, InvestigationState.BOUNCED)


@transaction.atomic
def look_up(investigation: Investigation, *, by: User, again: bool = False) -> int:
    """Ask for a look-up of every host's very address where none of the last 7 days is on record (`again`: in any case).

    Returns the number of look-ups now under way.
    """
    investigation = changes.lock(investigation, by=by)
    asked = 0
    for host in investigation.hosts.all():
        wanted = (again or not _is_fresh(host.address)) and not lookups.is_bogon(host.address)
        if wanted and lookups.request(host.address, by=by, reason=f"ticket #{investigation.number}"):
            changes.log(investigation, by=by, kind=_Entry.LOOKUP, host=host, address=host.address)
            asked += 1
    return asked


@transaction.atomic
def choose(*, investigation: Investigation, by: User, email: str) -> Investigation:
    """Take one of the contacts that the look-up of a host's address offers. Returns the ticket that now has the hosts."""
    investigation = changes.lock(investigation, by=by)
    for host in investigation.hosts.all():
        info = lookups.info_of(host.address)
        for option in lookups.options(info):
            if option.email.lower() == email.strip().lower():
                contact = _contact(option.email, info.holder)
                return _set(investigation, by, contact, role=option.role, level=str(option.level), source=option.source,
                            fetched_at=option.fetched_at, address=host.address)  # fmt: skip
    raise DomainError(_("This address is not among the contacts found for the hosts."), fields={"email": _("Choose one of those offered.")})


@transaction.atomic
def enter(*, investigation: Investigation, by: User, email: str, holder: str, why: str) -> Investigation:
    """Take a contact that a person knows; the reason is recorded. It beats what look-ups say."""
    investigation = changes.lock(investigation, by=by)
    try:
        validate_email(email.strip())
    except ValidationError as error:
        raise DomainError(_("This is not a mail address."), fields={"email": _("This is not a mail address.")}) from error
    if not why.strip():
        raise DomainError(_("Say where this contact is known from."), fields={"why": _("Say where this contact is known from.")})
    contact = _contact(email, holder.strip())
    return _set(investigation, by, contact, role="", level="", source=MANUAL, fetched_at=timezone.now(), address=None, why=why.strip())


def _is_fresh(address: str) -> bool:
    info = lookups.info_of(address)
    return bool(info.is_exact_lookup and info.fetched_at and timezone.now() - info.fetched_at < MAX_LOOKUP_AGE)


def _contact(email: str, holder: str) -> Contact:
    contact, _created = Contact.objects.get_or_create(email=email.strip().lower(), defaults={"holder": holder[:200]})
    if holder and contact.holder != holder[:200]:
        contact.holder = holder[:200]
        contact.save(update_fields=["holder"])
    return contact


def _set(
    investigation: Investigation,
    by: User,
    contact: Contact,
    *,
    role: str,
    level: str,
    source: str,
    fetched_at: datetime,
    address: str | None,
    why: str = "",
) -> Investigation:
    if investigation.state not in _MAY_CHOOSE:
        raise DomainError(_("The contact can be chosen while the ticket is a draft or its mail has bounced."), code="forbidden_transition")
    other = Investigation.objects.open().filter(incident=investigation.incident, contact=contact).exclude(pk=investigation.pk).first()
    if other:
        return _join(investigation, other, by)
    investigation.contact, investigation.contact_role, investigation.contact_level = contact, role[:40], level[:40]
    investigation.contact_source, investigation.contact_fetched_at = source[:120], fetched_at
    investigation.contact_lookup_address = address
    investigation.save()
    Draft.objects.filter(investigation=investigation).delete()  # it is addressed to somebody else
    changes.log(investigation, by=by, kind=_Entry.CONTACT, why=why, email=contact.email, role=role, source=source)
    return investigation


def _join(investigation: Investigation, other: Investigation, by: User) -> Investigation:
    """One open ticket per incident and contact: the hosts go to the one there is, and this one ends."""
    other = changes.lock(other, by=by)
    if investigation.state != InvestigationState.DRAFT:
        raise DomainError(_("Ticket %(number)s is already open with this contact.") % {"number": f"#{other.number}"})
    known = set(other.hosts.values_list("address", flat=True))
    moving = Host.objects.filter(investigation=investigation).exclude(address__in=known)
    addresses = [host.address for host in moving]
    moving.update(investigation=other)
    Draft.objects.filter(investigation__in=[investigation, other]).delete()  # neither speaks of the right hosts any more
    for ticket, counterpart in ((investigation, other), (other, investigation)):
        changes.log(ticket, by=by, kind=_Entry.HOST_MOVED, addresses=addresses, counterpart=counterpart.number,
                    direction="out" if ticket is investigation else "in")  # fmt: skip
    changes.move(investigation, InvestigationState.RESOLVED, by=by, why=f"→ #{other.number}")
    return other
