"""What is known of who runs an address."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone

from apps.enrichment.blocks import is_public, read_address
from apps.enrichment.models import UNDER_WAY, ContactRole, Lookup, Network, NetworkVersion, State
from apps.enrichment.registries.nir import BY_COUNTRY
from apps.enrichment.registries.nir_parsing import plain

NATIONAL = set(BY_COUNTRY.values())
SHOWN_VERSIONS = 20


@dataclass(frozen=True)
class AbuseContact:
    """One mail address of a network's registration. `level` 0 stands on the network itself, higher ones deeper."""

    email: str
    role: str  # abuse, technical, administrative or other
    level: int
    source: str  # "RDAP, APNIC"
    fetched_at: datetime
    is_registry_mailbox: bool
    entity: str = ""
    organisation: str = ""

    @property
    def role_label(self) -> str:
        return str(ContactRole[self.role.upper()].label)


@dataclass(frozen=True)
class AddressInfo:
    """Everything known of one address. `contacts` come best first, registry mailboxes last; own staff alone may see them.

    `is_exact_lookup` says that the registry was asked for this very address; otherwise a neighbour's answer serves.
    """

    address: str
    state: State
    network: Network | None = None
    holder: str = ""
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
    """What is known of an address now, in two queries, three with the versions of its network (newest first, for own staff);
    nothing is looked up. ValueError where it is no address."""
    wanted = str(read_address(address))
    lookup = Lookup.objects.select_related("network").filter(address=wanted).first()
    if lookup is None:
        return AddressInfo(address=wanted, state=State.NONE)
    network = lookup.network
    return AddressInfo(
        address=wanted,
        state=State(lookup.state),
        network=network,
        holder=_holder(network),
        contacts=contacts_of(network) if network else (),
        fetched_at=lookup.fetched_at,
        is_exact_lookup=lookup.is_exact,
        next_try_at=lookup.next_try_at,
        error=lookup.error_text,
        is_sample=network is not None and network.is_sample,
        history=_history_of(network) if network and with_history else (),
    )


def _history_of(network: Network) -> tuple[NetworkVersion, ...]:
    return tuple(network.versions.defer("raw", "raw_whois")[:SHOWN_VERSIONS])


def contacts_of(network: Network) -> tuple[AbuseContact, ...]:
    return tuple(
        AbuseContact(
            email=row.email,
            role=ContactRole(row.role).name.lower(),
            level=row.level,
            source=f"{network.source.upper()}, {network.registry.upper()}",
            fetched_at=network.fetched_at,
            is_registry_mailbox=row.is_registry_mailbox,
            entity=row.entity,
            organisation=row.organisation,
        )
        for row in network.contacts.all()
    )


def holders_of(addresses: Iterable[str]) -> dict[str, str]:
    """Holder by address, for lists, in one query; addresses of which none is known are left out."""
    wanted = {str(read_address(address)): address for address in addresses}
    found = Lookup.objects.filter(address__in=wanted, network__isnull=False).select_related("network").defer("network__raw")
    return {wanted[lookup.address]: _holder(lookup.network) for lookup in found}


def _holder(network: Network | None) -> str:
    return (network.holder or network.name) if network else ""
