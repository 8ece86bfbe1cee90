"""The cache and the queue of tasks do not share what `cache.clear()` empties; messages are data."""

import pytest
import redis
from django.conf import settings
from django.core.cache import cache

from tsubame_portal.celery import app
from tsubame_portal.embedded import cache_url


@pytest.mark.parametrize(
    ("broker", "expected"),
    [
        ("redis://:secret@127.0.0.1:6379/0", "redis://:secret@127.0.0.1:6379/1"),
        ("redis://redis.example", "redis://redis.example/1"),
        ("rediss://redis.example:6380/?ssl_cert_reqs=required", "rediss://redis.example:6380/1?ssl_cert_reqs=required"),
        ("redis://redis.example/5", "redis://redis.example/5"),
        ("unix:///run/redis.sock", "unix:///run/redis.sock"),
    ],
)
def test_the_cache_has_a_database_of_its_own(broker, expected):
    assert cache_url(broker) == expected


def test_emptying_the_cache_leaves_the_queue(settings):
    with redis.Redis.from_url(settings.REDIS_URL) as queue:
        queue.lpush("a-queue-of-tests", "task")
        cache.set("x", 1)
        cache.clear()
        assert queue.delete("a-queue-of-tests") == 1


def test_tasks_are_sent_and_accepted_as_json_alone():
    assert (app.conf.task_serializer, list(app.conf.accept_content)) == ("json", ["json"])
    assert settings.CELERY_RESULT_BACKEND is None
