"""Which processes the portal consists of, and what they need before they start."""

import contextlib
import fcntl
import os
import socket
import sys
from collections.abc import Iterator
from pathlib import Path

from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.core.management import call_command

from tsubame_portal.apps import StaticFiles
from tsubame_portal.env import BASE_DIR
from tsubame_portal.supervisor import Part

HOST = "127.0.0.1"
MANAGE = str(BASE_DIR / "manage.py")


class NotReadyError(RuntimeError):
    """The portal cannot start here now; the message says what to do."""


def web(port: int) -> Part:
    # Neither gunicorn nor the portal keeps a log of client addresses: among the clients are the sensors.
    options = f"--bind {HOST}:{port} --worker-class gthread --threads 4 --timeout 120 --no-control-socket"
    return Part("web", [*_python("gunicorn"), "tsubame_portal.wsgi", *options.split(), "--workers", str(settings.WEB_WORKERS)])


def worker() -> Part:
    options = f"--loglevel WARNING --concurrency {settings.WORKER_PROCESSES} --without-gossip --without-mingle"
    return Part("worker", [*_celery(), "worker", *options.split()])


def beat() -> Part:
    return Part("beat", [*_celery(), "beat", "--loglevel", "WARNING", "--schedule", str(settings.VAR_DIR / "beat-schedule"), "--pidfile="])


def command(name: str, *arguments: str) -> Part:
    """A management command that runs until it is stopped."""
    return Part(name.replace("_", "-"), manage(name, *arguments))


def manage(*arguments: str) -> list[str]:
    return [sys.executable, MANAGE, *arguments]


def environment() -> dict[str, str]:
    """The environment of every part: ours, less Celery's warning of root at every start."""
    return {**os.environ, "PYTHONWARNINGS": "ignore:You're running the worker"}


def prepare(*, verbosity: int = 0) -> None:
    """Bring database and static files up to this version of the portal."""
    call_command("migrate", interactive=False, verbosity=verbosity)
    _collect_static()


def _collect_static() -> None:
    """Collect static files where one has changed since the last time; digests and compression take seconds."""
    stamp, sources = settings.STATIC_ROOT.with_name("static.sources"), _static_sources()
    if settings.STATIC_ROOT.is_dir() and stamp.exists() and stamp.read_text() == sources:
        return
    call_command("collectstatic", interactive=False, verbosity=0)
    stamp.write_text(sources)


def _static_sources() -> str:
    """Name, size and time of every static file: what a change of any of them changes."""
    found = (storage.path(name) for finder in get_finders() for name, storage in finder.list(StaticFiles.ignore_patterns))
    states = ((path, Path(path).stat()) for path in sorted(found))
    return "\n".join(f"{path} {state.st_size} {state.st_mtime_ns}" for path, state in states)


@contextlib.contextmanager
def only_one() -> Iterator[None]:
    """NotReadyError where the portal already runs from this data folder: a second beat would do everything twice."""
    with (settings.VAR_DIR / "serve.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise NotReadyError(f"The portal already runs on the data in {settings.VAR_DIR}.") from error
        yield


def require_free(port: int) -> None:
    if not is_free(port):
        raise NotReadyError(f"Port {port} is taken; choose another, such as PORT={port + 1}.")


def is_free(port: int) -> bool:
    """Whether a server could listen on this port of HOST."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
        return True


def _python(module: str) -> list[str]:
    return [sys.executable, "-m", module]


def _celery() -> list[str]:
    return [*_python("celery"), "--app", "tsubame_portal", "--quiet"]
