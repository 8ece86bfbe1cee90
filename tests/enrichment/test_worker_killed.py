"""A worker that is killed in the middle of a look-up: nothing is lost, and nothing that had ended is asked again."""

import os
import signal
import subprocess
import sys
from datetime import timedelta
from urllib.parse import urlsplit, urlunsplit

import pytest
import redis
from django.conf import settings as django_settings
from django.utils import timezone
from kombu import Connection

from apps.enrichment import services, tasks
from apps.enrichment.models import Lookup, State
from apps.enrichment.queueing.running import LOST_AFTER
from apps.enrichment.standin import Fault
from tests import processes
from tests.processes import wait_until
from tests.registries import load_delegations

DONE, SLOW, WAITING = "1.33.7.9", "1.33.8.1", "1.33.9.1"


@pytest.fixture
def broker(monkeypatch):
    """A queue that the worker of other tests does not read; its address."""
    url = urlunsplit(urlsplit(django_settings.REDIS_URL)._replace(path="/15"))

    def hand(*which):
        with Connection(url) as connection:
            tasks.look_up.apply_async(which, connection=connection)  # type: ignore[call-arg]  # the stubs know of none

    with redis.Redis.from_url(url) as client:
        client.flushdb()
    monkeypatch.setattr(tasks.look_up, "delay", hand)
    return url


def started(broker, registry):
    command = [sys.executable, "-m", "celery", "-A", "tsubame_portal", "worker", "--concurrency=1", "--loglevel=ERROR", "--without-gossip"]
    environment = processes.environment(REDIS_URL=broker, CACHE_URL=django_settings.CACHE_URL, RDAP_HOST_OVERRIDE=registry.host)
    return subprocess.Popen(command, env=environment, start_new_session=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def kill(worker):
    """At once, the worker and its children."""
    os.killpg(worker.pid, signal.SIGKILL)
    worker.wait(20)


def state_of(address):
    return Lookup.objects.get(address=address).state


@pytest.mark.django_db(transaction=True)
def test_a_worker_killed_in_the_middle_loses_nothing_and_repeats_only_what_had_not_ended(broker, registry):
    load_delegations()
    registry.faults[SLOW] = Fault.SLOW
    worker = started(broker, registry)
    try:
        services.request_lookup(address=DONE)
        wait_until(lambda: state_of(DONE) == State.DONE, timeout_s=90)
        services.request_lookup(address=SLOW)
        services.request_lookup(address=WAITING)
        wait_until(lambda: SLOW in registry.asked, timeout_s=60)
    finally:
        kill(worker)
    assert (state_of(SLOW), state_of(WAITING)) == (State.RUNNING, State.QUEUED)

    registry.faults.clear()
    past = timezone.now() - LOST_AFTER - timedelta(seconds=1)
    Lookup.objects.filter(state=State.RUNNING).update(started_at=past, handed_at=past)
    Lookup.objects.filter(state=State.QUEUED).update(handed_at=past)
    assert services.requeue_due() == 2
    worker = started(broker, registry)
    try:
        wait_until(lambda: {state_of(SLOW), state_of(WAITING)} == {State.DONE}, timeout_s=90)
    finally:
        kill(worker)
    assert sorted(registry.asked) == sorted([DONE, SLOW, SLOW, WAITING])
    assert Lookup.objects.filter(handed_at__isnull=False).count() == 0
