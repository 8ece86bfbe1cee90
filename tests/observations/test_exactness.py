"""Whatever goes wrong on the way in, what was confirmed is counted exactly once, and nothing else is.

Over the real web server, with real workers, rollups and crashes; then flows, segments, hour, day and month rows must agree.
"""

import gzip
import json
import time
import zlib
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from functools import partial
from uuid import uuid4

import pytest
from django.db import connection

from apps.common.ports import PortKey
from apps.observations import services
from apps.observations.counting import months, rollup
from apps.observations.counting.exclusions import exclude, lift
from apps.observations.counting.rerolls import reroll_days
from apps.observations.counting.staleness import stale_days
from apps.observations.counting.verification import problems
from apps.observations.intake import wire
from apps.observations.models import Batch, Grain, NetworkCount, Slice
from apps.observations.storage.hours import day_bounds
from apps.sensors.services import add_key, revoke_key
from tests.cast import make_cast
from tests.observations import live
from tests.observations.batches import arrow, compress, digest_of, flow, header, ndjson
from tests.observations.test_ingest_live import end_waiting_backend, request

pytestmark = pytest.mark.django_db(transaction=True)
DAY = date(2012, 5, 9)  # of a month that is over, so that it is closed as well
NOON = int(day_bounds(DAY)[0].timestamp()) + 12 * 3600
STORM_S = 5  # 60 was tried too


@pytest.fixture(scope="module")
def server(django_db_setup):
    with live.web() as web:
        yield web


@pytest.fixture
def cast(transactional_db):
    clear()
    yield make_cast()
    clear()


def clear():
    with connection.cursor() as cursor:  # no model, so the flush at the end of a test leaves them
        cursor.execute("TRUNCATE observations_flow, observations_sample")


class Sensor:
    """One sensor's side: sends and keeps account of what was confirmed."""

    def __init__(self, web, sensor):
        self.web, self.sensor = web, sensor
        self.key = add_key(sensor=sensor, may_import=True)[1]
        self.confirmed: Counter[tuple[int, int, int]] = Counter()  # (sensor, hour, port) → packets

    def rows(self, number: int, flows: int = 40, hour: int = 0):
        """Flows of the minute `number` of an hour after noon; the same number gives the same flows."""
        bucket = NOON + hour * 3600 + number % 60 * 60
        return [flow(bucket=bucket, src=f"93.184.{number % 200}.{n % 7}", port=20 + n, packets=1 + (number + n) % 5) for n in range(flows)]

    def body(self, rows, **changes) -> bytes:
        start = min((row["bucket"] for row in rows), default=NOON)
        return ndjson(header(**{"from": start, "to": start + 60} | changes), rows)

    def put(self, body, *, uuid=None, key=None, **more):
        status, headers, content = self.web.put(key or self.key, body, uuid=uuid, **more)
        return status, json.loads(content).get("code"), headers

    def confirm(self, rows) -> None:
        for row in rows:
            self.confirmed[self.sensor.pk, row["bucket"] // 3600, row["port"]] += row["packets"]

    def send(self, rows, **more) -> None:
        assert self.put(self.body(rows), **more)[0] == 201
        self.confirm(rows)


def roll_everything():
    while stale_days():
        for stale in stale_days():
            rollup.roll_day(stale.day)
    for month in months.months_to_close():
        months.close_month(month)


def must_agree(confirmed: Counter, first: date = DAY, last: date = DAY) -> None:
    """Flows are what was confirmed, and segments and counts are what the flows are."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT sensor_id, floor(extract(epoch FROM bucket) / 3600)::bigint, port, sum(packets)::bigint"
            " FROM observations_flow GROUP BY 1, 2, 3"
        )
        assert {tuple(row[:3]): row[3] for row in cursor.fetchall()} == dict(confirmed)
    assert list(problems(first, last)) == []
    for grain in (Grain.DAY, Grain.MONTH):  # hours are among what `problems` compares
        rows = NetworkCount.objects.filter(grain=grain, slice=Slice.TOTAL).values_list("packets", flat=True)
        assert sum(rows) == sum(confirmed.values()), grain


def bomb() -> bytes:
    packer = zlib.compressobj(9, wbits=31)
    return b"".join(packer.compress(bytes(1 << 20)) for _ in range(300)) + packer.flush()


def refusals(sensor: Sensor, other: Sensor) -> list[tuple[Callable[[], tuple], int, str]]:
    """Everything a portal has to refuse → the documented answer."""
    rows, now = sensor.rows(1), int(time.time()) // 60 * 60
    whole = gzip.compress(sensor.body(rows))
    plain_key = add_key(sensor=sensor.sensor)[1]
    key, revoked = add_key(sensor=sensor.sensor)
    revoke_key(key=key)
    put, body = sensor.put, sensor.body
    spoilt = [*rows[:5], flow(bucket=rows[0]["bucket"], port=70000)]
    future = [flow(bucket=now + 3600)]

    def with_id(text):
        return put(body(rows), uuid=text)

    return [
        (lambda: put(whole[:-10], **{"Content-Encoding": "gzip"}), 400, "bad_encoding"),
        (lambda: put(bomb(), **{"Content-Encoding": "gzip"}), 413, "too_large"),
        (lambda: put(compress(bytes(300 << 20), "zstd"), **{"Content-Encoding": "zstd"}), 413, "too_large"),
        (lambda: put(whole, **{"Content-Encoding": "br"}), 415, "unknown_encoding"),
        (lambda: put(body(rows), **{"Content-Digest": digest_of(b"else")}), 400, "digest_mismatch"),
        (lambda: put(body(rows), **{"Content-Digest": "sha-512=:AAAA:"}), 400, "digest_required"),
        (lambda: put(body(rows), media_type="text/csv"), 415, "unknown_media_type"),
        (lambda: with_id("no-uuid"), 400, "bad_id"),
        (lambda: put(body(spoilt)), 422, "bad_rows"),
        (lambda: put(body([*rows, flow(bucket=rows[0]["bucket"], src="1.2.3.256")])), 422, "bad_rows"),
        (lambda: put(body([*rows, rows[3]])), 422, "bad_rows"),
        (lambda: put(body([*rows, flow(bucket=NOON + 7200)])), 422, "bad_rows"),
        (lambda: put(body(future)), 422, "bad_rows"),
        (lambda: put(body(rows), key=plain_key), 422, "bad_rows"),  # older than INGEST_MAX_AGE_DAYS
        (lambda: put(body(rows)[:-20]), 422, "bad_rows"),
        (lambda: put(ndjson(header(**{"from": NOON, "to": NOON + 60})) + b"{}\n" * 200_001), 413, "too_many_flows"),
        (lambda: put(body(rows, sensor=other.sensor.name)), 403, "wrong_sensor"),
        (lambda: put(body(rows), key=revoked), 401, "bad_key"),
        (lambda: put(body(rows), key="nobody.knows"), 401, "bad_key"),
        (lambda: put(arrow(header(), rows)[:-8], media_type=wire.ARROW), 400, "bad_stream"),
        (lambda: put(b"ARROW1\0\0" * 9, media_type=wire.ARROW), 400, "bad_stream"),
    ]


def test_after_everything_that_can_go_wrong_all_counts_agree(server, cast, monkeypatch):
    one, two = Sensor(server, cast.sensor), Sensor(server, cast.sensor_b)
    one.send(one.rows(1, hour=1))
    two.send(two.rows(2))
    for number, (refused, status, code) in enumerate(refusals(one, two)):
        answer = refused()
        assert answer[:2] == (status, code), number
    for lengths, status in ((f"Content-Length: {2 << 30}\r\n", 413), ("Transfer-Encoding: chunked\r\n", 411)):
        assert server.raw(request(one.key, lengths))[0] == status
    assert server.raw(request(one.key, "Content-Length: 999\r\n", b"{"), close=True)[0] == 400

    # Refused before it is read, and yet the answer arrives although the sensor is still sending.
    assert one.put(bytes(24 << 20), key="nobody.knows")[:2] == (401, "bad_key")
    assert one.put(bytes(24 << 20), media_type="text/csv")[:2] == (415, "unknown_media_type")

    # The same id: with other bytes, again, and from eight workers at once.
    uuid, rows = uuid4(), one.rows(3)
    one.send(rows, uuid=uuid)
    assert one.put(one.body(one.rows(4)), uuid=uuid)[:2] == (409, "conflict")
    assert one.put(one.body(rows), uuid=uuid)[0] == 200
    uuid, rows = uuid4(), two.rows(5)
    with ThreadPoolExecutor(8) as pool:
        assert sorted(pool.map(lambda _n: two.put(two.body(rows), uuid=uuid)[0], range(8))) == [200] * 7 + [201]
    two.confirm(rows)

    # The database goes away in the middle of a batch.
    uuid, rows = uuid4(), one.rows(6)
    with ThreadPoolExecutor(1) as pool, connection.cursor() as cursor:
        cursor.execute("BEGIN")
        cursor.execute("LOCK TABLE observations_mark IN ACCESS EXCLUSIVE MODE")
        delivery = pool.submit(one.put, one.body(rows), uuid=uuid)
        ended = end_waiting_backend(cursor)
        cursor.execute("ROLLBACK")  # before any assertion: whatever is tested next uses this connection
        assert ended
        assert delivery.result()[:2] == (503, "unavailable")
    one.send(rows, uuid=uuid)

    # A batch commits between a rollup's read and its write.
    count_rows = rollup._count_rows
    monkeypatch.setattr(rollup, "_count_rows", lambda read: (one.send(one.rows(7, hour=2)), count_rows(read))[1])
    rollup.roll_day(DAY)
    monkeypatch.undo()
    assert [stale.day for stale in stale_days()] == [DAY]

    # A crash in the middle of writing.
    monkeypatch.setattr(rollup, "_write_fills", lambda cursor, read: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        rollup.roll_day(DAY)
    monkeypatch.undo()

    assert Batch.objects.count() == 6
    roll_everything()
    must_agree(one.confirmed + two.confirmed)


def test_ingest_rollups_rerolls_and_closing_months_at_once_lose_nothing_and_never_deadlock(server, cast):
    """Three sensors send batches over two reporting days, and heartbeats, while two rollups, the closing of months and
    changes of reference data run without pause. No answer but 201, no error anywhere, and then all agrees."""
    sensors = [Sensor(server, sensor) for sensor in (cast.sensor, cast.sensor_a, cast.sensor_b)]
    end = time.monotonic() + STORM_S
    rounds: Counter[str] = Counter()

    def until_the_end(name: str, work: Callable[[int], object]) -> None:
        try:
            while time.monotonic() < end:
                rounds[name] += 1
                work(rounds[name])
        finally:
            connection.close()

    def deliver(sensor: Sensor, number: int) -> None:
        rows = sensor.rows(number, flows=10, hour=number % 24)
        sensor.send(rows)

    def beat(number: int) -> None:
        end = NOON + number % 40_000 * 2
        services.accept_heartbeat(key=key, body=json.dumps({"from": end - 300, "to": end, "report": {}}).encode())

    def change_reference_data(number: int) -> None:
        exclusion = exclude(
            by=None, sensor=cast.sensor, port=PortKey.parse("tcp/22"), first_day=DAY, last_day=DAY, reason="maintenance"
        )  # fmt: skip
        reroll_days(first=DAY, last_exclusive=DAY + timedelta(days=3))
        lift(by=None, exclusion=exclusion)
        time.sleep(0.02)

    def close_months(number: int) -> None:
        months.close_month(DAY.replace(day=1), wait=number % 2 == 0)
        time.sleep(0.02)

    def roll(number: int) -> None:
        for stale in stale_days():
            rollup.roll_day(stale.day, wait=number % 2 == 0)

    works: list[tuple[str, Callable[[int], object]]] = [(sensor.sensor.name, partial(deliver, sensor)) for sensor in sensors]
    key = add_key(sensor=cast.sensor, may_import=True)[0]
    works += [("heartbeats", beat), ("rollup 1", roll), ("rollup 2", roll), ("reroll", change_reference_data), ("month", close_months)]
    with ThreadPoolExecutor(len(works)) as pool:
        for running in [pool.submit(until_the_end, *work) for work in works]:
            running.result()
    assert min(rounds.values()) > 2, rounds
    roll_everything()
    must_agree(sum((sensor.confirmed for sensor in sensors), Counter()), DAY, DAY + timedelta(days=1))
