"""Sets of sources as bytes: exact, mergeable, small.

A source is its 64-bit key (apps.common.sourcekeys). One tag byte says how a set is stored:
  \\x01  IPv4 only: ascending little-endian u4
  \\x02  IPv6 only: ascending little-endian u8
  \\x03  both: u4 number of IPv4 keys, then those as u4, then the rest as u8
  \\x04  crowded IPv4: u4 number of bytes of a Roaring bitmap in its portable serialisation, the bitmap, IPv6 keys as u8
An array is kept until a bitmap takes three fifths of its bytes, which it does when some thirty sources share each /16: real scan
traffic is spread more thinly, and then a bitmap is read ten times as slowly (docs/decisions/040).
"""

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pyroaring import BitMap

from apps.observations.storage import ragged

Keys = NDArray[np.uint64]

IPV4, IPV6, MIXED, BITMAP = b"\x01", b"\x02", b"\x03", b"\x04"
EMPTY = IPV4
_IPV4_LIMIT = np.uint64(1 << 32)
_NONE: Keys = np.empty(0, np.uint64)
# A bitmap costs about 2 bytes a source and 12 a container of 65,536 keys; short sets are never worth the comparison.
_BITMAP_FROM = 4096
_CONTAINER_BYTES = 12
_WORTH_READING = 2.4  # bytes a source, of 4 in an array
_LONG = 1000  # sources of a set


def encode(keys: Keys) -> bytes:
    """One set; `keys` are distinct and ascending."""
    ipv4 = int(np.searchsorted(keys, _IPV4_LIMIT))
    low, high = keys[:ipv4].astype("<u4").tobytes(), keys[ipv4:].astype("<u8").tobytes()
    if ipv4 >= _BITMAP_FROM and _bitmap_is_worth_it(keys[:ipv4]):
        bitmap = BitMap(keys[:ipv4].astype(np.uint32))
        bitmap.run_optimize()
        crowded: bytes = bitmap.serialize()
        return BITMAP + len(crowded).to_bytes(4, "little") + crowded + high
    if not high:
        return IPV4 + low
    return MIXED + ipv4.to_bytes(4, "little") + low + high if low else IPV6 + high


def _bitmap_is_worth_it(keys: Keys) -> bool:
    containers = 1 + np.count_nonzero(np.diff(keys >> np.uint64(16)))
    return bool(_CONTAINER_BYTES * containers + 2 * len(keys) < _WORTH_READING * len(keys))


def encode_many(keys: Keys, counts: NDArray[np.int64]) -> ragged.Ragged:
    """Many sets at once: `keys` holds them one after the other, each distinct and ascending, `counts` their sizes.

    Sets of IPv4 sources, nearly all there are, are written by numpy without a Python object each.
    """
    starts = ragged.starts(counts)
    plain = _only_ipv4(keys, starts, counts) & (counts < _BITMAP_FROM)
    special = {int(i): encode(keys[starts[i] : starts[i] + counts[i]]) for i in np.flatnonzero(~plain)}
    lengths = 4 * counts
    lengths[list(special)] = [len(body) - 1 for body in special.values()]
    tags = np.full((len(counts), 1), IPV4[0], np.uint8)
    tags[list(special), 0] = [body[0] for body in special.values()]
    bodies = np.empty(int(lengths.sum()), np.uint8)
    bodies[np.repeat(plain, lengths)] = keys[np.repeat(plain, counts)].astype("<u4").view(np.uint8)
    body_starts = ragged.starts(lengths)
    for i, body in special.items():
        bodies[body_starts[i] : body_starts[i] + lengths[i]] = np.frombuffer(body, np.uint8)[1:]
    return ragged.join(tags, ragged.Ragged(bodies, lengths))


def _only_ipv4(keys: Keys, starts: NDArray[np.int64], counts: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Each set is ascending, so its last key decides."""
    last = np.maximum(starts + counts - 1, 0)
    return (counts == 0) | (keys[last] < _IPV4_LIMIT) if len(keys) else counts == 0


def keys_of(body: bytes | memoryview) -> Keys:
    """The sources of one set, ascending. ValueError when the bytes are none of the four forms."""
    ipv4, ipv6 = _halves(body)
    return np.concatenate([ipv4.astype(np.uint64), ipv6]) if len(ipv6) else ipv4.astype(np.uint64)


def count(body: bytes | memoryview) -> int:
    """How many sources a set has; for arrays a matter of its length."""
    tag, size = bytes(body[:1]), len(body) - 1
    if tag == IPV4:
        return size // 4
    if tag == IPV6:
        return size // 8
    return sum(len(half) for half in _halves(body))


def union(bodies: Iterable[bytes | memoryview]) -> Keys:
    """The distinct sources of several sets, ascending."""
    ipv4, ipv6 = _in_order(list(bodies))
    return np.concatenate([ipv4[_are_first(ipv4)].astype(np.uint64), ipv6[_are_first(ipv6)]])


def union_count(bodies: Iterable[bytes | memoryview]) -> int:
    """How many distinct sources several sets have together."""
    return sum(int(np.count_nonzero(_are_first(keys))) for keys in _in_order(list(bodies)))


def intersection(first: bytes | memoryview, second: bytes | memoryview) -> Keys:
    """Sources that are in both sets, ascending."""
    return np.intersect1d(keys_of(first), keys_of(second), assume_unique=True)


def difference(first: bytes | memoryview, second: bytes | memoryview) -> Keys:
    """Sources of the first set that are not in the second, ascending."""
    return np.setdiff1d(keys_of(first), keys_of(second), assume_unique=True)


def _in_order(parts: list[bytes | memoryview]) -> tuple[NDArray[np.uint32], Keys]:
    """The IPv4 and the IPv6 sources of all sets, ascending, each as often as it occurs: IPv4 at half the width and twice the speed."""
    if all(bytes(part[:1]) == IPV4 for part in parts):  # the common case
        return _sorted(np.frombuffer(bytearray().join(memoryview(part)[1:] for part in parts), "<u4"), len(parts)), _NONE
    ipv4, ipv6 = zip(*map(_halves, parts), strict=True)
    return _sorted(np.concatenate(ipv4), len(parts)), _sorted(np.concatenate(ipv6), len(parts))


def _halves(body: bytes | memoryview) -> tuple[NDArray[np.uint32], Keys]:
    """The IPv4 and the IPv6 sources of one set."""
    tag, rest = bytes(body[:1]), memoryview(body)[1:]
    if tag == IPV4:
        return np.frombuffer(rest, "<u4"), _NONE
    if tag == IPV6:
        return _NONE.astype(np.uint32), np.frombuffer(rest, "<u8")
    if tag == MIXED:
        ipv4 = 4 + 4 * int.from_bytes(rest[:4], "little")
        return np.frombuffer(rest[4:ipv4], "<u4"), np.frombuffer(rest[ipv4:], "<u8")
    if tag == BITMAP:
        end = 4 + int.from_bytes(rest[:4], "little")
        return np.frombuffer(BitMap.deserialize(bytes(rest[4:end])).to_array(), np.uint32), np.frombuffer(rest[end:], "<u8")
    raise ValueError(f"not a source set: it begins with {tag!r}")


def _sorted(keys: NDArray[Any], sets: int) -> NDArray[Any]:
    """`keys`, in place: of long sets by merging them, which takes a quarter of sorting them anew."""
    if sets > 1:
        keys.sort(kind="stable" if len(keys) > _LONG * sets else None)
    return keys


def _are_first(keys: NDArray[Any]) -> NDArray[np.bool_]:
    """Of ascending keys, which differ from the one before."""
    first = np.ones(len(keys), np.bool_)
    np.not_equal(keys[1:], keys[:-1], out=first[1:])
    return first
