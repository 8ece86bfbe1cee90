"""Patterns over destination ports, as a group of ports is written: `udp/1020-1039`, `tcp/135,tcp/137-139,icmp/8`.

A port's code is protocol << 16 | port, so a range of ports of one protocol is a range of codes.
"""

import re
from dataclasses import dataclass

from django.utils.translation import gettext as _

from apps.common.ports import NUMBERS, TCP, UDP, PortKey

MAX_RANGES, MAX_PORTS = 50, 20_000
_RANGE = re.compile(r"(?P<name>tcp|udp)/(?P<first>\d{1,5})-(?P<last>\d{1,5})")


@dataclass(frozen=True, order=True)
class PortRange:
    """Ports first to last of one protocol, both included."""

    protocol: int
    first: int
    last: int

    @property
    def codes(self) -> range:
        return range(self.protocol << 16 | self.first, (self.protocol << 16 | self.last) + 1)

    @property
    def ports(self) -> range:
        return range(self.first, self.last + 1)

    def __str__(self) -> str:
        first = str(PortKey(self.protocol, self.first))
        return first if self.first == self.last else f"{first}-{self.last}"


def parse_pattern(text: str) -> tuple[PortRange, ...]:
    """The ranges of a pattern in order of their ports, without overlap; ValueError says what is wrong with it."""
    parts = [part.strip().lower() for part in text.split(",") if part.strip()]
    if not parts:
        raise ValueError(_("names no port; write udp/1020-1039 or tcp/23,tcp/2323"))
    if len(parts) > MAX_RANGES:
        raise ValueError(_("has more than %(max)d ranges") % {"max": MAX_RANGES})
    ranges = _merged(sorted(_range(part) for part in parts))
    if sum(len(one.codes) for one in ranges) > MAX_PORTS:
        raise ValueError(_("has more than %(max)d ports") % {"max": MAX_PORTS})
    return ranges


def _range(text: str) -> PortRange:
    match = _RANGE.fullmatch(text)
    if match is None:
        key = PortKey.parse(text)
        return PortRange(key.protocol, key.port, key.port)
    first, last = int(match["first"]), int(match["last"])
    if not first <= last <= 65535:
        raise ValueError(_("%(text)r is not a range of ports; write the lower port first, up to 65535") % {"text": text})
    return PortRange(NUMBERS[match["name"]], first, last)


def _merged(ranges: list[PortRange]) -> tuple[PortRange, ...]:
    found: list[PortRange] = []
    for one in ranges:
        if found and one.protocol == found[-1].protocol and one.protocol in (TCP, UDP) and one.first <= found[-1].last + 1:
            found[-1] = PortRange(one.protocol, found[-1].first, max(one.last, found[-1].last))
        elif not found or one != found[-1]:
            found.append(one)
    return tuple(found)
