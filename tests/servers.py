"""pytest plugin: real PostgreSQL and Redis for the tests, of their own under var/test, so a running demo is left alone.

Loaded by `-p tests.servers` before Django reads its settings. Workers of pytest-xdist inherit the environment; each has a
database of its own (made by pytest-django) and, against one Redis, a numbered database of its own, with its own queues.
"""

import atexit
import os
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from tsubame_portal import embedded, locale

_stack = ExitStack()


def _numbered(url: str, worker: str) -> str:
    """The Redis URL with the database of an xdist worker: gw0 has database 1."""
    return urlunsplit(urlsplit(url)._replace(path=f"/{int(worker.removeprefix('gw')) + 1}"))


if worker := os.environ.get("PYTEST_XDIST_WORKER"):
    os.environ["REDIS_URL"] = _numbered(os.environ["REDIS_URL"], worker)
else:
    os.environ.setdefault("TSUBAME_VAR", str(Path(__file__).resolve().parent.parent / "var" / "test"))
    _stack.enter_context(embedded.servers(durable=False))
    os.environ.setdefault("DATABASE_URL", embedded.database_url())
    os.environ.setdefault("REDIS_URL", embedded.redis_url())
    atexit.register(_stack.close)
    locale.compile_stale()
