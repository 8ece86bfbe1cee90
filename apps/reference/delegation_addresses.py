"""Start and value of delegation records as ranges of source keys."""

from collections.abc import Callable
from socket import AF_INET6, inet_pton

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from apps.common.sourcekeys import from_ipv6_high
from apps.reference.delegation_lines import Lines
from apps.reference.intervals import Keys

Ranges = Callable[[Lines], tuple[Keys, Keys]]
IPV4_ADDRESSES = 1 << 32
KEY_BITS = 64  # of an IPv6 address; longer prefixes are counted as the /64 they lie in


def ipv4_ranges(records: Lines) -> tuple[Keys, Keys]:
    """First and last key of each IPv4 record, whose value is a number of addresses, a power of two or not."""
    starts, counts = records.field(3), records.field(4)
    records.require(pc.match_substring_regex(starts, r"^\d{1,3}(\.\d{1,3}){3}$"), "the start is no IPv4 address")
    records.require(pc.match_substring_regex(counts, r"^[1-9]\d{0,9}$"), "the value is no number of addresses")
    octets = pc.split_pattern(starts, ".").values.cast(pa.uint16()).to_numpy().reshape(-1, 4).astype(np.uint64)
    records.require((octets <= 255).all(axis=1), "the start is no IPv4 address")
    first = octets @ np.array([1 << 24, 1 << 16, 1 << 8, 1], np.uint64)
    last = first + counts.cast(pa.uint64()).to_numpy() - np.uint64(1)
    records.require(last < IPV4_ADDRESSES, "the range leaves the IPv4 address space")
    return first, last


def ipv6_ranges(records: Lines) -> tuple[Keys, Keys]:
    """First and last key of each IPv6 record, whose value is a prefix length."""
    starts, prefixes = records.field(3), records.field(4)
    records.require(pc.match_substring_regex(prefixes, r"^\d{1,3}$"), "the value is no prefix length")
    lengths = prefixes.cast(pa.int64()).to_numpy()
    records.require((lengths >= 3) & (lengths <= 128), "the value is no prefix length inside 2000::/3")
    high, low = _ipv6_halves(records, starts)
    records.require(high >> np.uint64(61) == 1, "the range is not inside 2000::/3")
    hosts = _mask(KEY_BITS - lengths)
    records.require(((high & hosts) == 0) & ((low & _mask(2 * KEY_BITS - lengths)) == 0), "the start has bits beyond the prefix length")
    return from_ipv6_high(high), from_ipv6_high(high | hosts)


def _ipv6_halves(records: Lines, starts: pa.Array) -> tuple[Keys, Keys]:
    try:
        packed = b"".join(inet_pton(AF_INET6, start) for start in starts.to_pylist())
    except OSError:
        records.require(np.array([_is_ipv6(start) for start in starts.to_pylist()]), "the start is no IPv6 address")
        raise
    halves = np.frombuffer(packed, ">u8").reshape(-1, 2).astype(np.uint64)
    return halves[:, 0], halves[:, 1]


def _is_ipv6(text: str) -> bool:
    try:
        return bool(inet_pton(AF_INET6, text))
    except OSError:
        return False


def _mask(bits: NDArray[np.int64]) -> Keys:
    """Numbers whose lowest `bits` bits (0 to 64, values beyond are cut) are ones."""
    kept = np.clip(bits, 0, KEY_BITS).astype(np.uint64)
    ones = (np.uint64(1) << np.minimum(kept, np.uint64(KEY_BITS - 1))) - np.uint64(1)
    return np.where(kept == KEY_BITS, ~np.uint64(0), ones)
