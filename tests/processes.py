"""Processes that tests start and stop, and waiting for what happens in them."""

import contextlib
import os
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from urllib.parse import urlsplit, urlunsplit

from django.db import connection

START_TIMEOUT_S = 60
STOP_TIMEOUT_S = 20


def wait_until(condition: Callable[[], object], *, timeout_s: float = 20, every_s: float = 0.05) -> None:
    """Return once the condition holds; AssertionError after the timeout."""
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline, f"nothing happened within {timeout_s} s"
        time.sleep(every_s)


def environment(**settings: str) -> dict[str, str]:
    """The environment of a process that works on the database and Redis of the tests; settings may be added."""
    database = urlsplit(os.environ["DATABASE_URL"])._replace(path="/" + connection.settings_dict["NAME"])
    return {**os.environ, "DJANGO_SETTINGS_MODULE": "tests.settings", "DATABASE_URL": urlunsplit(database), **settings}


@contextlib.contextmanager
def running(command: Sequence[str], environment: Mapping[str, str], *, until: Callable[[], object]) -> Iterator[subprocess.Popen[bytes]]:
    """The process, started and answering (`until`), stopped by SIGTERM at the end. What it printed is shown if it fails to start."""
    with tempfile.TemporaryFile() as output:
        process = subprocess.Popen(command, env=dict(environment), stdout=output, stderr=output)
        try:
            wait_until(lambda: process.poll() is not None or until(), timeout_s=START_TIMEOUT_S, every_s=0.2)
            if process.poll() is not None:
                output.seek(0)
                raise AssertionError(f"{command[0]} ended with {process.returncode}:\n{output.read().decode(errors='replace')}")
            yield process
        finally:
            process.send_signal(signal.SIGTERM)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(STOP_TIMEOUT_S)
            process.kill()
            process.wait()


def worker_answers() -> bool:
    """Whether a Celery worker answers a ping on this run's broker."""
    from tsubame_portal.celery import app

    return bool(app.control.ping(timeout=0.5, limit=1))
