"""The prefixes and origins that each routing snapshot says (differences.py tells how they are kept)."""

from dataclasses import dataclass
from datetime import date
from io import BytesIO

import numpy as np
import pyarrow as pa
import pyarrow.csv
from django.db import connection
from numpy.typing import NDArray

from apps.reference import differences
from apps.reference.differences import Difference
from apps.reference.intervals import Keys
from apps.reference.models import Family, RoutedPrefix, RoutingSnapshot

KIND = differences.Kind(
    snapshots=RoutingSnapshot,
    rows=RoutedPrefix,
    who="family",
    columns={"start_key": "bigint", "length": "smallint", "origins": "text"},
)


@dataclass(frozen=True)
class RouteSource:
    """The snapshot of one family that is in force on some day; `name` is that of its file."""

    family: int
    date: date
    digest: str
    name: str


@dataclass(frozen=True)
class Routes:
    """Prefixes as columns of one length; `codes` are indexes into `origins`."""

    starts: Keys
    lengths: NDArray[np.uint8]
    codes: NDArray[np.int32]
    origins: tuple[str, ...]


# Text that the database sends as it reads: a million rows as Python objects would take hundreds of megabytes. COPY takes no
# parameters; a number and an ISO date are put into the text.
_ROWS = """
COPY (
    SELECT start_key, length, origins FROM reference_routedprefix
    WHERE family = {family:d} AND valid_from <= '{day}' AND valid_to > '{day}')
TO STDOUT (FORMAT csv)
"""
_TYPES = {"start_key": pa.uint64(), "length": pa.uint8(), "origins": pa.dictionary(pa.int32(), pa.string())}


def in_force(day: date) -> tuple[RouteSource, ...]:
    """The snapshots that serve a day, one per family that has any. One query."""
    found = differences.in_force(KIND, list(Family), day, ("family", "date", "digest", "source"))
    return tuple(RouteSource(*row) for row in found)


def rows(source: RouteSource) -> Routes:
    """All prefixes that a snapshot says, in no particular order. One query."""
    text, statement = BytesIO(), _ROWS.format(family=source.family, day=source.date.isoformat())
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        for block in copy:
            text.write(block)
    text.seek(0)
    return _columns(text) if text.getbuffer().nbytes else Routes(np.zeros(0, np.uint64), np.zeros(0, np.uint8), np.zeros(0, np.int32), ())


def _columns(text: BytesIO) -> Routes:
    options = pyarrow.csv.ConvertOptions(column_types=_TYPES, strings_can_be_null=False)
    names = pyarrow.csv.ReadOptions(column_names=list(_TYPES))
    table = pyarrow.csv.read_csv(text, names, convert_options=options).unify_dictionaries().combine_chunks()
    origins = table["origins"].chunk(0)
    return Routes(
        starts=table["start_key"].to_numpy(),
        lengths=table["length"].to_numpy(),
        codes=origins.indices.to_numpy(),
        origins=tuple(origins.dictionary.to_pylist()),
    )


def put(family: Family, day: date, table: pa.Table, source: str) -> Difference | None:
    """Store the routes of a family as of a day, in place of what was stored for that day; None: that was the same.

    Call it inside a transaction. `table` is canonical (route_files.canonical); `source` is the name of the file.
    """
    return differences.put(KIND, family, day, table, source=source)
