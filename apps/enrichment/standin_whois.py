"""A WHOIS server (RFC 3912) on this machine, part of the stand-in for registries."""

import socketserver
import time
from collections.abc import Callable
from ipaddress import ip_address

from django.db import connections

from apps.enrichment.standin_faults import HUGE_BYTES, PIECE, SCRIPT, Fault

_WORDS = {
    Fault.NOT_FOUND: "%ERROR:101: no entries found\n",
    Fault.RATE_LIMITED: "%ERROR:201: access control limit reached\n",
    Fault.RATE_NOTICE: "% Query rate limit exceeded. Reduced information.\n",
    Fault.SERVER_ERROR: "% Internal error\n",
    Fault.HTML: "<!DOCTYPE html><title>Sign in to the wireless network</title>\n",
    Fault.BROKEN: "inetnum:        192.0.2.0 - 192.0",
    Fault.REDIRECT_LOOP: "refer:        whois.loop.invalid\n",
    Fault.REDIRECT_PRIVATE: "ReferralServer: whois://127.0.0.1\n",
    Fault.OTHER_RANGE: "inetnum:        192.0.2.0 - 192.0.2.255\nnetname:        OTHER\ndescr:          Other\n",
    Fault.DENIED: "% You don't have permission to use this service\n",
}


class WhoisStandIn(socketserver.ThreadingTCPServer):
    """Listens on 127.0.0.1. `faults` and `asked` are as those of the RDAP server; `text_about` is where answers come from."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, port: int, text_about: Callable[[str], bytes | None]) -> None:
        super().__init__(("127.0.0.1", port), _Handler)
        self.text_about = text_about
        self.faults: dict[str, Fault] = {}
        self.asked: list[str] = []
        self.slow_s = 60.0

    @property
    def host(self) -> str:
        """host:port for WHOIS_HOST_OVERRIDE."""
        return f"127.0.0.1:{self.server_address[1]}"


class _Handler(socketserver.StreamRequestHandler):
    server: WhoisStandIn
    timeout = 10

    def handle(self) -> None:
        try:
            self._answer(self.rfile.readline(200).decode("ascii", "replace").split()[-1:])
        except OSError:
            pass  # the client had enough
        finally:
            connections.close_all()

    def _answer(self, words: list[str]) -> None:
        try:
            address = str(ip_address(words[0]))
        except (IndexError, ValueError):
            self.wfile.write(b"%ERROR:108: bad query\n")
            return
        self.server.asked.append(address)
        fault = self.server.faults.get(address)
        if fault:
            self._fail(fault, address)
        else:
            self._send(address)

    def _send(self, address: str) -> None:
        self.wfile.write(self.server.text_about(address) or _WORDS[Fault.NOT_FOUND].encode())

    def _fail(self, fault: Fault, address: str) -> None:
        match fault:
            case Fault.SLOW:
                time.sleep(self.server.slow_s)
                self._send(address)
            case Fault.DRIP:
                while True:
                    self.wfile.write(b"%")
                    time.sleep(0.05)
            case Fault.HUGE:
                for _ in range(HUGE_BYTES // len(PIECE)):
                    self.wfile.write(PIECE)
            case Fault.REDIRECT if len(self.server.asked) > 1:
                self._send(address)
            case Fault.REDIRECT:
                self.wfile.write(b"ReferralServer: rwhois://rwhois.sample.invalid:4321\n")
            case Fault.REDIRECT_ENDLESS:
                self.wfile.write(f"refer:        whois-{len(self.server.asked)}.sample.invalid\n".encode())
            case Fault.SCRIPT:
                self.wfile.write(_around(address, SCRIPT).encode())
            case Fault.CHARSET:
                self.wfile.write(_around(address, "サンプル組織").encode("iso2022_jp"))
            case Fault.HANG_UP:
                pass
            case _:
                self.wfile.write(_WORDS[fault].encode())


def _around(address: str, holder: str) -> str:
    return f"""{"inetnum" if "." in address else "inet6num"}:        {address} - {address}
netname:        {holder}
descr:          {holder}
remarks:        abuse to <abuse@sample.invalid>
"""
