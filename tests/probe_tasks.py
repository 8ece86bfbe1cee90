"""A task for the tests of the worker fixture; the worker learns of it through tests/settings.py."""

import os

from celery import shared_task
from django.core.cache import cache
from django.db import connection


@shared_task
def write_process_id(key: str) -> None:
    cache.set(key, {"pid": os.getpid(), "database": connection.settings_dict["NAME"]})
