"""The portal under its real web server, on the database of the tests."""

import contextlib
import http.client
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from uuid import uuid4

from apps.observations.intake import wire
from tests import processes
from tests.observations.batches import digest_of
from tsubame_portal import embedded, parts


@dataclass(frozen=True)
class Web:
    port: int
    pid: int

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def put(self, key, body, *, uuid=None, media_type=wire.NDJSON, **headers):
        """→ (status, headers, body) of the answer."""
        headers = {"Authorization": f"Sensor-Key {key}", "Content-Type": media_type, "Content-Digest": digest_of(body)} | headers
        with contextlib.closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)) as client:
            client.request("PUT", f"/api/v1/ingest/batches/{uuid or uuid4()}", body, headers)
            answer = client.getresponse()
            return answer.status, answer.headers, answer.read()

    def raw(self, request: bytes, *, close: bool = False) -> tuple[int, bytes]:
        """Send bytes as they are; → (status, body) of the answer. `close` ends our half of the connection."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=60) as client:
            client.sendall(request)
            if close:
                client.shutdown(socket.SHUT_WR)
            answer = http.client.HTTPResponse(client)
            answer.begin()
            return answer.status, answer.read()


@contextlib.contextmanager
def web() -> Iterator[Web]:
    port = embedded.free_port()
    with processes.running(parts.web(port).command, processes.environment(), until=lambda: _answers(port)) as process:
        yield Web(port, process.pid)


def _answers(port: int) -> bool:
    try:
        with contextlib.closing(http.client.HTTPConnection("127.0.0.1", port, timeout=10)) as client:
            client.request("GET", "/api/v1/ingest/heartbeats")
            return client.getresponse().status == 401
    except OSError:
        return False
