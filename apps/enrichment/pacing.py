"""How fast registries are asked, over all workers together; kept in Redis, nothing lasting."""

import time
from datetime import datetime, timedelta

from django.conf import settings
from django.core.cache import cache

WINDOW_S = 60
SHORTEST_PAUSE = timedelta(minutes=1)  # after a 429 without Retry-After


def take_turn(registry: str) -> int:
    """0 where the registry may be asked now (which counts), else the seconds until the next minute's share begins."""
    now = time.time()
    window = int(now // WINDOW_S)
    key = f"rdap-turns:{registry}:{window}"
    cache.add(key, 0, 2 * WINDOW_S)
    if cache.incr(key) <= settings.RDAP_QUERIES_PER_MINUTE:
        return 0
    return max(1, int((window + 1) * WINDOW_S - now) + 1)


def turns_left(registry: str) -> int:
    """How often the registry may still be asked in this minute."""
    asked = cache.get(f"rdap-turns:{registry}:{int(time.time() // WINDOW_S)}", 0)
    return max(0, settings.RDAP_QUERIES_PER_MINUTE - asked)


def pause(registry: str, until: datetime, seconds: int) -> None:
    """Ask the registry nothing before `until`: it said so with 429."""
    cache.set(f"rdap-pause:{registry}", until, seconds)


def paused_until(registry: str) -> datetime | None:
    until: datetime | None = cache.get(f"rdap-pause:{registry}")
    return until
