"""One RDAP query through ipwhois, by our own opener: it alone decides where a query may go and how much it may cost.

ipwhois is asked to retry nothing and to look nothing up itself: by default it sleeps two minutes in the worker when a registry
is busy, and asks a third party by DNS which registry to ask.
"""

from typing import Any

from django.conf import settings
from django.utils.translation import gettext_noop as _
from ipwhois.exceptions import HTTPLookupError, HTTPRateLimitError
from ipwhois.net import Net
from ipwhois.rdap import RIR_RDAP

from apps.enrichment.failures import LookupFailedError
from apps.enrichment.models import State
from apps.enrichment.registries import wire

# ARIN's server knows the others and redirects to them, so it is asked where our delegations know no registry.
FALLBACK_REGISTRY = "arin"


def registry_for(delegated_to: str) -> str:
    """The registry to ask, of one that the delegations name ('' where they name none)."""
    return delegated_to if delegated_to in RIR_RDAP else FALLBACK_REGISTRY


def fetch(address: str, registry: str) -> Any:
    """The registry's answer about an address, decoded from JSON; LookupFailedError in every other case. Never retries."""
    if settings.DEMO and not settings.RDAP_HOST_OVERRIDE:
        raise LookupFailedError(State.ERROR, _("A demo asks no registry; RDAP_HOST_OVERRIDE names its stand-in."))
    opener = wire.RegistryOpener(settings.RDAP_HOST_OVERRIDE)
    net = Net(address, timeout=wire.CONNECT_TIMEOUT_S, proxy_opener=opener)
    url = RIR_RDAP[registry_for(registry)]["ip_url"].format(address)
    headers = {"Accept": "application/rdap+json, application/json;q=0.5", "User-Agent": wire.USER_AGENT}
    try:
        return net.get_http_json(url=url, retry_count=0, rate_limit_timeout=0, headers=headers)
    except HTTPRateLimitError as error:  # also for a notice in an answer of status 200
        raise LookupFailedError(State.RATE_LIMITED, wire.SLOW_DOWN, retry_after=opener.trace.retry_after) from error
    except HTTPLookupError as error:
        raise wire.http_failure(opener.trace, error) from error
