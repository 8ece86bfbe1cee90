"""Source addresses that cannot be anybody's on the public Internet: private, documentation, multicast, reserved."""

import csv
from collections.abc import Iterator
from functools import cache
from ipaddress import ip_network
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from apps.reference.intervals import Keys, flatten, key_ranges, merged

RANGES = Path(__file__).parent / "data" / "special-ranges.csv"


# Addresses of generated flows (docs/decisions/080): set aside for benchmarks, hence never on the Internet.
SCENARIO_BLOCK = ip_network("198.18.0.0/15")


def bogon_mask(keys: NDArray[np.uint64]) -> NDArray[np.bool_]:
    """True for each source key, of any order, that IANA's registries call not globally reachable, multicast or
    reserved. A /64 that holds a globally reachable address is not a bogon. Source: data/special-ranges.csv."""
    bounds, is_bogon = _steps()
    mask: NDArray[np.bool_] = is_bogon[np.searchsorted(bounds, keys, side="right") - 1]
    return mask


def scenario_mask(keys: NDArray[np.uint64]) -> NDArray[np.bool_]:
    """True for each source key that a scenario may use."""
    [(first, last)] = key_ranges(SCENARIO_BLOCK)
    return (keys >= np.uint64(first)) & (keys <= np.uint64(last))


@cache
def _steps() -> tuple[Keys, NDArray[np.bool_]]:
    ranges = sorted(_ranges(), key=lambda row: (row[0] - row[1], row[2]))  # the narrower, then the reachable, on top
    starts, ends, reachable = zip(*ranges, strict=True)
    bounds, owner = flatten(np.array(starts, np.uint64), np.array(ends, np.uint64), np.arange(len(ranges)))
    return merged(bounds, np.where(owner >= 0, ~np.array(reachable, bool)[owner], False))


def _ranges() -> Iterator[tuple[int, int, bool]]:
    with RANGES.open(newline="") as file:
        for row in csv.DictReader(line for line in file if not line.startswith("#")):
            for first, last in key_ranges(ip_network(row["block"])):
                yield first, last, row["reachable"] == "yes"
