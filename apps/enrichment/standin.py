"""A server on this machine in the place of all registries, for demo and tests: RDAP (RFC 7480), WHOIS on a port of its own,
and the pages of JPNIC and KRNIC.

RDAP_HOST_OVERRIDE, WHOIS_HOST_OVERRIDE and NIR_HOST_OVERRIDE point the portal at it. It can misbehave as registries do,
address by address.
"""

import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from django.db import connections

from apps.enrichment import standin_data, standin_texts
from apps.enrichment.standin_faults import HUGE_BYTES, PIECE, SCRIPT
from apps.enrichment.standin_faults import Fault as Fault
from apps.enrichment.standin_whois import WhoisStandIn

RDAP_JSON = "application/rdap+json"
# As ipwhois asks: /registry/ip/… (ARIN), /rdap/ip/… (LACNIC, AFRINIC), /ip/… (RIPE NCC, APNIC).
PREFIXES = ("/registry/ip/", "/rdap/ip/", "/ip/")
JPNIC_PAGE, KRNIC_PAGE = "/cgi-bin/whois_gw", "/eng/whois.jsc"


class StandIn(ThreadingHTTPServer):
    """Listens on 127.0.0.1. `faults` maps an address to how its answers fail; `asked` lists the addresses asked for;
    `answer_about` is where answers come from. `nir_faults` and `nir_asked` are those of the national registries' pages, `whois`
    is the WHOIS server beside it."""

    daemon_threads = True

    def __init__(self, port: int = 0, whois_port: int = 0) -> None:
        super().__init__(("127.0.0.1", port), _Handler)
        self.whois = WhoisStandIn(whois_port, lambda address: self.text_about("whois", address))
        self.faults: dict[str, Fault] = {}
        self.nir_faults: dict[str, Fault] = {}
        self.asked: list[str] = []
        self.nir_asked: list[str] = []
        self.slow_s = 60.0
        self.answer_about: Callable[[str], Mapping[str, Any] | None] = standin_data.answer_about

    def server_close(self) -> None:
        self.whois.server_close()
        super().server_close()

    def text_about(self, kind: str, address: str) -> bytes | None:
        return standin_texts.text_about(kind, address, self.answer_about(address))

    @property
    def host(self) -> str:
        """host:port for RDAP_HOST_OVERRIDE and NIR_HOST_OVERRIDE."""
        return f"127.0.0.1:{self.server_address[1]}"

    def reset(self) -> None:
        for kept in (self.faults, self.nir_faults, self.whois.faults, self.asked, self.nir_asked, self.whois.asked):
            kept.clear()
        self.answer_about = standin_data.answer_about


@contextmanager
def running(port: int = 0, whois_port: int = 0) -> Iterator[StandIn]:
    """Both servers answer from threads of this process."""
    with StandIn(port, whois_port) as server:
        threads = [threading.Thread(target=part.serve_forever, args=(0.1,), daemon=True) for part in (server, server.whois)]
        for thread in threads:
            thread.start()
        try:
            yield server
        finally:
            for part, thread in zip((server, server.whois), threads, strict=True):
                part.shutdown()
                thread.join()


class _Handler(BaseHTTPRequestHandler):
    server: StandIn
    server_version = "TsubameStandIn"
    sys_version = ""

    def do_GET(self) -> None:
        self._without_tears(self._answer_nir if self.path.startswith(JPNIC_PAGE) else self._answer)

    def do_POST(self) -> None:
        self._without_tears(self._answer_nir)

    def _without_tears(self, answer: Callable[[], None]) -> None:
        try:
            answer()
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

    def _answer_nir(self) -> None:
        is_jpnic = self.path.startswith(JPNIC_PAGE)
        form = urlsplit(self.path).query if is_jpnic else self.rfile.read(min(int(self.headers.get("Content-Length") or 0), 1000)).decode()
        what = parse_qs(form).get("key" if is_jpnic else "query", [""])[0]
        self.server.nir_asked.append(what)
        if fault := self.server.nir_faults.get(what):
            self._fail(fault, what)
        elif is_jpnic and what.startswith("SMP"):
            self._send_page(standin_texts.jpnic_contact(what))
        else:
            self._send_page(self.server.text_about("jpnic" if is_jpnic else "krnic", what) or b"<PRE>No match!!</PRE>")

    def _send_page(self, body: bytes) -> None:
        """JPNIC's gateway states Shift_JIS whatever it sends."""
        self._send(200, body, {"Content-Type": "text/html; charset=Shift_JIS"})

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
            case Fault.REDIRECT_ENDLESS:
                self._send(302, b"", {"Location": f"https://rdap-{len(self.server.asked)}.example/ip/{address}"})
            case Fault.REDIRECT_PRIVATE:
                self._send(302, b"", {"Location": f"https://127.0.0.1/ip/{address}"})
            case Fault.SCRIPT:
                self._send(200, json.dumps(_network_of(address, SCRIPT)).encode())
            case Fault.CHARSET:
                self._send(200, json.dumps(_network_of(address, "Organización"), ensure_ascii=False).encode("latin-1"))
            case Fault.DRIP:
                self._drip()
            case Fault.DENIED:
                self._send_error(403, "Forbidden")
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
        for _ in range(HUGE_BYTES // len(PIECE)):
            self.wfile.write(PIECE)
        self.wfile.write(b'"}')

    def _drip(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", RDAP_JSON)
        self.end_headers()
        while True:
            self.wfile.write(b" ")
            time.sleep(0.05)

    def _send(self, status: int, body: bytes, headers: Mapping[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in {"Content-Type": RDAP_JSON, "Content-Length": str(len(body)), **(headers or {})}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)


def _network_of(address: str, name: str) -> dict[str, Any]:
    card = ["vcard", [["fn", {}, "text", name], ["email", {}, "text", "mailto:abuse@sample.invalid"]]]
    contact = {"handle": name, "roles": ["abuse"], "vcardArray": card}
    return {"handle": name, "startAddress": address, "endAddress": address, "name": name, "entities": [contact]}
