"""Addresses in text as numbers, for all lines of a file at once."""

from socket import AF_INET6, inet_pton

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from apps.reference.filelines import Lines
from apps.reference.intervals import Keys

KEY_BITS = 64  # of an IPv6 address; longer prefixes are counted as the /64 they lie in


def ipv4_numbers(lines: Lines, texts: pa.Array, problem: str) -> Keys:
    """The value of the IPv4 address of each line; the file is refused for the problem at the first that is none."""
    lines.require(pc.match_substring_regex(texts, r"^\d{1,3}(\.\d{1,3}){3}$"), problem)
    octets = pc.split_pattern(texts, ".").values.cast(pa.uint16()).to_numpy().reshape(-1, 4).astype(np.uint64)
    lines.require((octets <= 255).all(axis=1), problem)
    return octets @ np.array([1 << 24, 1 << 16, 1 << 8, 1], np.uint64)


def ipv6_halves(lines: Lines, texts: pa.Array, problem: str) -> tuple[Keys, Keys]:
    """The upper and lower 64 bits of the IPv6 address of each line, in the same way."""
    try:
        packed = b"".join(inet_pton(AF_INET6, text) for text in texts.to_pylist())
    except (OSError, ValueError):  # a NUL is a ValueError
        lines.require(np.array([_is_ipv6(text) for text in texts.to_pylist()]), problem)
        raise
    halves = np.frombuffer(packed, ">u8").reshape(-1, 2).astype(np.uint64)
    return halves[:, 0], halves[:, 1]


def _is_ipv6(text: str) -> bool:
    try:
        return bool(inet_pton(AF_INET6, text))
    except (OSError, ValueError):  # a NUL is a ValueError
        return False


def low_ones(bits: NDArray[np.int64]) -> Keys:
    """Numbers whose lowest `bits` bits (0 to 64, values beyond are cut) are ones."""
    kept = np.clip(bits, 0, KEY_BITS).astype(np.uint64)
    ones = (np.uint64(1) << np.minimum(kept, np.uint64(KEY_BITS - 1))) - np.uint64(1)
    return np.where(kept == KEY_BITS, ~np.uint64(0), ones)
