"""The way to registries: what may be connected to, how much an answer may cost, and how a query ends that brings none."""

import email.utils
import re
import socket
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.message import Message
from http.client import HTTPConnection, HTTPResponse, HTTPSConnection
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
from django.utils import timezone
from django.utils.translation import gettext_noop as _

from apps.enrichment.blocks import Address, is_public
from apps.enrichment.failures import LookupFailedError
from apps.enrichment.models import State

MAX_BODY_BYTES = 2 * 2**20
CONNECT_TIMEOUT_S = 10  # also between two pieces of a body
TOTAL_TIMEOUT_S = 30
MAX_REDIRECTS = 4
USER_AGENT = "tsubame-portal (network registration data)"
NAT64 = IPv6Network("64:ff9b::/96")
SLOW_DOWN = _("The registry asked us to slow down.")
NOT_IN_TIME = _("The registry did not answer in time.")
NOT_KNOWN = _("The registry knows no network for this address.")
REFUSED = _("Refused: %(detail)s")
UNREACHABLE = _("The registry could not be reached: %(detail)s")


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
    charset: str = ""
    problem: Exception | None = None


def http_failure(trace: Trace, error: Exception) -> LookupFailedError:
    """Which of the visible states a failed query ends in, and why, in words."""
    if trace.status == 429:
        return LookupFailedError(State.RATE_LIMITED, SLOW_DOWN, retry_after=trace.retry_after)
    if trace.status == 404:
        return LookupFailedError(State.NOT_FOUND, NOT_KNOWN)
    if isinstance(trace.problem, RefusedError):
        return LookupFailedError(State.ERROR, REFUSED, detail=trace.problem.reason)
    if is_timeout(trace.problem):
        return LookupFailedError(State.TIMEOUT, NOT_IN_TIME)
    if trace.status is not None and trace.status >= 300:
        message = _("The registry answered with HTTP status %(detail)s.")
        return LookupFailedError(State.ERROR, message, detail=trace.status, retry_after=trace.retry_after)
    if trace.status is not None and trace.problem is None:
        return LookupFailedError(State.ERROR, _("The answer is not RDAP: %(detail)s"), detail=trace.content_type or "?")
    return LookupFailedError(State.ERROR, UNREACHABLE, detail=words_of(trace.problem or error))


def is_timeout(problem: Exception | None) -> bool:
    return isinstance(problem, TimeoutError | SoftTimeLimitExceeded) or (
        isinstance(problem, URLError) and isinstance(problem.reason, TimeoutError)
    )


def words_of(problem: Exception) -> str:
    reason = problem.reason if isinstance(problem, URLError) else problem
    return (reason.strerror or str(reason)) if isinstance(reason, OSError) else type(reason).__name__


class RegistryOpener(OpenerDirector):
    """An opener for one query. With `override` (host:port) every request goes there, redirected ones included; without, only
    to public addresses by HTTPS, and by HTTP where `plain_http` allows it (JPNIC's gateway has nothing else). No proxies of
    the environment: they would resolve names where we cannot look. Bodies end at `cap` bytes and
    after `seconds`."""

    def __init__(self, override: str = "", *, plain_http: bool = False, cap: int = MAX_BODY_BYTES, seconds: float | None = None) -> None:
        super().__init__()
        self.override, self.cap = override, cap
        self.ports = {"https": 443, **({"http": 80} if plain_http else {})}
        self.trace = Trace()
        self.deadline = time.monotonic() + (TOTAL_TIMEOUT_S if seconds is None else seconds)
        handlers = (HTTPHandler(), HTTPSHandler()) if override else (_PublicHTTPSHandler(), _PublicHTTPHandler())
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
        if problem := private_name(parts.hostname or ""):
            self.trace.problem = problem
            raise problem
        if self.override:
            request.full_url = urlunsplit((override_scheme(self.override), self.override, parts.path, parts.query, ""))
        elif not _has_own_port(parts, self.ports.get(parts.scheme)):
            self.trace.problem = RefusedError(f"only {' or '.join(self.ports).upper()} on its own port is asked")
            raise self.trace.problem

    def _note(self, status: int, headers: Mapping[str, str] | Message) -> None:
        self.trace.status = status
        self.trace.retry_after = read_retry_after(headers.get("Retry-After"))
        content_type, _semicolon, parameters = (headers.get("Content-Type") or "").partition(";")
        self.trace.content_type = content_type[:80]
        self.trace.charset = parameters.lower().partition("charset=")[2].strip(" \"';")[:40]


def _has_own_port(parts: SplitResult, own: int | None) -> bool:
    try:
        return own is not None and parts.port in (None, own)
    except ValueError:  # no port has such a number
        return False


def override_scheme(override: str) -> str:
    """Plain HTTP to a stand-in on this machine, HTTPS to a server elsewhere."""
    host = urlsplit(f"//{override}").hostname or ""
    try:
        return "http" if ip_address(host).is_loopback else "https"
    except ValueError:
        return "http" if host == "localhost" else "https"


def too_large(cap: int) -> RefusedError:
    return RefusedError(
        f"the answer is larger than {cap // 2**20} MiB" if cap >= 2**20 else f"the answer is larger than {cap // 2**10} KiB"
    )


class CappedResponse:
    """A response whose body ends at the opener's cap and at the query's deadline, whatever its sender does."""

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
            if size > self._opener.cap:
                raise too_large(self._opener.cap)
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


class _PublicHTTPConnection(HTTPConnection):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._create_connection = connect_public


class _PublicHTTPHandler(HTTPHandler):
    def http_open(self, req: Request) -> HTTPResponse:
        return self.do_open(_PublicHTTPConnection, req)


class _PublicHTTPSHandler(HTTPSHandler):
    def https_open(self, req: Request) -> HTTPResponse:
        return self.do_open(PublicHTTPSConnection, req)


def connect_public(target: tuple[str, int], timeout: Any = None, source_address: Any = None) -> socket.socket:
    """Connect to the very address that was checked, so that a name cannot resolve differently a moment later."""
    host, port = target
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except UnicodeError as error:  # a label without letters, or with too many
        raise RefusedError(f"{host} is no name of a host") from error
    if not all(_is_reachable(str(entry[4][0])) for entry in found):
        raise RefusedError(f"{host} is not a public address")
    problem: OSError = OSError(f"{host} has no address")
    for entry in found:
        try:
            return socket.create_connection((str(entry[4][0]), port), timeout, source_address)
        except OSError as error:
            problem = error
    raise problem


def private_name(host: str) -> RefusedError | None:
    """Why a host must not even be looked up: an address, or a name, that is not public on its face."""
    bare = host.strip("[].").lower()
    try:
        is_public_name = _is_reachable(bare)
    except ValueError:
        is_public_name = not bare.endswith(("localhost", ".local", ".internal", ".home.arpa")) and not re.fullmatch(r"[\dx.]*", bare)
    return None if is_public_name else RefusedError(f"{host} is not a public address")


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
