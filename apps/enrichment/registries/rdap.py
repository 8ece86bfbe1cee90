"""One RDAP query through ipwhois, with an opener of our own: it alone decides where a query may go and how much it may cost.

ipwhois is asked to retry nothing and to look nothing up itself: by default it sleeps two minutes in the worker when a registry
is busy, and asks a third party by DNS which registry to ask.
"""

import email.utils
import socket
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.message import Message
from http.client import HTTPResponse, HTTPSConnection
from ipaddress import IPv6Network, ip_address
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import SplitResult, urlsplit, urlunsplit
from urllib.request import (
    HTTPDefaultErrorHandler,
    HTTPErrorProcessor,
    HTTPHandler,
    HTTPRedirectHandler,
    HTTPSHandler,
    OpenerDirector,
    Request,
    UnknownHandler,
)

from celery.exceptions import SoftTimeLimitExceeded
from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext_noop as _
from ipwhois.exceptions import HTTPLookupError, HTTPRateLimitError
from ipwhois.net import Net
from ipwhois.rdap import RIR_RDAP

from apps.enrichment.blocks import Address, is_public
from apps.enrichment.failures import LookupFailedError
from apps.enrichment.models import State

MAX_BODY_BYTES = 2 * 2**20
CONNECT_TIMEOUT_S = 10  # also between two pieces of a body
TOTAL_TIMEOUT_S = 30
MAX_REDIRECTS = 4
# ARIN's server knows the others and redirects to them, so it is asked where our delegations know no registry.
FALLBACK_REGISTRY = "arin"
NAT64 = IPv6Network("64:ff9b::/96")
USER_AGENT = "tsubame-portal (RDAP)"
SLOW_DOWN = _("The registry asked us to slow down.")


class RefusedError(URLError):
    """Our own opener would not do it: a redirect into private space, a body without end."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)


@dataclass
class Trace:
    """What happened on the wire, which ipwhois does not pass on."""

    status: int | None = None
    retry_after: timedelta | None = None
    content_type: str = ""
    problem: Exception | None = None


def registry_for(delegated_to: str) -> str:
    """The registry to ask, of one that the delegations name ('' where they name none)."""
    return delegated_to if delegated_to in RIR_RDAP else FALLBACK_REGISTRY


def fetch(address: str, registry: str) -> Any:
    """The registry's answer about an address, decoded from JSON; LookupFailedError in every other case. Never retries."""
    if settings.DEMO and not settings.RDAP_HOST_OVERRIDE:
        raise LookupFailedError(State.ERROR, _("A demo asks no registry; RDAP_HOST_OVERRIDE names its stand-in."))
    opener = RegistryOpener(settings.RDAP_HOST_OVERRIDE)
    net = Net(address, timeout=CONNECT_TIMEOUT_S, proxy_opener=opener)
    url = RIR_RDAP[registry_for(registry)]["ip_url"].format(address)
    headers = {"Accept": "application/rdap+json, application/json;q=0.5", "User-Agent": USER_AGENT}
    try:
        return net.get_http_json(url=url, retry_count=0, rate_limit_timeout=0, headers=headers)
    except (HTTPLookupError, HTTPRateLimitError) as error:
        raise _failure(opener.trace, error) from error


def _failure(trace: Trace, error: Exception) -> LookupFailedError:
    """Which of the visible states a failed query ends in, and why, in words."""
    if isinstance(error, HTTPRateLimitError) or trace.status == 429:
        return LookupFailedError(State.RATE_LIMITED, SLOW_DOWN, retry_after=trace.retry_after)
    if trace.status == 404:
        return LookupFailedError(State.NOT_FOUND, _("The registry knows no network for this address."))
    if isinstance(trace.problem, RefusedError):
        return LookupFailedError(State.ERROR, _("Refused: %(detail)s"), detail=trace.problem.reason)
    if is_timeout(trace.problem):
        return LookupFailedError(State.TIMEOUT, _("The registry did not answer in time."))
    if trace.status is not None and trace.status >= 300:
        message = _("The registry answered with HTTP status %(detail)s.")
        return LookupFailedError(State.ERROR, message, detail=trace.status, retry_after=trace.retry_after)
    if trace.status is not None and trace.problem is None:
        return LookupFailedError(State.ERROR, _("The answer is not RDAP: %(detail)s"), detail=trace.content_type or "?")
    return LookupFailedError(State.ERROR, _("The registry could not be reached: %(detail)s"), detail=words_of(trace.problem or error))


def is_timeout(problem: Exception | None) -> bool:
    return isinstance(problem, TimeoutError | SoftTimeLimitExceeded) or (
        isinstance(problem, URLError) and isinstance(problem.reason, TimeoutError)
    )


def words_of(problem: Exception) -> str:
    reason = problem.reason if isinstance(problem, URLError) else problem
    return (reason.strerror or str(reason)) if isinstance(reason, OSError) else type(reason).__name__


class RegistryOpener(OpenerDirector):
    """An opener for one query. With `override` (host:port) every request goes there, redirected ones included; without, only
    to public addresses by HTTPS. No proxies of the environment: they would resolve names where we cannot look."""

    def __init__(self, override: str = "") -> None:
        super().__init__()
        self.override = override
        self.trace = Trace()
        self.deadline = time.monotonic() + TOTAL_TIMEOUT_S
        handlers = (HTTPHandler(), HTTPSHandler()) if override else (_PublicHTTPSHandler(),)
        for handler in (*handlers, _Redirects(), HTTPErrorProcessor(), HTTPDefaultErrorHandler(), UnknownHandler()):
            self.add_handler(handler)

    def open(self, fullurl: str | Request, data: Any = None, timeout: float | None = CONNECT_TIMEOUT_S) -> Any:
        request = fullurl if isinstance(fullurl, Request) else Request(fullurl)  # noqa: S310  # the handlers know http(s) only
        self._aim(request)
        try:
            response = super().open(request, data, timeout)
        except HTTPError as error:
            self._note(error.code, error.headers)
            raise
        except Exception as error:
            self.trace.problem = error
            raise
        if isinstance(response, CappedResponse):  # of a redirected request, which came through here already
            return response
        self._note(response.status, response.headers)
        return CappedResponse(response, self)

    def _aim(self, request: Request) -> None:
        parts = urlsplit(request.full_url)
        if self.override:
            request.full_url = urlunsplit((override_scheme(self.override), self.override, parts.path, parts.query, ""))
        elif parts.scheme != "https" or not _has_own_port(parts):
            self.trace.problem = RefusedError("only HTTPS on its own port is asked")
            raise self.trace.problem

    def _note(self, status: int, headers: Mapping[str, str] | Message) -> None:
        self.trace.status = status
        self.trace.retry_after = read_retry_after(headers.get("Retry-After"))
        self.trace.content_type = (headers.get("Content-Type") or "").split(";")[0][:80]


def _has_own_port(parts: SplitResult) -> bool:
    try:
        return parts.port in (None, 443)
    except ValueError:  # no port has such a number
        return False


def override_scheme(override: str) -> str:
    """Plain HTTP to a stand-in on this machine, HTTPS to a server elsewhere."""
    host = urlsplit(f"//{override}").hostname or ""
    try:
        return "http" if ip_address(host).is_loopback else "https"
    except ValueError:
        return "http" if host == "localhost" else "https"


class CappedResponse:
    """A response whose body ends at MAX_BODY_BYTES and at the query's deadline, whatever its sender does."""

    def __init__(self, response: HTTPResponse, opener: RegistryOpener) -> None:
        self._response, self._opener = response, opener

    def read(self) -> bytes:
        try:
            return self._read()
        except Exception as error:
            self._opener.trace.problem = error
            raise
        finally:
            self._response.close()

    def _read(self) -> bytes:
        pieces, size = [], 0
        while piece := self._response.read1(65536):
            size += len(piece)
            if size > MAX_BODY_BYTES:
                raise RefusedError(f"the answer is larger than {MAX_BODY_BYTES // 2**20} MiB")
            if time.monotonic() > self._opener.deadline:
                raise TimeoutError("the answer came too slowly")
            pieces.append(piece)
        return b"".join(pieces)


class _Redirects(HTTPRedirectHandler):
    """Every hop comes back through RegistryOpener.open and is checked there like the first request."""

    max_redirections = MAX_REDIRECTS
    max_repeats = 1

    def redirect_request(self, req: Request, fp: Any, *args: Any) -> Request | None:
        fp.close()  # the base class would read the redirect's body, however long it is
        return super().redirect_request(req, fp, *args)


class PublicHTTPSConnection(HTTPSConnection):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._create_connection = connect_public


class _PublicHTTPSHandler(HTTPSHandler):
    def https_open(self, req: Request) -> HTTPResponse:
        return self.do_open(PublicHTTPSConnection, req)


def connect_public(target: tuple[str, int], timeout: Any = None, source_address: Any = None) -> socket.socket:
    """Connect to the very address that was checked, so that a name cannot resolve differently a moment later."""
    host, port = target
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    if not all(_is_reachable(str(entry[4][0])) for entry in found):
        raise RefusedError(f"{host} is not a public address")
    problem: OSError = OSError(f"{host} has no address")
    for entry in found:
        try:
            return socket.create_connection((str(entry[4][0]), port), timeout, source_address)
        except OSError as error:
            problem = error
    raise problem


def _is_reachable(text: str) -> bool:
    """Whether the address is public, and so is the IPv4 address that a translator on the way may read from it."""
    address = ip_address(text.partition("%")[0])
    return is_public(address) and all(map(is_public, _embedded(address)))


def _embedded(address: Address) -> list[Address]:
    if address.version == 4:
        return []
    found = [address.ipv4_mapped, address.sixtofour, *(address.teredo or ())]
    if address in NAT64 or int(address) >> 32 == 0:  # ::a.b.c.d, once "IPv4-compatible"
        found.append(ip_address(int(address) & 0xFFFFFFFF))
    return [inner for inner in found if inner is not None]


def read_retry_after(value: str | None) -> timedelta | None:
    """Retry-After in seconds or as a date (RFC 9110), at least one second; None where it is absent or unreadable."""
    if not value:
        return None
    try:
        wait = timedelta(seconds=int(value)) if value.strip().isdigit() else _until(email.utils.parsedate_to_datetime(value))
    except (ValueError, TypeError, OverflowError):
        return None
    return max(wait, timedelta(seconds=1))


def _until(moment: datetime) -> timedelta:
    return (moment if moment.tzinfo else timezone.make_aware(moment)) - timezone.now()
