"""How delegations rest in the database: what each snapshot says, stored as differences between snapshots.

A row holds from the snapshot that first says it (`valid_from`) to the first that no longer does (`valid_to`), in
maximal spans, so the table is the same whatever the order in which snapshots were loaded.
"""

from dataclasses import dataclass
from datetime import date

import numpy as np
from django.db import connection
from numpy.typing import NDArray

from apps.reference.intervals import Keys
from apps.reference.models import Registry


@dataclass(frozen=True)
class Source:
    """The snapshot of one registry that is in force on some day."""

    registry: int
    date: date
    digest: str

    def __str__(self) -> str:
        return f"{self.registry}:{self.date}:{self.digest}"


@dataclass(frozen=True)
class Rows:
    """Delegations as columns of one length; `ends` are inclusive keys, `regions` numbers of common.regions."""

    starts: Keys
    ends: Keys
    regions: NDArray[np.uint16]
    registries: NDArray[np.uint8]


IN_FORCE = """
    SELECT registry, date, digest FROM unnest(%s::smallint[]) AS known(id), LATERAL (
        (SELECT registry, date, digest, 1 AS choice FROM reference_snapshot WHERE registry = id AND date <= %s ORDER BY date DESC LIMIT 1)
        UNION ALL
        (SELECT registry, date, digest, 2 FROM reference_snapshot WHERE registry = id AND date > %s ORDER BY date LIMIT 1)
        ORDER BY choice LIMIT 1) AS snapshot
    ORDER BY registry"""


def in_force(day: date) -> tuple[Source, ...]:
    """Each registry's newest snapshot not after the day, or its oldest where all are after it. One query."""
    with connection.cursor() as cursor:
        cursor.execute(IN_FORCE, [Registry.values, day, day])
        return tuple(Source(*row) for row in cursor.fetchall())


_WIRE = np.dtype(
    [("fields", ">i2")]
    + [
        item
        for name, kind in (("start", ">i8"), ("end", ">i8"), ("region", ">i4"), ("registry", ">i2"))
        for item in ((f"{name}_size", ">i4"), (name, kind))
    ]  # fmt: skip
)
_HEADER_BYTES, _TRAILER_BYTES = 19, 2  # of PostgreSQL's binary COPY format


def rows(sources: tuple[Source, ...]) -> Rows:
    """All delegations that these snapshots say, as columns, in no particular order."""
    query = """COPY (SELECT start_key, end_key, region, registry FROM reference_delegation
        JOIN unnest(%s::smallint[], %s::date[]) AS wanted(who, day) ON registry = who AND valid_from <= day AND valid_to > day
        ) TO STDOUT (FORMAT binary)"""
    with connection.cursor() as cursor:
        with cursor.copy(query, [[s.registry for s in sources], [s.date for s in sources]]) as copy:
            data = b"".join(copy)
    table = np.frombuffer(memoryview(data)[_HEADER_BYTES:-_TRAILER_BYTES], _WIRE)
    return Rows(
        table["start"].astype(np.uint64),
        table["end"].astype(np.uint64),
        table["region"].astype(np.uint16),
        table["registry"].astype(np.uint8),
    )
