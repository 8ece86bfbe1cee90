"""How delegations rest in the database: what each snapshot says, stored as differences between snapshots.

A row holds from the snapshot that first says it (`valid_from`) to the first that no longer does (`valid_to`), in
maximal spans, so the table is the same whatever the order in which snapshots were loaded. Only `put` writes it.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from io import BytesIO

import numpy as np
import pyarrow as pa
import pyarrow.csv
from django.db import connection
from numpy.typing import NDArray

from apps.reference.intervals import Keys
from apps.reference.models import FOREVER, REGIONAL, Registry, Snapshot


@dataclass(frozen=True)
class Source:
    """The snapshot of one registry that is in force on some day."""

    registry: int
    date: date
    digest: str


@dataclass(frozen=True)
class Rows:
    """Delegations as columns of one length; `ends` are inclusive keys, `regions` numbers of common.regions."""

    starts: Keys
    ends: Keys
    regions: NDArray[np.uint16]
    registries: NDArray[np.uint8]


@dataclass(frozen=True)
class Difference:
    """What one stored snapshot changed: numbers of delegations, and on which days, [first, last)."""

    added: int
    removed: int
    first: date  # date.min: no earlier snapshot of the registry, so all earlier days are served by this one
    last: date  # date.max: no later snapshot


# For every registry its newest snapshot not after the day, else its oldest.
_IN_FORCE = """
SELECT registry, date, digest FROM unnest(%(registries)s::smallint[]) AS known (who), LATERAL (
    (SELECT registry, date, digest, 1 AS choice FROM reference_snapshot WHERE registry = who AND date <= %(day)s ORDER BY date DESC LIMIT 1)
    UNION ALL
    (SELECT registry, date, digest, 2 FROM reference_snapshot WHERE registry = who AND date > %(day)s ORDER BY date LIMIT 1)
    ORDER BY choice LIMIT 1) AS snapshot
ORDER BY registry
"""

_NEIGHBOURS = """
SELECT max(date) FILTER (WHERE date < %(day)s), min(date) FILTER (WHERE date > %(day)s)
FROM reference_snapshot WHERE registry = %(registry)s
"""

# `said` holds the new snapshot. No snapshot lies inside [day, next), so every row holds there throughout or not at all.
_CUT_WHAT_IS_GONE = """
WITH gone AS (
    DELETE FROM reference_delegation AS held
    WHERE registry = %(registry)s AND valid_from <= %(day)s AND valid_to > %(day)s AND NOT EXISTS (
        SELECT FROM said
        WHERE (start_key, end_key, region, status, opaque_id)
            = (held.start_key, held.end_key, held.region, held.status, held.opaque_id))
    RETURNING *
), kept AS (
    INSERT INTO reference_delegation (registry, start_key, end_key, region, status, opaque_id, valid_from, valid_to)
    SELECT registry, start_key, end_key, region, status, opaque_id, valid_from, %(day)s FROM gone WHERE valid_from < %(day)s
    UNION ALL
    SELECT registry, start_key, end_key, region, status, opaque_id, %(next)s, valid_to FROM gone WHERE valid_to > %(next)s
)
SELECT count(*) FROM gone
"""

_ADD_WHAT_IS_NEW = """
WITH fresh AS (
    SELECT start_key, end_key, region, status, opaque_id FROM said
    EXCEPT
    SELECT start_key, end_key, region, status, opaque_id FROM reference_delegation
    WHERE registry = %(registry)s AND valid_from <= %(day)s AND valid_to > %(day)s
), joined AS (
    DELETE FROM reference_delegation AS held USING fresh
    WHERE registry = %(registry)s AND (valid_to = %(day)s OR valid_from = %(next)s)
      AND (held.start_key, held.end_key, held.region, held.status, held.opaque_id)
        = (fresh.start_key, fresh.end_key, fresh.region, fresh.status, fresh.opaque_id)
    RETURNING held.*
), added AS (
    INSERT INTO reference_delegation (registry, start_key, end_key, region, status, opaque_id, valid_from, valid_to)
    SELECT %(registry)s, start_key, end_key, region, status, opaque_id, min(valid_from), max(valid_to) FROM (
        SELECT start_key, end_key, region, status, opaque_id, %(day)s::date AS valid_from, %(next)s::date AS valid_to FROM fresh
        UNION ALL
        SELECT start_key, end_key, region, status, opaque_id, valid_from, valid_to FROM joined) AS spans
    GROUP BY start_key, end_key, region, status, opaque_id
)
SELECT count(*) FROM fresh
"""

# One value instead of a row each: psycopg would make Python objects of 200,000 rows.
_ROWS = """
SELECT string_agg(int8send(start_key) || int8send(end_key) || int4send(region) || int2send(registry), ''::bytea)
FROM reference_delegation JOIN unnest(%s::smallint[], %s::date[]) AS wanted (who, day)
ON registry = who AND valid_from <= day AND valid_to > day
"""
_WIRE = np.dtype([("start", ">i8"), ("end", ">i8"), ("region", ">i4"), ("registry", ">i2")])


def in_force(day: date, registries: Sequence[Registry] = REGIONAL) -> tuple[Source, ...]:
    """The snapshots that serve a day, one per registry that has any. One query."""
    with connection.cursor() as cursor:
        cursor.execute(_IN_FORCE, {"registries": [int(registry) for registry in registries], "day": day})
        return tuple(Source(*row) for row in cursor.fetchall())


def rows(sources: tuple[Source, ...]) -> Rows:
    """All delegations that these snapshots say, in no particular order. One query."""
    with connection.cursor() as cursor:
        cursor.execute(_ROWS, [[source.registry for source in sources], [source.date for source in sources]])
        (packed,) = cursor.fetchone()
    table = np.frombuffer(packed or b"", _WIRE)
    return Rows(
        starts=table["start"].astype(np.uint64),
        ends=table["end"].astype(np.uint64),
        regions=table["region"].astype(np.uint16),
        registries=table["registry"].astype(np.uint8),
    )


def put(registry: Registry, day: date, table: pa.Table) -> Difference | None:
    """Store what a registry says as of a day, in place of what was stored for that day; None: that was the same.

    Call it inside a transaction. Loaders wait for each other; readers do not wait. `table` is canonical
    (delegation_files.canonical).
    """
    with connection.cursor() as cursor:
        cursor.execute("LOCK TABLE reference_snapshot IN SHARE ROW EXCLUSIVE MODE")
        digest = _digest(table)
        if Snapshot.objects.filter(registry=registry, date=day, digest=digest).exists():
            return None
        cursor.execute(_NEIGHBOURS, {"registry": registry.value, "day": day})
        before, after = cursor.fetchone()
        copy_in(cursor, table)
        span = {"registry": registry.value, "day": day, "next": after or FOREVER}
        removed, added = (_count(cursor, statement, span) for statement in (_CUT_WHAT_IS_GONE, _ADD_WHAT_IS_NEW))
        cursor.execute("DROP TABLE said")
    Snapshot.objects.update_or_create(registry=registry, date=day, defaults={"rows": table.num_rows, "digest": digest})
    return Difference(added, removed, day if before else date.min, after or date.max)


def _digest(table: pa.Table) -> str:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema.remove_metadata()) as writer:
        writer.write_table(table.replace_schema_metadata(None))
    return hashlib.sha256(sink.getvalue()).hexdigest()


def copy_in(cursor, table: pa.Table) -> None:
    cursor.execute(
        "CREATE TEMPORARY TABLE said (start_key bigint, end_key bigint, region integer, status smallint, opaque_id text) ON COMMIT DROP"
    )
    text = BytesIO()
    pyarrow.csv.write_csv(table, text, pyarrow.csv.WriteOptions(include_header=False))
    with cursor.copy("COPY said FROM STDIN (FORMAT csv, FORCE_NOT_NULL (opaque_id))") as copy:
        copy.write(text.getbuffer())
    cursor.execute("ANALYZE said")


def _count(cursor, statement: str, parameters: dict[str, object]) -> int:
    cursor.execute(statement, parameters)
    return int(cursor.fetchone()[0])
