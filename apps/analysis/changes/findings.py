"""What a search for changes finds, before it is kept; and how much each finding weighs. Pure."""

from dataclasses import dataclass, field
from datetime import date
from math import log2, sqrt
from typing import Any

from apps.analysis.models import ChangeKind

FULL_FACTOR = 16.0  # from here on a change is as large as can be
FULL_SHARE = 0.10  # part of all packets from which on a port or region is as important as can be
NARROW = 0.25  # what is left of the score where one sensor or a handful of sources make the change
NARROW_SENSOR = 0.9
FEW_SOURCES = 3


@dataclass(frozen=True)
class Finding:
    """One notable change; the fields are those of `models.Change`."""

    kind: ChangeKind
    dimension: str
    subject: str
    direction: int
    first: date
    last: date
    score: float
    numbers: dict[str, Any] = field(default_factory=dict)


def score_of(factor: float | None, share: float, *, is_narrow: bool = False) -> float:
    """0 to 100: the geometric mean of how sharp the change is (a factor, None: from nothing) and of how much of all packets it
    is about, so that neither makes a change weighty alone; a quarter of it where the change rests on one sensor or a handful
    of sources."""
    size = 1.0 if not factor else min(1.0, abs(log2(factor)) / log2(FULL_FACTOR))
    weight = min(1.0, sqrt(max(share, 0.0) / FULL_SHARE))
    return round(100 * sqrt(size * weight) * (NARROW if is_narrow else 1.0), 1)


def is_narrow(sensors: int, of: int, largest_share: float | None, sources: int | None) -> bool:
    """Whether a change seen by `sensors` of `of` sensors may be one sensor's own story, or a handful of sources'."""
    if sources is not None and sources <= FEW_SOURCES:
        return True
    return of > 1 and (sensors == 1 or (largest_share or 0.0) > NARROW_SENSOR)
