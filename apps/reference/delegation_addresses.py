"""Start and value of delegation records as ranges of source keys."""

from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from apps.common.sourcekeys import from_ipv6_high
from apps.reference.fileaddresses import KEY_BITS, ipv4_numbers, ipv6_halves, low_ones
from apps.reference.filelines import Lines
from apps.reference.intervals import Keys

Ranges = Callable[[Lines], tuple[Keys, Keys]]
IPV4_ADDRESSES = 1 << 32


def ipv4_ranges(records: Lines) -> tuple[Keys, Keys]:
    """First and last key of each IPv4 record, whose value is a number of addresses, a power of two or not."""
    starts, counts = records.field(3), records.field(4)
    records.require(pc.match_substring_regex(counts, r"^[1-9]\d{0,9}$"), "the value is no number of addresses")
    first = ipv4_numbers(records, starts, "the start is no IPv4 address")
    last = first + counts.cast(pa.uint64()).to_numpy() - np.uint64(1)
    records.require(last < IPV4_ADDRESSES, "the range leaves the IPv4 address space")
    return first, last


def ipv6_ranges(records: Lines) -> tuple[Keys, Keys]:
    """First and last key of each IPv6 record, whose value is a prefix length."""
    starts, prefixes = records.field(3), records.field(4)
    records.require(pc.match_substring_regex(prefixes, r"^\d{1,3}$"), "the value is no prefix length")
    lengths = prefixes.cast(pa.int64()).to_numpy()
    records.require((lengths >= 3) & (lengths <= 128), "the value is no prefix length inside 2000::/3")
    high, low = ipv6_halves(records, starts, "the start is no IPv6 address")
    records.require(high >> np.uint64(61) == 1, "the range is not inside 2000::/3")
    hosts = low_ones(KEY_BITS - lengths)
    records.require(((high & hosts) == 0) & ((low & low_ones(2 * KEY_BITS - lengths)) == 0), "the start has bits beyond the prefix length")
    return from_ipv6_high(high), from_ipv6_high(high | hosts)
