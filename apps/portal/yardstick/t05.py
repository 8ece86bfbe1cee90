"""June to November 2005, of which T05 reports November: ten home lines, unsolicited accesses and who sends them.

Stated: 543,415 accesses in November at ten points; 1,811 accesses from 404 sources a point and day, 4.48 for each source;
a steady level since June; 135 and 445/TCP lead, mostly from Japan; the group 102x/103x (UDP) grows since October, mostly from
CN; sources fell in November while accesses stayed; one point's 22/TCP is its maintenance server's and is excluded.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

import numpy as np

from apps.common.periods import add_months
from apps.common.ports import PortKey
from apps.portal.yardstick.flows import FLAT, Flows, Mix, Span, Stream, flows_of, minutes, united
from apps.portal.yardstick.land import IN_2005, OF_2005
from apps.portal.yardstick.mixes import mix
from apps.portal.yardstick.rounding import Floats, Ints, rounded, shared

FIRST, DAYS, POINTS = date(2005, 6, 1), 183, 10
MONTHS = tuple(date(2005, month, 1) for month in range(6, 12))
NOVEMBER, TOTAL = date(2005, 11, 1), 543_415
# By kind, June to November: accesses and sources a point and day.
MEANS: dict[str, tuple[tuple[int, ...], tuple[int, ...]]] = {
    "135": ((655, 660, 650, 655, 575, 560), (162, 160, 161, 163, 158, 150)),
    "445": ((520, 520, 515, 525, 450, 430), (130, 129, 129, 131, 130, 120)),
    "messenger": ((55, 57, 58, 60, 290, 330), (6, 6, 6, 6, 18, 22)),
    "ping": ((175, 175, 175, 176, 176, 170), (48, 48, 48, 48, 47, 46)),
    "139": ((120, 120, 120, 122, 122, 115), (30, 30, 30, 30, 29, 28)),
    "1433": ((85, 85, 85, 86, 86, 80), (13, 13, 13, 13, 13, 13)),
    "137": ((55, 55, 55, 56, 56, 50), (12, 12, 12, 12, 12, 13)),
    "other": ((80, 80, 80, 81, 81, 76), (12, 11, 12, 12, 11, 12)),
}
PORTS: dict[str, Mix] = {
    "135": mix(tcp_135=1), "445": mix(tcp_445=1), "ping": mix(icmp_8=1), "139": mix(tcp_139=1), "1433": mix(tcp_1433=1),
    "137": mix(udp_137=1),
    "messenger": mix(udp_1026=0.48, udp_1027=0.26, udp_1028=0.10, udp_1029=0.05, udp_1030=0.06, udp_1031=0.02, udp_1032=0.03),
    "other": mix(tcp_22=0.12, tcp_80=0.2, tcp_4899=0.16, tcp_1025=0.14, tcp_3306=0.1, udp_1434=0.12, tcp_5554=0.06, tcp_9898=0.05,
        tcp_2745=0.05),
}  # fmt: skip
# Where the sources of a kind are.
REGIONS: dict[str, dict[str, float]] = {
    "135": {"JP": 0.76, "CN": 0.08, "KR": 0.05, "TW": 0.04, "US": 0.04, "HK": 0.01, "DE": 0.01, "FR": 0.01},
    "445": {"JP": 0.66, "CN": 0.09, "KR": 0.08, "TW": 0.06, "US": 0.05, "HK": 0.02, "DE": 0.01, "FR": 0.01, "CA": 0.01, "BR": 0.01},
    "messenger": {"CN": 0.88, "US": 0.06, "KR": 0.03, "HK": 0.02, "CA": 0.01},
    "ping": {"JP": 0.36, "CN": 0.24, "US": 0.14, "KR": 0.10, "TW": 0.05, "HK": 0.03, "GB": 0.04, "DE": 0.02, "FR": 0.02},
    "139": {"JP": 0.52, "CN": 0.14, "KR": 0.12, "US": 0.10, "TW": 0.06, "DE": 0.02, "GB": 0.02, "BR": 0.02},
    "1433": {"CN": 0.58, "US": 0.16, "KR": 0.14, "JP": 0.06, "TW": 0.06},
    "137": {"US": 0.22, "KR": 0.20, "CN": 0.18, "JP": 0.10, "BR": 0.10, "FR": 0.08, "GB": 0.07, "CA": 0.05},
    "other": {"CN": 0.30, "US": 0.28, "KR": 0.14, "JP": 0.10, "CA": 0.06, "GB": 0.06, "DE": 0.06},
}
# Home computers are on in the evening; everything else does not know the hour.
EVENING = np.array([6, 5, 4, 3, 3, 3, 3, 4, 5, 6, 6, 6, 7, 7, 7, 7, 7, 8, 9, 10, 11, 12, 11, 8], float)
ALSO_445 = 0.25  # of Japan's sources of 135/TCP send one to 445/TCP in the same minute
SENDERS, POINTS_REACHED = 10, 4  # of the messages, in November: one sender reaches several points on a day

SSH, HTTP, SSH_SENSOR, SSH_REASON = PortKey.parse("tcp/22"), PortKey.parse("tcp/80"), 2, "Maintenance server of this point"
SSH_ATTACKS, SSH_TRIES = 60, (2_000, 30_000)  # how many runs of tries in the half-year, and tries in each


@dataclass
class Senders:
    """One row for each source at a point on a day, in order of the day."""

    day: Ints
    sensor: Ints
    source: Ints
    is_domestic: np.ndarray


def flows(span: Span, rng: np.random.Generator) -> Iterator[Flows]:
    """All that the ten points saw."""
    for number, month in enumerate(MONTHS):
        yield from _month(span, number, month, rng)
    yield _maintenance(span, rng)


def _month(span: Span, number: int, month: date, rng: np.random.Generator) -> Iterator[Flows]:
    days = (add_months(month, 1) - month).days
    pools = {region: rng.permutation(OF_2005.pool(region)) for region in IN_2005}
    taken = dict.fromkeys(pools, 0)
    senders, accesses = {}, {}
    for kind, (per_access, per_source) in MEANS.items():
        senders[kind] = _senders(span, month, days, kind, per_source[number], pools, taken, rng)
        accesses[kind] = per_access[number] * POINTS * days
    if month == NOVEMBER:
        accesses["135"] += TOTAL - sum(accesses.values())
        _reach_several_points(senders["messenger"])
    first = _accesses(span, "135", senders["135"], accesses["135"], rng)
    also = _also_445(first.rows(senders["135"].is_domestic & (rng.random(len(first)) < ALSO_445)))
    accesses["445"] -= len(also)
    yield from (first, also)
    yield from (_accesses(span, kind, senders[kind], accesses[kind], rng) for kind in MEANS if kind != "135")


def _also_445(flows: Flows) -> Flows:
    ones = np.ones(len(flows), np.int64)
    return Flows(flows.sensor, flows.minute, flows.source, flows.protocol, ones * 445, flows.signature, ones)


def _senders(
    span: Span, month: date, days: int, kind: str, mean: int, pools: dict[str, Ints], taken: dict[str, int], rng: np.random.Generator
) -> Senders:
    """Sources of a kind in a month: each address is one source, at one point, on one day, while the region has any left."""
    cells = rounded(rng.lognormal(0, 0.06, days * POINTS) * np.repeat(_trend(kind, month, days), POINTS), mean * POINTS * days)
    cell = np.repeat(np.arange(days * POINTS), cells)
    shares = REGIONS[kind]
    counts = rounded(list(shares.values()), len(cell))
    source = np.concatenate([_taken(pools[region], taken, region, int(count)) for region, count in zip(shares, counts, strict=True)])
    is_domestic = np.repeat(np.array([region == "JP" for region in shares]), counts)
    order = rng.permutation(len(cell))
    return Senders(span.index(month) + cell // POINTS, np.array(span.sensors)[cell % POINTS], source[order], is_domestic[order])


def _taken(pool: Ints, taken: dict[str, int], region: str, count: int) -> Ints:
    start = taken[region]
    taken[region] += count
    return pool[np.arange(start, start + count) % len(pool)]


def _trend(kind: str, month: date, days: int) -> Floats:
    """How a kind runs through a month: only the messages have a direction."""
    if kind != "messenger" or month < date(2005, 10, 1):
        return np.ones(days)
    return np.linspace(0.75, 1.25, days) if month < NOVEMBER else np.linspace(0.96, 1.04, days)


def _reach_several_points(senders: Senders) -> None:
    """Some sources of a day stand at several points: each takes the place of others there."""
    for day in np.unique(senders.day)[:: max(1, 30 // SENDERS)][:SENDERS]:
        rows = np.flatnonzero(senders.day == day)
        _points, first = np.unique(senders.sensor[rows], return_index=True)
        at = rows[first[:POINTS_REACHED]]
        senders.source[at] = senders.source[at[0]]


def _accesses(span: Span, kind: str, senders: Senders, total: int, rng: np.random.Generator) -> Flows:
    """One flow for each source at a point on a day; together they are `total` accesses."""
    count = len(senders.day)
    keys = list(PORTS[kind])
    chosen = rng.choice(len(keys), count, p=np.array(list(PORTS[kind].values())))
    if SSH in keys:  # at the maintenance server's point all of it is excluded, which no total may miss
        chosen[(chosen == keys.index(SSH)) & (senders.sensor == span.sensors[SSH_SENSOR])] = keys.index(HTTP)
    evening, flat = (minutes(hours, count, rng) for hours in (EVENING, FLAT))
    return Flows(
        sensor=senders.sensor,
        minute=span.minutes(senders.day, np.where(senders.is_domestic, evening, flat)),
        source=senders.source,
        protocol=np.array([key.protocol for key in keys])[chosen],
        port=np.array([key.port for key in keys])[chosen],
        signature=np.zeros(count, np.int64),
        packets=shared(np.array([total]), np.zeros(count, np.int64), rng.gamma(2.0, size=count) + 0.05, least=1),
    )


def _maintenance(span: Span, rng: np.random.Generator) -> Flows:
    """Dictionary attacks on one point's own server: thousands of tries in a row, each run from one address."""
    day = np.sort(rng.choice(span.days, SSH_ATTACKS, replace=False))
    regions = rng.choice(["CN", "US", "KR", "TW", "BR", "DE", "FR", "CA", "GB", "HK"], SSH_ATTACKS)
    return united([_run(span, at, region, rng) for at, region in zip(day.tolist(), regions.tolist(), strict=True)])


def _run(span: Span, day: int, region: str, rng: np.random.Generator) -> Flows:
    packets, hours = np.zeros(span.days, np.int64), np.zeros(24)
    packets[day] = rng.integers(*SSH_TRIES)
    hours[rng.integers(22) + np.arange(2)] = 1
    one = OF_2005.pool(region)[rng.integers(200) :][:1]
    point = Span(span.first, span.days, (span.sensors[SSH_SENSOR],))
    return flows_of(Stream(packets, one, {SSH: 1.0}, per_flow=200, hours=hours), point, rng)
