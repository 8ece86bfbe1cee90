"""The Celery application; all schedules stand here. Times are UTC."""

import os

from celery import Celery
from celery.schedules import crontab, schedule

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tsubame_portal.settings")

app = Celery("tsubame_portal")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
app.autodiscover_tasks(related_name="jobs")

app.conf.beat_schedule = {
    "work-outbox": {"task": "apps.coordination.jobs.work_outbox", "schedule": schedule(60)},
    "await-contacts": {"task": "apps.coordination.jobs.await_contacts", "schedule": schedule(3600)},
    "requeue-due-lookups": {"task": "apps.enrichment.jobs.requeue_due_lookups", "schedule": schedule(60)},
}
__all__ = ["app", "crontab", "schedule"]
