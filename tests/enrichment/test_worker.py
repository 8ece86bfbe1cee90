"""The whole way: a request commits, Redis carries it, a Celery worker asks the stand-in over HTTP, the answer is in the tables."""

import json
import subprocess
import sys
from urllib.request import urlopen

import pytest

from apps.enrichment import services, tasks
from apps.enrichment.models import Lookup, State
from apps.enrichment.queries import address_info
from apps.enrichment.standin import Fault
from tests import processes
from tests.processes import wait_until
from tests.registries import load_delegations

JAPAN = "1.33.7.9"


def ends(address):
    wait_until(lambda: not address_info(address).is_under_way, timeout_s=30)
    return address_info(address)


def test_a_worker_finds_holder_and_contact_once_for_a_block(celery_worker, registry):
    load_delegations()
    services.request_lookup(address=JAPAN)
    first = ends(JAPAN)
    assert (first.state, first.is_sample, first.network.registry) == (State.DONE, True, "apnic")
    services.request_lookup(address="1.33.7.10")
    assert ends("1.33.7.10").holder == first.holder
    assert registry.asked == [JAPAN]


def test_a_worker_leaves_a_failure_visible_and_a_repeated_task_harmless(celery_worker, registry):
    load_delegations()
    registry.faults[JAPAN] = Fault.RATE_LIMITED
    lookup = services.request_lookup(address=JAPAN)
    info = ends(JAPAN)
    assert info.state is State.RATE_LIMITED
    assert info.next_try_at is not None
    for _ in range(3):
        tasks.look_up.delay("registry", lookup.pk)
    services.request_lookup(address="2.160.0.1")
    assert ends("2.160.0.1").state is State.DONE
    assert registry.asked == [JAPAN, "2.160.0.1"]
    assert Lookup.objects.get(pk=lookup.pk).attempts == 1


@pytest.mark.django_db(transaction=True)
def test_the_command_serves_rdap_until_it_is_stopped():
    load_delegations()
    command = [sys.executable, "manage.py", "rdap_standin", "--port", "0"]
    process = subprocess.Popen(command, env=processes.environment(), stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        host = process.stdout.readline().split()[-1]
        with urlopen(f"http://{host}/ip/{JAPAN}", timeout=20) as answer:
            assert answer.headers["Content-Type"] == "application/rdap+json"
            assert json.load(answer)["remarks"][0]["title"] == "Sample data"
    finally:
        process.terminate()
        process.communicate(timeout=20)
