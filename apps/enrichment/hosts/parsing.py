"""An answer of Shodan or InternetDB as a host with services. Pure functions.

Answers hold what hosts on the Internet wrote about themselves, so nothing in them is believed: a value of a wrong type or beyond
reason is left out and counted, texts lose their control characters and are cut. Whatever comes, parsing ends with a host.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from django.utils.translation import gettext_noop as _

from apps.common.ports import TCP, UDP
from apps.enrichment.models import HostProvider

SAMPLE_TAG = "sample-data"  # in answers that the stand-in invented
MOST_SERVICES = 500  # a host that answers on more is a trap for scanners
MOST_NAMES = 50  # host names, tags, CVEs, CPEs of one host or service
LONGEST_BANNER = 1000
EARLIEST = datetime(2009, 1, 1, tzinfo=UTC)  # Shodan's first year
CLOCK_SKEW = timedelta(days=1)
TRANSPORTS = {"tcp": TCP, "udp": UDP}
CVE = re.compile(r"CVE-\d{4}-\d{4,7}")
SHA256 = re.compile(r"[0-9a-f]{64}")

# What was left out, as msgids with the number of cases
NO_PORT = _("Services without a possible port or protocol, left out: %(count)s")
TOO_MANY = _("More services than are kept; left out: %(count)s")
NO_TIME = _("Scan times that cannot be, left out: %(count)s")
ODD_VALUE = _("Values of an unexpected form, left out: %(count)s")


@dataclass(frozen=True)
class ParsedService:
    """As HostService. `recursion` is what a DNS server's banner says of itself."""

    protocol: int
    port: int
    seen_at: datetime | None = None
    module: str = ""
    product: str = ""
    version: str = ""
    banner_hash: int | None = None
    certificate: str = ""
    cpes: tuple[str, ...] = ()
    banner: str = ""
    os: str = ""
    recursion: bool = False


@dataclass(frozen=True)
class ParsedHost:
    """`scanned_at` is the newest scan that the answer tells of, None where it tells of none. `left_out` counts by msgid."""

    scanned_at: datetime | None
    os: str
    hostnames: tuple[str, ...]
    tags: tuple[str, ...]
    cves: tuple[str, ...]
    services: tuple[ParsedService, ...]
    is_sample: bool
    left_out: dict[str, int]


def parse_host(provider: HostProvider, answer: dict[str, Any], now: datetime) -> ParsedHost:
    """Read an answer; `now` decides what lies in the future."""
    reader = _Reader(now)
    return reader.summary(answer) if provider is HostProvider.INTERNETDB else reader.host(answer)


class _Reader:
    """Reads one answer and counts what it leaves out."""

    def __init__(self, now: datetime) -> None:
        self.latest = now + CLOCK_SKEW
        self.left_out: Counter[str] = Counter()

    def summary(self, answer: dict[str, Any]) -> ParsedHost:
        """InternetDB names ports without protocol and time: they are taken for TCP, as nearly all are."""
        ports = {port for port in map(self.port, self.items(answer, "ports")) if port is not None}
        services = [ParsedService(TCP, port) for port in sorted(ports)]
        return self.made(answer, services, None, self.names(answer, "vulns"))

    def host(self, answer: dict[str, Any]) -> ParsedHost:
        banners = self.items(answer, "data")
        found = [service for banner in banners if (service := self.service(banner))]
        if not banners:  # an answer without banners still names its ports
            found = [ParsedService(TCP, port) for port in map(self.port, self.items(answer, "ports")) if port is not None]
        services = _newest_of_each_port(found)
        times = [at for at in [self.time(answer.get("last_update")), *(one.seen_at for one in services)] if at]
        of_banners = [one for one in banners if isinstance(one, dict)]
        cves = [name for part in (answer, *of_banners) for name in self.names(part, "vulns", cap=MOST_NAMES)]
        return self.made(answer, services, max(times, default=None), cves, of_banners)

    def made(
        self,
        answer: dict[str, Any],
        services: list[ParsedService],
        scanned_at: datetime | None,
        cves: list[str],
        banners: list[dict[str, Any]] | None = None,
    ) -> ParsedHost:
        parts = [answer, *(banners or [])[:MOST_SERVICES]]
        tags = _distinct(tag.lower()[:60] for part in parts for tag in self.names(part, "tags"))
        if len(services) > MOST_SERVICES:
            self.left_out[TOO_MANY] += len(services) - MOST_SERVICES
        return ParsedHost(
            scanned_at=scanned_at,
            os=self.text(answer.get("os"), 100) or next((one.os for one in services if one.os), ""),
            hostnames=_distinct(name.lower()[:255] for part in parts for name in self.names(part, "hostnames")),
            tags=tags,
            cves=_distinct(name for name in cves if CVE.fullmatch(name)),  # "!CVE-…" is one that was tested and is absent
            services=tuple(services[:MOST_SERVICES]),
            is_sample=SAMPLE_TAG in tags,
            left_out=dict(self.left_out),
        )

    def service(self, banner: Any) -> ParsedService | None:
        if not isinstance(banner, dict):
            self.left_out[ODD_VALUE] += 1
            return None
        protocol = self.protocol(banner.get("transport", "tcp"))
        port = self.port(banner.get("port"))
        if protocol is None or port is None:
            return None
        names = [*self.names(banner, "cpe23"), *self.names(banner, "cpe")]
        return ParsedService(
            protocol=protocol,
            port=port,
            seen_at=self.time(banner.get("timestamp")),
            module=self.text(_inside(banner, "_shodan", "module"), 60),
            product=self.text(banner.get("product"), 120),
            version=self.text(banner.get("version"), 80),
            banner_hash=self.number(banner.get("hash")),
            certificate=self.fingerprint(_inside(banner, "ssl", "cert", "fingerprint", "sha256")),
            cpes=_distinct(name[:200] for name in names),
            banner=self.banner(banner.get("data")),
            os=self.text(banner.get("os"), 100),
            recursion=_inside(banner, "dns", "recursive") is True,
        )

    def port(self, value: Any) -> int | None:
        if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= 65535:
            return value
        self.left_out[NO_PORT] += 1
        return None

    def protocol(self, value: Any) -> int | None:
        protocol = TRANSPORTS.get(value.lower()) if isinstance(value, str) else None
        if protocol is None:
            self.left_out[NO_PORT] += 1
        return protocol

    def number(self, value: Any) -> int | None:
        if isinstance(value, int) and not isinstance(value, bool) and -(2**63) <= value < 2**63:
            return value
        return self.odd(value, None)

    def fingerprint(self, value: Any) -> str:
        if isinstance(value, str) and SHA256.fullmatch(plain := value.replace(":", "").lower()):
            return plain
        return self.odd(value, "")

    def time(self, value: Any) -> datetime | None:
        """Times without a zone are UTC."""
        if value is None:
            return None
        try:
            at = datetime.fromisoformat(value)
            at = at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
        except (TypeError, ValueError, OverflowError):
            self.left_out[NO_TIME] += 1
            return None
        if EARLIEST <= at <= self.latest:
            return at
        self.left_out[NO_TIME] += 1
        return None

    def text(self, value: Any, longest: int) -> str:
        return " ".join(neutral(value[: 4 * longest]).split())[:longest] if isinstance(value, str) else self.odd(value, "")

    def banner(self, value: Any) -> str:
        return neutral(value[: 4 * LONGEST_BANNER]).strip()[:LONGEST_BANNER] if isinstance(value, str) else self.odd(value, "")

    def names(self, part: dict[str, Any], field: str, cap: int = MOST_NAMES) -> list[str]:
        """A list of texts, or the names of an object's members; at most `cap`."""
        texts = (self.text(value, 255) for value in self.items(part, field)[:cap])
        return [text for text in texts if text]

    def items(self, part: dict[str, Any], field: str) -> list[Any]:
        value = part.get(field)
        if isinstance(value, list | dict):
            return list(value)
        return self.odd(value, [])

    def odd(self, value: Any, instead: Any) -> Any:
        """What is absent may be so; anything else of a wrong type is counted."""
        if value is not None:
            self.left_out[ODD_VALUE] += 1
        return instead


def neutral(text: str) -> str:
    """Without characters that do something to a reader's terminal or page: controls but line ends, directions of writing, halves of
    surrogate pairs. Markup stays text, and is shown escaped."""
    return "".join(character if _is_harmless(character) else "\ufffd" for character in text.replace("\r\n", "\n").replace("\t", " "))


def _is_harmless(character: str) -> bool:
    return character == "\n" or unicodedata.category(character) not in {"Cc", "Cf", "Cs", "Zl", "Zp"}


def _newest_of_each_port(services: list[ParsedService]) -> list[ParsedService]:
    """A port may come several times, once for each name by which it was asked; the newest tells, and a certificate is kept."""
    newest: dict[tuple[int, int], ParsedService] = {}
    for service in sorted(services, key=lambda one: one.seen_at or EARLIEST):
        key = service.protocol, service.port
        before = newest.get(key)
        newest[key] = replace(service, certificate=service.certificate or before.certificate) if before else service
    return [newest[key] for key in sorted(newest)]


def _inside(value: Any, *path: str) -> Any:
    for name in path:
        value = value.get(name) if isinstance(value, dict) else None
    return value


def _distinct(texts: Iterator[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(text for text in texts if text))[:MOST_NAMES]
