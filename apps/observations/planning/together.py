"""Several questions asked side by side: what they want of the database at the same step goes there as one statement.

Each question is plain code that calls `fetch` where it needs rows. `together` runs them as greenlets: a question that
wants rows pauses, and when all of them have paused (or are done) one statement answers them all. A page of six figures
then takes as many statements as its deepest figure has steps. Questions that want the very same rows share them.
"""

from collections.abc import Callable, Sequence
from contextvars import copy_context
from dataclasses import dataclass
from functools import partial
from typing import Any

from greenlet import GreenletExit, getcurrent, greenlet

from apps.observations.planning.needed import NeedsComputationError
from apps.observations.storage.pgcopy import binary_rows

Row = tuple[Any, ...]


@dataclass(frozen=True)
class Read:
    """A SELECT of `numbers` bigint columns (NULL allowed) and, with `has_body`, a bytea after them. Rows come in no order."""

    sql: str
    parameters: Sequence[Any]
    numbers: int
    has_body: bool = False

    @property
    def key(self) -> tuple[str, str]:
        return self.sql, repr(self.parameters)

    @property
    def columns(self) -> list[str]:
        return [f"n{number}" for number in range(self.numbers)] + ["body"] * self.has_body


class _Question(greenlet):
    """One of the questions of a `together`; its parent collects what it wants to read."""


def fetch(read: Read) -> list[Row]:
    """The rows of one read; inside `together`, in one statement with what the others want now."""
    return _exchange([read])[0]


def together(*questions: Callable[[], Any]) -> tuple[Any, ...]:
    """The answers of all questions, in order. May be nested. An error in one of them ends all; NeedsComputationError only when
    the others are done, so that it tells what all of them need."""
    running = [_started(question) for question in questions]
    answers: dict[_Question, Any] = {}
    inbox: dict[_Question, tuple[Any, ...]] = dict.fromkeys(running, ())
    try:
        while inbox:
            waiting: dict[_Question, list[Read]] = {}
            for question, argument in inbox.items():
                result = question.switch(*argument)
                (answers if question.dead else waiting)[question] = result
            inbox = _answered(waiting)
    finally:
        for question in running:
            if not question.dead:
                question.throw(GreenletExit)
    if needs := [answer for answer in answers.values() if isinstance(answer, NeedsComputationError)]:
        raise NeedsComputationError.of_all(needs)
    return tuple(answers[question] for question in running)


def _started(question: Callable[[], Any]) -> _Question:
    made = _Question(partial(_answer, question))
    made.gr_context = copy_context()  # the language, and what is known in this `reading` block
    return made


def _answer(question: Callable[[], Any]) -> Any:
    try:
        return question()
    except NeedsComputationError as error:
        return error


def _answered(waiting: dict[_Question, list[Read]]) -> dict[_Question, tuple[Any, ...]]:
    rows = iter(_exchange([read for reads in waiting.values() for read in reads]) if waiting else [])
    return {question: ([next(rows) for _read in reads],) for question, reads in waiting.items()}


def _exchange(reads: list[Read]) -> list[list[Row]]:
    asking = getcurrent()
    if isinstance(asking, _Question):
        answer: list[list[Row]] = asking.parent.switch(reads)
        return answer
    return _execute(reads)


def _execute(reads: list[Read]) -> list[list[Row]]:
    distinct = {read.key: read for read in reads}
    found = dict(zip(distinct, _rows(list(distinct.values())), strict=True))
    return [found[read.key] for read in reads]


def _rows(reads: list[Read]) -> list[list[Row]]:
    """One statement: the reads side by side, each row with the number of its read."""
    if len(reads) == 1:
        return [binary_rows(reads[0].sql, reads[0].parameters)]
    width = max(read.numbers for read in reads)
    query = " UNION ALL ".join(_part(number, read, width) for number, read in enumerate(reads))
    parts: list[list[Row]] = [[] for _read in reads]
    for row in binary_rows(query, [parameter for read in reads for parameter in read.parameters]):
        parts[row[0]].append(row)
    return [_own_columns(read, rows) for read, rows in zip(reads, parts, strict=True)]


def _own_columns(read: Read, rows: list[Row]) -> list[Row]:
    """Without the number of the read before them and the columns of wider reads behind them."""
    end = 1 + read.numbers
    return [(*row[1:end], row[-1]) for row in rows] if read.has_body else [row[1:end] for row in rows]


def _part(number: int, read: Read, width: int) -> str:
    columns = [f"n{at}" if at < read.numbers else "NULL::bigint" for at in range(width)] + ["body" if read.has_body else "NULL::bytea"]
    return f"SELECT {number}, {', '.join(columns)} FROM ({read.sql}) AS read({', '.join(read.columns)})"  # noqa: S608  # names of our own
