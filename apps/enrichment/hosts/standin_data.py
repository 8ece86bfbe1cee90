"""What the stand-in of the scanning services says: recorded answers replayed, and for every other address an invented host.

The world is made so that it can be analysed: nearly every host listens on the TCP ports that it sent packets to, scanned within
30 days of them (what it sent is read from the portal's own flows); some were not seen listening, of some there is no data; and of
the hosts of a hosting provider about three in ten share a game server, ssh, little else and a UDP service that can be abused
for reflection, which hosts of others do not.
"""

import json
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from hashlib import sha256
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connection
from django.utils import timezone

from apps.common.periods import local_day
from apps.common.ports import TCP
from apps.enrichment.hosts.parsing import SAMPLE_TAG
from apps.enrichment.sampleholders import sample_holder
from apps.reference.delegations import delegation_of

ANSWERS = Path(__file__).parent / "standin_answers"
NO_DATA_PERCENT = 8
NOT_LISTENING_PERCENT = 7
SHARING_PERCENT = 30
MOST_SENT_PORTS = 4
FARTHEST_DAYS = 20  # a scan from the last packet
NOTHING_SENT = datetime(2013, 6, 1, tzinfo=UTC)  # about when hosts were scanned that sent nothing
SENT = "SELECT port, max(last_seen) FROM observations_flow WHERE src = %s AND protocol = %s GROUP BY port ORDER BY sum(packets) DESC, port"


@dataclass(frozen=True)
class Sent:
    """A TCP port that the host sent packets to, and the last of them (UTC)."""

    port: int
    at: datetime


@dataclass(frozen=True)
class Kind:
    """How a service looks to a scanner; of products, versions and banners each host has one."""

    module: str
    products: tuple[tuple[str, str], ...] = (("", ""),)  # product, version
    banner: str = ""


SSH = Kind("ssh", (("OpenSSH", "5.3"), ("OpenSSH", "5.8p1"), ("OpenSSH", "6.0p1")), "SSH-2.0-{product}_{version}\n")
GAME = Kind("minecraft", (("Minecraft", "1.5.2"),), "Minecraft Server:\n  Version: {version}\n  Players: 0 / 20\n")
WEB = Kind(
    "http",
    (("nginx", "1.4.1"), ("Apache httpd", "2.2.15"), ("Microsoft IIS httpd", "6.0")),
    "HTTP/1.1 200 OK\r\nServer: {product}/{version}\r\n\r\n",
)
ROUTER = Kind("http", (("Allegro RomPager", "4.07"), ("micro_httpd", "")), "HTTP/1.1 401 Unauthorized\r\nServer: {product}\r\n\r\n")
NTP = Kind("ntp", (("NTP", "4.2.6"),), "NTP\nprotocolversion: 3\nstratum: 3\n")
TCP_KINDS = {
    21: Kind("ftp", (("vsftpd", "2.2.2"), ("ProFTPD", "1.3.3")), "220 ({product} {version})\r\n"),
    22: SSH,
    23: Kind("telnet", banner="\r\nlogin: "),
    25: Kind("smtp", (("Postfix smtpd", ""), ("Exim smtpd", "4.80")), "220 mail ESMTP {product} {version}\r\n"),
    80: WEB,
    443: Kind("https", (("nginx", "1.4.1"), ("Apache httpd", "2.2.15")), "HTTP/1.1 200 OK\r\nServer: {product}/{version}\r\n\r\n"),
    445: Kind("smb", (("Microsoft Windows XP SMB", ""), ("Samba", "3.5.6")), "SMB Status:\n  Authentication: disabled\n"),
    1433: Kind("ms-sql", (("Microsoft SQL Server", "8.00.2039"), ("Microsoft SQL Server", "10.50.1600"))),
    3306: Kind("mysql", (("MySQL", "5.1.69"), ("MySQL", "5.5.31"))),
    3389: Kind("rdp", (("Remote Desktop Protocol", ""),), "Remote Desktop Protocol\n\\x03\\x00\\x00\\x0b\\x06\\xd0"),
    5900: Kind("vnc", (("VNC", ""),), "RFB 003.008\n"),
    25565: GAME,
}
OF_WINDOWS = ("Microsoft", "Remote Desktop")  # begin the names of its products


def answer_about(address: str) -> dict[str, Any] | None:
    """The host as Shodan's API shows it, None where there is no data. The same whenever it is asked, as long as the host sends
    no more packets. ValueError where it is no address."""
    wanted = str(ip_address(address))
    if wanted in recorded_answers():
        recorded = recorded_answers()[wanted]
        return {**recorded, "tags": [*recorded.get("tags", []), SAMPLE_TAG]}
    return invented_answer(wanted, sent_by(wanted), is_hosting=_is_hosting(wanted), now=timezone.now())


@cache
def recorded_answers() -> dict[str, dict[str, Any]]:
    """Answer by the address that was asked for."""
    files = [json.loads(path.read_text(encoding="utf-8")) for path in sorted(ANSWERS.glob("*.json"))]
    return {file["address"]: file["answer"] for file in files}


def sent_by(address: str) -> list[Sent]:
    """The TCP ports that an address sent most packets to, and when last."""
    with connection.cursor() as cursor:
        cursor.execute(SENT, [address, TCP])
        return [Sent(port, at) for port, at in cursor.fetchall()[:MOST_SENT_PORTS]]


def _is_hosting(address: str) -> bool:
    delegation = delegation_of(address, local_day(timezone.now(), settings.REPORT_TIME_ZONE))
    return delegation is not None and sample_holder(delegation).is_hosting


class _Chance:
    """Numbers that look like chance and belong to an address."""

    def __init__(self, address: str) -> None:
        self.address = address

    def percent(self, of: object) -> int:
        return self.number(of) % 100

    def number(self, of: object) -> int:
        return int.from_bytes(sha256(f"{self.address} {of}".encode()).digest()[:6])

    def one_of(self, choices: Sequence[Any], of: object) -> Any:
        return choices[self.number(of) % len(choices)]


def invented_answer(address: str, sent: Sequence[Sent], *, is_hosting: bool, now: datetime) -> dict[str, Any] | None:
    """Pure: everything follows from the address and what it sent."""
    chance = _Chance(address)
    if chance.percent("no data") < NO_DATA_PERCENT:
        return None
    services = list(_services(chance, sent, is_hosting, now))
    is_windows = any((service["product"] or "").startswith(OF_WINDOWS) for service in services)
    newest = max(service["timestamp"] for service in services)
    return {
        "ip_str": address,
        "ports": sorted({service["port"] for service in services}),
        "data": services,
        "hostnames": [f"host-{chance.number('name') % 10**6}.sample.invalid"],
        "tags": [SAMPLE_TAG, *(["cloud"] if is_hosting else [])],
        "os": chance.one_of(("Windows XP", "Windows Server 2003"), "os") if is_windows else "Linux 2.6.x" if is_hosting else None,
        "vulns": ["CVE-2008-4250"] if any(service["product"] == "Microsoft Windows XP SMB" for service in services) else [],
        "org": "Sample data",
        "last_update": newest,
    }


def _services(chance: _Chance, sent: Sequence[Sent], is_hosting: bool, now: datetime) -> Iterator[dict[str, Any]]:
    """No port twice. A host that no scan saw listening on its own port has something else that shows when it was scanned."""
    anchor = sent[0].at if sent else NOTHING_SENT + timedelta(days=chance.number("anchor") % 60)
    times = {
        one.port: _scan(chance, one.at, one.port, now) for one in sent if chance.percent(f"listens {one.port}") >= NOT_LISTENING_PERCENT
    }
    for port, protocol, kind in _others(chance, is_hosting, bool(times)):
        if protocol == "udp" or port not in times:
            yield _service(chance, port, protocol, kind, _scan(chance, anchor, "others", now))
    for port, at in times.items():
        yield _service(chance, port, "tcp", TCP_KINDS.get(port, Kind("auto")), at)


def _others(chance: _Chance, is_hosting: bool, has_own: bool) -> list[tuple[int, str, Kind]]:
    """What runs on the host beside what its packets suggest."""
    if is_hosting and chance.percent("campaign") < SHARING_PERCENT:
        return [(22, "tcp", SSH), (25565, "tcp", GAME), (123, "udp", NTP)]
    if is_hosting:
        return [(port, "tcp", TCP_KINDS[port]) for port in (22, 80, 443, chance.one_of((21, 25, 3306), "fourth"))]
    web = [(80, "tcp", ROUTER)] if not has_own or chance.percent("router") < 35 else []
    return [*web, *([(443, "tcp", TCP_KINDS[443])] if chance.percent("https") < 15 else [])]


def _scan(chance: _Chance, packet: datetime, of: object, now: datetime) -> datetime:
    """A moment within FARTHEST_DAYS of a packet, and not to come."""
    shift = timedelta(minutes=chance.number(f"scan {of}") % (FARTHEST_DAYS * 24 * 60))
    later = packet + shift
    return later if chance.number(f"later {of}") % 2 and later < now else packet - shift


def _service(chance: _Chance, port: int, protocol: str, kind: Kind, at: datetime) -> dict[str, Any]:
    product, version = chance.one_of(kind.products, f"product {port}")
    banner = kind.banner.format(product=product, version=version)
    found: dict[str, Any] = {
        "port": port,
        "transport": protocol,
        "product": product or None,
        "version": version or None,
        "data": banner,
        "hash": zlib.crc32(f"{port} {banner}".encode()) - 2**31,
        "timestamp": at.astimezone(UTC).replace(tzinfo=None).isoformat(),
        "_shodan": {"module": kind.module},
        "ip_str": chance.address,
    }
    if kind.module == "https":
        found["ssl"] = {"cert": {"fingerprint": {"sha256": sha256(f"certificate {chance.address}".encode()).hexdigest()}}}
    return found


def summary(host: Mapping[str, Any]) -> dict[str, Any]:
    """The host as InternetDB shows it."""
    services = host.get("data", [])
    return {
        "ip": host.get("ip_str") or next((service["ip_str"] for service in services), ""),
        "ports": sorted({service["port"] for service in services}),
        "hostnames": host.get("hostnames", []),
        "tags": host.get("tags", []),
        "vulns": host.get("vulns", []),
        "cpes": sorted({name for service in services for name in service.get("cpe", [])}),
    }
