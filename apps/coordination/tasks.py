"""Work of the outbox, done by a worker. Running a task twice sends nothing twice: see `delivery.py`."""

from celery import shared_task

from apps.coordination import delivery


@shared_task(soft_time_limit=540, time_limit=600)
def deliver_mail(mail_id: int) -> None:
    delivery.deliver(mail_id)
