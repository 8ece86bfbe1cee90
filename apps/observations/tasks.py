"""Background work on observations: rollup, closing months, partitions, reading ahead for long views."""

from uuid import UUID

from celery import shared_task
from celery.exceptions import SoftTimeLimitExceeded

from apps.observations import computing
from apps.observations.counting import months, recency, retention, rollup, sensormonths
from apps.observations.storage import partitions

ROLL_LIMIT_S = 10  # a run ends before the next ones pile up; what is left is found by the next

RECENCY_LIMIT_S = 60  # of one run; a month of a large network takes a third of it
COMPUTE_LIMIT_S = 15  # of one turn; other tasks run between two turns


@shared_task
def roll_stale() -> None:
    rollup.roll_stale(ROLL_LIMIT_S)


@shared_task
def close_months() -> None:
    for month in months.months_to_close():
        months.close_month(month, wait=False)
    sensormonths.keep()


@shared_task
def build_recency() -> None:
    for _built in recency.build(RECENCY_LIMIT_S):
        pass


@shared_task
def keep_partitions() -> None:
    """Partitions for the week ahead, the index of days that have closed, and no more of those that retention lets go."""
    partitions.ensure_ahead()
    partitions.index_closed()
    retention.drop_old_flows()


@shared_task(soft_time_limit=240, time_limit=270)
def compute(uuid: str) -> None:
    try:
        if computing.advance(UUID(uuid), COMPUTE_LIMIT_S):
            compute.delay(uuid)
    except SoftTimeLimitExceeded:  # one chunk alone takes that long
        computing.end(UUID(uuid), computing.State.FAILED, "too_slow")


@shared_task
def keep_computing() -> None:
    """Take up computations whose worker was lost; throw away what is old."""
    for uuid in computing.silent():
        compute.delay(str(uuid))
    computing.expire()
