"""A source address as one 64-bit number, the form in which sources are counted.

IPv4 is its 32-bit value; IPv6 is its /64 prefix (the upper 64 bits), because a host rotates the rest. The two cannot
meet: IPv6 prefixes inside ::/32, the only ones below 2**32, are moved to 8000::/32, which is never allocated.
"""

from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address

import numpy as np
from numpy.typing import NDArray

IPV6_LOW_OFFSET = 1 << 63
_IPV4_LIMIT = 1 << 32


def from_address(address: str) -> int:
    """The key of an address in text; ValueError when it is none."""
    parsed = ip_address(address)
    if isinstance(parsed, IPv4Address):
        return int(parsed)
    high = int(parsed) >> 64
    return high if high >= _IPV4_LIMIT else high | IPV6_LOW_OFFSET


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
