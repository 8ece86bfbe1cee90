"""Classes of colour on a map: amounts by powers of ten, changes by the words of the glossary. Pure."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

CLASSES = 7
# Bounds of value ÷ previous value: within ±10 % unchanged, ±30 % slight, from twice (half) on strong.
CHANGES = (0.5, 0.7, 0.9, 1.1, 1.3, 2.0)
NEW = CLASSES  # something where there was nothing


@dataclass(frozen=True)
class Steps:
    """Lower bounds of CLASSES classes or fewer, ascending; the first class also takes what lies below it."""

    bounds: tuple[float, ...]

    def of(self, value: float) -> int:
        return max(0, sum(value >= bound for bound in self.bounds) - 1)


def amounts(values: Sequence[float]) -> Steps:
    """Powers of ten up to the largest value, or thirds of them (1, 3, 10, …) where there are few."""
    seen = [value for value in values if value > 0]
    if not seen:
        return Steps(())
    top = math.floor(math.log10(max(seen)))
    decades = range(max(math.floor(math.log10(min(seen))), top - CLASSES + 1), top + 1)
    if len(decades) > CLASSES // 2:
        return Steps(tuple(10.0**exponent for exponent in decades))
    halves = [factor * 10.0**exponent for exponent in decades for factor in (1, 3)]
    return Steps(tuple(bound for bound in halves if bound <= max(seen)))


def change(value: float, previous: float | None) -> int:
    """The class of a change; NEW where nothing was seen before."""
    if not previous:
        return NEW
    return sum(value / previous >= bound for bound in CHANGES)
