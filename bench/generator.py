"""A seeded day of traffic as a network of sensors sees it: believable in what matters to storage and counting.

Four kinds of sender, whose shares of the flows are constants below:
  bots      a population with a long tail, each on one or two of the busy ports, seen by a few sensors, all day long
  sweepers  survey and port scanners that try every port: the tail of 65,536 ports
  fresh     addresses seen once (reflected traffic, spoofed sources), never the same again
  ipv6      a few networks that scan by IPv6
"""

from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

SHARES = {"bots": 0.68, "sweepers": 0.19, "fresh": 0.12, "ipv6": 0.01}
BUSY_PORTS = np.array(
    [23, 445, 22, 80, 3389, 8080, 443, 6379, 1433, 5555, 2323, 37215, 5060, 8443, 81, 3306, 52869, 25, 139, 135, 21, 8888, 5900, 53,
     123, 1900, 11211, 5432, 2375, 9200, 7547, 60001, 8000, 8081, 8291, 110, 143, 993, 995, 587, 27017, 161, 389, 500, 1723, 2222,
     4444, 5000, 8545, 9000]
)  # fmt: skip
UDP_PORTS = {5060, 53, 123, 1900, 161, 389, 500, 11211}
BOTS, SWEEPERS, IPV6_SOURCES = 22_000, 160, 90
MIRAI_PORTS = {23, 2323, 37215, 52869, 5555, 60001}
NONE, MIRAI, MASSCAN, ZMAP, BACKSCATTER, NOT_COMPUTABLE = 0, 1, 2, 3, 4, 7


@dataclass(frozen=True)
class Flows:
    """Columns of one day. `sensor` counts from 0; `minute` from the start of the day; an IPv6 source is its upper half."""

    sensor: NDArray[np.int32]
    minute: NDArray[np.int32]
    source: NDArray[np.uint64]
    is_ipv6: NDArray[np.bool_]
    protocol: NDArray[np.int16]
    port: NDArray[np.int32]
    signature: NDArray[np.int16]
    packets: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.sensor)


def day_of_flows(flows: int = 640_000, sensors: int = 100, seed: int = 1, day: date | None = None) -> Flows:
    """One day. The same seed gives the same bots and sweepers; `day` varies what they do on it."""
    population = np.random.default_rng(seed)
    rng = np.random.default_rng([seed, day.toordinal() if day else 0])
    counts = {kind: round(flows * share) for kind, share in SHARES.items()}
    parts = [
        _bots(population, rng, counts["bots"], sensors),
        _sweepers(population, rng, counts["sweepers"], sensors),
        _fresh(rng, counts["fresh"], sensors),
        _ipv6(population, rng, counts["ipv6"], sensors),
    ]
    return Flows(*(np.concatenate([getattr(part, name) for part in parts]) for name in Flows.__dataclass_fields__))


def _addresses(rng: np.random.Generator, count: int) -> NDArray[np.uint64]:
    """Public IPv4 addresses, crowded in some /16 as real ones are."""
    first = rng.choice(np.r_[1:10, 11:100, 101:127, 128:169, 173:192, 193:198, 200:224], count)
    second = np.minimum(rng.geometric(0.02, count), 255)
    return (
        (first.astype(np.uint64) << np.uint64(24))
        | (second.astype(np.uint64) << np.uint64(16))
        | rng.integers(0, 1 << 16, count, np.uint64)
    )


def _zipf(rng: np.random.Generator, size: int, count: int, power: float) -> NDArray[np.int64]:
    """`count` draws from 0 … size-1, the k-th with weight (k+1)^-power."""
    weights = np.arange(1, size + 1, dtype=float) ** -power
    return np.searchsorted(np.cumsum(weights / weights.sum()), rng.random(count)).astype(np.int64)


def _minutes(rng: np.random.Generator, count: int) -> NDArray[np.int32]:
    """A day with a soft night."""
    return ((rng.normal(0.55, 0.35, count) % 1) * 1440).astype(np.int32)


def _flows(
    rng: np.random.Generator, sensors: NDArray[np.int64], source: NDArray[np.uint64], port: NDArray[np.int64], **known: NDArray
) -> Flows:
    count = len(port)
    is_udp = np.isin(port, list(UDP_PORTS))
    signature = np.where(np.isin(port, list(MIRAI_PORTS)) & (source % np.uint64(10) < 7), MIRAI, NONE)
    return Flows(
        sensor=sensors.astype(np.int32),
        minute=_minutes(rng, count),
        source=source,
        is_ipv6=known.get("is_ipv6", np.zeros(count, bool)),
        protocol=known.get("protocol", np.where(is_udp, 17, 6)).astype(np.int16),
        port=port.astype(np.int32),
        signature=known.get("signature", signature).astype(np.int16),
        packets=np.minimum(rng.geometric(0.6, count), 60).astype(np.int64),
    )


def _bots(population: np.random.Generator, rng: np.random.Generator, count: int, sensors: int) -> Flows:
    addresses = _addresses(population, BOTS)
    favourite = BUSY_PORTS[_zipf(population, len(BUSY_PORTS), BOTS, 1.1)]
    second = BUSY_PORTS[_zipf(population, len(BUSY_PORTS), BOTS, 1.1)]
    home = population.integers(0, sensors, BOTS)
    bot = rng.permutation(BOTS)[_zipf(rng, BOTS, count, 0.6)]
    sensor = (home[bot] + _zipf(rng, sensors, count, 0.8)) % sensors
    return _flows(rng, sensor, addresses[bot], np.where(rng.random(count) < 0.8, favourite[bot], second[bot]))


def _sweepers(population: np.random.Generator, rng: np.random.Generator, count: int, sensors: int) -> Flows:
    """Half of what sweepers send goes to a few thousand ports of interest, half to any port."""
    addresses = _addresses(population, SWEEPERS)
    interesting = population.choice(65536, 2500, replace=False)
    sweeper = _zipf(rng, SWEEPERS, count, 0.5)
    port = np.where(rng.random(count) < 0.5, interesting[_zipf(rng, len(interesting), count, 0.7)], rng.integers(0, 65536, count))
    tool = np.array([ZMAP, MASSCAN, NONE])[sweeper % 3]
    protocol = np.where(rng.random(count) < 0.04, 17, 6)
    return _flows(
        rng, rng.integers(0, sensors, count), addresses[sweeper], port, signature=np.where(protocol == 6, tool, NONE), protocol=protocol
    )


def _fresh(rng: np.random.Generator, count: int, sensors: int) -> Flows:
    """A quarter is reflected traffic to high ports, the rest new hosts on busy ports and pings."""
    is_reflected = rng.random(count) < 0.25
    port = np.where(is_reflected, rng.integers(1024, 65536, count), BUSY_PORTS[_zipf(rng, len(BUSY_PORTS), count, 1.1)])
    is_ping = ~is_reflected & (rng.random(count) < 0.1)
    port = np.where(is_ping, 8 * 256, port)
    protocol = np.where(is_ping, 1, np.where(np.isin(port, list(UDP_PORTS)) & ~is_reflected, 17, 6))
    signature = np.where(is_reflected, BACKSCATTER, NONE)
    return _flows(rng, _zipf(rng, sensors, count, 0.3), _addresses(rng, count), port, protocol=protocol, signature=signature)


def _ipv6(population: np.random.Generator, rng: np.random.Generator, count: int, sensors: int) -> Flows:
    """Upper halves inside 2001:db8::/32 would be bogons, so these lie in 2400::/12."""
    prefixes = (np.uint64(0x2400) << np.uint64(48)) | population.integers(0, 1 << 44, IPV6_SOURCES, np.uint64)
    source = prefixes[_zipf(rng, IPV6_SOURCES, count, 0.9)]
    port = BUSY_PORTS[_zipf(rng, len(BUSY_PORTS), count, 1.0)]
    return _flows(rng, rng.integers(0, sensors, count), source, port, is_ipv6=np.ones(count, bool))
