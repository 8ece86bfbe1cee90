"""Who administers Japan's addresses of 2020: answers of registries as if they had been looked up. J20's figure 4 prints such
names anonymised, and so they are invented here. Marked as samples, without contacts: nobody can be written to."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from ipaddress import IPv4Address, summarize_address_range

from django.db.models import Q
from django.utils import timezone

from apps.enrichment.blocks import block_of
from apps.enrichment.holders import merging
from apps.enrichment.holders.assigning import assign
from apps.enrichment.models import CorrectedField, Correction, Holder, HolderMerge, Lookup, ManualContact, Network, State
from apps.portal.yardstick.land import OF_2020

SOURCE = "scenario"
_24 = 256


@dataclass(frozen=True)
class Invented:
    """`of_24` is its number of /24; the name of its networks tells its kind, as such names do."""

    name: str
    of_24: int
    network: str


HOLDERS = (
    Invented("ISP A", 15, "DYNAMIC-POOL"), Invented("ISP B", 10, "FTTH"), Invented("Hosting A", 7, "VPS"), Invented("ISP C", 4, "STATIC"),
    Invented("ISP D", 3, "PPPOE"), Invented("Hosting B", 3, "CLOUD"), Invented("ISP E", 2, "MAP-E"), Invented("Hosting C", 2, "SERVERS"),
    Invented("ISP F", 1, "CGN"), Invented("ISP G", 1, "DYNAMIC"), Invented("ISP H", 1, "STATIC"), Invented("Hosting D", 1, "COLO"),
)  # fmt: skip


def add() -> None:
    """A network for each holder and a look-up for each /24."""
    now, lookups = timezone.now(), []
    for holder, first, count in ranges():
        network = _network(holder, IPv4Address(first), IPv4Address(first + count * _24 - 1), now)
        network.save()
        assign(network)
        lookups += [_lookup(IPv4Address(first + n * _24 + 1), network, now) for n in range(count)]
    Lookup.objects.bulk_create(lookups)


def remove() -> None:
    """Also what people decided about them; networks of others that were given to one of them go back to their own."""
    holders, networks = Holder.objects.filter(registry=SOURCE), Network.objects.filter(source=SOURCE)
    HolderMerge.objects.filter(Q(kept__in=holders) | Q(absorbed__in=holders)).delete()
    merging.lock()
    merging.replay()
    ManualContact.objects.filter(Q(holder__in=holders) | Q(network__in=networks)).delete()
    Correction.objects.filter(network__in=networks).delete()
    for network in Network.objects.filter(administered_by__in=holders).exclude(source=SOURCE):
        network.corrections.filter(field=CorrectedField.HOLDER).delete()
        assign(network)
    Lookup.objects.filter(network__source=SOURCE).delete()
    networks.delete()
    holders.delete()


def ranges() -> Iterator[tuple[Invented, int, int]]:
    """Holder, first address, number of /24."""
    at = int(OF_2020.pool("JP").min())
    for holder in HOLDERS:
        yield holder, at, holder.of_24
        at += holder.of_24 * _24


def _network(holder: Invented, first: IPv4Address, last: IPv4Address, now: datetime) -> Network:
    cidrs = [str(network) for network in summarize_address_range(first, last)]
    return Network(
        start=str(first), end=str(last), cidrs=cidrs, handle=f"SCENARIO-{int(first)}", name=holder.network, holder=holder.name,
        holder_handle=f"SCENARIO-{holder.name.replace(' ', '-')}", country="JP",
        registry="scenario", source=SOURCE, is_sample=True, raw={}, fetched_at=now,
    )  # fmt: skip


def _lookup(address: IPv4Address, network: Network, now: datetime) -> Lookup:
    return Lookup(
        address=str(address), block=block_of(address), registry="scenario", state=State.DONE, reason="scenario", is_exact=True,
        network=network, fetched_at=now,
    )  # fmt: skip
