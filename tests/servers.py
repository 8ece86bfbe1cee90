"""pytest plugin: real PostgreSQL and Redis for the tests, of their own under var/test, so a running demo is left alone.

Loaded by `-p tests.servers` before Django reads its settings. Workers of pytest-xdist inherit the environment.
"""

import atexit
import os
from contextlib import ExitStack
from pathlib import Path

from tsubame_portal import embedded, locale

_stack = ExitStack()

if "PYTEST_XDIST_WORKER" not in os.environ:
    os.environ.setdefault("TSUBAME_VAR", str(Path(__file__).resolve().parent.parent / "var" / "test"))
    _stack.enter_context(embedded.servers(durable=False))
    os.environ.setdefault("DATABASE_URL", embedded.database_url())
    os.environ.setdefault("REDIS_URL", embedded.redis_url())
    atexit.register(_stack.close)
    locale.compile_stale()
