"""Who a ticket is addressed to: the contact a look-up offers is taken by itself, and what a person chose stays."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from apps.accounts.models import User
from apps.coordination import changes, lookups
from apps.coordination.models import Contact, Draft, Investigation, InvestigationState, Language, TimelineEntry
from apps.enrichment.models import ContactRole
from apps.enrichment.queries import AbuseContact, AddressInfo

_Entry = TimelineEntry.Kind
_UNSPECIFIED = ContactRole.OTHER.name.lower()


@dataclass(frozen=True)
class Choice:
    """A contact and where it is known from; `address` is the host's whose look-up named it, None where a person knew it."""

    email: str
    holder: str
    source: str
    fetched_at: datetime
    role: str = ""
    level: str = ""
    address: str | None = None
    region: str = ""  # of the network, as a person or its registry says


def choice_of(address: str, option: AbuseContact, info: AddressInfo) -> Choice:
    return Choice(option.email, info.holder, option.source, option.fetched_at, option.role, str(option.level), address, info.country)


def best(known: Sequence[tuple[str, AddressInfo]]) -> Choice | None:
    """The contact to write to: one that a person added, else abuse before technical before administrative; none that bounced.
    `known`: what each host's look-up says."""
    offered = [(address, option, info) for address, info in known for option in lookups.options(info)]
    bounced = bounced_among(option.email for _address, option, _info in offered)
    fit = [one for one in offered if one[1].email.lower() not in bounced and (one[1].is_manual or one[1].role != _UNSPECIFIED)]
    found = min(fit, key=lambda one: one[1].rank, default=None)
    return choice_of(*found) if found else None


def bounced_among(emails) -> set[str]:
    """Those of the addresses to which a mail bounced, in lower case."""
    wanted = {email.lower() for email in emails}
    return set(Contact.objects.filter(email__in=wanted, bounced_at__isnull=False).values_list("email", flat=True))


def other_ticket(investigation: Investigation, email: str) -> Investigation | None:
    """The open ticket of the same incident that is already addressed to this contact."""
    others = Investigation.objects.open().filter(incident_id=investigation.incident_id, contact__email=email.strip().lower())
    return others.exclude(pk=investigation.pk).first()


def moved_away(investigation: Investigation) -> TimelineEntry | None:
    """The entry of a move of all hosts to another ticket, if that is how this one ended."""
    last = investigation.timeline.filter(kind=_Entry.HOST_MOVED).order_by("-pk").first()
    return last if last and last.data["direction"] == "out" and investigation.state == InvestigationState.RESOLVED else None


def role_label(role: str) -> str:
    """The role a contact is registered for, in the active language; as it stands where it is none of ours."""
    return str(ContactRole[role.upper()].label) if role.upper() in ContactRole.names else role


@transaction.atomic
def fill(pk: int) -> bool:
    """Address a draft without a contact to the best one its look-ups name; → whether a look-up is still under way.

    A contact to whom another ticket of the incident is open is left to a person, who may move the hosts there.
    """
    investigation = Investigation.objects.select_for_update(of=("self",)).select_related("incident", "contact").get(pk=pk)
    if investigation.state != InvestigationState.DRAFT or investigation.contact is not None:
        return False
    known = [(host.address, lookups.info_of(host.address)) for host in investigation.hosts.all()]
    found = best(known)
    if found and not other_ticket(investigation, found.email):
        address_to(investigation, found, by=None)
        return False
    return any(info.is_under_way for _address, info in known)


def waiting() -> list[int]:
    """Drafts without a contact, the oldest first."""
    drafts = Investigation.objects.filter(state=InvestigationState.DRAFT, contact=None)
    return list(drafts.order_by("pk").values_list("pk", flat=True))


def address_to(investigation: Investigation, choice: Choice, *, by: User | None, why: str = "") -> None:
    """Put the contact on a locked ticket. A draft to somebody else goes; the language follows the contact's region
    unless a person chose it."""
    investigation.contact = _contact(choice)
    investigation.contact_role, investigation.contact_level = choice.role[:40], choice.level[:40]
    investigation.contact_source, investigation.contact_fetched_at = choice.source[:120], choice.fetched_at
    investigation.contact_lookup_address = choice.address
    if choice.region and not _is_language_chosen(investigation):
        investigation.language = Language.JA if choice.region == "JP" else Language.EN
    investigation.save()
    Draft.objects.filter(investigation=investigation).delete()
    changes.log(
        investigation, by=by, kind=_Entry.CONTACT, why=why, email=investigation.contact.email, role=choice.role, source=choice.source
    )


def _contact(choice: Choice) -> Contact:
    contact, _created = Contact.objects.get_or_create(email=choice.email.strip().lower(), defaults={"holder": choice.holder[:200]})
    if choice.holder and contact.holder != choice.holder[:200]:
        contact.holder = choice.holder[:200]
        contact.save(update_fields=["holder"])
    return contact


def _is_language_chosen(investigation: Investigation) -> bool:
    """Whether a person chose the language, when opening the ticket or with a draft."""
    return investigation.timeline.filter(data__has_key="language").exclude(data__language="").exists()
