"""Hosts through a real worker, and the stand-in as a command."""

import json
import subprocess
import sys
import time
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest

from apps.enrichment.hosts import services, standin_data
from apps.enrichment.hosts.standin import KEY, Fault
from apps.enrichment.models import HostLookup, State
from tests import processes

ADDRESS = "49.212.1.2"


def ended(lookup: HostLookup, timeout_s: float = 60) -> HostLookup:
    deadline = time.monotonic() + timeout_s
    while lookup.state in (State.NONE, State.QUEUED, State.RUNNING):
        assert time.monotonic() < deadline, lookup
        time.sleep(0.1)
        lookup.refresh_from_db()
    return lookup


def test_a_worker_fetches_profiles_and_leaves_failures_visible(celery_worker, scanner):
    scanner.answer_about = lambda address: {"data": [{"port": 25565, "product": "Minecraft"}], "tags": ["sample-data"]}
    scanner.faults["49.212.1.3"] = Fault.SERVER_ERROR
    found = ended(services.request_host_lookup(address=ADDRESS))
    failed = ended(services.request_host_lookup(address="49.212.1.3"))
    assert (found.state, found.snapshot.is_sample) == (State.DONE, True)
    assert "product:tcp/25565:Minecraft" in found.snapshot.features
    assert (failed.state, failed.error_detail, failed.attempts) == (State.ERROR, "503", 1)
    assert scanner.asked == [ADDRESS, "49.212.1.3"]


@pytest.mark.django_db(transaction=True)
def test_the_command_serves_both_protocols_until_it_is_stopped():
    command = [sys.executable, "manage.py", "shodan_standin", "--port", "0", "--fault", f"{ADDRESS}=no_data"]
    process = subprocess.Popen(command, env=processes.environment(), stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        host = process.stdout.readline().split()[-1]
        assert answer(host, f"/api-info?key={KEY}")["plan"] == "sample"
        assert answer(host, f"/shodan/host/1.1.1.1?key={KEY}")["data"] == standin_data.recorded_answers()["1.1.1.1"]["data"]
        assert answer(host, "/1.1.1.1")["ports"] == [53, 80]
        assert answer(host, f"/shodan/host/126.7.8.9?key={KEY}") == answer(host, f"/shodan/host/126.7.8.9?key={KEY}")
        for path, status in ((f"/shodan/host/{ADDRESS}?key={KEY}", 404), ("/shodan/host/1.1.1.1?key=x", 401), ("/api-info", 401)):
            with pytest.raises(HTTPError) as caught:
                answer(host, path)
            assert caught.value.code == status
    finally:
        process.terminate()
        process.communicate(timeout=20)


def answer(host: str, path: str):
    with urlopen(f"http://{host}{path}", timeout=20) as response:
        return json.load(response)
