"""What beat starts."""

from celery import shared_task

from apps.enrichment import services


@shared_task(soft_time_limit=50, time_limit=60)
def requeue_due_lookups() -> None:
    services.requeue_due()
