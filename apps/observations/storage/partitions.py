"""Daily partitions of flows and packet samples, by UTC day of the bucket."""

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from typing import Any

from django.db import connection, transaction

TABLES = ("observations_flow", "observations_sample")
DAYS_AHEAD = 7
# Late batches of a day are rare after this; until then its partition stays without an index, which COPY likes.
CLOSES_AFTER = timedelta(hours=6)
# One lock for making and dropping partitions, one for their indexes; the numbers are arbitrary but must stay.
_LOCK = 0x7453_0001
_INDEX_LOCK = 0x7453_0002


def ensure(days: Iterable[date]) -> None:
    """Make the partitions of these UTC days where they are missing. Safe beside other callers and running COPYs.

    A partition is made apart and then attached, because attaching locks out neither readers nor writers of the
    other days, while `CREATE TABLE … PARTITION OF` would wait for every COPY. Call it outside the transaction that
    writes flows, so that the lock is held for milliseconds.
    """
    wanted = {(table, day) for day in days for table in TABLES}
    with connection.cursor() as cursor:
        if not _missing(cursor, wanted):
            return
    with transaction.atomic(), connection.cursor() as cursor:
        _lock(cursor)
        for table, day in _missing(cursor, wanted):
            _create(cursor, table, day)


def ensure_ahead(today: date | None = None) -> None:
    """Partitions from today (UTC) to a week ahead."""
    first = today or datetime.now(UTC).date()
    ensure(first + timedelta(days=offset) for offset in range(DAYS_AHEAD + 1))


def existing() -> list[date]:
    """The UTC days that have a partition of flows, in order."""
    with connection.cursor() as cursor:
        return [day for day, _indexed in _flow_partitions(cursor)]


def index_closed(now: datetime | None = None) -> list[date]:
    """Build the (src, bucket) index of every closed day that has none; answers which days got theirs.

    On the open day the index would cut COPY to about a third; afterwards it answers "what did this source do"."""
    closed_before = ((now or datetime.now(UTC)) - CLOSES_AFTER).astimezone(UTC).date()
    with connection.cursor() as cursor:
        days = [day for day, indexed in _flow_partitions(cursor) if not indexed and day < closed_before]
    for day in days:
        name = partition_name("observations_flow", day)
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_INDEX_LOCK])
            cursor.execute(f"CREATE INDEX IF NOT EXISTS {name}_src ON {name} (src, bucket)")
            cursor.execute(f"ANALYZE {name}")
    return days


def drop(cursor: Any, day: date) -> None:
    """Drop flows and samples of a UTC day, within the caller's transaction (`counting.retention` says which)."""
    _lock(cursor)
    for table in TABLES:
        cursor.execute(f"DROP TABLE IF EXISTS {partition_name(table, day)}")


def partition_name(table: str, day: date) -> str:
    return f"{table}_{day:%Y%m%d}"


def _lock(cursor: Any) -> None:
    cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])


def _missing(cursor: Any, wanted: set[tuple[str, date]]) -> list[tuple[str, date]]:
    # Asked of the catalogue itself: to_regclass may answer from a cache older than the lock we waited for.
    names = {partition_name(table, day): (table, day) for table, day in wanted}
    cursor.execute(
        "SELECT relname FROM pg_inherits JOIN pg_class ON pg_class.oid = inhrelid"
        " WHERE inhparent = ANY (%s::regclass[]) AND relname = ANY (%s)",
        [list(TABLES), list(names)],
    )
    return [names[name] for name in sorted(names.keys() - {name for (name,) in cursor.fetchall()})]


def _create(cursor: Any, table: str, day: date) -> None:
    name = partition_name(table, day)
    cursor.execute(f"CREATE TABLE {name} (LIKE {table} INCLUDING ALL)")
    cursor.execute(
        f"ALTER TABLE {table} ATTACH PARTITION {name} FOR VALUES FROM ('{day} 00:00:00+00') TO ('{day + timedelta(days=1)} 00:00:00+00')"
    )


def _flow_partitions(cursor: Any) -> list[tuple[date, bool]]:
    """(UTC day, has its index) of every partition of flows, in order."""
    cursor.execute(
        """
        SELECT to_date(right(child.relname, 8), 'YYYYMMDD'), child.relhasindex
        FROM pg_inherits JOIN pg_class AS child ON child.oid = inhrelid
        WHERE inhparent = 'observations_flow'::regclass ORDER BY 1
        """
    )
    return cursor.fetchall()
