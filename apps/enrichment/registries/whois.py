"""WHOIS (RFC 3912): one question on port 43, and the way from one server to the next.

ipwhois knows the registries' servers. Its own query reads on without end, drops every letter that is not ASCII and connects
to whatever a referral names, so the connection is ours.
"""

import re
import socket
import time
from dataclasses import dataclass

from django.conf import settings
from django.utils.translation import gettext_noop as _
from ipwhois.whois import RIR_WHOIS

from apps.enrichment.failures import LookupFailedError
from apps.enrichment.models import State
from apps.enrichment.registries import wire
from apps.enrichment.registries.charsets import decode
from apps.enrichment.registries.whois_parsing import NO_NETWORK
from apps.enrichment.registries.wire import RefusedError

MAX_ANSWER_BYTES = 256 * 2**10
TOTAL_TIMEOUT_S = 15  # of one answer
MAX_REFERRALS = 3
WHOIS_PORT, RWHOIS_PORT = 43, 4321
SERVERS: dict[str, str] = {registry: known["server"] for registry, known in RIR_WHOIS.items()}
REGISTRIES = {server: registry for registry, server in SERVERS.items()}
_REFERRAL = re.compile(
    r"^[ \t]*(?:ReferralServer:[ \t]*r?whois://|(?:refer|whois):[ \t]*)(?P<host>[^\s/:]+)(?::(?P<port>\d+))?[ \t]*/?[ \t]*$",
    re.IGNORECASE | re.MULTILINE,
)
# Only in what the server says for itself: anybody may write such words into a network's remarks.
_RATE_LIMITED = re.compile(
    r"limit (?:was |is |has been )?(?:exceeded|reached)|exceeded .{0,60}limit|ERROR:201|too many quer", re.IGNORECASE
)
_NOT_FOUND = re.compile(r"ERROR:101|error 230|no match|no entries|no data found|no objects found|not found", re.IGNORECASE)
_DENIED = re.compile(r"permission|denied|not authori[sz]ed", re.IGNORECASE)


@dataclass(frozen=True)
class Server:
    """Whom to ask. `registry` is the regional one that runs it, '' for whoever a referral named."""

    host: str
    port: int = WHOIS_PORT
    registry: str = ""

    @property
    def provider(self) -> str:
        """The name under which queries to it are limited; servers that referrals name share one."""
        return f"whois:{self.registry or 'referral'}"


def server_of(registry: str) -> Server:
    return Server(SERVERS[registry], registry=registry)


def fetch(address: str, server: Server) -> str:
    """What the server says of an address; LookupFailedError where it does not say anything, or asks us to slow down."""
    text = decode(_ask(_question(address, server), server), registry=server.registry)
    if _RATE_LIMITED.search(_own_words(text)):
        raise LookupFailedError(State.RATE_LIMITED, wire.SLOW_DOWN)
    return text


def _own_words(text: str) -> str:
    """The comments, and all of an answer that holds nothing else worth reading."""
    return text if len(text) < 400 else "\n".join(line for line in text.splitlines() if line.lstrip().startswith(("%", "#")))


def failure_of(text: str) -> LookupFailedError:
    """Why an answer names no network."""
    words = _own_words(text)
    if _DENIED.search(words):
        return LookupFailedError(State.ERROR, _("The WHOIS server does not let us ask."))
    if _NOT_FOUND.search(words):
        return LookupFailedError(State.NOT_FOUND, wire.NOT_KNOWN)
    return LookupFailedError(State.ERROR, NO_NETWORK)


def referral_of(text: str, *, is_placeholder: bool) -> Server | None:
    """Whom the answer names as knowing more. Where it holds nothing but a registry's own block, the servers that its remarks
    name count too (RIPE NCC and APNIC write there where a range was transferred to)."""
    found = _REFERRAL.search(text)
    if found:
        return _server(found["host"], int(found["port"] or 0) or (RWHOIS_PORT if "rwhois://" in found[0].lower() else WHOIS_PORT))
    named = next((server for server in REGISTRIES if server in text.lower().replace(f"[{server}]", "")), "") if is_placeholder else ""
    return _server(named, WHOIS_PORT) if named else None


def _server(host: str, port: int) -> Server:
    return Server(host.lower(), port, REGISTRIES.get(host.lower(), "") if port == WHOIS_PORT else "")


def _question(address: str, server: Server) -> bytes:
    """ARIN answers with a list of matches unless it is asked for all of each."""
    return f"{'n + ' if server.registry == 'arin' else ''}{address}\r\n".encode()


def _ask(question: bytes, server: Server) -> bytes:
    deadline = time.monotonic() + TOTAL_TIMEOUT_S
    try:
        with _connect(server) as connection:
            connection.sendall(question)
            return _read(connection, deadline)
    except TimeoutError as error:
        raise LookupFailedError(State.TIMEOUT, wire.NOT_IN_TIME) from error
    except RefusedError as error:
        raise LookupFailedError(State.ERROR, wire.REFUSED, detail=error.reason) from error
    except OSError as error:
        raise LookupFailedError(State.ERROR, wire.UNREACHABLE, detail=wire.words_of(error)) from error


def _connect(server: Server) -> socket.socket:
    if problem := wire.private_name(server.host):
        raise problem
    if settings.WHOIS_HOST_OVERRIDE:
        host, _colon, port = settings.WHOIS_HOST_OVERRIDE.rpartition(":")
        return socket.create_connection((host.strip("[]"), int(port)), wire.CONNECT_TIMEOUT_S)
    if server.port not in (WHOIS_PORT, RWHOIS_PORT):
        raise RefusedError(f"{server.host} is named with port {server.port}")
    return wire.connect_public((server.host, server.port), wire.CONNECT_TIMEOUT_S)


def _read(connection: socket.socket, deadline: float) -> bytes:
    answer = bytearray()
    while True:
        left = deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError
        connection.settimeout(min(left, wire.CONNECT_TIMEOUT_S))
        if not (piece := connection.recv(16384)):
            return bytes(answer)
        answer += piece
        if len(answer) > MAX_ANSWER_BYTES:
            raise wire.too_large(MAX_ANSWER_BYTES)
