"""Entry points of the workers. A task may run twice: the look-up's row decides whether there is work."""

from celery import shared_task

from apps.enrichment import lookups


@shared_task(acks_late=True, reject_on_worker_lost=True, soft_time_limit=lookups.TASK_LIMIT_S - 10, time_limit=lookups.TASK_LIMIT_S)
def look_up(lookup_id: int) -> None:
    outcome = lookups.run(lookup_id)
    if outcome is not None and outcome.again_in_s:
        look_up.apply_async((lookup_id,), countdown=outcome.again_in_s)
