"""What beat starts."""

from celery import shared_task

from apps.accounts import services


@shared_task(soft_time_limit=50, time_limit=60)
def forget_expired() -> None:
    services.forget_expired()
