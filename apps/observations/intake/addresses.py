"""Addresses from text and bytes into columns of octets, and on to source keys."""

import socket

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from apps.common import sourcekeys
from apps.observations.intake.frames import Addresses, Blobs

_IPV4_TEXT_MAX = 15
_MAPPED_PREFIX = np.array([0] * 10 + [0xFF] * 2, dtype=np.uint8)


def blobs_of(column: pa.Array) -> Blobs:
    """The bytes of an Arrow binary or string array without copying them; null rows are empty and not valid."""
    _validity, offsets, data = column.buffers()
    count = len(column)
    # The count is named because a hostile buffer may end in the middle of a number.
    starts = np.frombuffer(offsets, np.int32, column.offset + count + 1)[column.offset :] if count else np.zeros(1, np.int32)
    octets = np.frombuffer(data, np.uint8) if data is not None else np.empty(0, np.uint8)
    valid = column.is_valid().to_numpy(zero_copy_only=False)
    return Blobs(octets, starts.astype(np.int64), valid, np.zeros(count, bool))


def from_text(column: pa.Array) -> Addresses:
    """Parse a string array; family 0 where a row is null or no address. Each distinct text is read once."""
    encoded = column.dictionary_encode()
    distinct = parse_texts(blobs_of(encoded.dictionary))
    rows = encoded.indices.fill_null(len(encoded.dictionary)).to_numpy(zero_copy_only=False)
    return Addresses(
        np.vstack([distinct.octets, np.zeros((1, 16), np.uint8)])[rows],
        np.append(distinct.family, np.uint8(0))[rows],
    )


def from_binary(column: pa.Array) -> Addresses:
    """Read a binary array of 4 or 16 octets; family 0 for null and for any other length."""
    blobs = blobs_of(column)
    lengths = blobs.lengths
    octets = np.zeros((len(lengths), 16), np.uint8)
    for size in (4, 16):
        rows = np.flatnonzero(blobs.valid & (lengths == size))
        octets[rows, :size] = blobs.data[blobs.offsets[rows, None] + np.arange(size)]
    family = np.select([~blobs.valid, lengths == 4, lengths == 16], [0, 4, 6], 0).astype(np.uint8)
    return Addresses(octets, family)


def is_mapped(addresses: Addresses) -> NDArray[np.bool_]:
    """Where an IPv6 address is an IPv4 one in disguise (::ffff:0:0/96)."""
    return (addresses.family == 6) & (addresses.octets[:, :12] == _MAPPED_PREFIX).all(axis=1)


def source_keys(addresses: Addresses) -> NDArray[np.uint64]:
    """The source key (`apps.common.sourcekeys`) of every address."""
    ipv4 = np.ascontiguousarray(addresses.octets[:, :4]).view(">u4")[:, 0].astype(np.uint64)
    high = np.ascontiguousarray(addresses.octets[:, :8]).view(">u8")[:, 0].astype(np.uint64)
    return np.where(addresses.family == 6, sourcekeys.from_ipv6_high(high), ipv4)


def parse_texts(texts: Blobs) -> Addresses:
    octets, is_ipv4 = _parse_ipv4(texts)
    family = np.where(is_ipv4, 4, 0).astype(np.uint8)
    # What is not IPv4 is rare; the C library reads it, one distinct text at a time.
    for row in np.flatnonzero(~is_ipv4):
        text = texts.data[texts.offsets[row] : texts.offsets[row + 1]].tobytes()
        packed = _parse_ipv6(text)
        if packed is not None:
            octets[row], family[row] = np.frombuffer(packed, np.uint8), 6
    return Addresses(octets, family)


def _parse_ipv6(text: bytes) -> bytes | None:
    try:
        return socket.inet_pton(socket.AF_INET6, text.decode("ascii"))
    except (OSError, ValueError):  # ValueError: not ASCII, or a NUL inside
        return None


def _parse_ipv4(texts: Blobs) -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
    """→ octets (n, 16) and where the text is a dotted quad without leading zeros. One pass over 15 columns of letters."""
    lengths = texts.lengths
    count = len(lengths)
    octets = np.zeros((count, 16), np.uint8)
    good = (lengths >= 7) & (lengths <= _IPV4_TEXT_MAX)
    value, digits, part = (np.zeros(count, np.int64) for _ in range(3))
    data = texts.data if len(texts.data) else np.zeros(1, np.uint8)
    for position in range(_IPV4_TEXT_MAX):
        active = good & (position < lengths)
        letter = data[np.where(active, texts.offsets[:-1] + position, 0)].astype(np.int64)
        digit = active & (letter >= 48) & (letter <= 57)
        dot = active & (letter == 46)
        good &= ~active | digit | (dot & (digits > 0) & (part < 3))
        good &= ~(digit & (digits > 0) & (value == 0))  # 010 is octal to some
        value = np.where(digit, value * 10 + letter - 48, value)
        digits += digit
        good &= value <= 255
        ends = np.flatnonzero(dot & good)
        octets[ends, part[ends]] = value[ends]
        part[ends] += 1
        value[ends] = digits[ends] = 0
    good &= (part == 3) & (digits > 0)
    octets[good, 3] = value[good]
    octets[~good] = 0
    return octets, good
