"""One question to a scanning service over HTTP, under limits of our own: the clients have none.

The official client of Shodan takes a session of requests. Ours reads nothing of the environment (proxies, .netrc), and goes
through a gate that connects to public addresses only, follows no redirect, ends at a deadline and at a size, and never lets
the key into an answer.
"""

import http.client
import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from http.client import HTTPConnection, HTTPResponse
from io import BytesIO
from typing import Any
from urllib.parse import urlsplit

from requests import PreparedRequest, Response, Session
from requests.adapters import BaseAdapter
from requests.structures import CaseInsensitiveDict

from apps.enrichment.registries.wire import PublicHTTPSConnection, RefusedError, Trace, override_scheme, read_retry_after

MAX_BODY_BYTES = 4 * 2**20
CONNECT_TIMEOUT_S = 10  # also between two pieces of an answer
TOTAL_TIMEOUT_S = 30
USER_AGENT = "tsubame-portal (host profiles)"
HIDDEN = b"***"


def session(gate: "Gate") -> Session:
    """A session every request of which goes through the gate."""
    made = Session()
    made.trust_env = False
    made.headers = CaseInsensitiveDict({"User-Agent": USER_AGENT, "Accept": "application/json", "Accept-Encoding": "identity"})
    made.mount("https://", gate)
    made.mount("http://", gate)
    return made


class Gate(BaseAdapter):
    """The way to one service. With `override` (host:port) every request goes there; without, by HTTPS to `host` and to public
    addresses only. `secret` is struck out of answers. `trace` tells what happened, which clients do not pass on."""

    def __init__(self, host: str, *, override: str = "", secret: str = "") -> None:
        super().__init__()
        self.host, self.override, self.secret = host, override, secret.encode()
        self.trace = Trace()

    def send(
        self,
        request: PreparedRequest,
        stream: bool = False,
        timeout: Any = None,
        verify: Any = True,
        cert: Any = None,
        proxies: Mapping[str, str] | None = None,
    ) -> Response:
        try:
            return self._send(request)
        except Exception as error:
            self.trace.problem = error
            raise

    def close(self) -> None:
        """Nothing is kept open."""

    def _send(self, request: PreparedRequest) -> Response:
        if urlsplit(request.url or "").hostname != self.host:
            raise RefusedError("another host than the service's own")
        connection = self._connection()
        with _ended_at_deadline(connection):
            connection.request("GET", request.path_url, headers=dict(request.headers))
            answer = connection.getresponse()
            self._note(answer)
            if 300 <= answer.status < 400:
                raise RefusedError("the answer leads elsewhere")
            return self._response(request, answer, self._body(answer))

    def _connection(self) -> HTTPConnection:
        if not self.override:
            return PublicHTTPSConnection(self.host, timeout=CONNECT_TIMEOUT_S)
        kind = http.client.HTTPConnection if override_scheme(self.override) == "http" else http.client.HTTPSConnection
        return kind(self.override, timeout=CONNECT_TIMEOUT_S)

    def _note(self, answer: HTTPResponse) -> None:
        self.trace.status = answer.status
        self.trace.retry_after = read_retry_after(answer.headers.get("Retry-After"))
        self.trace.content_type = (answer.headers.get("Content-Type") or "").split(";")[0][:80]

    def _body(self, answer: HTTPResponse) -> bytes:
        body = answer.read(MAX_BODY_BYTES + 1)
        if len(body) > MAX_BODY_BYTES:
            raise RefusedError(f"the answer is larger than {MAX_BODY_BYTES // 2**20} MiB")
        if answer.length:  # http.client returns what it has where a body ends early
            raise http.client.IncompleteRead(body)
        return body.replace(self.secret, HIDDEN) if self.secret else body

    @staticmethod
    def _response(request: PreparedRequest, answer: HTTPResponse, body: bytes) -> Response:
        made = Response()
        made.status_code, made.request, made.encoding = answer.status, request, "utf-8"
        made.headers = CaseInsensitiveDict({"Content-Type": answer.headers.get("Content-Type", "")})
        made.raw = BytesIO(body)
        return made


@contextmanager
def _ended_at_deadline(connection: HTTPConnection) -> Iterator[None]:
    """A sender can keep us waiting for ever with a byte every few seconds, also inside a header; then the line is cut."""
    is_late = threading.Event()
    clock = threading.Timer(TOTAL_TIMEOUT_S, _cut, (connection, is_late))
    clock.daemon = True
    clock.start()
    try:
        yield
    except Exception as error:
        if is_late.is_set():
            raise TimeoutError("the answer came too slowly") from error
        raise
    finally:
        clock.cancel()
        clock.join()
        connection.close()
    if is_late.is_set():  # a body without a stated length just ends where the line is cut
        raise TimeoutError("the answer came too slowly")


def _cut(connection: HTTPConnection, is_late: threading.Event) -> None:
    is_late.set()
    line: socket.socket | None = connection.sock
    if line is not None:
        with suppress(OSError):  # it has ended by itself
            line.shutdown(socket.SHUT_RDWR)
