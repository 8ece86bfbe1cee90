"""`manage.py demo` from nothing to the sample counted, stopped, and started again."""

import contextlib
import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tsubame_portal.embedded import free_port

FIRST_START_TIMEOUT_S, NEXT_START_TIMEOUT_S = 600, 120  # against hanging only: the machine may be busy with other tests
pytestmark = pytest.mark.timeout(900)


@pytest.fixture(scope="module")
def var(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("demo")


def environment(var: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name not in {"DATABASE_URL", "REDIS_URL", "DJANGO_SETTINGS_MODULE"}}
    return {**kept, "TSUBAME_VAR": str(var)}


@contextlib.contextmanager
def demo(var: Path, *, timeout_s: float, end: signal.Signals) -> Iterator[tuple[str, psutil.Process]]:
    """A demo that has said where it runs, with what it printed; ended by the signal."""
    port, output = free_port(), var / "output"
    command = [sys.executable, "-u", "manage.py", "demo", "--port", str(port)]
    with output.open("w") as printed, subprocess.Popen(command, env=environment(var), stdout=printed, stderr=printed) as process:
        try:
            deadline = time.monotonic() + timeout_s
            while "Ctrl-C stops" not in output.read_text():
                assert process.poll() is None, output.read_text()
                assert time.monotonic() < deadline, output.read_text()
                time.sleep(0.2)
            yield f"http://127.0.0.1:{port}", psutil.Process(process.pid)
        finally:
            process.send_signal(end)


def processes_of(var: Path, demo_process: psutil.Process) -> list[psutil.Process]:
    """Everything the demo runs: its children, and the servers, of which PostgreSQL names the data folder and Redis runs in it."""
    servers = [one for one in psutil.process_iter() if _is_in(var, one)]
    return [*demo_process.children(recursive=True), *servers]


def _is_in(var: Path, process: psutil.Process) -> bool:
    with contextlib.suppress(psutil.Error):
        return str(var) in " ".join(process.cmdline()) or (process.name() == "redis-server" and process.cwd().startswith(str(var)))
    return False


def healthz(url: str) -> int:
    with urllib.request.urlopen(f"{url}/healthz", timeout=10) as answer:
        return answer.status


def count_packets(var: Path) -> int:
    """The packets counted, asked by a command on the side, as a user would."""
    program = "from apps.observations.models import Batch; print(sum(Batch.objects.values_list('packets', flat=True)))"
    command = [sys.executable, "manage.py", "shell", "-v0", "-c", program]
    return int(subprocess.run(command, env=environment(var), capture_output=True, text=True, check=True).stdout)


def test_a_first_start_counts_the_sample_and_a_second_finds_it(var):
    with demo(var, timeout_s=FIRST_START_TIMEOUT_S, end=signal.SIGINT) as (url, process):
        assert healthz(url) == 200
        assert count_packets(var) == 339_530
        running = processes_of(var, process)
        assert len(running) >= 7
    assert psutil.wait_procs(running, timeout=20)[1] == []

    with demo(var, timeout_s=NEXT_START_TIMEOUT_S, end=signal.SIGTERM) as (url, process):
        printed = (var / "output").read_text()
        assert "Sending" not in printed
        assert all(name in printed for name in ("analyst", "coordinator", "approver", "partner-a"))
        assert count_packets(var) == 339_530
        running = processes_of(var, process)
    assert psutil.wait_procs(running, timeout=20)[1] == []


def test_the_demo_and_an_installation_of_ones_own_keep_apart(var):
    command = [sys.executable, "manage.py", "serve", "--port", str(free_port())]
    refused = subprocess.run(command, env=environment(var), capture_output=True, text=True, check=False)
    assert refused.returncode == 1
    assert "holds the demo" in refused.stderr
