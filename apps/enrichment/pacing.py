"""How fast providers are asked, over all workers together; kept in Redis by its own clock, nothing lasting."""

import uuid
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache

import redis
from django.conf import settings
from django.core.cache import cache

from apps.enrichment.limits import Limit

WINDOW_MS = 62_000  # a minute, and two seconds for queries that are not equally long on the way
LONGEST_SLEEP_MS = 2_500  # a turn so near is waited for by the worker itself
SHORTEST_PAUSE = timedelta(minutes=1)  # after a 429 without Retry-After

# Turns are a sorted set of their times (ms), booked ahead where the worker will wait. → {1 if booked, ms until the turn}
_TAKE = """
local t = redis.call('TIME')
local now = t[1] * 1000 + math.floor(t[2] / 1000)
local limit, window, apart, longest = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now - window)
local count, at = redis.call('ZCARD', KEYS[1]), now
if apart > 0 then
  local last = redis.call('ZRANGE', KEYS[1], -1, -1, 'WITHSCORES')
  if last[2] then at = math.max(at, tonumber(last[2]) + apart) end
end
if count >= limit then
  local freed = redis.call('ZRANGE', KEYS[1], count - limit, count - limit, 'WITHSCORES')
  at = math.max(at, tonumber(freed[2]) + window)
end
if at - now > longest then return {0, at - now} end
redis.call('ZADD', KEYS[1], at, ARGV[5])
redis.call('PEXPIRE', KEYS[1], window + longest)
return {1, at - now}
"""
_COUNT = """
local t = redis.call('TIME')
local since = t[1] * 1000 + math.floor(t[2] / 1000) - tonumber(ARGV[1])
local counts = {}
for i, key in ipairs(KEYS) do counts[i] = redis.call('ZCOUNT', key, '(' .. since, '+inf') end
return counts
"""


@dataclass(frozen=True)
class Turn:
    """`is_ours`: it is booked, and begins in `wait_s`. Otherwise nothing is booked, and none is free before `wait_s`."""

    is_ours: bool
    wait_s: float


def take_turn(provider: str, limit: Limit, *, for_ticket: bool) -> Turn:
    values: list[int | str] = [limit.turns(for_ticket=for_ticket), WINDOW_MS, int(limit.apart_s * 1000), LONGEST_SLEEP_MS, uuid.uuid4().hex]
    is_ours, wait_ms = _client().eval(_TAKE, 1, _turns_key(provider), *values)
    return Turn(bool(is_ours), wait_ms / 1000)


def turns_taken(providers: Collection[str]) -> dict[str, int]:
    """How often each was asked in the last minute, booked turns included."""
    names = list(providers)
    counts = _client().eval(_COUNT, len(names), *map(_turns_key, names), WINDOW_MS) if names else []
    return dict(zip(names, counts, strict=True))


def pause(provider: str, until: datetime, seconds: int) -> None:
    """Ask the provider nothing before `until`: it said so with 429."""
    cache.set(_pause_key(provider), until, seconds)


def paused_until(providers: Collection[str]) -> dict[str, datetime]:
    """Of those that are held back."""
    names = {_pause_key(provider): provider for provider in providers}
    return {names[key]: until for key, until in cache.get_many(names).items()}


def _pause_key(provider: str) -> str:
    return f"lookups:pause:{provider}"


def _turns_key(provider: str) -> str:
    return f"{settings.CACHES['default']['KEY_PREFIX']}:lookups:turns:{provider}"


@lru_cache(maxsize=1)
def _client() -> "redis.Redis":
    return redis.Redis.from_url(settings.CACHE_URL, socket_connect_timeout=2, socket_timeout=5)
