"""Everything that is refused: the documented answer, and nothing left behind."""

import gzip
import json
import struct
import time
import zlib
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pyarrow as pa
import pytest
import redis
import time_machine
import zstandard
from django.conf import settings
from django.db import OperationalError, connection
from django.utils.timezone import now
from redis.exceptions import RedisError

from apps.observations.intake import wire
from apps.observations.intake.arrowstream import MAX_BATCHES
from apps.observations.intake.compression import decompress
from apps.observations.models import Batch, Mark
from apps.sensors.models import SensorKey
from apps.sensors.services import add_key
from tests.cast import api_client_for, sensor_client
from tests.observations.batches import MINUTE, NOW, arrow, compress, digest_of, flow, header, ndjson, put, sample, send

pytestmark = pytest.mark.django_db
DAY = 86_400


@pytest.fixture(autouse=True)
def _clock():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def client(cast):
    return sensor_client(cast.sensor_key)


@pytest.fixture(autouse=True)
def _nothing_is_left_behind(cast):
    yield
    with connection.cursor() as cursor:
        cursor.execute("SELECT (SELECT count(*) FROM observations_flow), (SELECT count(*) FROM observations_sample)")
        assert cursor.fetchone() == (0, 0)
    assert not Batch.objects.exists()
    assert not Mark.objects.exists()


def outcome(answer):
    return answer.status_code, answer.json()["code"]


def rows_of(answer):
    assert outcome(answer) == (422, "bad_rows"), answer.content
    return [(row["row"], row["field"], row["problem"]) for row in answer.json()["rows"]]


# Who may send


def test_without_a_key_nobody_gets_in(cast, client):
    client.credentials()
    assert send(client, flow()).status_code == 401


@pytest.mark.parametrize("spoil", ["unknown.key", "", "no-dot", "\x00.x"])
def test_a_wrong_key_is_refused(cast, client, spoil):
    client.credentials(HTTP_AUTHORIZATION=f"Sensor-Key {spoil}")
    assert send(client, flow()).status_code == 401


def test_a_revoked_key_is_refused(cast, client):
    SensorKey.objects.update(revoked=True)
    assert outcome(send(client, flow())) == (401, "bad_key")


def test_an_expired_key_is_refused(cast, client):
    SensorKey.objects.update(expiry_date=now() - timedelta(minutes=1))
    assert outcome(send(client, flow())) == (401, "bad_key")


def test_people_cannot_send_batches(cast):
    for person in cast.people.values():
        assert send(api_client_for(person), flow()).status_code in {401, 403}


def test_another_sensors_key_is_refused(cast):
    other = sensor_client(add_key(sensor=cast.sensor_a)[1])
    assert outcome(send(other, flow(), sensor=cast.sensor.name)) == (403, "wrong_sensor")


# What arrives


@pytest.mark.parametrize(
    "uuid", ["1", "not-a-uuid", "0" * 32, "00000000-0000-0000-0000-000000000000", "{0197a3c0-6b5e-7cc3-98c4-dc0c0c07398f}"]
)
def test_an_id_that_is_no_uuid_is_refused(client, uuid):
    assert outcome(put(client, ndjson(header(), [flow()]), uuid=uuid)) == (400, "bad_id")


@pytest.mark.parametrize("media_type", ["application/json", "text/csv", "application/x-ndjson2"])
def test_another_media_type_is_refused(client, media_type):
    assert outcome(put(client, ndjson(header()), media_type=media_type)) == (415, "unknown_media_type")


def test_another_encoding_is_refused(client):
    assert outcome(put(client, ndjson(header()), encoding="br")) == (415, "unknown_encoding")


@pytest.mark.parametrize("digest", ["sha-512=:AAAA:", "sha-256=AAAA", "md5"])
def test_a_body_without_its_sha_256_is_refused(client, digest):
    assert outcome(put(client, ndjson(header()), digest=digest)) == (400, "digest_required")


def test_a_wrong_digest_is_refused(client):
    body = ndjson(header(), [flow()])
    assert outcome(put(client, body, digest=digest_of(body + b"\n"))) == (400, "digest_mismatch")


def test_the_digest_may_stand_among_others(client):
    body = ndjson(header(**{"from": MINUTE + 1, "to": MINUTE}))
    assert outcome(put(client, body, digest=f"sha-512=:AAAA:, {digest_of(body)}")) == (422, "bad_rows")


def test_a_body_without_length_is_refused(client):
    answer = put(client, ndjson(header()), CONTENT_LENGTH="")
    assert outcome(answer) == (411, "length_required")


@pytest.mark.parametrize("length", [str(2 * 2**30), "9" * 5000])
def test_two_gigabytes_are_refused_by_their_length_alone(client, length):
    assert outcome(put(client, b"x", CONTENT_LENGTH=length)) == (413, "too_large")


# Compression


@pytest.mark.parametrize("encoding", ["gzip", "zstd"])
@pytest.mark.parametrize("cut", [1, 10, 60])
def test_a_truncated_stream_is_refused(client, encoding, cut):
    body = compress(ndjson(header(), [flow()]), encoding)[:-cut]
    assert outcome(put(client, body, encoding=encoding)) == (400, "bad_encoding")


@pytest.mark.parametrize("encoding", ["gzip", "zstd"])
@pytest.mark.parametrize("body", [b"", b"not compressed at all", b"\x1f\x8b", b"\x28\xb5\x2f\xfd"])
def test_what_is_not_compressed_is_refused(client, encoding, body):
    assert outcome(put(client, body, encoding=encoding)) == (400, "bad_encoding")


def test_a_stream_with_a_broken_checksum_is_refused(client):
    body = bytearray(gzip.compress(ndjson(header(), [flow()])))
    body[-5] ^= 1
    assert outcome(put(client, bytes(body), encoding="gzip")) == (400, "bad_encoding")


def bomb(encoding, size):
    packer = zlib.compressobj(9, wbits=31) if encoding == "gzip" else zstandard.ZstdCompressor().compressobj()
    return b"".join(packer.compress(bytes(1 << 20)) for _ in range(size >> 20)) + packer.flush()


@pytest.mark.parametrize("encoding", ["gzip", "zstd"])
def test_a_bomb_is_refused_without_unpacking_it(client, settings, encoding):
    settings.INGEST_MAX_DECODED_BYTES = 2**20
    body = bomb(encoding, 2**28)
    before = peak_mib()
    assert outcome(put(client, body, encoding=encoding)) == (413, "too_large")
    assert peak_mib() - before < 100


def test_a_zstd_frame_that_declares_its_size_is_refused_at_once(client):
    assert outcome(put(client, zstandard.compress(bytes(2**29)), encoding="zstd")) == (413, "too_large")


@pytest.mark.parametrize("octets", [gzip.compress(b""), zstandard.compress(b""), b"\x50\x2a\x4d\x18" + bytes(4)])
def test_millions_of_empty_members_or_frames_are_refused_before_they_are_read(client, octets):
    body = octets * (2**22 // len(octets))
    started = time.process_time()
    assert outcome(put(client, body, encoding="gzip" if octets[0] == 0x1F else "zstd")) == (400, "bad_encoding")
    assert time.process_time() - started < 5


@pytest.mark.parametrize("encoding", ["gzip", "zstd"])
@pytest.mark.parametrize("first", ["", None, "skipped"])
def test_members_and_frames_follow_each_other_empty_or_not(encoding, first):
    parts = {"": b"", None: bytes(200_000), "skipped": b"x"}
    skipped = b"\x50\x2a\x4d\x18\1\0\0\0x" if (encoding, first) == ("zstd", "skipped") else b""
    body = skipped + compress(parts[first], encoding) + compress(b"end", encoding)
    assert decompress(body, encoding, 2**20) == parts[first] + b"end"
    with pytest.raises(wire.IngestError, match="larger"):
        decompress(body, encoding, 2)


def test_a_zstd_window_beyond_8_mib_is_refused(client):
    params = zstandard.ZstdCompressionParameters(window_log=27)
    packer = zstandard.ZstdCompressor(compression_params=params).compressobj()
    body = packer.compress(ndjson(header(), [flow()])) + packer.flush()
    assert outcome(put(client, body, encoding="zstd")) == (400, "bad_encoding")


def peak_mib():
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


# The header


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"schema": "obs/2"}, "schema"),
        ({"schema": None}, "schema"),
        ({"from": "yesterday"}, "from"),
        ({"from": True}, "from"),
        ({"to": MINUTE + 0.5}, "to"),
        ({"to": MINUTE}, "to"),
        ({"to": MINUTE - 60}, "to"),
        ({"to": MINUTE + 8 * DAY}, "to"),
        ({"to": MINUTE + 600 + 301}, "to"),
        ({"from": MINUTE - 15 * DAY, "to": MINUTE - 14 * DAY}, "from"),
        ({"from": 10**300}, "from"),
        ({"sequence": -1}, "sequence"),
        ({"sequence": None}, "sequence"),
        ({"agent": "curl"}, "agent"),
        ({"agent": {"name": "", "version": "1"}}, "agent.name"),
        ({"agent": {"name": "a\x00b", "version": "1"}}, "agent.name"),
        ({"agent": {"name": "a" * 101, "version": "1"}}, "agent.name"),
        ({"capture": {"received": 1, "dropped": 0, "sampling": 0}}, "capture.sampling"),
        ({"capture": {"received": 1, "dropped": 0, "sampling": 1, "address": "192.0.2.1"}}, "capture.address"),
        ({"capture": None}, "capture"),
        ({"address": "192.0.2.1"}, "address"),
        ({"sensor": ""}, "sensor"),
    ],
)
def test_a_bad_header_is_refused_by_the_name_of_its_field(client, changes, field):
    for body, media_type, row in ((ndjson(header(**changes)), wire.NDJSON, 1), (arrow(header(**changes)), wire.ARROW, 0)):
        assert (row, field) in [(one, name) for one, name, _problem in rows_of(put(client, body, media_type=media_type))]


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"{}",
        b"[]",
        b"null",
        b"{",
        b'"obs/1"',
        b"\xff",
        b"[" * 100_000,
        b'{"a":' * 100_000,
        b" " * 20_000,
        json.dumps(header()).encode() * 2,
    ],
)
def test_a_first_line_that_is_no_header_is_refused(client, line):
    assert rows_of(put(client, line + b"\n"))[0][0] == 1


def test_a_header_that_names_a_field_twice_is_refused(client):
    line = json.dumps(header()).encode().replace(b'"sequence": 1', b'"sequence": 1, "sequence": 2')
    assert "twice" in rows_of(put(client, line + b"\n"))[0][2]


def test_old_batches_need_a_key_that_may_import(cast, client):
    old = {"from": MINUTE - 14 * DAY - 60, "to": MINUTE - 14 * DAY}
    [(row, field, problem)] = rows_of(send(client, **old))
    assert (row, field, problem) == (1, "from", "is older than this key may send")


# Rows


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"port": 70000}, "port"),
        ({"port": -1}, "port"),
        ({"port": None}, "port"),
        ({"port": ...}, "port"),
        ({"port": "23"}, "port"),
        ({"port": 23.0}, "port"),
        ({"port": 2**64}, "port"),
        ({"port": 23, "protocol": 47}, "port"),
        ({"protocol": 256}, "protocol"),
        ({"protocol": True}, "protocol"),
        ({"src": "1.2.3"}, "src"),
        ({"src": "1.2.3.256"}, "src"),
        ({"src": "01.2.3.4"}, "src"),
        ({"src": "1.2.3.4 "}, "src"),
        ({"src": "1.2.3.4\x00"}, "src"),
        ({"src": ""}, "src"),
        ({"src": None}, "src"),
        ({"src": 16909060}, "src"),
        ({"src": "example.net"}, "src"),
        ({"src": "2001:db8::1%eth0"}, "src"),
        ({"src": "::ffff:1.2.3.4"}, "src"),
        ({"signature": "Mirai"}, "signature"),
        ({"signature": None}, "signature"),
        ({"signature": 1}, "signature"),
        ({"packets": 0}, "packets"),
        ({"packets": -5}, "packets"),
        ({"packets": float("nan")}, ""),
        ({"packets": float("inf")}, ""),
        ({"packets": 10**12 + 1}, "packets"),
        ({"packets": -(2**63)}, "packets"),
        ({"bytes": -1}, "bytes"),
        ({"bytes": -(2**63)}, "bytes"),
        ({"bytes": [1]}, "bytes"),
        ({"bucket": MINUTE + 1, "first_seen": MINUTE * 1000, "last_seen": MINUTE * 1000}, "bucket"),
        ({"bucket": MINUTE + 300}, "bucket"),
        ({"bucket": MINUTE - 60}, "bucket"),
        ({"bucket": MINUTE + DAY}, "bucket"),
        ({"bucket": None}, "bucket"),
        ({"first_seen": MINUTE * 1000 - 1}, "first_seen"),
        ({"last_seen": (MINUTE + 60) * 1000}, "last_seen"),
        ({"first_seen": MINUTE * 1000 + 9, "last_seen": MINUTE * 1000 + 8}, "last_seen"),
        ({"first_src_port": 65536}, "first_src_port"),
        ({"last_src_port": -1}, "last_src_port"),
        ({"ttl_min": 256}, "ttl_min"),
        ({"syn_window": 65536}, "syn_window"),
        ({"dst": "192.0.2.1"}, "dst"),
        ({"samples": {}}, "samples"),
        ({"samples": [1]}, "samples"),
        ({"samples": [sample(), sample(), sample(), sample()]}, "samples."),
        ({"samples": [None]}, "samples.src_port"),
        ({"samples": [sample(seen_at=MINUTE * 1000 + 60_000)]}, "samples.seen_at"),
        ({"samples": [sample(payload="0")]}, "samples.payload"),
        ({"samples": [sample(payload="zz", payload_length=1)]}, "samples.payload"),
        ({"samples": [sample(payload="00" * 257, payload_length=257)]}, "samples.payload"),
        ({"samples": [sample(payload=None)]}, "samples.payload"),
        ({"samples": [sample(payload="0000", payload_length=1)]}, "samples.payload_length"),
        ({"samples": [sample(tcp_options="00" * 41)]}, "samples.tcp_options"),
        ({"samples": [sample(sequence=1)]}, "samples.sequence"),
        ({"samples": [sample(length=0)]}, "samples.length"),
        ({"samples": [sample(ttl="64")]}, "samples.ttl"),
        ({"samples": [sample(ttl=-(2**63))]}, "samples.ttl"),
    ],
)
def test_a_bad_row_is_named_by_its_line_and_field(client, changes, field):
    problems = rows_of(send(client, flow(src="93.184.216.33"), flow(**changes), flow(src="93.184.216.35")))
    assert {row for row, _field, _problem in problems} == {3}
    assert field in {field for _row, field, _problem in problems}


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"null",
        b"[]",
        b"5",
        b"{}{}",
        b'{"port":1} ',
        b' {"port":1}',
        b'{"port":1}\r',
        b'{"port":1,}',
        b'{"port":01}',
        b'{"port":1,"port":2}',
        b'{"src":"\xff"}',
        b'{"src":"\\ud800"}',
        b'{"src":' + b"[" * 50_000 + b"]" * 50_000 + b"}",
        b'{"port":1}null{}',
        b"\x00",
    ],
)
def test_a_line_that_is_no_object_is_named(client, line):
    good = json.dumps(flow()).encode()
    first = ndjson(header())
    assert rows_of(put(client, first + line + b"\n" + good + b"\n"))[0][0] == 2
    assert rows_of(put(client, first + good + b"\n" + line + b"\n" + good + b"\n"))[0][0] == 3


def test_a_last_line_cut_short_is_named(client):
    assert rows_of(put(client, ndjson(header(), [flow()])[:-10]))[0][0] == 2


def test_a_key_that_occurs_twice_is_named_where_it_comes_again(client):
    problems = rows_of(send(client, flow(), flow(src="93.184.216.35"), flow(packets=9)))
    assert problems == [(4, "", "has the same bucket, src, protocol, port and signature as an earlier row")]


def test_no_more_than_twenty_rows_are_named_and_all_are_counted(client):
    answer = send(client, *(flow(src=f"93.184.0.{n}", port=70000) for n in range(50)))
    assert [row for row, _field, _problem in rows_of(answer)] == list(range(2, 22))
    assert answer.json()["bad_rows"] == 50


def test_more_flows_than_a_batch_holds_are_refused(client, settings):
    settings.INGEST_MAX_FLOWS = 3
    flows = [flow(port=port) for port in range(1, 5)]
    assert outcome(send(client, *flows)) == (413, "too_many_flows")
    assert outcome(put(client, arrow(header(), flows), media_type=wire.ARROW)) == (413, "too_many_flows")


def test_a_refused_batch_does_not_use_up_its_id(client, cast):
    uuid = uuid4()
    rows_of(send(client, flow(port=70000), uuid=uuid))
    try:
        assert send(client, flow(), uuid=uuid).status_code == 201
    finally:
        clear(uuid)


def clear(uuid):
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM observations_flow")
    Batch.objects.filter(uuid=uuid).delete()
    Mark.objects.all().delete()


# Arrow


def stream(batch, metadata=None, options=None):
    schema = batch.schema.with_metadata({wire.ARROW_HEADER_KEY: json.dumps(header()).encode()} if metadata is None else metadata)
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, schema, options=options) as writer:
        writer.write_batch(pa.RecordBatch.from_arrays(batch.columns, schema=schema))
    return sink.getvalue().to_pybytes()


def good_batch(*flows):
    reader = pa.ipc.open_stream(arrow(header(), flows or [flow()]))
    return reader.read_all().to_batches()[0]


def put_arrow(client, body):
    return put(client, body, media_type=wire.ARROW)


def test_arrow_rows_are_counted_from_one(client):
    rows = rows_of(put_arrow(client, arrow(header(), [flow(), flow(packets=0, port=1), flow(packets=0, port=2)], batches=3)))
    assert [(row, field) for row, field, _problem in rows] == [(2, "packets"), (3, "packets")]


def test_another_arrow_schema_is_refused_by_the_name_of_its_columns(client):
    batch = good_batch()
    wide = batch.set_column(2, "port", pa.array([23], pa.int64()))
    assert [(row, field) for row, field, _ in rows_of(put_arrow(client, stream(wide)))] == [(0, "port")]
    assert [(row, field) for row, field, _ in rows_of(put_arrow(client, stream(batch.append_column("dst", pa.array(["x"])))))] == [
        (0, "dst")
    ]
    assert [(row, field) for row, field, _ in rows_of(put_arrow(client, stream(batch.drop_columns(["port"]))))] == [(0, "port")]
    assert rows_of(put_arrow(client, stream(batch, metadata={})))[0][0] == 0


@pytest.mark.parametrize("octets", [b"", b"\x01", b"12345", bytes(10) + b"\xff\xff\x01\x02\x03\x04", None])
def test_arrow_addresses_have_4_or_16_octets(client, octets):
    batch = good_batch()
    odd = batch.set_column(batch.schema.get_field_index("src"), "src", pa.array([octets], pa.binary()))
    assert [(row, field) for row, field, _ in rows_of(put_arrow(client, stream(odd)))] == [(1, "src")]


def test_an_unknown_arrow_signature_is_named(client):
    batch = good_batch()
    odd = batch.set_column(batch.schema.get_field_index("signature"), "signature", pa.array([8], pa.uint8()))
    assert [(row, field) for row, field, _ in rows_of(put_arrow(client, stream(odd)))] == [(1, "signature")]


@pytest.mark.parametrize("cut", [1, 8, 9, 200, 600, -1, -8, -300])
def test_a_truncated_arrow_stream_is_refused(client, cut):
    whole = arrow(header(), [flow()])
    assert outcome(put_arrow(client, whole[:-cut] if cut > 0 else whole[-cut:])) == (400, "bad_stream")


@pytest.mark.parametrize("compression", ["zstd", "lz4"])
def test_compressed_buffers_inside_the_stream_are_refused(client, compression):
    batch = good_batch(*(flow(port=port) for port in range(1, 500)))
    body = stream(batch, options=pa.ipc.IpcWriteOptions(compression=compression))
    assert outcome(put_arrow(client, body)) == (400, "bad_stream")


@pytest.mark.parametrize(("name", "sent"), [(b"bucket", b"buck\xff\xfe"), (b"seen_at", b"s\xffn_a\xfe"), (b"ttl_min", b"ttl\0min")])
def test_a_column_whose_name_is_no_text_is_refused(client, name, sent):
    body = arrow(header(), [flow(samples=[sample()])]).replace(name, sent)
    assert outcome(put_arrow(client, body)) in {(400, "bad_stream"), (422, "bad_rows")}


def test_more_record_batches_than_anybody_needs_are_refused(client):
    empty = pa.RecordBatch.from_pylist([], wire.ARROW_FLOWS.with_metadata({wire.ARROW_HEADER_KEY: json.dumps(header()).encode()}))
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, empty.schema) as writer:
        for _number in range(MAX_BATCHES + 1):
            writer.write_batch(empty)
    assert outcome(put_arrow(client, sink.getvalue().to_pybytes())) == (400, "bad_stream")


def test_arrow_dictionaries_are_refused(client):
    batch = good_batch()
    table = batch.set_column(batch.schema.get_field_index("src"), "src", batch["src"].dictionary_encode())
    assert rows_of(put_arrow(client, stream(table)))[0][:2] == (0, "src")


@pytest.mark.parametrize(
    "body", [b"", b"ARROW1\0\0", b"\xff\xff\xff\xff\0\0\0\0", struct.pack("<iI", -1, 2**31 - 1) + b"\xff\xff\xff\xff\0\0\0\0"]
)
def test_what_is_no_arrow_stream_is_refused(client, body):
    assert outcome(put_arrow(client, body)) == (400, "bad_stream")


# How often


def test_a_key_that_calls_too_often_is_told_when_to_come_back(client, settings):
    settings.INGEST_MAX_REQUESTS_PER_MINUTE = 2
    with time_machine.travel(datetime.fromtimestamp(MINUTE + 600 + 48, UTC), tick=False):
        answers = [send(client, flow(port=70000)) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [422, 422, 429]
    assert answers[2].headers["Retry-After"] == "12"
    with time_machine.travel(datetime.fromtimestamp(MINUTE + 660, UTC), tick=False):
        assert send(client, flow(port=70000)).status_code == 422


def test_other_methods_do_not_exist(client):
    assert client.get(f"/api/v1/ingest/batches/{uuid4()}").status_code == 405
    assert client.post(f"/api/v1/ingest/batches/{uuid4()}").status_code == 405


# What fails around it


def test_a_database_that_is_down_answers_with_a_time_to_come_back(client, monkeypatch):
    def fail(*_args, **_kwargs):
        raise OperationalError("server closed the connection")

    for place in ("apps.sensors.authentication.find_key", "apps.observations.services._known"):
        with monkeypatch.context() as patch:
            patch.setattr(place, fail)
            answer = send(client, flow())
        assert (outcome(answer), answer.headers["Retry-After"]) == ((503, "unavailable"), "30")


def test_a_cache_that_is_down_lets_sensors_in(client, cast, monkeypatch):
    def fail(*_args, **_kwargs):
        raise RedisError("connection refused")

    monkeypatch.setattr("apps.observations.api.ingest_throttle.cache.add", fail)
    uuid = uuid4()
    try:
        assert send(client, flow(), uuid=uuid).status_code == 201
    finally:
        clear(uuid)


@pytest.mark.parametrize("rows", [[flow()], [flow(port=70000)]])
def test_no_log_line_no_cache_key_and_no_row_has_the_address_of_a_client(client, caplog, rows):
    uuid, address = uuid4(), "203.0.113.99"
    with caplog.at_level(0):
        put(client, ndjson(header(), rows), uuid=uuid, REMOTE_ADDR=address, HTTP_X_FORWARDED_FOR=address)
        client.credentials()
        put(client, ndjson(header(), rows), uuid=uuid, REMOTE_ADDR=address, HTTP_X_FORWARDED_FOR=address)
    stored = json.dumps([*Batch.objects.values("header"), *SensorKey.objects.values("name", "prefix")])
    clear(uuid)
    assert address not in caplog.text + stored
    for url in (settings.REDIS_URL, settings.CACHE_URL):
        with redis.Redis.from_url(url) as remembered:
            assert not [key for key in remembered.scan_iter() if address.encode() in key]
