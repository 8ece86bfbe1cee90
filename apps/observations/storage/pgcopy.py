"""PostgreSQL's binary format to and from numpy, without a Python object per row.

Format of COPY: https://www.postgresql.org/docs/18/sql-copy.html, "Binary Format".
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import psycopg
from django.db import connection
from numpy.typing import NDArray
from psycopg.pq import Format

from apps.observations.storage.ragged import Ragged, join, starts

_HEADER = b"PGCOPY\n\xff\r\n\0" + bytes(8)
_TRAILER = b"\xff\xff"
_WRITE_ROWS = 20_000
# PostgreSQL counts time in microseconds from 2000-01-01, Python and numpy from 1970-01-01.
EPOCH_2000_US = 946_684_800_000_000

# An array begins with five u4: dimensions, whether there are NULLs, type; length and lower bound of the dimension.
_ARRAY_HEAD, _ARRAY_LENGTH_AT = 20, 12

Column = NDArray[Any] | Ragged | None
_Field = tuple[str, str, Any]  # name, type, value or values


def binary_cursor() -> psycopg.Cursor[Any]:
    """A cursor within Django's connection and transaction that receives values in binary: a bytea as text is twice the
    bytes, and has to be parsed."""
    connection.ensure_connection()
    cursor = psycopg.Cursor(connection.connection)
    cursor.format = Format.BINARY
    return cursor


def binary_rows(query: str, parameters: Sequence[Any] | Mapping[str, Any]) -> list[tuple[Any, ...]]:
    """The rows of a query, received in binary but bound, counted and logged as by any other cursor of Django's."""
    noting = connection.make_debug_cursor if connection.queries_logged else connection.make_cursor
    with noting(binary_cursor()) as cursor:  # type: ignore[arg-type]  # what the stubs call a wrapper is what is wrapped
        cursor.execute(connection.ops.compose_sql(query, parameters))  # type: ignore[attr-defined]  # of PostgreSQL's alone
        return list(cursor.fetchall())


def arrays_of(body: bytes | memoryview, *types: str) -> list[NDArray[np.int64]]:
    """The arrays that `array_send(a) || array_send(b) || …` put one after the other: of one dimension, without NULLs, all of one
    length. `types` are their elements, big-endian: ">i4"."""
    count = int(np.frombuffer(body, ">i4", 1, _ARRAY_LENGTH_AT)[0])
    columns, at = [], 0
    for kind in types:
        items = np.dtype([("size", ">i4"), ("value", kind)])
        columns.append(np.frombuffer(body, items, count, at + _ARRAY_HEAD)["value"].astype(np.int64))
        at += _ARRAY_HEAD + count * items.itemsize
    return columns


def write(cursor: Any, table: str, columns: Mapping[str, Column]) -> None:
    """COPY rows into a table. A column is an array of integers of exactly the column's width, a bytea column as `Ragged`,
    or None for NULL in every row; instants are int64 as from `instants`. The first column must be an array."""
    count = len(next(column for column in columns.values() if isinstance(column, np.ndarray)))
    with cursor.copy(f"COPY {table} ({', '.join(columns)}) FROM STDIN (FORMAT binary)") as copy:
        copy.write(_HEADER)
        for first in range(0, count, _WRITE_ROWS):
            copy.write(_rows({name: _part(column, first) for name, column in columns.items()}))
        copy.write(_TRAILER)


def instants(microseconds: NDArray[np.int64]) -> NDArray[np.int64]:
    """Microseconds since 1970 as PostgreSQL's timestamptz."""
    return microseconds - EPOCH_2000_US


def _rows(columns: Mapping[str, Column]) -> bytes:
    """Rows are of fixed width but for their byte strings: each string follows the fixed part that ends in its length."""
    count = next(len(column) for column in columns.values() if isinstance(column, np.ndarray))
    head: list[_Field] = [("n", ">i2", len(columns))]
    pieces: list[Ragged] = []
    for name, column in columns.items():
        if isinstance(column, Ragged):
            pieces += [_fixed([*head, (name, ">i4", column.lengths)], count), column]
            head = []
        elif column is None:
            head.append((name, ">i4", -1))
        else:
            head += [(f"{name}#", ">i4", column.dtype.itemsize), (name, column.dtype.newbyteorder(">").str, column)]
    pieces += [_fixed(head, count)] if head else []
    return join(pieces[0].data.reshape(count, -1), *pieces[1:]).data.tobytes()


def _fixed(fields: list[_Field], count: int) -> Ragged:
    dtype = np.dtype([(name, kind) for name, kind, _values in fields])
    rows = np.empty(count, dtype)
    for name, _kind, values in fields:
        rows[name] = values
    return Ragged(rows.view(np.uint8), np.full(count, dtype.itemsize, np.int64))


def _part(column: Column, first: int) -> Column:
    rows = slice(first, first + _WRITE_ROWS)
    if not isinstance(column, Ragged):
        return None if column is None else column[rows]
    offset = starts(column.lengths)[first]
    lengths = column.lengths[rows]
    return Ragged(column.data[offset : offset + lengths.sum()], lengths)
