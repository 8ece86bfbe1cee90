"""How far rollup has come with days that a change made stale."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from django.db import connection

_DAYS = """
SELECT span.number, count(DISTINCT mark.day),
       count(DISTINCT mark.day) FILTER (WHERE mark.version > coalesce(fill.rolled_version, 0))
FROM unnest(%s::int[], %s::bigint[], %s::date[], %s::date[]) AS span(number, sensor, first, last)
JOIN observations_mark AS mark ON mark.day >= span.first AND mark.day <= span.last AND (span.sensor = 0 OR mark.sensor_id = span.sensor)
LEFT JOIN observations_fill AS fill ON fill.sensor_id = mark.sensor_id AND fill.day = mark.day
GROUP BY span.number
"""


@dataclass(frozen=True)
class Span:
    """Reporting days first to last, both included, of one sensor or (0) of all."""

    first: date
    last: date
    sensor: int = 0


@dataclass(frozen=True)
class Progress:
    """Days with observations, and how many of them still wait to be counted anew."""

    days: int
    waiting: int

    @property
    def done(self) -> int:
        return self.days - self.waiting


def progress_of(spans: Sequence[Span]) -> list[Progress]:
    """One each, in their order. At most one query."""
    if not spans:
        return []
    columns = [list(range(len(spans))), *([getattr(span, name) for span in spans] for name in ("sensor", "first", "last"))]
    with connection.cursor() as cursor:
        cursor.execute(_DAYS, columns)
        found = {number: Progress(days, waiting) for number, days, waiting in cursor.fetchall()}
    return [found.get(number, Progress(0, 0)) for number in range(len(spans))]
