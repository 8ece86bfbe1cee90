"""A server on this machine that speaks the protocols of Shodan's API and of InternetDB, for demo and tests.

SHODAN_HOST_OVERRIDE and INTERNETDB_HOST_OVERRIDE point the portal at it. It wants the key, can enforce a rate limit, and can
misbehave as services do, address by address.
"""

import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from enum import StrEnum
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from typing import Any
from urllib.parse import parse_qs, urlsplit

from django.db import connections

from apps.enrichment.hosts import standin_data

KEY = "sample-key-of-the-stand-in"
HUGE_BYTES = 100 * 2**20
NO_DATA = "No information available"
DRIP_S = 0.1  # between two bytes


class Fault(StrEnum):
    """Ways in which a scanning service fails."""

    NO_DATA = "no_data"
    RATE_LIMITED = "rate_limited"  # 429 with Retry-After: 120
    KEY_REFUSED = "key_refused"
    FORBIDDEN = "forbidden"
    SERVER_ERROR = "server_error"
    SLOW = "slow"  # the first byte comes after `slow_s`
    DRIP = "drip"  # a header without end, byte by byte
    HTML = "html"
    BROKEN = "broken"  # JSON that stops in the middle
    SHORT = "short"  # fewer bytes than were promised
    DEEP = "deep"  # lists in lists in lists
    HUGE = "huge"
    REDIRECT = "redirect"
    ECHO = "echo"  # the key stands in the answer
    HANG_UP = "hang_up"


class StandIn(ThreadingHTTPServer):
    """Listens on 127.0.0.1. `faults` maps an address to how its answers fail; `asked` lists the addresses asked for; `per_second`
    is how many questions it answers in a second, None for any number; `answer_about` is where answers come from."""

    daemon_threads = True

    def __init__(self, port: int = 0) -> None:
        super().__init__(("127.0.0.1", port), _Handler)
        self.key, self.slow_s = KEY, 60.0
        self._lock = threading.Lock()
        self.reset()

    @property
    def host(self) -> str:
        """host:port for the overrides."""
        return f"127.0.0.1:{self.server_address[1]}"

    def reset(self) -> None:
        self.faults: dict[str, Fault] = {}
        self.asked: list[str] = []
        self.refused = 0  # questions with another key
        self.per_second: int | None = None
        self.answer_about: Callable[[str], Mapping[str, Any] | None] = standin_data.answer_about
        self._window, self._answered = 0, 0

    def is_too_fast(self) -> bool:
        """Whether this question is one too many in its second; it counts."""
        with self._lock:
            if self.per_second is None:
                return False
            if (now := int(time.time())) != self._window:
                self._window, self._answered = now, 0
            self._answered += 1
            return self._answered > self.per_second


@contextmanager
def running(port: int = 0) -> Iterator[StandIn]:
    with StandIn(port) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.1}, daemon=True)
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


class _Handler(BaseHTTPRequestHandler):
    server: StandIn
    server_version = "TsubameStandIn"
    sys_version = ""

    def do_GET(self) -> None:
        try:
            self._answer()
        except (BrokenPipeError, ConnectionResetError):
            pass  # the client had enough
        finally:
            connections.close_all()

    def log_message(self, format: str, *args: Any) -> None:
        pass

    def _answer(self) -> None:
        parts = urlsplit(self.path)
        is_shodan = parts.path == "/api-info" or parts.path.startswith("/shodan/")
        if is_shodan and parse_qs(parts.query).get("key") != [self.server.key]:
            self.server.refused += 1
            self._refuse_key()
        elif self.server.is_too_fast():
            self._slow_down()
        elif parts.path == "/api-info":
            self._send_json(200, {"plan": "sample", "query_credits": 100, "scan_credits": 0, "unlocked": True, "https": True})
        else:
            address = parts.path.removeprefix("/shodan/host/").removeprefix("/")
            self.server.asked.append(address)
            self._answer_about(address, is_shodan)

    def _answer_about(self, address: str, is_shodan: bool) -> None:
        fault = self.server.faults.get(address)
        if fault and fault not in (Fault.SLOW, Fault.ECHO, Fault.NO_DATA):
            self._fail(fault)
            return
        if fault is Fault.SLOW:
            time.sleep(self.server.slow_s)
        try:
            ip_address(address)
        except ValueError:
            self._send_json(404, {"error": "Invalid IP"} if is_shodan else {"detail": "Not Found"})
            return
        host = None if fault is Fault.NO_DATA else self.server.answer_about(address)
        if host is None:
            self._send_json(404, {"error": f"{NO_DATA} for that IP."} if is_shodan else {"detail": NO_DATA})
        elif fault is Fault.ECHO:
            self._send_json(200, {**host, "your_key": self.server.key})
        else:
            self._send_json(200, host if is_shodan else standin_data.summary(host))

    def _fail(self, fault: Fault) -> None:
        match fault:
            case Fault.RATE_LIMITED:
                self._slow_down({"Retry-After": "120"})
            case Fault.KEY_REFUSED:
                self._refuse_key()
            case Fault.FORBIDDEN:
                self._send(403, b"<html><title>403 Forbidden</title></html>", {"Content-Type": "text/html"})
            case Fault.SERVER_ERROR:
                self._send_json(503, {"error": "Down for maintenance"})
            case Fault.DRIP:
                self._drip()
            case Fault.HTML:
                self._send(200, b"<!DOCTYPE html><title>Sign in to the wireless network</title>", {"Content-Type": "text/html"})
            case Fault.BROKEN:
                self._send(200, b'{"ip_str": "192.0.2.1", "da')
            case Fault.SHORT:
                self._send(200, b"{}", {"Content-Length": "100"})
            case Fault.DEEP:
                self._send(200, b'{"data": ' + b"[" * 100_000 + b"]" * 100_000 + b"}")
            case Fault.HUGE:
                self._send_huge()
            case Fault.REDIRECT:
                self._send(302, b"", {"Location": f"https://{self.server.host}/shodan/host/192.0.2.1"})
            case Fault.HANG_UP:
                self.close_connection = True

    def _refuse_key(self) -> None:
        self._send_json(401, {"error": "Invalid API key"})

    def _slow_down(self, headers: Mapping[str, str] | None = None) -> None:
        self._send_json(429, {"error": "Request rate limit reached (1/ second). Please upgrade your API plan."}, headers)

    def _drip(self) -> None:
        self.wfile.write(b"HTTP/1.0 200 OK\r\nX-Slow: ")
        while True:
            self.wfile.write(b"x")
            time.sleep(DRIP_S)

    def _send_huge(self) -> None:
        """Valid JSON without a stated length, far larger than any host."""
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(b'{"os": "')
        for _ in range(HUGE_BYTES // 65536):
            self.wfile.write(b"x" * 65536)
        self.wfile.write(b'"}')

    def _send_json(self, status: int, body: Mapping[str, Any], headers: Mapping[str, str] | None = None) -> None:
        self._send(status, json.dumps(body).encode(), headers)

    def _send(self, status: int, body: bytes, headers: Mapping[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in {"Content-Type": "application/json", "Content-Length": str(len(body)), **(headers or {})}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)
