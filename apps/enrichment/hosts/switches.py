"""Which scanning services this installation asks, and what to do where it does not."""

import hashlib
import hmac
from datetime import timedelta

from django.conf import settings
from django.core.cache import cache
from django.utils.translation import gettext_noop as _

from apps.enrichment.models import HostProvider

REFUSED_FOR = timedelta(days=1)  # a refused key is not tried again for so long; another key at once
NO_KEY = _("No key is set: SHODAN_API_KEY switches Shodan on.")
KEY_REFUSED = _("Shodan refuses the key in SHODAN_API_KEY. Set a valid one; until then nothing is asked.")
NOT_ENABLED = _("InternetDB is off: INTERNETDB_ENABLED=true switches it on.")
DEMO_WITHOUT_SHODAN = _("A demo asks no scanning service; SHODAN_HOST_OVERRIDE names its stand-in.")
DEMO_WITHOUT_INTERNETDB = _("A demo asks no scanning service; INTERNETDB_HOST_OVERRIDE names its stand-in.")


def why_off(service: HostProvider) -> str:
    """A msgid that says why a service is not asked and how to change that, '' where it is."""
    return _shodan() if service is HostProvider.SHODAN else _internetdb()


def switched_on() -> list[HostProvider]:
    """The services that are asked, the one that says most first."""
    return [service for service in HostProvider if not why_off(service)]


def note_refused_key() -> None:
    """Shodan said that this very key is none."""
    cache.set(_refusal(), True, REFUSED_FOR.total_seconds())


def _shodan() -> str:
    if not settings.SHODAN_API_KEY:
        return NO_KEY
    if settings.DEMO and not settings.SHODAN_HOST_OVERRIDE:
        return DEMO_WITHOUT_SHODAN
    return KEY_REFUSED if cache.get(_refusal()) else ""


def _internetdb() -> str:
    if not settings.INTERNETDB_ENABLED:
        return NOT_ENABLED
    return DEMO_WITHOUT_INTERNETDB if settings.DEMO and not settings.INTERNETDB_HOST_OVERRIDE else ""


def _refusal() -> str:
    """The cache's key for “this key was refused”, from which nobody reads the key."""
    digest = hmac.new(settings.SECRET_KEY.encode(), settings.SHODAN_API_KEY.encode(), hashlib.sha256).hexdigest()
    return f"lookups:key-refused:{digest}"
