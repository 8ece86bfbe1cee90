"""The embedded servers: shared by their users, stopped by the last, found again after a crash.

Every user is a process of its own, as in life, on a data folder of its own.
"""

import contextlib
import json
import os
import signal
import socket
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
import redis

from tests.processes import wait_until
from tsubame_portal import embedded
from tsubame_portal.embedded import COMMANDS_WITHOUT_SERVERS, Endpoints

USER = """
import os, signal, sys
from tsubame_portal import embedded
signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
with embedded.servers(durable=False):
    print("up", flush=True)
    sys.stdin.read()
    # As tests do for their children: what stops is what was started, whatever the environment says by now.
    os.environ.update(DATABASE_URL=embedded.database_url(), REDIS_URL=embedded.redis_url())
"""


@pytest.fixture(scope="module")
def var(tmp_path_factory) -> Path:
    """One data folder for the whole file: making a cluster takes longer than all else."""
    return tmp_path_factory.mktemp("embedded") / "a folder 'with' odd names"


@contextlib.contextmanager
def user_of_servers(var: Path, **environment: str) -> Iterator[subprocess.Popen[str]]:
    """A process that keeps the servers of `var` up until its standard input ends."""
    kept = {name: value for name, value in os.environ.items() if name not in {"DATABASE_URL", "REDIS_URL"}}
    process = subprocess.Popen(
        [sys.executable, "-c", USER],
        env={**kept, "TSUBAME_VAR": str(var), **environment},
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdin and process.stdout and process.stderr
    try:
        assert process.stdout.readline() == "up\n", process.stderr.read()
        yield process
    finally:
        process.stdin.close()
        process.wait(30)
        process.stdout.close()
        process.stderr.close()


def endpoints(var: Path) -> Endpoints:
    return Endpoints(**json.loads((var / "embedded.json").read_text()))


def postgres_answers(var: Path) -> bool:
    try:
        psycopg.connect(endpoints(var).database_url, connect_timeout=5).close()
    except psycopg.OperationalError:
        return False
    return True


def redis_answers(var: Path) -> bool:
    with redis.Redis.from_url(endpoints(var).redis_url) as client:
        try:
            return bool(client.ping())
        except redis.ConnectionError:
            return False


def both_answer(var: Path) -> bool:
    return postgres_answers(var) and redis_answers(var)


def none_answers(var: Path) -> bool:
    return not postgres_answers(var) and not redis_answers(var)


def test_servers_run_while_somebody_uses_them_and_the_last_user_stops_them(var):
    with user_of_servers(var):
        with user_of_servers(var):
            assert both_answer(var)
        assert both_answer(var)
    assert none_answers(var)


def test_what_was_stored_is_there_the_next_time(var):
    with user_of_servers(var):
        with psycopg.connect(endpoints(var).database_url) as connection:
            connection.execute("CREATE TABLE kept AS SELECT 7 AS number")
        with redis.Redis.from_url(endpoints(var).redis_url) as client:
            client.set("kept", "7")
    with user_of_servers(var):
        with psycopg.connect(endpoints(var).database_url) as connection:
            assert connection.execute("SELECT number FROM kept").fetchone() == (7,)
        with redis.Redis.from_url(endpoints(var).redis_url) as client:
            assert client.get("kept") == b"7"


def test_servers_of_a_killed_user_serve_the_next_one_and_stop_with_it(var):
    with user_of_servers(var) as killed:
        before = endpoints(var)
        killed.kill()
        killed.wait()
        assert both_answer(var)
        with user_of_servers(var):
            assert both_answer(var)
            assert endpoints(var) == before
        assert none_answers(var)


def test_a_killed_postgresql_is_started_again(var):
    with user_of_servers(var):
        pid = int((var / "postgres" / "data" / "postmaster.pid").read_text().splitlines()[0])
        os.kill(pid, signal.SIGKILL)
        wait_until(lambda: not postgres_answers(var))
        with user_of_servers(var):
            assert both_answer(var)


def test_a_port_that_somebody_else_has_taken_is_given_up(var):
    with user_of_servers(var):
        before = endpoints(var)
    taken = [socket.create_server(("127.0.0.1", port)) for port in (before.postgres_port, before.redis_port)]
    with taken[0], taken[1], user_of_servers(var):
        assert both_answer(var)
        after = endpoints(var)
    assert after.postgres_port != before.postgres_port
    assert after.redis_port != before.redis_port
    assert after.postgres_password == before.postgres_password


def test_a_process_number_that_is_somebody_elses_by_now_hinders_nobody(var):
    with user_of_servers(var):
        record = (var / "postgres" / "data" / "postmaster.pid").read_text()
    _pid, _, rest = record.partition("\n")
    (var / "postgres" / "data" / "postmaster.pid").write_text(f"{os.getpid()}\n{rest}")
    with user_of_servers(var):
        assert both_answer(var)


def test_a_half_made_cluster_is_made_anew(tmp_path):
    (tmp_path / "postgres" / "data.new" / "base").mkdir(parents=True)
    with user_of_servers(tmp_path):
        assert both_answer(tmp_path)


def test_a_server_of_ones_own_is_used_instead(var):
    with user_of_servers(var, REDIS_URL="redis://127.0.0.1:1/0"):
        assert postgres_answers(var)
        assert not redis_answers(var)


def test_they_ask_for_passwords_and_nobody_else_may_read_these(var):
    with user_of_servers(var):
        chosen = endpoints(var)
        with pytest.raises(psycopg.OperationalError, match="password"):
            psycopg.connect(f"postgresql://tsubame:wrong@127.0.0.1:{chosen.postgres_port}/tsubame")
        with redis.Redis(port=chosen.redis_port) as client, pytest.raises(redis.AuthenticationError):
            client.ping()
    for path in (var / "embedded.json", var / "redis" / "redis.conf"):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_folder_of_somebody_else_is_refused_in_plain_words(tmp_path, monkeypatch):
    monkeypatch.setattr(embedded.os, "access", lambda *_: False)
    monkeypatch.setenv("TSUBAME_VAR", str(tmp_path))
    monkeypatch.delenv("DATABASE_URL")
    with pytest.raises(embedded.EmbeddedServerError, match="belongs to another user"), embedded.servers():
        pass


@pytest.mark.parametrize("command", ["version", "collectstatic"])
def test_commands_that_read_no_data_start_no_server(command, tmp_path):
    assert command in COMMANDS_WITHOUT_SERVERS
    kept = {name: value for name, value in os.environ.items() if name not in {"DATABASE_URL", "REDIS_URL"}}
    arguments = [sys.executable, "manage.py", command, *(["--dry-run", "--noinput"] if command == "collectstatic" else [])]
    subprocess.run(arguments, env={**kept, "TSUBAME_VAR": str(tmp_path)}, check=True, capture_output=True)
    assert not (tmp_path / "postgres").exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root hands PostgreSQL to another user")
def test_as_root_postgresql_reaches_a_closed_folder_without_being_root(tmp_path):
    (tmp_path / "closed").mkdir(mode=0o700)
    program = tmp_path / "closed" / "program"
    program.write_text("#!/bin/sh\ntest -x $0 && id -un\n")
    program.chmod(0o755)
    done = subprocess.run([*embedded._unprivileged(), program], capture_output=True, text=True, check=True)
    assert done.stdout == "nobody\n"
