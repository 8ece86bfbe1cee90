"""What scanning services would have said of Japan's sources of 22/TCP and 3389/TCP in 2020, so that J20's findings come out: many of
the first listen on 22/TCP themselves, nearly all of the second on 3389/TCP, and three in ten of Hosting A's share a game server.
Nobody was asked; every profile is marked as a sample."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from ipaddress import IPv4Address

import numpy as np
from django.utils import timezone

from apps.common.ports import TCP, UDP, PortKey
from apps.enrichment.hosts.features import features_of
from apps.enrichment.hosts.parsing import SAMPLE_TAG, ParsedHost, ParsedService
from apps.enrichment.models import HostLookup, HostProvider, HostService, HostSnapshot, State
from apps.portal.yardstick import holders, j20
from apps.portal.yardstick.flows import Flows
from apps.portal.yardstick.land import OF_2020
from apps.reference.special import SCENARIO_BLOCK

SSH, RDP = PortKey.parse("tcp/22"), PortKey.parse("tcp/3389")
LISTENING = {SSH: 0.8, RDP: 0.98}
WITH_DATA = 0.95
SHARING = 0.3  # of Hosting A's sources of 22/TCP that have a profile
SHARING_HOLDER = "Hosting A"

_SSH = ParsedService(TCP, 22, module="ssh", product="OpenSSH", version="8.2p1")
_DROPBEAR = ParsedService(TCP, 22, module="ssh", product="Dropbear sshd", version="2017.75")
_GAME = ParsedService(TCP, 25565, module="minecraft", product="Minecraft", version="1.16.4")
_NTP = ParsedService(UDP, 123, module="ntp", product="NTP", version="4")
_RDP = ParsedService(TCP, 3389, module="rdp", product="Remote Desktop Protocol")
_WEB = tuple(ParsedService(TCP, port, module="http", product="nginx", version="1.18.0") for port in (80, 443, 8080))
_ROUTER = ParsedService(TCP, 80, module="http", product="micro_httpd")


def add(flows: Flows) -> None:
    """Profiles and look-ups of all these sources."""
    sent = {port: _last_days(flows, port) for port in LISTENING}
    hosts = _hosts(sent)
    snapshots = [_snapshot(address, hosts[address], day) for address, day in _scans(sent) if address in hosts]
    HostSnapshot.objects.bulk_create(snapshots, batch_size=2000)
    rows = (_row(snapshot, one) for snapshot in snapshots for one in hosts[int(IPv4Address(snapshot.address))].services)
    HostService.objects.bulk_create(rows, batch_size=5000)
    newest = {snapshot.address: snapshot for snapshot in snapshots}
    everybody = sorted({address for days in sent.values() for address, _quarter in days})
    HostLookup.objects.bulk_create([_lookup(str(IPv4Address(one)), newest) for one in everybody], batch_size=5000)


def remove() -> None:
    for model in (HostLookup, HostSnapshot):
        model.objects.filter(address__gte=str(SCENARIO_BLOCK[0]), address__lte=str(SCENARIO_BLOCK[-1])).delete()


def _last_days(flows: Flows, port: PortKey) -> dict[tuple[int, int], date]:
    """The last day on which each of Japan's addresses sent to a port, by address and number of the quarter."""
    chosen = flows.rows((flows.protocol == port.protocol) & (flows.port == port.port) & np.isin(flows.source, OF_2020.pool("JP")))
    days: dict[tuple[int, int], date] = {}
    for address, number in sorted(set(zip(chosen.source.tolist(), chosen.day.tolist(), strict=True))):
        day = date(1970, 1, 1) + timedelta(days=number)
        if j20.FIRST <= day <= j20.LAST:
            days[address, int(day >= j20.QUARTER)] = day
    return days


def _scans(sent: Mapping[PortKey, Mapping[tuple[int, int], date]]) -> list[tuple[int, date]]:
    """On the last day of each quarter on which an address sent to one of the ports."""
    return sorted({(address, day) for days in sent.values() for (address, _quarter), day in days.items()})


def _hosts(sent: Mapping[PortKey, Mapping[tuple[int, int], date]]) -> dict[int, ParsedHost]:
    """What runs on each address of which there is data."""
    senders = {port: {address for address, _quarter in days} for port, days in sent.items()}
    known = _first(senders[SSH] | senders[RDP], WITH_DATA, "data")
    of_quarter = {address for address, quarter in sent[SSH] if quarter == 1}
    sharing = _first(known & of_quarter & _addresses(SHARING_HOLDER), SHARING, "shares")
    listening = {port: _first(senders[port] & known, share, str(port)) for port, share in LISTENING.items()}
    hosting = _addresses("Hosting")
    return {
        address: _host(address in sharing, address in hosting, {port for port in LISTENING if address in listening[port]})
        for address in sorted(known)
    }


def _addresses(holder: str) -> set[int]:
    """All addresses of the holders whose names begin so."""
    ranges = [range(first, first + 256 * count) for one, first, count in holders.ranges() if one.name.startswith(holder)]
    return {address for one in ranges for address in one}


def _first(addresses: set[int], share: float, of: str) -> set[int]:
    """Exactly this share of the addresses, the same at every load."""
    ranked = sorted(addresses, key=lambda address: sha256(f"{of} {address}".encode()).digest())
    return set(ranked[: round(share * len(ranked))])


def _host(shares: bool, is_hosting: bool, open_ports: set[PortKey]) -> ParsedHost:
    if shares:
        services = [_SSH, _GAME, _NTP]
    else:
        own = [_SSH if is_hosting else _DROPBEAR] if SSH in open_ports else []
        services = [*own, *(_WEB if is_hosting else (_ROUTER,))]
    services += [_RDP] if RDP in open_ports else []
    return ParsedHost(None, "Linux" if is_hosting else "", (), (SAMPLE_TAG,), (), tuple(services), True, {})


def _snapshot(address: int, host: ParsedHost, day: date) -> HostSnapshot:
    noon = datetime(day.year, day.month, day.day, 3, tzinfo=UTC)  # in Japan
    return HostSnapshot(
        address=str(IPv4Address(address)), provider=HostProvider.SHODAN, scanned_at=noon, fetched_at=noon, os=host.os, tags=list(host.tags),
        features=features_of(host), raw={}, is_sample=True,
    )  # fmt: skip


def _row(snapshot: HostSnapshot, one: ParsedService) -> HostService:
    return HostService(
        snapshot=snapshot, protocol=one.protocol, port=one.port, seen_at=snapshot.scanned_at, module=one.module, product=one.product,
        version=one.version,
    )  # fmt: skip


def _lookup(address: str, newest: Mapping[str, HostSnapshot]) -> HostLookup:
    return HostLookup(
        address=address, provider=HostProvider.SHODAN, state=State.DONE, reason="scenario", snapshot=newest.get(address),
        fetched_at=timezone.now(),
    )  # fmt: skip
