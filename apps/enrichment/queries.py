"""What is known of who runs an address."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet
from django.utils import timezone

from apps.enrichment.blocks import is_public, read_address
from apps.enrichment.holders.corrections import effective, holder_name
from apps.enrichment.holders.family import root_of
from apps.enrichment.models import UNDER_WAY, ContactRole, Lookup, ManualContact, Network, NetworkContact, NetworkVersion, State
from apps.enrichment.registries.nir import BY_COUNTRY
from apps.enrichment.registries.nir_parsing import plain

NATIONAL = set(BY_COUNTRY.values())
SHOWN_VERSIONS = 20
MANUAL = "manual"  # in the place of a registry, where a person added a contact


@dataclass(frozen=True)
class AbuseContact:
    """One mail address of a network's registration, or one that a person knows (`is_manual`), which comes before those.
    `level` 0 stands on the network itself, higher ones deeper; of manual ones 1 stands on the holder."""

    email: str
    role: str  # abuse, technical, administrative or other
    level: int
    source: str  # "RDAP, APNIC"; "manual" where a person added it
    fetched_at: datetime
    is_registry_mailbox: bool
    entity: str = ""
    organisation: str = ""
    is_manual: bool = False
    reason: str = ""  # why a person added it

    @property
    def rank(self) -> tuple[bool, int, int]:
        """Best first: manual ones, then abuse before technical before administrative, near before deep. Among manual ones
        those of the network come before those of its holder."""
        role = int(ContactRole[self.role.upper()])
        return (False, self.level, role) if self.is_manual else (True, role, self.level)

    @property
    def role_label(self) -> str:
        return str(ContactRole[self.role.upper()].label)


@dataclass(frozen=True)
class AddressInfo:
    """Everything known of one address. `contacts` come best first, registry mailboxes last; own staff alone may see them.
    `holder`, `name` (of the network), `country` and `asn` are what a person said, else what the registry did; `corrected` names
    those of which a person said it.

    `is_exact_lookup` says that the registry was asked for this very address; otherwise a neighbour's answer serves.
    """

    address: str
    state: State
    network: Network | None = None
    holder: str = ""
    holder_id: int | None = None
    name: str = ""
    country: str = ""
    asn: int | None = None
    corrected: frozenset[str] = frozenset()
    contacts: tuple[AbuseContact, ...] = ()
    fetched_at: datetime | None = None
    is_exact_lookup: bool = False
    next_try_at: datetime | None = None
    error: str = ""
    is_sample: bool = False
    history: tuple[NetworkVersion, ...] = ()

    @property
    def is_under_way(self) -> bool:
        return self.state in UNDER_WAY

    @property
    def whois_text(self) -> str:
        """What WHOIS said as it came, what a national registry's page says without its tags."""
        if self.network is None:
            return ""
        raw = self.network.raw_whois
        return plain(raw).strip() if self.network.registry in NATIONAL else raw

    @property
    def can_be_looked_up(self) -> bool:
        return is_public(read_address(self.address))

    @property
    def age_days(self) -> int | None:
        return (timezone.now() - self.fetched_at).days if self.fetched_at else None


def address_info(address: str, *, with_history: bool = False) -> AddressInfo:
    """What is known of an address now, in four queries, five with the versions of its network (newest first, for own staff);
    nothing is looked up. ValueError where it is no address."""
    wanted = str(read_address(address))
    lookup = Lookup.objects.select_related("network__administered_by__merged_into").filter(address=wanted).first()
    if lookup is None:
        return AddressInfo(address=wanted, state=State.NONE)
    return AddressInfo(
        address=wanted,
        state=State(lookup.state),
        fetched_at=lookup.fetched_at,
        is_exact_lookup=lookup.is_exact,
        next_try_at=lookup.next_try_at,
        error=lookup.error_text,
        history=_history_of(lookup.network) if lookup.network and with_history else (),
        **(_of_network(lookup.network) if lookup.network else {}),
    )


def _history_of(network: Network) -> tuple[NetworkVersion, ...]:
    return tuple(network.versions.defer("raw", "raw_whois")[:SHOWN_VERSIONS])


def _of_network(network: Network) -> dict[str, Any]:
    said = effective(network)
    return {
        "network": network,
        "holder": said.holder,
        "holder_id": root_of(network.administered_by).pk if network.administered_by else None,
        "name": said.name,
        "country": said.country,
        "asn": said.asn,
        "corrected": said.corrected,
        "contacts": contacts_of(network),
        "is_sample": network.is_sample,
    }


def contacts_of(network: Network) -> tuple[AbuseContact, ...]:
    """Best first: those that people added to the network, to its holder, then the registry's."""
    return contacts_of_networks([network])[network.pk]


def contacts_of_networks(networks: Sequence[Network], added: Iterable[ManualContact] | None = None) -> dict[int, tuple[AbuseContact, ...]]:
    """The same for several; one query where `contacts` and `administered_by` are prefetched. `added` spares it: what
    `added_contacts` gave."""
    roots = {network.pk: root_of(network.administered_by).pk for network in networks if network.administered_by}
    rows = added_contacts(networks, roots.values()) if added is None else added
    manual = [(row.network_id, _root_id(row), _added(row)) for row in rows]
    return {
        network.pk: (
            *sorted(
                (one for of_network, of_root, one in manual if of_network == network.pk or (of_root and of_root == roots.get(network.pk))),
                key=lambda one: one.rank,
            ),
            *(_registered(row, network) for row in network.contacts.all()),
        )
        for network in networks
    }


def added_contacts(networks: Iterable[Network], holders: Iterable[int]) -> "QuerySet[ManualContact]":
    """What people added to these networks, and to these holders and those merged into them."""
    holders = set(holders)
    about = Q(network__in=networks) | Q(holder__in=holders) | Q(holder__merged_into__in=holders)
    return ManualContact.objects.filter(about, withdrawn_at=None).select_related("holder", "by")


def _root_id(row: ManualContact) -> int | None:
    return (row.holder.merged_into_id or row.holder.pk) if row.holder else None


def _added(row: ManualContact) -> AbuseContact:
    level = 0 if row.network_id else 1
    role = ContactRole(row.role).name.lower()
    return AbuseContact(row.email, role, level, MANUAL, row.at, False, is_manual=True, reason=row.reason)


def _registered(row: NetworkContact, network: Network) -> AbuseContact:
    return AbuseContact(
        email=row.email,
        role=ContactRole(row.role).name.lower(),
        level=row.level,
        source=f"{network.source.upper()}, {network.registry.upper()}",
        fetched_at=network.fetched_at,
        is_registry_mailbox=row.is_registry_mailbox,
        entity=row.entity,
        organisation=row.organisation,
    )


def holders_of(addresses: Iterable[str]) -> dict[str, str]:
    """Holder by address, for lists, in one query; addresses of which none is known are left out."""
    wanted = {str(read_address(address)): address for address in addresses}
    known = Lookup.objects.filter(address__in=wanted, network__isnull=False).select_related("network__administered_by__merged_into")
    found = known.defer("network__raw", "network__raw_whois")
    return {wanted[lookup.address]: holder_name(lookup.network) for lookup in found if lookup.network}
