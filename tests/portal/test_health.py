"""GET /healthz against a real worker, each part failing in turn."""

import contextlib
import signal
import time
from collections.abc import Iterator
from datetime import date, timedelta

import pytest
from django.core.cache import cache
from django.db import connection
from django.utils import timezone

from apps.observations.models import Fill, Mark
from tests.factories import SensorFactory
from tsubame_portal.embedded import free_port

DAY = date(2026, 11, 1)


@pytest.fixture(autouse=True)
def no_remembered_answer():
    cache.delete("healthz-worker")


def ask(client) -> tuple[int, dict[str, str]]:
    response = client.get("/healthz")
    return response.status_code, response.json()["parts"]


def mark(*, minutes_ago: int, rolled_version: int | None) -> None:
    """A mark of version 2, and what of it has been rolled up."""
    sensor, raised_at = SensorFactory(), timezone.now() - timedelta(minutes=minutes_ago)
    Mark.objects.create(sensor=sensor, day=DAY, version=2, raised_at=raised_at)
    if rolled_version is not None:
        Fill.objects.create(sensor=sensor, day=DAY, rolled_version=rolled_version, rolled_at=timezone.now())


@contextlib.contextmanager
def unreachable_database() -> Iterator[None]:
    connection.close()
    port, connection.settings_dict["PORT"] = connection.settings_dict["PORT"], free_port()
    try:
        yield
    finally:
        connection.close()
        connection.settings_dict["PORT"] = port


def test_all_is_well_with_a_worker(client, celery_worker):
    assert ask(client) == (200, {"web": "ok", "database": "ok", "redis": "ok", "worker": "ok", "rollup": "ok"})


def test_nobody_may_keep_the_answer(client, celery_worker):
    assert "no-store" in client.get("/healthz")["Cache-Control"]


def test_it_can_only_be_read(client):
    assert client.post("/healthz").status_code == 405


def test_a_worker_that_hangs_is_named_within_seconds(client, celery_worker):
    celery_worker.send_signal(signal.SIGSTOP)
    try:
        before = time.monotonic()
        code, parts = ask(client)
    finally:
        celery_worker.send_signal(signal.SIGCONT)
    assert (code, parts["worker"], parts["redis"]) == (503, "does not answer", "ok")
    assert time.monotonic() - before < 5


def test_a_database_that_does_not_answer_is_named(client, celery_worker):
    with unreachable_database():
        code, parts = ask(client)
    assert (code, parts["database"], parts["worker"]) == (503, "does not answer", "ok")


def test_a_redis_that_does_not_answer_is_named(client, celery_worker, settings):
    settings.CACHES = {"default": {**settings.CACHES["default"], "LOCATION": f"redis://127.0.0.1:{free_port()}/0"}}
    code, parts = ask(client)
    assert (code, parts["redis"], parts["database"]) == (503, "does not answer", "ok")


@pytest.mark.parametrize(
    ("minutes_ago", "rolled_version", "expected"),
    [
        (6, 1, "sensor-days that have waited over 5 minutes to be counted: 1"),
        (6, None, "sensor-days that have waited over 5 minutes to be counted: 1"),
        (4, 1, "ok"),
        (4, None, "ok"),
        (60, 2, "ok"),
    ],
)
def test_a_mark_that_stays_stale_for_five_minutes_is_a_failure(client, celery_worker, minutes_ago, rolled_version, expected):
    mark(minutes_ago=minutes_ago, rolled_version=rolled_version)
    code, parts = ask(client)
    assert parts["rollup"] == expected
    assert code == (200 if expected == "ok" else 503)
