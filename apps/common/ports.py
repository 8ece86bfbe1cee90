"""A destination port as a person writes it: tcp/23, udp/53, icmp/8 (type 8 code 0), icmp/3.1, ip/47.

On the wire and in the database a port is (protocol number, 16-bit value): the destination port of TCP and UDP,
type·256 + code of ICMP and ICMPv6, and 0 for every other protocol.
"""

import re
from dataclasses import dataclass

import numpy as np
from django.utils.translation import gettext as _
from numpy.typing import NDArray

TCP, UDP, ICMP, ICMPV6 = 6, 17, 1, 58
NAMES = {TCP: "tcp", UDP: "udp", ICMP: "icmp", ICMPV6: "icmpv6"}
NUMBERS = {name: number for number, name in NAMES.items()}
_ICMP_LIKE = {ICMP, ICMPV6}
_ICMP_ERRORS = (3, 4, 5, 11, 12)  # RFC 1122, 3.2.2: unreachable, source quench, redirect, time exceeded, parameter problem
_ICMPV6_INFORMATIONAL = 128  # RFC 4443, 2.1: types below it are errors
_KEY = re.compile(r"(?P<name>tcp|udp|icmp|icmpv6|ip)/(?P<value>\d{1,5})(?:\.(?P<code>\d{1,3}))?")


@dataclass(frozen=True, order=True)
class PortKey:
    """One destination port: `protocol` is the IANA number, `port` the 16-bit value of the module's docstring."""

    protocol: int
    port: int

    @classmethod
    def parse(cls, text: str) -> "PortKey":
        """Read `tcp/23`; ValueError says what is wrong."""
        match = _KEY.fullmatch(text.strip().lower())
        if match is None:
            raise ValueError(_("%(text)r is not a port; write tcp/23, udp/53, icmp/8 or ip/47") % {"text": text})
        name, value, code = match["name"], int(match["value"]), match["code"]
        if name == "ip":
            return cls._other(text, value, code)
        if NUMBERS[name] in _ICMP_LIKE:
            return cls._icmp(text, NUMBERS[name], value, int(code or 0))
        if code is not None or value > 65535:
            raise ValueError(_("%(text)r is not a port; ports go from 0 to 65535") % {"text": text})
        return cls(NUMBERS[name], value)

    @classmethod
    def _icmp(cls, text: str, protocol: int, kind: int, code: int) -> "PortKey":
        if kind > 255 or code > 255:
            raise ValueError(_("%(text)r is not an ICMP type and code; both go from 0 to 255") % {"text": text})
        return cls(protocol, kind * 256 + code)

    @classmethod
    def _other(cls, text: str, protocol: int, code: str | None) -> "PortKey":
        if protocol > 255 or code is not None or protocol in NAMES:
            raise ValueError(_("%(text)r is not an IP protocol without ports; write ip/47") % {"text": text})
        return cls(protocol, 0)

    def __str__(self) -> str:
        name = NAMES.get(self.protocol)
        if name is None:
            return f"ip/{self.protocol}"
        if self.protocol not in _ICMP_LIKE:
            return f"{name}/{self.port}"
        kind, code = divmod(self.port, 256)
        return f"{name}/{kind}.{code}" if code else f"{name}/{kind}"


def are_icmp_errors(protocols: NDArray[np.int64], ports: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Which ports are ICMP messages that nobody sends but as an answer to a packet."""
    kinds = ports >> 8
    return ((protocols == ICMP) & np.isin(kinds, _ICMP_ERRORS)) | ((protocols == ICMPV6) & (kinds < _ICMPV6_INFORMATIONAL))
