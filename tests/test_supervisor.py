"""Parts are started together and stopped together, with everything they started themselves."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.processes import wait_until
from tsubame_portal import supervisor
from tsubame_portal.supervisor import Part

QUIET = "import time; time.sleep(60)"
STUBBORN = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True); time.sleep(60)"
FINISHES = "import signal, sys, time\nsignal.signal(signal.SIGTERM, lambda *_: (print('finished', flush=True), sys.exit()))\ntime.sleep(60)"
PARENT = f"import subprocess, sys; child = subprocess.Popen([sys.executable, '-c', {QUIET!r}]); print(child.pid, flush=True); child.wait()"


def part(name: str, program: str) -> Part:
    return Part(name, [sys.executable, "-u", "-c", program])


def run(tmp_path: Path, *parts: Part):
    return supervisor.running(parts, logs=tmp_path / "log", environment=os.environ)


def is_alive(pid: int) -> bool:
    state = Path(f"/proc/{pid}/stat")
    return state.exists() and state.read_text().rpartition(")")[2].split()[0] != "Z"


def test_parts_run_inside_the_block_and_not_after_it(tmp_path):
    with run(tmp_path, part("one", QUIET), part("two", QUIET)) as started:
        pids = [one.process.pid for one in started]
        supervisor.require_all_alive(started)
    assert not any(map(is_alive, pids))


def test_a_part_may_finish_what_it_does_when_asked_to_stop(tmp_path):
    with run(tmp_path, part("one", FINISHES)):
        time.sleep(0.5)
    assert (tmp_path / "log" / "one.log").read_text() == "finished\n"


def test_a_part_that_will_not_stop_is_killed(tmp_path, monkeypatch):
    monkeypatch.setattr(supervisor, "STOP_TIMEOUT_S", 0.5)
    with run(tmp_path, part("deaf", STUBBORN)) as started:
        wait_until(lambda: "deaf" in (tmp_path / "log" / "deaf.log").read_text())
    assert not is_alive(started[0].process.pid)


def test_processes_of_a_part_stop_with_it(tmp_path):
    log = tmp_path / "log" / "parent.log"
    with run(tmp_path, part("parent", PARENT)):
        wait_until(lambda: log.exists() and log.read_text())
        child = int(log.read_text())
        assert is_alive(child)
    wait_until(lambda: not is_alive(child))


def test_a_part_that_ends_is_named_with_the_end_of_its_log(tmp_path):
    crash = part("fragile", "import sys; print('the reason'); sys.exit(3)")
    ended = pytest.raises(supervisor.PartEndedError, match=r"“fragile” ended \(exit code 3\)(.|\n)*the reason")
    with ended, run(tmp_path, part("steady", QUIET), crash) as started:
        supervisor.watch(started, every_s=0.05)
    assert not is_alive(started[0].process.pid)


def test_a_part_killed_by_a_signal_is_named_with_it(tmp_path):
    with run(tmp_path, part("victim", QUIET)) as started:
        started[0].process.kill()
        started[0].process.wait()
        with pytest.raises(supervisor.PartEndedError, match="signal SIGKILL"):
            supervisor.require_all_alive(started)


def test_parts_end_when_the_supervisor_is_killed(tmp_path):
    program = f"""
import os, pathlib, sys, time
from tsubame_portal import supervisor
part = supervisor.Part("orphan", [sys.executable, "-c", {QUIET!r}])
with supervisor.running([part], logs=pathlib.Path(sys.argv[1]), environment=os.environ) as started:
    print(started[0].process.pid, flush=True)
    time.sleep(60)
"""
    with subprocess.Popen([sys.executable, "-c", program, str(tmp_path)], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        pid = int(process.stdout.readline())
        time.sleep(0.5)
        process.kill()
    wait_until(lambda: not is_alive(pid))


def test_a_long_log_is_put_aside(tmp_path, monkeypatch):
    monkeypatch.setattr(supervisor, "LOG_BYTES", 10)
    for _ in range(2):
        with run(tmp_path, part("chatty", "print('x' * 100)")) as started:
            started[0].process.wait()
    assert (tmp_path / "log" / "chatty.log").stat().st_size == 101
    assert (tmp_path / "log" / "chatty.log.1").stat().st_size == 101
