"""The scenario's sensors, and all flows they see."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from apps.portal.yardstick import SEED, j20, j23, t05
from apps.portal.yardstick.flows import Flows, Span, flows_of, united

OWNER = "Yardstick scenario"
OVERSEAS_SCALE = 0.4  # an overseas half of two sensors beside the domestic one of four


@dataclass(frozen=True)
class Point:
    """A sensor, and the spans of days during which it watches without a gap."""

    name: str
    country: str
    is_home_line: bool
    spans: tuple[Span, ...]

    @property
    def first(self) -> date:
        return self.spans[0].first

    @property
    def last(self) -> date:
        return self.spans[-1].first + timedelta(days=self.spans[-1].days - 1)


_J = (("tokyo-1", "JP"), ("tokyo-2", "JP"), ("osaka-1", "JP"), ("fukuoka-1", "JP"), ("taipei-1", "TW"), ("sydney-1", "AU"))
_DOMESTIC, _OVERSEAS, _HOME = (0, 1, 2, 3), (4, 5), tuple(range(6, 6 + t05.POINTS))
_YEARS = ((j20.FIRST, j20.DAYS), (j23.FIRST, j23.DAYS))


def _of_years(number: int, name: str, country: str) -> Point:
    return Point(f"yardstick-{name}", country, False, tuple(Span(first, days, (number,)) for first, days in _YEARS))


def _of_2005(number: int) -> Point:
    return Point(f"yardstick-home-{number + 1}", "JP", True, (Span(t05.FIRST, t05.DAYS, (_HOME[number],)),))


POINTS = (*(_of_years(number, *named) for number, named in enumerate(_J)), *(_of_2005(number) for number in range(t05.POINTS)))


def flows() -> Flows:
    """Everything, sorted by sensor and minute; `sensor` indexes POINTS. Some seconds."""
    return united(list(_parts()))


def _parts() -> Iterator[Flows]:
    rng = np.random.default_rng(SEED)
    for report, (first, days) in zip((j20, j23), _YEARS, strict=True):
        for sensors, scale in ((_DOMESTIC, 1.0), (_OVERSEAS, OVERSEAS_SCALE)):
            span = Span(first, days, sensors)
            yield from (flows_of(stream, span, rng) for stream in report.streams(span, rng, scale))
    yield from j23.japan(Span(j23.FIRST, j23.DAYS, _DOMESTIC), rng)
    yield from t05.flows(Span(t05.FIRST, t05.DAYS, _HOME), rng)
