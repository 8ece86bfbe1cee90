"""How fast registries are asked, over all workers together; kept in Redis, nothing lasting."""

import time
from datetime import datetime, timedelta

from django.conf import settings
from django.core.cache import cache

WINDOW_S = 60
SHORTEST_PAUSE = timedelta(minutes=1)  # after a 429 without Retry-After
BLOCK_LOCK_S = 120  # longer than a task may run


def take_turn(registry: str) -> int:
    """0 where the registry may be asked now (which counts), else the seconds until the next minute's share begins."""
    now = time.time()
    window = int(now // WINDOW_S)
    key = f"rdap-turns:{registry}:{window}"
    cache.add(key, 0, 2 * WINDOW_S)
    if cache.incr(key) <= settings.RDAP_QUERIES_PER_MINUTE:
        return 0
    return max(1, int((window + 1) * WINDOW_S - now) + 1)


def pause(registry: str, until: datetime, seconds: int) -> None:
    """Ask the registry nothing before `until`: it said so with 429."""
    cache.set(f"rdap-pause:{registry}", until, seconds)


def paused_until(registry: str) -> datetime | None:
    until: datetime | None = cache.get(f"rdap-pause:{registry}")
    return until


def lock_block(block: str) -> bool:
    """Whether this worker now has the block (/24, /48) to itself. The lock ends by itself should the worker die."""
    return bool(cache.add(f"rdap-block:{block}", 1, BLOCK_LOCK_S))


def unlock_block(block: str) -> None:
    cache.delete(f"rdap-block:{block}")
