"""The delegations that each snapshot of a registry says (differences.py tells how they are kept)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import pyarrow as pa
from django.db import connection
from numpy.typing import NDArray

from apps.reference import differences
from apps.reference.differences import Difference as Difference
from apps.reference.intervals import Keys
from apps.reference.models import REGIONAL, Delegation, Registry, Snapshot

KIND = differences.Kind(
    snapshots=Snapshot,
    rows=Delegation,
    who="registry",
    columns={"start_key": "bigint", "end_key": "bigint", "region": "integer", "status": "smallint", "opaque_id": "text"},
)


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


# One value instead of a row each: psycopg would make Python objects of 200,000 rows.
_ROWS = """
SELECT string_agg(int8send(start_key) || int8send(end_key) || int4send(region) || int2send(registry), ''::bytea)
FROM reference_delegation JOIN unnest(%s::smallint[], %s::date[]) AS wanted (who, day)
ON registry = who AND valid_from <= day AND valid_to > day
"""
_WIRE = np.dtype([("start", ">i8"), ("end", ">i8"), ("region", ">i4"), ("registry", ">i2")])


def in_force(day: date, registries: Sequence[Registry] = REGIONAL) -> tuple[Source, ...]:
    """The snapshots that serve a day, one per registry that has any. One query."""
    return tuple(Source(*row) for row in differences.in_force(KIND, registries, day, ("registry", "date", "digest")))


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

    Call it inside a transaction. `table` is canonical (delegation_files.canonical).
    """
    return differences.put(KIND, registry, day, table)
