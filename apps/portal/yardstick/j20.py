"""July to December 2020, of which J20 reports the last quarter. Values are packets a day at the domestic sensors.

Stated: ranks of ports and regions with those of the quarter before, 445/TCP's weekly cycle, US rising from about 30 October,
CN slowly falling, NL falling sharply in December because its blocks became GB, JP to 22/TCP and to 3389/TCP.
Row 60 of the list adds: a few sources of RU that only domestic sensors saw for two weeks.
"""

from collections.abc import Iterator
from datetime import date

import numpy as np

from apps.common.ports import PortKey
from apps.portal.yardstick.curves import bump, line, noisy, restless, weekly
from apps.portal.yardstick.flows import Mix, Span, Stream
from apps.portal.yardstick.land import OF_2020
from apps.portal.yardstick.mixes import TAIL, mix
from apps.portal.yardstick.rounding import Floats

FIRST, QUARTER, LAST, DAYS = date(2020, 7, 1), date(2020, 10, 1), date(2020, 12, 31), 184
US_RISES = date(2020, 10, 30)
ONLY_DOMESTIC, ONLY_FIRST, ONLY_DAYS, ONLY_SOURCES = PortKey.parse("tcp/14939"), date(2020, 11, 2), 14, 5

MIX = TAIL | mix(
    tcp_445=0.10, tcp_23=0.15, tcp_1433=0.115, tcp_22=0.085, tcp_80=0.065, tcp_3389=0.03, tcp_8080=0.04, tcp_443=0.036, tcp_5900=0.028,
    tcp_6379=0.028, tcp_37215=0.012,
)  # fmt: skip
# Level the whole half-year.
STEADY = {
    "RU": 560, "DE": 250, "GB": 60, "KR": 90, "IN": 70, "BR": 80, "TW": 80, "HK": 60, "VN": 60, "TH": 30, "IT": 50, "FR": 90, "ID": 30,
    "CA": 60, "UA": 70, "TR": 10,
}  # fmt: skip
SMB_PACKETS, SMB = 400, {"VN": 0.2, "IN": 0.18, "ID": 0.15, "TW": 0.12, "BR": 0.15, "TH": 0.1, "TR": 0.05, "UA": 0.05}
SMB_WEEK = (1.2, 1.25, 1.25, 1.2, 1.1, 0.5, 0.5)
JP = {"tcp/23": 40, "tcp/445": 25, "tcp/80": 12}


def streams(span: Span, rng: np.random.Generator, scale: float = 1.0) -> Iterator[Stream]:
    """What one half of the network sees; `scale` is its part of the domestic half's packets."""
    for region, curve, blocks in _regions(span):
        pool = OF_2020.pool(region, blocks=blocks)
        yield Stream(noisy(scale * curve, rng, 0.03), pool[: -ONLY_SOURCES if region == "RU" else None], MIX)
    for region, share in SMB.items():
        curve = scale * SMB_PACKETS * share * weekly(span, SMB_WEEK)
        yield Stream(noisy(curve, rng, 0.04), OF_2020.pool(region), _only("tcp/445"))
    for port, curve in _japan(span, rng).items():
        yield Stream(noisy(scale * curve, rng, 0.08), OF_2020.pool("JP"), _only(port), per_flow=4)
    if scale == 1.0:
        yield _only_domestic(span, rng)


def _regions(span: Span) -> Iterator[tuple[str, Floats, bool]]:
    yield "US", line(span, {date(2020, 10, 29): 650, US_RISES: 980, date(2020, 11, 20): 1060}), False
    yield "CN", line(span, {date(2020, 9, 30): 470, QUARTER: 430, date(2020, 12, 31): 325}), False
    yield "NL", line(span, {FIRST: 80}), False
    yield "NL", line(span, {date(2020, 9, 30): 350, QUARTER: 410}), True  # the five blocks
    for region, level in STEADY.items():
        yield region, line(span, {FIRST: level}), False


def _japan(span: Span, rng: np.random.Generator) -> dict[str, Floats]:
    steady = {port: line(span, {FIRST: level}) for port, level in JP.items()}
    ssh = line(span, {date(2020, 9, 30): 40, date(2020, 10, 20): 55, date(2020, 11, 25): 80, date(2020, 12, 31): 60})
    rdp = 25 + bump(span, date(2020, 10, 18), 5, 45) + bump(span, date(2020, 11, 20), 7, 60) + bump(span, date(2020, 12, 12), 4, 40)
    return steady | {"tcp/22": ssh * restless(span, rng, 13, 0.1), "tcp/3389": rdp}


def _only_domestic(span: Span, rng: np.random.Generator) -> Stream:
    packets = np.zeros(span.days, np.int64)
    packets[span.index(ONLY_FIRST) :][:ONLY_DAYS] = rng.integers(25, 40, ONLY_DAYS)
    return Stream(packets, OF_2020.pool("RU")[-ONLY_SOURCES:], {ONLY_DOMESTIC: 1.0}, per_flow=4)


def _only(port: str) -> Mix:
    return {PortKey.parse(port): 1.0}
