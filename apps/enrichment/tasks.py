"""Entry points of the workers. A task may run twice: the look-up's row decides whether there is work."""

from functools import partial

from celery import shared_task
from django.db import transaction

from apps.enrichment.queueing import dispatching, running
from apps.enrichment.queues import KINDS


@shared_task(acks_late=True, reject_on_worker_lost=True, soft_time_limit=running.TASK_LIMIT_S - 10, time_limit=running.TASK_LIMIT_S)
def look_up(kind: str, lookup_id: int) -> None:
    """Carry out one look-up, then hand out what may follow it."""
    outcome = running.run(KINDS[kind], lookup_id)
    if outcome is not None:
        dispatching.dispatch(KINDS[kind], look_up.delay, [outcome.lane])


def dispatch(kind: str) -> int:
    """Hand to workers what may be asked now; → how many look-ups. Not inside a transaction."""
    return dispatching.dispatch(KINDS[kind], look_up.delay)


def dispatch_on_commit(kind: str) -> None:
    """Should the broker be away, the rows stay queued and beat finds them."""
    transaction.on_commit(partial(dispatch, kind), robust=True)
