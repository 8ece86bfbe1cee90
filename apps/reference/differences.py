"""How dated facts rest in the database: what each snapshot says, stored as differences between snapshots.

A row holds from the snapshot that first says it (`valid_from`) to the first that no longer does (`valid_to`), in
maximal spans, so the table is the same whatever the order in which snapshots were loaded. Only `put` writes it.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from io import BytesIO
from typing import Any

import pyarrow as pa
import pyarrow.csv
from django.db import connection, models

from apps.reference.models import FOREVER


@dataclass(frozen=True)
class Kind:
    """One kind of dated facts: the model of its snapshots and that of its rows. `who` is the column that both have and that
    tells whose snapshots follow upon each other; `columns` are what a row says, with the database's types."""

    snapshots: type[models.Model]
    rows: type[models.Model]
    who: str
    columns: dict[str, str]

    def sql(self, template: str) -> str:
        says = ", ".join(self.columns)
        return template.format(
            snapshots=self.snapshots._meta.db_table,
            rows=self.rows._meta.db_table,
            who=self.who,
            says=says,
            held=", ".join(f"held.{name}" for name in self.columns),
            fresh=", ".join(f"fresh.{name}" for name in self.columns),
            typed=", ".join(f"{name} {kind}" for name, kind in self.columns.items()),
            texts=", ".join(name for name, kind in self.columns.items() if kind == "text"),
        )


@dataclass(frozen=True)
class Difference:
    """What one stored snapshot changed: numbers of rows, and on which days, [first, last)."""

    added: int
    removed: int
    first: date  # date.min: no earlier snapshot, so all earlier days are served by this one
    last: date  # date.max: no later snapshot


# Of each its newest snapshot not after the day, else its oldest.
_IN_FORCE = """
SELECT snapshot.* FROM unnest(%(who)s::smallint[]) AS known (one), LATERAL (
    (SELECT {{told}}, 1 AS choice FROM {snapshots} WHERE {who} = one AND date <= %(day)s ORDER BY date DESC LIMIT 1)
    UNION ALL
    (SELECT {{told}}, 2 FROM {snapshots} WHERE {who} = one AND date > %(day)s ORDER BY date LIMIT 1)
    ORDER BY choice LIMIT 1) AS snapshot
ORDER BY one
"""

_NEIGHBOURS = """
SELECT max(date) FILTER (WHERE date < %(day)s), min(date) FILTER (WHERE date > %(day)s)
FROM {snapshots} WHERE {who} = %(who)s
"""

# `said` holds the new snapshot. No snapshot lies inside [day, next), so every row holds there throughout or not at all.
_CUT_WHAT_IS_GONE = """
WITH gone AS (
    DELETE FROM {rows} AS held
    WHERE {who} = %(who)s AND valid_from <= %(day)s AND valid_to > %(day)s AND NOT EXISTS (
        SELECT FROM said WHERE ({says}) = ({held}))
    RETURNING *
), kept AS (
    INSERT INTO {rows} ({who}, {says}, valid_from, valid_to)
    SELECT {who}, {says}, valid_from, %(day)s FROM gone WHERE valid_from < %(day)s
    UNION ALL
    SELECT {who}, {says}, %(next)s, valid_to FROM gone WHERE valid_to > %(next)s
)
SELECT count(*) FROM gone
"""

_ADD_WHAT_IS_NEW = """
WITH fresh AS (
    SELECT {says} FROM said
    EXCEPT
    SELECT {says} FROM {rows} WHERE {who} = %(who)s AND valid_from <= %(day)s AND valid_to > %(day)s
), joined AS (
    DELETE FROM {rows} AS held USING fresh
    WHERE {who} = %(who)s AND (valid_to = %(day)s OR valid_from = %(next)s) AND ({held}) = ({fresh})
    RETURNING held.*
), added AS (
    INSERT INTO {rows} ({who}, {says}, valid_from, valid_to)
    SELECT %(who)s, {says}, min(valid_from), max(valid_to) FROM (
        SELECT {says}, %(day)s::date AS valid_from, %(next)s::date AS valid_to FROM fresh
        UNION ALL
        SELECT {says}, valid_from, valid_to FROM joined) AS spans
    GROUP BY {says}
)
SELECT count(*) FROM fresh
"""


def in_force(kind: Kind, who: Sequence[int], day: date, told: Sequence[str]) -> list[tuple[Any, ...]]:
    """The columns `told` of the snapshots that serve a day, one for each of `who` that has any. One query."""
    statement = kind.sql(_IN_FORCE).format(told=", ".join(told))
    with connection.cursor() as cursor:
        cursor.execute(statement, {"who": [int(one) for one in who], "day": day})
        return [row[:-1] for row in cursor.fetchall()]


def put(kind: Kind, who: int, day: date, table: pa.Table, **told: Any) -> Difference | None:
    """Store what one says as of a day, in place of what was stored for that day; None: that was the same.

    Call it inside a transaction. Loaders wait for each other; readers do not wait. `table` has the columns of the kind and
    is canonical: equal content, equal bytes. `told` goes into the row of the snapshot.
    """
    with connection.cursor() as cursor:
        cursor.execute(kind.sql("LOCK TABLE {snapshots} IN SHARE ROW EXCLUSIVE MODE"))
        digest, stored = _digest(table), dict[str, Any]({kind.who: who, "date": day})
        if kind.snapshots._default_manager.filter(**stored, digest=digest).exists():
            return None
        cursor.execute(kind.sql(_NEIGHBOURS), {"who": int(who), "day": day})
        before, after = cursor.fetchone()
        copy_in(cursor, kind, table)
        span = {"who": int(who), "day": day, "next": after or FOREVER}
        removed, added = (_count(cursor, kind.sql(statement), span) for statement in (_CUT_WHAT_IS_GONE, _ADD_WHAT_IS_NEW))
        cursor.execute("DROP TABLE said")
    kind.snapshots._default_manager.update_or_create(**stored, defaults={**told, "rows": table.num_rows, "digest": digest})
    return Difference(added, removed, day if before else date.min, after or date.max)


def _digest(table: pa.Table) -> str:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema.remove_metadata()) as writer:
        writer.write_table(table.replace_schema_metadata(None))
    return hashlib.sha256(sink.getvalue()).hexdigest()


def copy_in(cursor, kind: Kind, table: pa.Table) -> None:
    """The table as the temporary table `said`."""
    cursor.execute(kind.sql("CREATE TEMPORARY TABLE said ({typed}) ON COMMIT DROP"))
    text = BytesIO()
    pyarrow.csv.write_csv(table, text, pyarrow.csv.WriteOptions(include_header=False))
    with cursor.copy(kind.sql("COPY said ({says}) FROM STDIN (FORMAT csv, FORCE_NOT_NULL ({texts}))")) as copy:
        copy.write(text.getbuffer())
    cursor.execute("ANALYZE said")


def _count(cursor, statement: str, parameters: dict[str, object]) -> int:
    cursor.execute(statement, parameters)
    return int(cursor.fetchone()[0])
