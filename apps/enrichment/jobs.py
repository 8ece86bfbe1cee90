"""What beat starts."""

from celery import shared_task

from apps.enrichment import services, tasks
from apps.enrichment.holders import assigning
from apps.enrichment.queues import KINDS


@shared_task(soft_time_limit=50, time_limit=60)
def requeue_due_lookups() -> None:
    services.requeue_due()


@shared_task(soft_time_limit=50, time_limit=60)
def dispatch_lookups() -> None:
    """What may be asked again since a minute's share has begun, a pause has ended, or a dispatch was lost."""
    for kind in KINDS:
        tasks.dispatch(kind)


@shared_task(soft_time_limit=1740, time_limit=1800)
def renew_kinds() -> None:
    """After rules changed, or contacts and networks did without a new answer."""
    assigning.renew_kinds()
