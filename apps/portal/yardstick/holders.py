"""Who administers Japan's addresses of 2020: answers of registries as if they had been looked up. J20's figure 4 prints such
names anonymised, and so they are invented here. Marked as samples, without contacts: nobody can be written to."""

from collections.abc import Iterator
from datetime import datetime
from ipaddress import IPv4Address, summarize_address_range

from django.utils import timezone

from apps.enrichment.blocks import block_of
from apps.enrichment.models import Lookup, Network, State
from apps.portal.yardstick.land import OF_2020

SOURCE = "scenario"
# Holder and its number of /24.
HOLDERS = {
    "ISP A": 15, "ISP B": 10, "Hosting A": 7, "ISP C": 4, "ISP D": 3, "Hosting B": 3, "ISP E": 2, "Hosting C": 2, "ISP F": 1, "ISP G": 1,
    "ISP H": 1, "Hosting D": 1,
}  # fmt: skip
_24 = 256


def add() -> None:
    """A network for each holder and a look-up for each /24."""
    now, networks, lookups = timezone.now(), [], []
    for holder, first, count in ranges():
        network = _network(holder, IPv4Address(first), IPv4Address(first + count * _24 - 1), now)
        networks.append(network)
        lookups += [_lookup(IPv4Address(first + n * _24 + 1), network, now) for n in range(count)]
    Network.objects.bulk_create(networks)
    Lookup.objects.bulk_create(lookups)


def remove() -> None:
    Lookup.objects.filter(network__source=SOURCE).delete()
    Network.objects.filter(source=SOURCE).delete()


def ranges() -> Iterator[tuple[str, int, int]]:
    """Holder, first address, number of /24."""
    at = int(OF_2020.pool("JP").min())
    for holder, count in HOLDERS.items():
        yield holder, at, count
        at += count * _24


def _network(holder: str, first: IPv4Address, last: IPv4Address, now: datetime) -> Network:
    cidrs = [str(network) for network in summarize_address_range(first, last)]
    return Network(
        start=str(first), end=str(last), cidrs=cidrs, handle=f"SCENARIO-{int(first)}", name=holder, holder=holder, country="JP",
        registry="scenario", source=SOURCE, is_sample=True, raw={}, fetched_at=now,
    )  # fmt: skip


def _lookup(address: IPv4Address, network: Network, now: datetime) -> Lookup:
    return Lookup(
        address=str(address), block=block_of(address), registry="scenario", state=State.DONE, reason="scenario", is_exact=True,
        network=network, fetched_at=now,
    )  # fmt: skip
