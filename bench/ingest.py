"""How fast batches come in over HTTP, as a ratio to a bare COPY of the same rows on the same server; and whether the
web process grows. `python -m bench.ingest [--flows 400000] [--memory 5000000]`.

The portal is served by gunicorn with the options of `manage.py serve`; four connections send batches of 20,000 flows
of one sensor, encoded before the clock runs, each with a commit. The bare COPY writes the same rows in binary form,
one transaction a batch, into an unpartitioned table of the same columns without an index. Medians of three runs.
"""

import argparse
import base64
import contextlib
import gzip
import hashlib
import http.client
import os
import statistics
import subprocess
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from uuid import uuid4

import zstandard

from bench.database import empty_database

CONNECTIONS = 4
DISTINCT = 10  # batches; longer runs send them again under other ids
NDJSON, ARROW = "application/x-ndjson", "application/vnd.apache.arrow.stream"
WIRES = {"NDJSON + gzip": (NDJSON, "gzip"), "NDJSON + zstd": (NDJSON, "zstd"), "Arrow + zstd": (ARROW, "zstd")}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--flows", type=int, default=400_000, help="flows of each speed run")
    parser.add_argument("--memory", type=int, default=5_000_000, help="flows of the memory run; 0 leaves it out")
    options = parser.parse_args()
    os.environ["INGEST_MAX_REQUESTS_PER_MINUTE"] = "1000000"
    with empty_database("bench_ingest"):
        from bench import ingest_batches

        batches = ingest_batches.make(DISTINCT)
        count = max(CONNECTIONS, options.flows // ingest_batches.BATCH)
        bare = [_bare_copy([ingest_batches.frame(batch) for batch in batches], count) for _ in range(3)]
        bodies = {NDJSON: [ingest_batches.ndjson(batch) for batch in batches], ARROW: [ingest_batches.arrow(batch) for batch in batches]}
        with portal() as web:
            speed(web, bodies, count, statistics.median(bare))
            memory(web, bodies[NDJSON], options.memory)


def speed(web: "Web", bodies: dict[str, list[bytes]], count: int, bare: float) -> None:
    print(f"{'bare COPY':14}{bare:10,.0f} rows/s")
    for name, (media_type, encoding) in WIRES.items():
        packed = [_pack(body, encoding) for body in bodies[media_type]]
        web.send(packed, CONNECTIONS, media_type, encoding)  # warm
        rate = statistics.median(web.send(packed, count, media_type, encoding) for _ in range(3))
        size = sum(map(len, packed)) / len(packed) / 20_000
        print(f"{name:14}{rate:10,.0f} rows/s = {rate / bare:.2f} x bare COPY, {size:.0f} bytes a flow")


def memory(web: "Web", bodies: list[bytes], flows: int) -> None:
    """RSS after each million; more is sent than asked for rather than less."""
    packed = [_pack(body, "gzip") for body in bodies]
    print(f"web processes, resident: {web.memory()} MiB")
    for million in range(1, flows // 1_000_000 + 1):
        web.send(packed, 50, NDJSON, "gzip")
        print(f"web processes, resident: {web.memory()} MiB after {million} million flows more")


def _pack(body: bytes, encoding: str) -> bytes:
    return gzip.compress(body, 6) if encoding == "gzip" else zstandard.compress(body)


def _bare_copy(frames: list, count: int) -> float:
    """→ rows a second."""
    from django.db import connection, transaction

    from apps.observations.intake import copying

    ready = []
    for flows in frames:
        columns = copying.flow_columns(flows, 1, 1)
        ready.append(copying.flow_payload(columns, flows.src, slice(None)))
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS bare")
        cursor.execute("CREATE TABLE bare (LIKE observations_flow)")
        start = time.perf_counter()
        for number in range(count):
            with transaction.atomic(), cursor.copy(f"COPY bare ({copying.FLOW_COLUMN_LIST}) FROM STDIN (FORMAT BINARY)") as copy:
                copy.write(ready[number % len(ready)])
        return sum(len(frames[number % len(frames)]) for number in range(count)) / (time.perf_counter() - start)


class Web:
    def __init__(self, port: int, pid: int, key: str) -> None:
        self.port, self.pid, self.key = port, pid, key

    def send(self, bodies: list[bytes], count: int, media_type: str, encoding: str) -> float:
        """PUT `count` batches; → rows a second."""
        headers = {"Authorization": f"Sensor-Key {self.key}", "Content-Type": media_type, "Content-Encoding": encoding}
        start = time.perf_counter()
        with ThreadPoolExecutor(CONNECTIONS) as pool:
            list(pool.map(lambda first: self._deliver(range(first, count, CONNECTIONS), bodies, headers), range(CONNECTIONS)))
        return count * 20_000 / (time.perf_counter() - start)

    def _deliver(self, numbers: range, bodies: list[bytes], headers: dict[str, str]) -> None:
        with contextlib.closing(http.client.HTTPConnection("127.0.0.1", self.port)) as connection:
            for number in numbers:
                body = bodies[number % len(bodies)]
                digest = base64.b64encode(hashlib.sha256(body).digest()).decode()
                path = f"/api/v1/ingest/batches/{uuid4()}"
                connection.request("PUT", path, body, headers | {"Content-Digest": f"sha-256=:{digest}:"})
                answer = connection.getresponse()
                content = answer.read()
                if answer.status != 201:
                    raise SystemExit(f"{answer.status}: {content[:500]!r}")

    def memory(self) -> list[int]:
        """Resident MiB of every web process."""
        return [_resident_kib(child) // 1024 for child in _children(self.pid)]


@contextlib.contextmanager
def portal() -> Iterator[Web]:
    """The portal under gunicorn on the benchmark's database."""
    from django.db import connection

    from tsubame_portal import embedded, parts

    settings = connection.settings_dict
    url = f"postgresql://{settings['USER']}:{settings['PASSWORD']}@{settings['HOST']}:{settings['PORT']}/{settings['NAME']}"
    port = embedded.free_port()
    command = parts.web(port).command
    with Path(os.devnull).open("w") as quiet:
        process = subprocess.Popen(command, env={**os.environ, "DATABASE_URL": url}, stderr=quiet)
    try:
        _wait_for(port)
        yield Web(port, process.pid, _key())
    finally:
        process.terminate()
        process.wait()


def _key() -> str:
    from apps.accounts.models import Organisation
    from apps.sensors.services import add_key, enrol_sensor

    owner = Organisation.objects.create(name="Bench", kind=Organisation.Kind.OWN_CSIRT)
    return add_key(sensor=enrol_sensor(name="bench", organisation=owner, country="JP"))[1]


def _wait_for(port: int) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        with contextlib.suppress(OSError), contextlib.closing(connection):
            connection.request("GET", "/api/v1/ingest/heartbeats")
            connection.getresponse().read()
            return
        time.sleep(0.2)
    raise SystemExit("the web server did not start")


def _children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def _resident_kib(pid: int) -> int:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith("VmRSS")).split()[1])


if __name__ == "__main__":
    main()
