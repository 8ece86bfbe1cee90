"""Requests that are refused before their rows are looked at, or because of what is around them: the documented answer."""

import gzip
import json
import time
import zlib
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
import redis
import time_machine
import zstandard
from django.conf import settings
from django.db import OperationalError
from django.utils.timezone import now
from redis.exceptions import RedisError

from apps.observations.intake import wire
from apps.observations.intake.compression import decompress
from apps.observations.models import Batch
from apps.sensors.models import SensorKey
from apps.sensors.services import add_key
from tests.cast import api_client_for, sensor_client
from tests.observations.batches import (
    MINUTE,
    clear,
    compress,
    digest_of,
    flow,
    header,
    ndjson,
    outcome,
    put,
    send,
)

pytestmark = pytest.mark.django_db
DAY = 86_400


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


@pytest.mark.parametrize(
    "octets", [gzip.compress(b"", mtime=0), zstandard.compress(b""), b"\x50\x2a\x4d\x18" + bytes(4)], ids=["gzip", "zstd", "skippable"]
)
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
