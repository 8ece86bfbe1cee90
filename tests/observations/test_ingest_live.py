"""What only a real web server and real concurrency show."""

import json
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from uuid import uuid4

import pytest
from django.db import connection

from apps.observations.intake import wire
from apps.observations.models import Batch, Mark
from apps.observations.storage import partitions
from apps.sensors.services import add_key
from tests.cast import make_cast
from tests.observations import live
from tests.observations.batches import arrow, compress, digest_of, flow, header, ndjson

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(scope="module")
def server(django_db_setup):
    with live.web() as web:
        yield web


@pytest.fixture
def cast(transactional_db):
    yield make_cast()
    with connection.cursor() as cursor:  # no model, so the flush at the end of a test leaves them
        cursor.execute("TRUNCATE observations_flow, observations_sample")


def minute():
    return int(time.time()) // 60 * 60 - 600


def batch(flows=1000, **changes):
    """A batch of ten minutes ago, one flow a port."""
    start = minute()
    rows = [flow(bucket=start, port=port, **changes) for port in range(1, flows + 1)]
    return ndjson(header(**{"from": start, "to": start + 60}), rows)


def counts():
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*), coalesce(sum(packets), 0)::bigint FROM observations_flow")
        flows, packets = cursor.fetchone()
    return flows, packets, Batch.objects.count(), sum(mark.version for mark in Mark.objects.all())


@pytest.mark.parametrize("round_", range(3))
def test_of_workers_with_the_same_batch_one_takes_it_in(server, cast, round_):
    body, uuid = batch(), uuid4()
    with ThreadPoolExecutor(8) as pool:
        statuses = sorted(pool.map(lambda _n: server.put(cast.sensor_key, body, uuid=uuid)[0], range(8)))
    assert statuses == [200] * 7 + [201]
    assert counts() == (1000, 3000, 1, 1)


def test_of_workers_with_one_id_and_different_bytes_one_is_taken_in(server, cast):
    bodies, uuid = [batch(packets=number) for number in range(1, 9)], uuid4()
    with ThreadPoolExecutor(8) as pool:
        statuses = sorted(pool.map(lambda body: server.put(cast.sensor_key, body, uuid=uuid)[0], bodies))
    assert statuses == [201] + [409] * 7
    assert counts()[0] == 1000


def test_many_batches_at_once_lose_nothing(server, cast):
    bodies = [batch(200, src=f"93.184.216.{number}") for number in range(40)]
    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(lambda body: server.put(cast.sensor_key, body)[0], bodies)) == {201}
    assert counts() == (8000, 24_000, 40, 40)


def test_a_database_that_goes_away_mid_batch_leaves_nothing_and_asks_for_the_batch_again(server, cast):
    partitions.ensure([datetime.fromtimestamp(minute(), UTC).date()])
    body, uuid = batch(), uuid4()
    with ThreadPoolExecutor(1) as pool, connection.cursor() as cursor:
        # A lock that COPY has to wait for holds the batch in the middle of its transaction.
        cursor.execute("BEGIN")
        cursor.execute("LOCK TABLE observations_mark IN ACCESS EXCLUSIVE MODE")
        answer = pool.submit(server.put, cast.sensor_key, body, uuid=uuid)
        ended = end_waiting_backend(cursor)
        cursor.execute("ROLLBACK")
        status, headers, content = answer.result()
    assert ended
    assert (status, headers["Retry-After"], json.loads(content)["code"]) == (503, "30", "unavailable")
    assert counts() == (0, 0, 0, 0)
    assert server.put(cast.sensor_key, body, uuid=uuid)[0] == 201
    assert counts() == (1000, 3000, 1, 1)


def end_waiting_backend(cursor):
    """Kill the session that waits for a lock of ours, as a crash of the database would.

    Asks pg_locks: pg_stat_activity shows a transaction the sessions of its first look only, not one that connects later."""
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM (SELECT DISTINCT pid FROM pg_locks WHERE NOT granted) AS waiting"
            " WHERE pg_backend_pid() = ANY (pg_blocking_pids(pid))"
        )
        if cursor.fetchall():
            return True
        time.sleep(0.05)
    return False


def request(key, length, body=b"", extra=""):
    return (
        f"PUT /api/v1/ingest/batches/{uuid4()} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Sensor-Key {key}\r\n"
        f"Content-Type: {wire.NDJSON}\r\nContent-Digest: {digest_of(body)}\r\n{length}{extra}\r\n"
    ).encode() + body


def test_two_gigabytes_are_refused_before_they_are_sent(server, cast):
    started = time.monotonic()
    status, answer = server.raw(request(cast.sensor_key, f"Content-Length: {2 * 2**30}\r\n"))
    assert (status, b"too_large" in answer) == (413, True)
    assert time.monotonic() - started < 10


def test_a_chunked_body_is_refused(server, cast):
    status, answer = server.raw(request(cast.sensor_key, "Transfer-Encoding: chunked\r\n") + b"5\r\nhello\r\n0\r\n\r\n")
    assert (status, b"length_required" in answer) == (411, True)


def test_a_body_that_ends_early_is_refused(server, cast):
    body = batch()
    status, answer = server.raw(request(cast.sensor_key, f"Content-Length: {len(body) + 100}\r\n", body), close=True)
    assert status == 400
    assert b"truncated" in answer
    assert counts() == (0, 0, 0, 0)


def test_an_arrow_batch_arrives_compressed(server, cast):
    start = minute()
    body = compress(arrow(header(**{"from": start, "to": start + 60}), [flow(bucket=start)]), "zstd")
    assert server.put(cast.sensor_key, body, media_type=wire.ARROW, **{"Content-Encoding": "zstd"})[0] == 201
    assert counts() == (1, 3, 1, 1)


def test_batches_of_one_sensor_and_marks_in_any_order_never_deadlock(server, cast):
    """Batches over two reporting days, sent by two sensors at once, take their marks in one order."""
    keys = [cast.sensor_key, add_key(sensor=cast.sensor_a)[1]]
    barrier = threading.Barrier(8)

    def deliver(number):
        barrier.wait()
        start = minute() - 2 * 86_400
        body = ndjson(header(**{"from": start, "to": start + 2 * 86_400}, sequence=number), [flow(bucket=start, port=number)])
        return server.put(keys[number % 2], body)[0]

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(deliver, range(8))) == {201}
    assert {mark.version for mark in Mark.objects.all()} == {4}
