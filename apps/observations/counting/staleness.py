"""Which reporting days wait to be rolled up, and how soon a day may be rolled again."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from django.db import connection

from apps.observations.models import Mark

# A rollup rewrites the whole bin. A day of 640,000 rows takes some seconds of it and is rolled every minute or so; the
# small days of most networks at every run.
ROWS_A_SECOND = 10_000
LONGEST_PAUSE = timedelta(minutes=2)  # health calls rollup behind after 5

_STALE = """
SELECT day, max(fill.rolled_at), (SELECT coalesce(sum(rows), 0)::bigint FROM observations_segment WHERE day = mark.day)
FROM observations_mark AS mark LEFT JOIN observations_fill AS fill USING (sensor_id, day)
GROUP BY day HAVING bool_or(mark.version > coalesce(fill.rolled_version, 0)) ORDER BY day DESC
"""


@dataclass(frozen=True)
class StaleDay:
    """A day with a mark ahead of its fill; `rows` is its size at the last rollup (None: there was none)."""

    day: date
    rolled_at: datetime | None
    rows: int

    def is_due(self, now: datetime) -> bool:
        if self.rolled_at is None:
            return True
        return now - self.rolled_at >= min(timedelta(seconds=self.rows / ROWS_A_SECOND), LONGEST_PAUSE)


def has_uncounted_days(sensor_ids: Collection[int], first: date, last: date) -> bool:
    """Whether a day of these sensors, first and last included, was never rolled up: figures miss it as yet."""
    return Mark.objects.filter(sensor__in=sensor_ids, day__range=(first, last), rolled_version=0).exists()


def stale_days() -> list[StaleDay]:
    """Newest first."""
    with connection.cursor() as cursor:
        cursor.execute(_STALE)
        return [StaleDay(*row) for row in cursor.fetchall()]


def due_days() -> list[date]:
    """The stale days that may be rolled now, newest first."""
    now = datetime.now(UTC)
    return [stale.day for stale in stale_days() if stale.is_due(now)]
