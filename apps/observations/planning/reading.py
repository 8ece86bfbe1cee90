"""One snapshot of the database for all that a figure, or a page of figures, asks."""

from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, TypeVar

from django.db import OperationalError, connection, transaction
from django.utils.translation import gettext as _
from psycopg.errors import QueryCanceled

from apps.common.errors import DomainError
from apps.observations.planning.together import Read, Row, fetch

STATEMENT_TIMEOUT_MS = 20_000

Answer = TypeVar("Answer")
_known: ContextVar[dict[Hashable, Any] | None] = ContextVar("known_in_snapshot", default=None)


class TooMuchError(DomainError):
    """The answer would take longer than one page may."""

    status = 503
    code = "too_much"

    def __init__(self) -> None:
        super().__init__(_("This view takes too long to compute; choose a shorter period or fewer filters."))


@contextmanager
def reading() -> Iterator[None]:
    """A block that only reads: its queries see one snapshot, and none may run longer than STATEMENT_TIMEOUT_MS. Put
    around a page, it also lets the page's figures share what they all need. Blocks may be nested."""
    if _known.get() is not None:
        yield
        return
    isolation = "" if connection.in_atomic_block else "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY; "
    token = _known.set({})
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"{isolation}SET LOCAL statement_timeout = {STATEMENT_TIMEOUT_MS}")
            yield
    except OperationalError as error:
        if isinstance(error.__cause__, QueryCanceled):
            raise TooMuchError from error
        raise
    finally:
        _known.reset(token)


def known(key: Hashable) -> Any:
    """What `once` has found under a key in this `reading` block so far, else None."""
    return (_known.get() or {}).get(key)


def memo(key: Hashable, compute: Callable[[], Answer]) -> Answer:
    """What `compute` gives, computed at most once in a `reading` block; outside of one, every time. It must not fetch: another question
    would compute it, too, meanwhile."""
    known = _known.get()
    if known is None:
        return compute()
    if key not in known:
        known[key] = compute()
    answer: Answer = known[key]
    return answer


def once(key: Hashable, read: Read, convert: Callable[[list[Row]], Answer]) -> Answer:
    """What `convert` makes of the rows of a read, made at most once in a `reading` block; outside of one, every time."""
    known = _known.get()
    if known is None:
        return convert(fetch(read))
    if key not in known:
        rows = fetch(read)
        if key not in known:  # another question may have wanted the same meanwhile
            known[key] = convert(rows)
    answer: Answer = known[key]
    return answer
