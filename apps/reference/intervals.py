"""Arithmetic on ranges of source keys; no database."""

from ipaddress import IPv4Network, IPv6Network

import numpy as np
from numpy.typing import NDArray

from apps.common.sourcekeys import IPV6_LOW_OFFSET

Keys = NDArray[np.uint64]
_LOW_LIMIT = 1 << 32


def key_ranges(network: IPv4Network | IPv6Network) -> list[tuple[int, int]]:
    """First and last key of a network; an IPv6 network longer than /64 is the one key of its /64. Two ranges only
    for IPv6 networks that hold ::/32 and more, because the keys of ::/32 lie apart."""
    first, last = int(network.network_address), int(network.broadcast_address)
    if isinstance(network, IPv4Network):
        return [(first, last)]
    first, last = first >> 64, last >> 64
    low = [(first | IPV6_LOW_OFFSET, min(last, _LOW_LIMIT - 1) | IPV6_LOW_OFFSET)] if first < _LOW_LIMIT else []
    return low + ([(max(first, _LOW_LIMIT), last)] if last >= _LOW_LIMIT else [])


def flatten(starts: Keys, ends: Keys, order: NDArray[np.intp]) -> tuple[Keys, NDArray[np.intp]]:
    """Cut ranges (both ends included) that may overlap into (bounds, owner): from bounds[i] up to the next bound the
    range owner[i] holds, or none (-1). Of overlapping ranges the later in `order` wins. bounds[0] is 0."""
    after = ends + np.uint64(1)  # 0 where a range ends with the last key
    bounds = np.unique(np.concatenate([np.zeros(1, np.uint64), starts, after]))
    first, last = np.searchsorted(bounds, starts[order]), np.searchsorted(bounds, after[order])
    last[after[order] == 0] = len(bounds)
    lengths = last - first
    cells = np.repeat(first - np.concatenate([[0], np.cumsum(lengths)[:-1]]), lengths) + np.arange(lengths.sum())
    owner = np.full(len(bounds), -1, np.intp)
    owner[cells.astype(np.intp)] = np.repeat(order, lengths)  # of repeated cells the last assignment stays
    return bounds, owner


def merged(bounds: Keys, values: NDArray) -> tuple[Keys, NDArray]:
    """The same step function without bounds at which the value does not change."""
    keep = np.ones(len(values), bool)
    keep[1:] = values[1:] != values[:-1]
    return bounds[keep], values[keep]


def inside(starts: Keys, ends: Keys, keys: Keys) -> NDArray[np.bool_]:
    """Which keys lie in one of the ranges (both ends included; the ranges may overlap)."""
    if not len(starts):
        return np.zeros(len(keys), bool)
    order = np.argsort(starts, kind="stable")
    starts, reach = starts[order], np.maximum.accumulate(ends[order])
    at = np.searchsorted(starts, keys, side="right") - 1
    return (at >= 0) & (keys <= reach[np.maximum(at, 0)])


def overlapping(starts: Keys, ends: Keys) -> NDArray[np.bool_]:
    """Which ranges, sorted by start, share keys with one before them."""
    shared = np.zeros(len(starts), bool)
    shared[1:] = starts[1:] <= np.maximum.accumulate(ends)[:-1]
    return shared
