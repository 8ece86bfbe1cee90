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
    # A run that waited longer than the next one's turn has nothing left to do.
    "roll-stale": {"task": "apps.observations.tasks.roll_stale", "schedule": schedule(15), "options": {"expires": 15}},
    "close-months": {"task": "apps.observations.tasks.close_months", "schedule": schedule(60), "options": {"expires": 60}},
    "build-recency": {"task": "apps.observations.tasks.build_recency", "schedule": schedule(300), "options": {"expires": 300}},
    "keep-partitions": {"task": "apps.observations.tasks.keep_partitions", "schedule": schedule(3600), "options": {"expires": 3600}},
    "keep-computing": {"task": "apps.observations.tasks.keep_computing", "schedule": schedule(300), "options": {"expires": 300}},
    "find-changes": {"task": "apps.analysis.tasks.find_changes", "schedule": schedule(120), "options": {"expires": 120}},
    "work-outbox": {"task": "apps.coordination.jobs.work_outbox", "schedule": schedule(60)},
    "fill-contacts": {"task": "apps.coordination.jobs.fill_contacts", "schedule": schedule(60), "options": {"expires": 60}},
    "await-contacts": {"task": "apps.coordination.jobs.await_contacts", "schedule": schedule(3600)},
    "forget-expired": {"task": "apps.accounts.jobs.forget_expired", "schedule": schedule(3600), "options": {"expires": 3600}},
    "requeue-due-lookups": {"task": "apps.enrichment.jobs.requeue_due_lookups", "schedule": schedule(60)},
    "dispatch-lookups": {"task": "apps.enrichment.jobs.dispatch_lookups", "schedule": schedule(5), "options": {"expires": 5}},
    "renew-kinds": {"task": "apps.enrichment.jobs.renew_kinds", "schedule": schedule(86_400), "options": {"expires": 3600}},
}
__all__ = ["app", "crontab", "schedule"]
