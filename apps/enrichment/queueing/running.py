"""The work of one look-up: claim the row, ask, keep what came or note how it failed.

States only move forward by `UPDATE … WHERE state = …`, so running twice, or after a crash, is harmless.
"""

import logging
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from celery.exceptions import SoftTimeLimitExceeded
from django.db import InterfaceError, OperationalError, transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_noop as _
from redis.exceptions import RedisError

from apps.enrichment.failures import LookupFailedError
from apps.enrichment.models import QueuedLookup, State
from apps.enrichment.providers import NotYetError
from apps.enrichment.queueing.kinds import Kind

log = logging.getLogger(__name__)

TASK_LIMIT_S = 90
LOST_AFTER = timedelta(seconds=2 * TASK_LIMIT_S)  # a running look-up older than this has lost its worker
FIRST_RETRY = timedelta(minutes=1)
LONGEST_RETRY = timedelta(days=1)
LONGEST_WAIT = timedelta(minutes=10)  # for a turn
NOT_FOUND_VALID_FOR = timedelta(days=7)
GIVE_UP_AFTER = 8  # failures in a row; a person may still ask
AnyKind = Kind[Any, Any]


@dataclass(frozen=True)
class Outcome:
    """The state a look-up was left in, and the lane that has room for another now."""

    state: State
    lane: str


def run(kind: AnyKind, lookup_id: int) -> Outcome | None:
    """Carry out one look-up that was handed to a worker; None where there is nothing (left) to do."""
    row = _claim(kind, lookup_id)
    return Outcome(_carry_out(kind, row), getattr(row, kind.lane_field)) if row else None


def _carry_out(kind: AnyKind, row: QueuedLookup) -> State:
    if known := kind.known(row):
        return known
    try:
        answer = kind.ask(row)
        return _keep(kind, row, answer)
    except NotYetError as wait:
        return _wait(kind, row, wait.seconds)
    except LookupFailedError as failure:
        return _fail(kind, row, failure)
    except SoftTimeLimitExceeded:
        return _fail(kind, row, LookupFailedError(State.TIMEOUT, _("No answer came in time.")))
    except (OperationalError, InterfaceError, RedisError):
        raise  # ours to repair: the look-up stays, and is queued again
    except Exception as error:  # left running, it would be asked for ever
        log.exception("%s %s could not be carried out", kind.name, row.pk)
        return _fail(kind, row, LookupFailedError(State.ERROR, _("The answer cannot be read: %(detail)s"), detail=type(error).__name__))


def _claim(kind: AnyKind, lookup_id: int) -> QueuedLookup | None:
    """Make a row ours that waits for a worker, or whose worker is gone."""
    now = timezone.now()
    free = Q(state=State.QUEUED, handed_at__isnull=False) | Q(state=State.RUNNING, started_at__lt=now - LOST_AFTER)
    if not kind.model.objects.filter(free, pk=lookup_id).update(state=State.RUNNING, started_at=now):
        return None
    row: QueuedLookup = kind.model.objects.get(pk=lookup_id)
    return row


def ours(kind: AnyKind, row: QueuedLookup) -> "QuerySet[Any]":
    """The row while this run has it: another may have taken it over meanwhile."""
    found: QuerySet[Any] = kind.model.objects.filter(pk=row.pk, state=State.RUNNING, started_at=row.started_at)
    return found


def answered(**values: Any) -> dict[str, Any]:
    """Columns of a look-up that has its answer."""
    return {"state": State.DONE, "handed_at": None, "attempts": 0, "next_try_at": None, "error": "", "error_detail": "", **values}


@transaction.atomic
def _keep(kind: AnyKind, row: QueuedLookup, answer: object) -> State:
    now = timezone.now()
    values = kind.keep(row, answer, now)
    if ours(kind, row).update(**answered(fetched_at=now, **values)):
        _tell(kind, row)
    return State.DONE


def _wait(kind: AnyKind, row: QueuedLookup, seconds: int) -> State:
    """Back into the queue, at its old place, but not before the time is over; things may change sooner than a day."""
    next_try_at = timezone.now() + min(timedelta(seconds=seconds), LONGEST_WAIT)
    ours(kind, row).update(state=State.QUEUED, handed_at=None, next_try_at=next_try_at)
    return State.QUEUED


@transaction.atomic
def _fail(kind: AnyKind, row: QueuedLookup, failure: LookupFailedError) -> State:
    """End in the failure's state with the time of the next try. What an earlier look-up found stays."""
    log.info("%s %s ended %s: %s", kind.name, row.pk, failure.state, failure.message)
    changed = ours(kind, row).update(
        state=failure.state,
        handed_at=None,
        attempts=F("attempts") + 1,
        next_try_at=timezone.now() + retry_wait(failure.state, row.attempts, failure.retry_after),
        error=failure.message,
        error_detail=failure.detail[:200],
    )
    if changed:
        _tell(kind, row)
    return failure.state


def _tell(kind: AnyKind, row: QueuedLookup) -> None:
    row.refresh_from_db()
    kind.ended(row)


def retry_wait(state: State, attempts: int, retry_after: timedelta | None) -> timedelta:
    """A minute, then four times as long after each failure, a day at most; never shorter than the provider wished."""
    if state is State.NOT_FOUND:
        return NOT_FOUND_VALID_FOR
    backoff = FIRST_RETRY * 4 ** min(attempts, 8)
    return min(max(backoff, retry_after or backoff), LONGEST_RETRY)
