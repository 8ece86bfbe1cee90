"""A source address as one 64-bit number, the form in which sources are counted.

IPv4 is its 32-bit value; IPv6 is its /64 prefix (the upper 64 bits), because a host rotates the rest. The two cannot
meet: IPv6 prefixes inside ::/32, the only ones below 2**32, are moved to 8000::/32, which is never allocated.
"""

import re
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_interface

import numpy as np
from django.utils.translation import gettext as _
from numpy.typing import NDArray

Prefix = IPv4Network | IPv6Network
IPV6_SOURCE = 64  # length of the prefix that is one source
IPV6_LOW_OFFSET = 1 << 63
_IPV4_LIMIT = 1 << 32
_PREFIX = re.compile(r"[0-9A-Fa-f:.]{2,45}/[0-9]{1,3}")


def from_address(address: str) -> int:
    """The key of an address in text; ValueError when it is none."""
    parsed = ip_address(address)
    if isinstance(parsed, IPv4Address):
        return int(parsed)
    high = int(parsed) >> 64
    return high if high >= _IPV4_LIMIT else high | IPV6_LOW_OFFSET


def prefix_around(text: str) -> Prefix:
    """The prefix that 198.51.100.7/24 lies in; ValueError where the text is no address with a length behind it."""
    if not _PREFIX.fullmatch(text):
        raise ValueError(_("%(text)r is not a prefix; write 198.51.100.0/24 or 2001:db8::/32") % {"text": text[:60]})
    try:
        return ip_interface(text).network
    except ValueError as error:
        raise ValueError(_("%(text)r is not a prefix; write 198.51.100.0/24 or 2001:db8::/32") % {"text": text}) from error


def read_prefix(text: str) -> Prefix:
    """A prefix that sources can be told by; ValueError says why it is none: nonsense, bits set behind its length, or a part
    of the /64 that is one IPv6 source."""
    prefix = prefix_around(text)
    if prefix.network_address != ip_interface(text).ip:
        raise ValueError(_("%(text)r has bits set behind its length; write %(prefix)s") % {"text": text, "prefix": prefix})
    if prefix.version == 6 and prefix.prefixlen > IPV6_SOURCE:
        raise ValueError(_("%(text)r is longer than /64, and an IPv6 source is its /64") % {"text": text})
    return prefix


def to_address(key: int) -> str:
    """'192.0.2.1', or '2001:db8:1:2::/64' for an IPv6 source."""
    if key < _IPV4_LIMIT:
        return str(IPv4Address(key))
    return str(IPv6Network((IPv6Address(_ipv6_high(key) << 64), 64)))


def is_ipv6(keys: NDArray[np.uint64]) -> NDArray[np.bool_]:
    return keys >= np.uint64(_IPV4_LIMIT)


def from_ipv6_high(high: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Keys of the upper halves of IPv6 addresses."""
    return np.where(high >= np.uint64(_IPV4_LIMIT), high, high | np.uint64(IPV6_LOW_OFFSET))


def _ipv6_high(key: int) -> int:
    low = key & ~IPV6_LOW_OFFSET
    return low if low < _IPV4_LIMIT else key
