"""What runs by the clock: see the schedule in tsubame_portal/celery.py."""

from celery import shared_task
from django.utils import timezone

from apps.coordination import contacting, delivery, tasks
from apps.coordination.services import tickets


@shared_task
def work_outbox() -> None:
    """Every minute: try again what is due, and bring to light what a dead worker left behind."""
    now = timezone.now()
    delivery.surface_stuck(now)
    for mail_id in delivery.due(now):
        tasks.deliver_mail.delay(mail_id)


@shared_task
def fill_contacts() -> None:
    """Every minute: address drafts to the contacts whose look-ups took their time."""
    for pk in contacting.waiting():
        contacting.fill(pk)


@shared_task
def await_contacts() -> None:
    """Hourly: a mail that has not come back for a day waits for its contact."""
    tickets.await_contacts(now=timezone.now())
