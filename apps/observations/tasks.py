"""Background work on observations: rollup, closing months, partitions."""

from celery import shared_task

from apps.observations.counting import months, retention, rollup
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
    """Partitions for the week ahead, the index of days that have closed, and no more of those that retention lets go."""
    partitions.ensure_ahead()
    partitions.index_closed()
    retention.drop_old_flows()
