"""National registries behind APNIC: JPNIC and KRNIC know the holders of what APNIC passed on to them.

ipwhois knows their addresses, forms and headers; the way there is ours, as for RDAP. JPNIC's gateway speaks HTTP only.
"""

from http.client import HTTPException
from typing import Any
from urllib.parse import urlencode
from urllib.request import Request

from django.conf import settings
from ipwhois.nir import NIR_WHOIS

from apps.enrichment.failures import LookupFailedError
from apps.enrichment.models import State
from apps.enrichment.registries import wire
from apps.enrichment.registries.charsets import decode

MAX_PAGE_BYTES = 256 * 2**10
TOTAL_TIMEOUT_S = 15
BY_COUNTRY = {known["country_code"]: registry for registry, known in NIR_WHOIS.items()}


def registry_of(country: str) -> str:
    """jpnic or krnic, '' where APNIC itself knows best."""
    return BY_COUNTRY.get(country, "")


def fetch(what: str, registry: str) -> str:
    """The page about an address or, at JPNIC, about a contact's handle; LookupFailedError where none comes. Never retries."""
    opener = wire.RegistryOpener(settings.NIR_HOST_OVERRIDE, plain_http=True, cap=MAX_PAGE_BYTES, seconds=TOTAL_TIMEOUT_S)
    try:
        body = opener.open(_request(what, NIR_WHOIS[registry]), timeout=wire.CONNECT_TIMEOUT_S).read()
    except (OSError, HTTPException) as error:
        raise wire.http_failure(opener.trace, error) from error
    return decode(body, registry=registry, declared=opener.trace.charset)


def failure_of(page: str, registry: str, reason: str) -> LookupFailedError:
    """Why a page names no network; `reason` is that of the parser. A page of the registry's own that names none is an answer."""
    if "no match" in page.lower() or registry in page.lower():
        return LookupFailedError(State.NOT_FOUND, wire.NOT_KNOWN)
    return LookupFailedError(State.ERROR, reason)


def _request(what: str, known: dict[str, Any]) -> Request:
    form = known["form_data_ip_field"]
    body = urlencode({form: what}).encode() if form else None
    headers = {**known["request_headers"], "User-Agent": wire.USER_AGENT}
    return Request(known["url"].format(what), data=body, headers=headers, method=known["request_type"])  # noqa: S310  # wire decides
