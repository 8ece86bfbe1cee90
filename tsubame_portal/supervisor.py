"""The portal's parts as processes: started together, stopped together, each with a log of its own.

Stopping asks the main process of a part alone (SIGTERM), so that gunicorn and Celery finish what they are doing; after
STOP_TIMEOUT_S whatever is left of its process group is killed. Decision 003 says why this is our own code.
"""

import contextlib
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tsubame_portal.embedded import uninterrupted
from tsubame_portal.env import BASE_DIR

STOP_TIMEOUT_S = 10
LOG_BYTES = 5 * 2**20
TAIL_LINES = 15


class PartEndedError(RuntimeError):
    """A part ended though nobody asked it to; the message shows the end of its log."""


@dataclass(frozen=True)
class Part:
    name: str
    command: Sequence[str]


@dataclass(frozen=True)
class Running:
    """A part that has been started."""

    part: Part
    process: subprocess.Popen[bytes]
    log: Path

    def require_alive(self) -> None:
        code = self.process.poll()
        if code is not None:
            raise PartEndedError(f"The part “{self.part.name}” ended ({_how(code)}). The end of {self.log}:\n{_tail(self.log)}")


@contextlib.contextmanager
def running(parts: Sequence[Part], *, logs: Path, environment: Mapping[str, str]) -> Iterator[list[Running]]:
    """All parts, running inside the block; none of them runs after it, whatever ends it."""
    logs.mkdir(parents=True, exist_ok=True, mode=0o700)
    started: list[Running] = []
    try:
        for part in parts:
            started.append(_start(part, logs / f"{part.name}.log", environment))
        yield started
    finally:
        with uninterrupted():
            _stop(started)


def require_all_alive(started: Sequence[Running]) -> None:
    for one in started:
        one.require_alive()


def watch(started: Sequence[Running], *, every_s: float = 0.5) -> None:
    """Return never; PartEndedError as soon as a part ends."""
    while True:
        require_all_alive(started)
        time.sleep(every_s)


def _start(part: Part, log: Path, environment: Mapping[str, str]) -> Running:
    if log.exists() and log.stat().st_size > LOG_BYTES:
        log.replace(log.with_suffix(".log.1"))
    with log.open("ab") as output:
        # A session of its own keeps the terminal's Ctrl-C from a part: it is told by the supervisor, once.
        process = subprocess.Popen(
            [*_tied_to_us(), *part.command],
            cwd=BASE_DIR, env=dict(environment), stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True,
        )  # fmt: skip
    return Running(part, process, log)


def _tied_to_us() -> list[str]:
    """A prefix that ends the part when the supervisor is killed, where the system has the program for it."""
    return ["setpriv", "--pdeathsig", "TERM", "--"] if shutil.which("setpriv") else []


def _stop(started: Sequence[Running]) -> None:
    for one in started:
        with contextlib.suppress(ProcessLookupError):
            one.process.terminate()
    deadline = time.monotonic() + STOP_TIMEOUT_S
    for one in started:
        with contextlib.suppress(subprocess.TimeoutExpired):
            one.process.wait(max(0.0, deadline - time.monotonic()))
    for one in started:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(one.process.pid, signal.SIGKILL)
        one.process.wait()


def _how(code: int) -> str:
    return f"signal {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"


def _tail(log: Path) -> str:
    return "\n".join(log.read_text(errors="replace").splitlines()[-TAIL_LINES:])
