"""How long flows are kept. Segments and counts are kept for ever; they are made of the flows before these go."""

import logging
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from django.conf import settings
from django.db import OperationalError, connection, transaction

from apps.common.periods import Period
from apps.observations.storage import partitions

logger = logging.getLogger(__name__)
# Ingest takes nothing older than FLOW_RETENTION_DAYS, and flows go this much later: a reporting day lies on two UTC
# days, and one of which half is gone could not be counted anew with flows that came late.
MARGIN = timedelta(days=2)
_LOCK_TIMEOUT = "5s"  # dropping waits for readers of any flows, and whoever comes after waits for it

_WAITS = """
SELECT EXISTS (
    SELECT FROM observations_mark AS mark LEFT JOIN observations_fill AS fill USING (sensor_id, day)
    WHERE mark.day = ANY(%s) AND mark.version > coalesce(fill.rolled_version, 0))
"""


def oldest_accepted(now: datetime) -> datetime | None:
    """Since when ingest takes observations, import keys included. None: whatever their age."""
    return now - timedelta(days=settings.FLOW_RETENTION_DAYS) if settings.FLOW_RETENTION_DAYS else None


def drop_old_flows(now: datetime | None = None) -> list[date]:
    """Drop flows and samples of the UTC days that FLOW_RETENTION_DAYS no longer keeps; → which days went.

    A day that waits to be rolled up stays until it has been. Safe beside ingest and rollup: what cannot be locked at
    once is left to the next run."""
    oldest = oldest_accepted(now or datetime.now(UTC))
    if oldest is None:
        return []
    before = (oldest - MARGIN).astimezone(UTC).date()
    try:
        return [day for day in partitions.existing() if day < before and _drop(day)]
    except OperationalError as error:
        logger.warning("Old flows are dropped later: %s", error)
        return []


def _drop(day: date) -> bool:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL lock_timeout = '{_LOCK_TIMEOUT}'")
        partitions.drop(cursor, day)
        # Asked once no batch can write to the day any more: one that was at it has committed, with its marks.
        waits = _waits(cursor, day)
        transaction.set_rollback(waits)
    return not waits


def _waits(cursor: Any, day: date) -> bool:
    start = datetime.combine(day, time.min, UTC)
    cursor.execute(_WAITS, [list(Period(start, start + timedelta(days=1), settings.REPORT_TIME_ZONE).days())])
    (waits,) = cursor.fetchone()
    return bool(waits)
