"""What enrichment and reference data know of an address, in the form in which tickets need it."""

from datetime import datetime
from typing import TYPE_CHECKING

import numpy as np
from django.conf import settings

from apps.accounts.models import User
from apps.common import sourcekeys
from apps.common.periods import local_day
from apps.reference.delegations import delegation_of
from apps.reference.special import bogon_mask

if TYPE_CHECKING:
    from apps.enrichment.queries import AbuseContact, AddressInfo

ROLE_ORDER = ("abuse", "technical", "administrative")
# Mailboxes of the registries themselves stand in many answers; they are nobody's abuse contact.
REGISTRY_DOMAINS = ("afrinic.net", "apnic.net", "arin.net", "iana.org", "icann.org", "lacnic.net", "nic.ad.jp", "ripe.net")


def info_of(address: str) -> "AddressInfo":
    from apps.enrichment.queries import address_info

    return address_info(address)


def request(address: str, *, by: User, reason: str) -> None:
    """Ask for a look-up of this very address; answers of its neighbours do not do for a mail."""
    from apps.enrichment.services import request_lookup

    request_lookup(address=address, by=by, reason=reason, exact=True)


def options(info: "AddressInfo") -> list["AbuseContact"]:
    """Contacts that may be offered for a mail: from a look-up of the very address, never a registry's own mailbox."""
    if not info.is_exact_lookup:
        return []
    offered = [contact for contact in info.contacts if not contact.is_registry_mailbox and not is_registry_mailbox(contact.email)]
    return sorted(offered, key=lambda contact: ROLE_ORDER.index(contact.role) if contact.role in ROLE_ORDER else len(ROLE_ORDER))


def is_registry_mailbox(email: str) -> bool:
    domain = email.rpartition("@")[2].lower()
    return any(domain == registry or domain.endswith(f".{registry}") for registry in REGISTRY_DOMAINS)


def region_of(address: str, at: datetime) -> str:
    """Two letters, '' where no delegation covers the address."""
    delegation = delegation_of(address, local_day(at, settings.REPORT_TIME_ZONE))
    return delegation.region if delegation else ""


def is_bogon(address: str) -> bool:
    return bool(bogon_mask(np.array([sourcekeys.from_address(address)], dtype=np.uint64))[0])
