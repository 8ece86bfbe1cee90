"""October 2022 to March 2023, of which J23 reports the last quarter. Values are packets a day at the domestic sensors.

Stated: ranks of ports and regions with those before (37215/TCP came from rank 7); CN's last ten days 1.5 times its first ten;
NL 8 times by 10-day means around 23 January, when the blocks that had been GB's were NL's again; Japan's Mirai-type packets to
37215/TCP (28 February 6 times the ten days to 18 February); bumps of eleven regions behind the port's; Japan to 23/TCP
without any part in it, though the same sources send there, too; 6379/TCP slowly up, 23/TCP up and down.
"""

from collections.abc import Iterator
from datetime import date

import numpy as np

from apps.common.ports import PortKey
from apps.observations.models import Signature
from apps.portal.yardstick.curves import bump, line, noisy, restless
from apps.portal.yardstick.flows import Flows, Mix, Span, Stream, flows_of
from apps.portal.yardstick.land import OF_2020, TO_NL
from apps.portal.yardstick.mixes import TAIL, mix
from apps.portal.yardstick.rounding import Floats, Ints, rounded, with_sum

FIRST, QUARTER, LAST, DAYS = date(2022, 10, 1), date(2023, 1, 1), date(2023, 3, 31), 182
HUAWEI, TELNET = PortKey.parse("tcp/37215"), PortKey.parse("tcp/23")

MIX = TAIL | mix(tcp_22=0.076, tcp_80=0.073, tcp_8080=0.058, tcp_3389=0.028, tcp_443=0.03, tcp_1433=0.03, tcp_5900=0.024)
SMB_SHARE = {date(2022, 12, 31): 0.115, QUARTER: 0.055}  # of the bulk; 445/TCP leaves the top five

# The bulk of regions without a stated curve, beside their part of 23, 6379 and 37215/TCP.
STEADY = {
    "GB": 80, "KR": 30, "IN": 30, "BR": 40, "TW": 30, "HK": 50, "VN": 30, "TH": 20, "IT": 30, "FR": 60, "ID": 60, "CA": 50, "UA": 50,
    "TR": 10,
}  # fmt: skip
TELNET_PACKETS = 480
TELNET_PARTS = {"CN": 0.15, "US": 0.15, "RU": 0.10, "IN": 0.15, "BR": 0.12, "TW": 0.10, "KR": 0.10, "VN": 0.08, "TH": 0.05}
REDIS = {date(2022, 12, 31): 375, QUARTER: 375, LAST: 465}
REDIS_PARTS = {"CN": 0.40, "US": 0.25, "HK": 0.10, "KR": 0.10, "FR": 0.10, "DE": 0.05}
# Region: level, and day, width and height of its bump. With Japan these are eleven, and all that 37215/TCP gets.
BUMPS = {
    "IN": (9, date(2023, 1, 30), 4.0, 70), "HK": (7, date(2023, 2, 8), 4.0, 60), "RU": (7, date(2023, 2, 14), 4.0, 60),
    "VN": (6, date(2023, 2, 20), 4.0, 70), "KR": (8, date(2023, 2, 27), 3.0, 190), "TW": (8, date(2023, 3, 1), 3.0, 180),
    "US": (15, date(2023, 3, 3), 3.5, 380), "BR": (10, date(2023, 3, 5), 3.5, 270), "TH": (5, date(2023, 3, 10), 4.0, 120),
    "IT": (5, date(2023, 3, 15), 4.0, 80),
}  # fmt: skip

# Totals that the stated ratios need, both ends included.
CN_START = (QUARTER, date(2023, 1, 10), 4_800)
CN_END = (date(2023, 3, 22), LAST, 7_200)
# NL's blocks keep quiet on the weekend of their move, so that the mean of ten days after is 8 times that of ten days before
# on the day of the move as well as on the day two later, from which the report has it.
NL_OWN, NL_BLOCKS = 60, (60, 60, *[510] * 8, 540, 540)
JP_BASE, JP_PEAK = (date(2023, 2, 9), date(2023, 2, 18), 300), (date(2023, 2, 28), 180)
JP_RISE = (70, 76, 68, 41, 36, 42, 90, 128, 158, 180)  # from 19 to 28 February
JP_TELNET = 75
ALSO_TELNET = 0.9  # of Japan's sources of 37215/TCP send to 23/TCP on the same day


def streams(span: Span, rng: np.random.Generator, scale: float = 1.0) -> Iterator[Stream]:
    """What one half of the network sees except from Japan; `scale` is its part of the domestic half's packets."""
    telnet = rounded(scale * TELNET_PACKETS * restless(span, rng, 11, 0.42))
    redis = noisy(scale * line(span, REDIS), rng, 0.03)
    for region, total in _totals(span, rng, scale).items():
        parts = {TELNET: _part(telnet, TELNET_PARTS, region), PortKey.parse("tcp/6379"): _part(redis, REDIS_PARTS, region)}
        for port, packets in parts.items():
            yield Stream(packets, OF_2020.pool(region), {port: 1.0})
        rest = total if region in STEADY else total - sum(parts.values())
        yield from _bulk(span, rest, OF_2020.pool(region))
    yield from _bulk(span, _blocks(span, rng, scale), OF_2020.pool("NL", blocks=True))
    for region, (level, day, width, height) in BUMPS.items():
        curve = scale * (line(span, {date(2023, 1, 15): level, date(2023, 1, 21): level * 1.3}) + bump(span, day, width, height))
        yield Stream(noisy(curve, rng, 0.05), OF_2020.pool(region), {HUAWEI: 1.0}, Signature.MIRAI, per_flow=4)


def _totals(span: Span, rng: np.random.Generator, scale: float) -> dict[str, Ints]:
    """Packets a day of each region, without its bump; of those in STEADY the bulk alone."""
    china = noisy(scale * line(span, {date(2022, 12, 31): 400, QUARTER: 480, date(2023, 1, 10): 480, date(2023, 3, 22): 720}), rng, 0.03)
    for first, last, total in (CN_START, CN_END) if scale == 1.0 else ():
        china = with_sum(china, span.part(first, last), total)
    own = np.full(span.days, round(scale * NL_OWN))
    moving = {
        "US": {FIRST: 900, LAST: 960},
        "RU": {date(2022, 12, 10): 660, date(2023, 1, 20): 330},
        "DE": {FIRST: 160},
    }
    curves = {region: noisy(scale * line(span, knots), rng, 0.03) for region, knots in moving.items()}
    steady = {region: noisy(scale * line(span, {FIRST: level}), rng, 0.05) for region, level in STEADY.items()}
    return curves | {"CN": china, "NL": own} | steady


def _part(packets: Ints, parts: dict[str, float], region: str) -> Ints:
    return np.rint(packets * parts.get(region, 0.0)).astype(np.int64)


def _bulk(span: Span, packets: Ints, pool: Ints) -> Iterator[Stream]:
    assert (packets >= 0).all()
    smb = np.rint(packets * line(span, SMB_SHARE)).astype(np.int64)
    yield Stream(smb, pool, {PortKey.parse("tcp/445"): 1.0})
    yield Stream(packets - smb, pool, MIX)


def _blocks(span: Span, rng: np.random.Generator, scale: float) -> Ints:
    packets = noisy(np.full(span.days, 520.0), rng, 0.04)
    packets[span.index(TO_NL) :][: len(NL_BLOCKS)] = NL_BLOCKS
    return np.rint(scale * packets).astype(np.int64)


def japan(span: Span, rng: np.random.Generator) -> Iterator[Flows]:
    """Japan's packets to 37215 and 23/TCP, which share sources but no shape."""
    pool = OF_2020.pool("JP")
    mirai = flows_of(Stream(_huawei(span, rng), pool, {HUAWEI: 1.0}, Signature.MIRAI, per_flow=4), span, rng)
    also = _also_telnet(mirai, rng)
    telnet = noisy(JP_TELNET * restless(span, rng, 8.5, 0.25), rng, 0.08)
    others = telnet - np.bincount(also.day - mirai.day.min(), also.packets, span.days).astype(np.int64)
    assert (others > 0).all()
    yield from (mirai, also)
    yield flows_of(Stream(others, pool[len(pool) // 2 :], {TELNET: 1.0}, per_flow=4), span, rng)
    for port, level in (("tcp/22", 25), ("tcp/445", 15)):
        yield flows_of(Stream(noisy(line(span, {FIRST: level}), rng, 0.1), pool[len(pool) // 4 :], _only(port), per_flow=4), span, rng)


def _huawei(span: Span, rng: np.random.Generator) -> Ints:
    fall: Floats = line(span, {date(2023, 2, 28): 180, date(2023, 3, 1): 170, date(2023, 3, 18): 36, date(2023, 3, 24): 30})
    packets = noisy(np.where(np.arange(span.days) > span.index(JP_PEAK[0]), fall, 30.0), rng, 0.05)
    first, last, total = JP_BASE
    packets = with_sum(packets, span.part(first, last), total)
    packets[span.index(last) + 1 :][: len(JP_RISE)] = JP_RISE
    return packets


def _also_telnet(mirai: Flows, rng: np.random.Generator) -> Flows:
    """One packet to 23/TCP from most sources of a day, in the minute and at the sensor of one of their flows."""
    _keys, first = np.unique(mirai.day << 32 | mirai.source, return_index=True)
    also = mirai.rows(first[rng.random(len(first)) < ALSO_TELNET])
    ones = np.ones(len(also), np.int64)
    return Flows(also.sensor, also.minute, also.source, also.protocol, ones * TELNET.port, also.signature, ones)


def _only(port: str) -> Mix:
    return {PortKey.parse(port): 1.0}
