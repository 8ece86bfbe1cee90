"""What enrichment and reference data know of an address, in the form in which tickets need it."""

from collections.abc import Iterable
from datetime import date, datetime

import numpy as np
from django.conf import settings

from apps.accounts.models import User
from apps.common import sourcekeys
from apps.common.periods import local_day
from apps.enrichment import origins
from apps.enrichment.models import UNDER_WAY, Lookup, Priority, State
from apps.enrichment.queries import AbuseContact, AddressInfo, address_info
from apps.enrichment.registries.mailboxes import is_registry_mailbox
from apps.enrichment.services import request_lookup
from apps.reference.delegations import delegation_of
from apps.reference.special import bogon_mask

__all__ = ["info_of", "is_bogon", "is_registry_mailbox", "options", "region_of", "request", "states_of", "status_words"]


def info_of(address: str) -> AddressInfo:
    return address_info(address)


def request(address: str, *, by: User, reason: str) -> bool:
    """Ask for a look-up of this very address; answers of its neighbours do not do for a mail.

    False where none is under way afterwards: the answer on record is fresh, or the registry asked us to wait.
    """
    lookup = request_lookup(address=address, by=by, reason=reason, exact=True, priority=Priority.TICKET)
    return lookup.state in UNDER_WAY


def options(info: AddressInfo) -> list[AbuseContact]:
    """Contacts that may be offered for a mail, best first: from a look-up of the very address, never a registry's own mailbox."""
    if not info.is_exact_lookup:
        return []
    return [contact for contact in info.contacts if not contact.is_registry_mailbox and not is_registry_mailbox(contact.email)]


def states_of(addresses: Iterable[str]) -> dict[str, str]:
    """The state of the look-up by address, in one query; addresses never looked up are left out."""
    return dict(Lookup.objects.filter(address__in=set(addresses)).values_list("address", "state"))


def status_words(state: str) -> str:
    return str(State(state).label)


def region_of(address: str, at: datetime) -> str:
    """Two letters, '' where no delegation covers the address."""
    delegation = delegation_of(address, local_day(at, settings.REPORT_TIME_ZONE))
    return delegation.region if delegation else ""


def asns_of(address: str, times: Iterable[datetime]) -> dict[date, str]:
    """The AS numbers of an address on the reporting days of these times, '' where none is known; several, where a prefix had
    several origins, are joined by _."""
    days = {local_day(at, settings.REPORT_TIME_ZONE) for at in times}
    return {day: "_".join(map(str, found.asns)) if found else "" for day, found in origins.asns_of(address, days).items()}


def is_bogon(address: str) -> bool:
    return bool(bogon_mask(np.array([sourcekeys.from_address(address)], dtype=np.uint64))[0])
