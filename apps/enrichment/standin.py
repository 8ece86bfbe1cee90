"""A server on this machine that speaks RDAP (RFC 7480) in the place of the five registries, for demo and tests.

RDAP_HOST_OVERRIDE points the portal at it. It can misbehave as registries do, address by address.
"""

import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from enum import StrEnum
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from django.db import connections

from apps.enrichment import standin_data

RDAP_JSON = "application/rdap+json"
# As ipwhois asks: /registry/ip/… (ARIN), /rdap/ip/… (LACNIC, AFRINIC), /ip/… (RIPE NCC, APNIC).
PREFIXES = ("/registry/ip/", "/rdap/ip/", "/ip/")
HUGE_BYTES = 4 * 2**20


class Fault(StrEnum):
    """Ways in which a registry fails."""

    NOT_FOUND = "not_found"
    RATE_LIMITED = "rate_limited"  # 429 with Retry-After: 120
    RATE_NOTICE = "rate_notice"  # 200, but a notice says that the limit is exceeded
    SERVER_ERROR = "server_error"
    SLOW = "slow"  # the first byte comes after `slow_s`
    HTML = "html"
    BROKEN = "broken"  # JSON that stops in the middle
    HUGE = "huge"
    REDIRECT = "redirect"  # to the same address under another path, which answers
    REDIRECT_LOOP = "redirect_loop"
    OTHER_RANGE = "other_range"
    HANG_UP = "hang_up"


class StandIn(ThreadingHTTPServer):
    """Listens on 127.0.0.1. `faults` maps an address to how its answers fail; `asked` lists the addresses asked for;
    `answer_about` is where answers come from."""

    daemon_threads = True

    def __init__(self, port: int = 0) -> None:
        super().__init__(("127.0.0.1", port), _Handler)
        self.faults: dict[str, Fault] = {}
        self.asked: list[str] = []
        self.slow_s = 60.0
        self.answer_about: Callable[[str], Mapping[str, Any] | None] = standin_data.answer_about

    @property
    def host(self) -> str:
        """host:port for RDAP_HOST_OVERRIDE."""
        return f"127.0.0.1:{self.server_address[1]}"

    def reset(self) -> None:
        self.faults.clear()
        self.asked.clear()
        self.answer_about = standin_data.answer_about


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
        address = next((self.path[len(prefix) :] for prefix in PREFIXES if self.path.startswith(prefix)), "").partition("?")[0]
        was_redirected = address.startswith("moved/")
        address = address.removeprefix("moved/")
        self.server.asked.append(address)
        fault = self.server.faults.get(address)
        if fault and not (was_redirected and fault is Fault.REDIRECT):
            self._fail(fault, address)
            return
        self._send_network(address)

    def _send_network(self, address: str) -> None:
        try:
            network = self.server.answer_about(address)
        except ValueError:
            self._send_error(400, "Not an IP address")
            return
        if network is None:
            self._send_error(404, "Not found")
        else:
            self._send(200, json.dumps(network).encode())

    def _fail(self, fault: Fault, address: str) -> None:
        match fault:
            case Fault.NOT_FOUND:
                self._send_error(404, "Not found")
            case Fault.RATE_LIMITED:
                self._send_error(429, "Too many requests", {"Retry-After": "120"})
            case Fault.RATE_NOTICE:
                self._send(200, json.dumps({"notices": [{"title": "Rate Limit Notice"}]}).encode())
            case Fault.SERVER_ERROR:
                self._send_error(503, "Down for maintenance")
            case Fault.SLOW:
                time.sleep(self.server.slow_s)
                self._send_network(address)
            case Fault.HTML:
                self._send(200, b"<!DOCTYPE html><title>Sign in to the wireless network</title>", {"Content-Type": "text/html"})
            case Fault.BROKEN:
                self._send(200, b'{"startAddress": "192.0.2.0", "endAddr')
            case Fault.HUGE:
                self._send_huge()
            case Fault.REDIRECT:
                self._send(302, b"", {"Location": f"https://rdap.example/ip/moved/{address}"})
            case Fault.REDIRECT_LOOP:
                self._send(302, b"", {"Location": f"https://rdap.example/ip/{address}"})
            case Fault.OTHER_RANGE:
                self._send(200, json.dumps({"handle": "X", "startAddress": "192.0.2.0", "endAddress": "192.0.2.255"}).encode())
            case Fault.HANG_UP:
                self.close_connection = True

    def _send_error(self, status: int, title: str, headers: Mapping[str, str] | None = None) -> None:
        body = {"rdapConformance": ["rdap_level_0"], "errorCode": status, "title": title}
        self._send(status, json.dumps(body).encode(), headers)

    def _send_huge(self) -> None:
        """Valid JSON without a stated length, far larger than any network."""
        self.send_response(200)
        self.send_header("Content-Type", RDAP_JSON)
        self.end_headers()
        self.wfile.write(b'{"name": "')
        for _ in range(HUGE_BYTES // 65536):
            self.wfile.write(b"x" * 65536)
        self.wfile.write(b'"}')

    def _send(self, status: int, body: bytes, headers: Mapping[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in {"Content-Type": RDAP_JSON, "Content-Length": str(len(body)), **(headers or {})}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)
