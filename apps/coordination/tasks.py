"""Work done by a worker. Running a task twice sends nothing twice (`delivery.py`) and changes no contact twice (`contacting.py`)."""

from celery import shared_task

from apps.coordination import contacting, delivery

CONTACT_TRIES = 20
LONGEST_PAUSE_S = 30


@shared_task(soft_time_limit=540, time_limit=600)
def deliver_mail(mail_id: int) -> None:
    delivery.deliver(mail_id)


@shared_task
def fill_contact(investigation_id: int, tries: int = 0) -> None:
    """Give a new ticket its contact as soon as the registry has answered; the job `fill_contacts` waits longer than this."""
    if contacting.fill(investigation_id) and tries < CONTACT_TRIES:
        fill_contact.apply_async((investigation_id, tries + 1), countdown=min(1 + tries, LONGEST_PAUSE_S))
