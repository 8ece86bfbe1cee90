"""Marks say that the flows of (sensor, reporting day) changed. Rollup answers them with fills."""

from collections.abc import Iterable
from datetime import date
from typing import Any

# The time is kept while the mark is ahead of its fill: it says since when somebody has been waiting.
_RAISE = """
INSERT INTO observations_mark AS mark (sensor_id, day, version, raised_at)
SELECT sensor_id, day, 1, clock_timestamp() FROM unnest(%s::bigint[], %s::date[]) AS touched (sensor_id, day) ORDER BY 1, 2
ON CONFLICT (sensor_id, day) DO UPDATE SET
    version = mark.version + 1,
    raised_at = CASE
        WHEN mark.version > COALESCE(
            (SELECT rolled_version FROM observations_fill AS fill WHERE fill.sensor_id = mark.sensor_id AND fill.day = mark.day), 0)
        THEN mark.raised_at ELSE clock_timestamp() END
"""


def raise_marks(cursor: Any, touched: Iterable[tuple[int, date]]) -> None:
    """Raise the version of each (sensor id, reporting day), once however often it is named.

    Call it last in the transaction: it locks the marks in key order, so two writers wait for each other and never
    deadlock, and they wait only until the commit that follows.
    """
    keys = sorted(set(touched))
    if keys:
        cursor.execute(_RAISE, [[sensor for sensor, _day in keys], [day for _sensor, day in keys]])
