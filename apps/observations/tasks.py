"""Background work on observations: rollup, closing months, partitions."""

from celery import shared_task

from apps.observations.counting import months, rollup
from apps.observations.storage import partitions

ROLL_LIMIT_S = 10  # a run ends before the next ones pile up; what is left is found by the next


@shared_task
def roll_stale() -> None:
    rollup.roll_stale(ROLL_LIMIT_S)


@shared_task
def close_months() -> None:
    for month in months.months_to_close():
        months.close_month(month, wait=False)


@shared_task
def keep_partitions() -> None:
    """Partitions for the week ahead, and the index of days that have closed."""
    partitions.ensure_ahead()
    partitions.index_closed()
