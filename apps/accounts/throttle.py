"""Too many wrong passwords close password sign-in for a while; open sessions and tokens go on.

Counted twice: by user name and client address, so that a stranger closes a name for their own address only, and by name over
all addresses, so that many addresses together guess little more. Addresses are those of people at the sign-in page, never of
sensors; of each a keyed hash alone is kept, for WINDOW_S.
"""

from ipaddress import IPv6Network, ip_address

from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest
from django.utils.crypto import salted_hmac

LIMIT = 10  # of one name from one address
NAME_LIMIT = 100  # of one name from all addresses
WINDOW_S = 15 * 60


def is_closed(username: str, address: str) -> bool:
    here, anywhere = _keys(username, address)
    failures = cache.get_many([here, anywhere])
    return int(failures.get(here, 0)) >= LIMIT or int(failures.get(anywhere, 0)) >= NAME_LIMIT


def note_failure(username: str, address: str) -> bool:
    """Count one failure; → whether it closed something. Windows begin with the first and are not prolonged by more."""
    here, anywhere = (_count(key) for key in _keys(username, address))
    return here == LIMIT or anywhere == NAME_LIMIT


def forget(username: str, address: str) -> None:
    """After a success: what this address did wrong. The count over all addresses stays, as a stranger's guesses are in it."""
    cache.delete(_keys(username, address)[0])


def client_address(request: HttpRequest | None) -> str:
    """Where a person signs in from: an IPv6 host by its /64, '' where unknown. Behind a proxy it is what the proxy adds to
    X-Forwarded-For, the last entry; those before it anybody can write."""
    if request is None:
        return ""
    forwarded = request.headers.get("X-Forwarded-For", "") if settings.BEHIND_TLS else ""
    text = forwarded.rpartition(",")[2].strip() or request.META.get("REMOTE_ADDR", "")
    try:
        address = ip_address(text)
    except ValueError:
        return ""
    return str(address) if address.version == 4 else str(IPv6Network((int(address) >> 64 << 64, 64)))


def _count(key: str) -> int:
    cache.add(key, 0, WINDOW_S)
    try:
        return int(cache.incr(key))
    except ValueError:  # the window ended between the two calls
        cache.add(key, 1, WINDOW_S)
        return 1


def _keys(username: str, address: str) -> tuple[str, str]:
    name = username.casefold()
    return _key(f"{name}\n{address}"), _key(name)


def _key(text: str) -> str:
    return f"login-failures:{salted_hmac(__name__, text, algorithm='sha256').hexdigest()}"
