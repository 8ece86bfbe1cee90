"""A sensor's side of the ingest API, with the retry rules of docs/wire-format.md."""

import base64
import hashlib
import http.client
import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from apps.observations.intake import wire

TIMEOUT_S = 120
MAX_TRIES = 6
MAX_WAIT_S = 60
_AGAIN = {408, 429, 500, 502, 503, 504}


class DeliveryError(RuntimeError):
    """The portal cannot be reached or refuses the key; there is no use in going on."""


@dataclass(frozen=True)
class Answer:
    status: int
    body: dict[str, Any]
    retry_after: str = ""


class Portal:
    """One keep-alive connection to the ingest API below `url`, such as http://127.0.0.1:8000."""

    def __init__(self, url: str, key: str, *, sleep: Callable[[float], None] = time.sleep) -> None:
        parts = urlsplit(url)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise DeliveryError(f"{url!r} is not a URL such as http://127.0.0.1:8000")
        connect = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        self._connection = connect(parts.hostname, parts.port, timeout=TIMEOUT_S)
        self._path = f"{parts.path.rstrip('/')}/api/v1/ingest/batches/"
        self._key = key
        self._sleep = sleep

    def close(self) -> None:
        self._connection.close()

    def put(self, batch: UUID, body: bytes) -> Answer:
        """Deliver a zstd-compressed Arrow batch; tries again where that can help. DeliveryError when it cannot."""
        headers = {
            "Authorization": f"Sensor-Key {self._key}",
            "Content-Type": wire.ARROW,
            "Content-Encoding": "zstd",
            "Content-Digest": f"sha-256=:{base64.b64encode(hashlib.sha256(body).digest()).decode()}:",
        }
        problem = ""
        for attempt in range(MAX_TRIES):
            try:
                answer = self._send(batch, body, headers)
            except (OSError, http.client.HTTPException) as error:
                self._connection.close()
                problem, wait = str(error) or type(error).__name__, 2.0**attempt
            else:
                if answer.status in {401, 403}:
                    raise DeliveryError(f"{answer.status}: {answer.body.get('message', '')}")
                if answer.status not in _AGAIN:
                    return answer
                problem, wait = f"status {answer.status}", _wait(answer, attempt)
            if attempt < MAX_TRIES - 1:
                self._sleep(min(wait, MAX_WAIT_S))
        raise DeliveryError(f"given up after {MAX_TRIES} tries: {problem}")

    def _send(self, batch: UUID, body: bytes, headers: dict[str, str]) -> Answer:
        self._connection.request("PUT", f"{self._path}{batch}", body, headers)
        response = self._connection.getresponse()
        content = response.read()
        try:
            values = json.loads(content)
        except ValueError:
            values = {"message": content[:200].decode(errors="replace")}
        return Answer(response.status, values, response.headers.get("Retry-After", ""))


def _wait(answer: Answer, attempt: int) -> float:
    return float(answer.retry_after) if answer.retry_after.isdigit() else 2.0**attempt
