"""Advisory locks of rollup. Held by the session, so that they span a reading and a writing transaction."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date

from django.db import connection

# First half of the key; arbitrary, but they must stay.
_DAY, _MONTH, _RECENCY = 0x7453_0002, 0x7453_0003, 0x7453_0005


@contextmanager
def day_lock(day: date, *, wait: bool = True) -> Iterator[bool]:
    """Nobody else rolls up this reporting day inside the block. Yields False where somebody does and `wait` is not set."""
    with _lock(_DAY, day.toordinal(), wait=wait) as held:
        yield held


@contextmanager
def month_lock(month: date, *, wait: bool = True) -> Iterator[bool]:
    with _lock(_MONTH, month.toordinal(), wait=wait) as held:
        yield held


@contextmanager
def recency_lock() -> Iterator[bool]:
    """Nobody else builds recencies inside the block. Yields False where somebody does."""
    with _lock(_RECENCY, 0, wait=False) as held:
        yield held


@contextmanager
def _lock(kind: int, key: int, *, wait: bool) -> Iterator[bool]:
    held = True
    with connection.cursor() as cursor:
        if wait:
            cursor.execute("SELECT pg_advisory_lock(%s, %s)", [kind, key])
        else:
            cursor.execute("SELECT pg_try_advisory_lock(%s, %s)", [kind, key])
            (held,) = cursor.fetchone()
    try:
        yield held
    finally:
        if held and connection.is_usable():  # a lost connection has lost its locks
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s, %s)", [kind, key])
