"""Registered ranges of a holder, or one of them: what registries say, what people said instead, and whom to write to.
For own staff."""

from dataclasses import dataclass

from django.db.models import prefetch_related_objects
from django.urls import reverse
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.enrichment.holder_services import may_edit
from apps.enrichment.holders import family
from apps.enrichment.holders.corrections import Effective, effective
from apps.enrichment.models import CorrectedField, Correction, Holder, ManualContact, Network, NetworkVersion
from apps.enrichment.queries import AbuseContact, added_contacts, contacts_of, contacts_of_networks

SHOWN_NETWORKS = 50
SHOWN_VERSIONS = 20


@dataclass(frozen=True)
class NetworkLine:
    """`said` is what holds of the network; where a person corrected it, `registered` is what the registry says instead."""

    network: Network
    said: Effective
    registered: str
    contacts: tuple[AbuseContact, ...]


@dataclass(frozen=True)
class HolderNetworks:
    """`contacts` are those that people added to the holder itself."""

    holder: Holder
    lines: tuple[NetworkLine, ...]
    more: int
    contacts: tuple[ManualContact, ...]
    may_edit: bool


@dataclass(frozen=True)
class NetworkPage:
    line: NetworkLine
    corrections: tuple[Correction, ...]  # withdrawn ones, too
    contacts: tuple[ManualContact, ...]
    versions: tuple[NetworkVersion, ...]
    holder_url: str
    may_edit: bool


def holder_networks(holder: Holder, user: User) -> HolderNetworks:
    """Five queries, however many networks there are."""
    known = family.networks(holder).select_related("administered_by__merged_into").defer("raw", "raw_whois")
    networks, count = list(known.order_by("pk")[:SHOWN_NETWORKS]), known.count()
    added = list(added_contacts(networks, [holder.pk]))
    of_holder = tuple(row for row in added if row.holder_id)
    return HolderNetworks(holder, _lines(networks, added), max(0, count - SHOWN_NETWORKS), of_holder, may_edit(user))


def _lines(networks: list[Network], added: list[ManualContact]) -> tuple[NetworkLine, ...]:
    prefetch_related_objects(networks, "contacts", "corrections")
    contacts = contacts_of_networks(networks, added)
    return tuple(network_line(network, contacts[network.pk]) for network in networks)


def network_line(network: Network, contacts: tuple[AbuseContact, ...]) -> NetworkLine:
    said = effective(network)
    registered = {
        CorrectedField.HOLDER: network.holder,
        CorrectedField.NAME: network.name,
        CorrectedField.COUNTRY: network.country,
        CorrectedField.ASN: f"AS{network.asn}" if network.asn else "",
    }
    told = [f"{field.label}: {registered[field] or '–'}" for field in CorrectedField if field in said.corrected]
    return NetworkLine(network, said, _(", ").join(told), contacts)


def network_page(network: Network, user: User) -> NetworkPage:
    prefetch_related_objects([network], "contacts")
    holder = network.administered_by
    return NetworkPage(
        line=network_line(network, contacts_of(network)),
        corrections=tuple(network.corrections.select_related("by", "withdrawn_by")),
        contacts=tuple(network.manual_contacts.select_related("by", "withdrawn_by")),
        versions=tuple(network.versions.defer("raw", "raw_whois")[:SHOWN_VERSIONS]),
        holder_url=reverse("portal:holder", args=[family.root_of(holder).pk]) if holder else "",
        may_edit=may_edit(user),
    )
