"""Who holds which part of 198.18.0.0/15, as the scenario's registry says on which day.

Two layouts: of 2005, where nearly every address is seen once in November, and of 2020. In the second the five blocks move
that both JPCERT/CC reports describe without naming: 80.82.64.0/20, 89.248.160.0/20, 93.174.88.0/21, 94.102.48.0/20 and
185.216.140.0/22 were registered in NL, in GB from 17 December 2020, and in NL again from 21 January 2023. Here they have
their sizes, not their addresses.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import numpy as np
import pyarrow as pa

from apps.common.regions import encode
from apps.portal.yardstick.rounding import Ints
from apps.reference.delegation_files import COLUMNS, DelegationFile, canonical
from apps.reference.models import DelegationStatus, Registry
from apps.reference.special import SCENARIO_BLOCK

BASE = int(SCENARIO_BLOCK.network_address)
BLOCK_SIZES = (4096, 4096, 4096, 2048, 1024)  # /20, /20, /20, /21, /22
TO_GB, TO_NL = date(2020, 12, 17), date(2023, 1, 21)
_24 = 256

# Region → number of /24, in the order of their addresses.
IN_2005 = {"JP": 285, "CN": 86, "US": 42, "KR": 40, "TW": 23, "HK": 8, "DE": 6, "FR": 6, "CA": 5, "GB": 6, "BR": 5}
# The first 60 /24 are the five blocks.
IN_2020 = {
    "NL": 20, "US": 100, "CN": 80, "RU": 60, "DE": 30, "GB": 20, "JP": 50, "KR": 10, "IN": 12, "BR": 12, "TW": 8, "HK": 6,
    "VN": 10, "TH": 6, "IT": 6, "FR": 6, "ID": 6, "CA": 4, "UA": 4, "TR": 2,
}  # fmt: skip


@dataclass(frozen=True)
class Land:
    """Ranges of one day: first address, number of addresses, region. The first `blocks` of them are the moving ones."""

    day: date
    ranges: tuple[tuple[int, int, str], ...]
    blocks: int

    def pool(self, region: str, *, blocks: bool = False) -> Ints:
        """The addresses of a region, shuffled but always in the same order; the five blocks are apart."""
        ranges = self.ranges[: self.blocks] if blocks else self.ranges[self.blocks :]
        addresses = np.concatenate([np.arange(first, first + size) for first, size, owner in ranges if owner == region])
        return np.random.default_rng(encode(region)).permutation(addresses)

    def file(self) -> DelegationFile:
        first, size = (np.array([row[column] for row in self.ranges], np.uint64) for column in (0, 1))
        regions = np.array([encode(row[2]) for row in self.ranges], np.uint16)
        allocated = np.full(len(first), DelegationStatus.ALLOCATED, np.uint8)
        columns = [first, first + size - np.uint64(1), regions, allocated, pa.repeat("", len(first))]
        return DelegationFile("scenario", Registry.SCENARIO, self.day, canonical(pa.table(columns, schema=COLUMNS)))


def _laid_out(day: date, sizes: Mapping[str, int], blocks: str = "") -> Land:
    ranges, at = [], BASE
    for size in BLOCK_SIZES if blocks else ():
        ranges.append((at, size, blocks))
        at += size
    for region, count in sizes.items():
        ranges.append((at, count * _24, region))
        at += count * _24
    assert at <= BASE + SCENARIO_BLOCK.num_addresses
    return Land(day, tuple(ranges), len(BLOCK_SIZES) if blocks else 0)


OF_2005 = _laid_out(date(2005, 6, 1), IN_2005)
OF_2020 = _laid_out(date(2020, 7, 1), IN_2020, "NL")
SNAPSHOTS = (OF_2005, OF_2020, _laid_out(TO_GB, IN_2020, "GB"), _laid_out(TO_NL, IN_2020, "NL"))
