"""pytest plugin: real PostgreSQL and Redis for the tests, of their own under var/test, so a running demo is left alone.

Loaded by `-p tests.servers` before Django reads its settings. Workers of pytest-xdist inherit the environment; each has a
database of its own (made by pytest-django) and two numbered databases of the one Redis, for its queues and its cache.
"""

import atexit
import os
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from tsubame_portal import embedded, locale

_stack = ExitStack()


def _number(worker: str) -> int:
    """0 for gw0, the first worker of pytest-xdist."""
    return int(worker.removeprefix("gw"))


def _numbered(url: str, number: int) -> str:
    """The Redis URL with the database of that number; a Redis has sixteen."""
    return urlunsplit(urlsplit(url)._replace(path=f"/{number}"))


if worker := os.environ.get("PYTEST_XDIST_WORKER"):
    redis_url = os.environ["REDIS_URL"]
    os.environ["REDIS_URL"] = _numbered(redis_url, 2 * _number(worker))
    os.environ["CACHE_URL"] = _numbered(redis_url, 2 * _number(worker) + 1)
else:
    os.environ.setdefault("TSUBAME_VAR", str(Path(__file__).resolve().parent.parent / "var" / "test"))
    _stack.enter_context(embedded.servers(durable=False))
    os.environ.setdefault("DATABASE_URL", embedded.database_url())
    os.environ.setdefault("REDIS_URL", embedded.redis_url())
    atexit.register(_stack.close)
    locale.compile_stale()
