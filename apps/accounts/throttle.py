"""Too many wrong passwords close a user name to password sign-in for a while; open sessions and tokens go on.

Counted by user name alone: the portal keeps no client addresses. The cost is that a stranger can close a name they know,
for WINDOW_S at a time.
"""

from hashlib import sha256

from django.core.cache import cache

LIMIT = 10
WINDOW_S = 15 * 60


def is_closed(username: str) -> bool:
    return int(cache.get(_key(username), 0)) >= LIMIT


def note_failure(username: str) -> int:
    """Count one failure; → how many there are. The window begins with the first and is not prolonged by more."""
    cache.add(_key(username), 0, WINDOW_S)
    try:
        return int(cache.incr(_key(username)))
    except ValueError:  # the window ended between the two calls
        cache.add(_key(username), 1, WINDOW_S)
        return 1


def forget(username: str) -> None:
    cache.delete(_key(username))


def _key(username: str) -> str:
    return f"login-failures:{sha256(username.casefold().encode()).hexdigest()}"
