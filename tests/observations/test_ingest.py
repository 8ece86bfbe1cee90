"""What a good batch leaves behind, whichever way it is written, and what sending it again does."""

from datetime import UTC, date, datetime
from uuid import uuid4

import pytest
import time_machine
from django.db import connection

from apps.observations.intake import wire
from apps.observations.models import Batch, Mark, Signature
from apps.sensors.services import add_key
from tests.cast import sensor_client
from tests.observations.batches import MINUTE, NOW, arrow, compress, flow, header, ndjson, put, sample, send

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _clock():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def client(cast):
    return sensor_client(cast.sensor_key)


def rows(table="observations_flow", columns="*"):
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {columns} FROM {table} ORDER BY src, port, signature")
        names = [column.name for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def test_a_flow_arrives_as_it_was_sent(cast, client):
    answer = send(client, flow(signature="mirai"))
    assert (answer.status_code, answer.json()["flows"], answer.json()["packets"]) == (201, 1, 3)
    [row] = rows()
    batch = Batch.objects.get()
    moment = datetime.fromtimestamp(MINUTE, UTC)
    assert row == {
        "bucket": moment,
        "packets": 3,
        "bytes": 132,
        "first_seen": moment.replace(second=1, microsecond=500_000),
        "last_seen": moment.replace(second=59, microsecond=999_000),
        "batch_id": batch.pk,
        "sensor_id": cast.sensor.pk,
        "port": 23,
        "first_src_port": 40000,
        "last_src_port": 40002,
        "syn_window": 1024,
        "protocol": 6,
        "signature": 1,
        "ttl_min": 52,
        "src": "93.184.216.34",
    } | {"src": row["src"]}
    assert str(row["src"]) == "93.184.216.34"
    assert (batch.flows, batch.packets, batch.sequence, batch.header) == (1, 3, 1, header())


def test_what_a_log_does_not_tell_is_kept_as_unknown(client):
    send(client, flow(bytes=..., first_src_port=..., last_src_port=None, ttl_min=None, syn_window=..., protocol=47, port=0))
    [row] = rows()
    assert [row[name] for name in ("bytes", "first_src_port", "last_src_port", "ttl_min", "syn_window")] == [0, 0, 0, None, None]


def test_rows_of_every_shape_arrive_together(client):
    flows = [
        flow(src="93.184.216.34"),
        flow(src="2606:2800:220:1::1"),
        flow(src="93.184.216.35", ttl_min=None),
        flow(src="2606:2800:220:1::2", syn_window=None, ttl_min=None),
        flow(src="93.184.216.36", syn_window=None, bucket=MINUTE + 240),
    ]
    send(client, *flows)
    assert {(str(row["src"]), row["ttl_min"], row["syn_window"]) for row in rows()} == {
        ("93.184.216.34", 52, 1024),
        ("2606:2800:220:1::1", 52, 1024),
        ("93.184.216.35", None, 1024),
        ("2606:2800:220:1::2", None, None),
        ("93.184.216.36", 52, None),
    }


def test_samples_arrive_with_the_key_of_their_flow(cast, client):
    long = sample(payload="00ff" * 128, payload_length=900, tcp_options=None, ttl=None)
    answer = send(client, flow(src="93.184.216.33"), flow(samples=[sample(), long]), flow(src="2606:2800:220:1::1", samples=[sample()]))
    assert answer.status_code == 201
    kept = rows("observations_sample", "src, port, sensor_id, payload_length, payload, tcp_options, ttl, tcp_flags, signature")
    assert sorted((str(row["src"]), row["payload_length"], bytes(row["payload"]), row["tcp_options"], row["ttl"]) for row in kept) == [
        ("2606:2800:220:1::1", 0, b"", b"\x02\x04\x05\xb4", 52),
        ("93.184.216.34", 0, b"", b"\x02\x04\x05\xb4", 52),
        ("93.184.216.34", 900, b"\x00\xff" * 128, None, None),
    ]
    assert {(row["sensor_id"], row["port"], row["tcp_flags"], row["signature"]) for row in kept} == {(cast.sensor.pk, 23, 2, 0)}


@pytest.mark.parametrize("encoding", ["", "identity", "gzip", "zstd"])
@pytest.mark.parametrize("media_type", [wire.NDJSON, wire.ARROW])
def test_both_forms_and_all_encodings_say_the_same(client, media_type, encoding):
    flows = [flow(src=f"93.184.{n}.7", port=n, samples=[sample()] if n % 2 else None) for n in range(50)]
    plain = arrow(header(), flows, batches=3) if media_type == wire.ARROW else ndjson(header(), flows)
    assert put(client, compress(plain, encoding), media_type=media_type, encoding=encoding).status_code == 201
    assert [(str(row["src"]), row["port"], row["packets"]) for row in rows()] == [(f"93.184.{n}.7", n, 3) for n in range(50)]
    assert len(rows("observations_sample")) == 25


def test_the_same_batch_again_adds_nothing(client):
    uuid = uuid4()
    first = send(client, flow(), uuid=uuid)
    again = send(client, flow(), uuid=uuid)
    assert (first.status_code, again.status_code) == (201, 200)
    assert again.json() == first.json() | {"new": False}
    assert len(rows()) == 1
    assert [mark.version for mark in Mark.objects.all()] == [1]


def test_the_same_id_with_other_bytes_is_a_conflict(client):
    uuid = uuid4()
    send(client, flow(), uuid=uuid)
    answer = send(client, flow(packets=4), uuid=uuid)
    assert (answer.status_code, answer.json()["code"]) == (409, "conflict")
    assert [row["packets"] for row in rows()] == [3]


def test_two_sensors_may_use_the_same_id(cast, client):
    uuid = uuid4()
    other = sensor_client(add_key(sensor=cast.sensor_a)[1])
    assert [send(one, flow(), uuid=uuid).status_code for one in (client, other)] == [201, 201]
    assert {row["sensor_id"] for row in rows()} == {cast.sensor.pk, cast.sensor_a.pk}


def test_a_batch_without_flows_says_that_nothing_was_seen(cast, client):
    assert send(client).status_code == 201
    assert rows() == []
    assert Batch.objects.get().end == datetime.fromtimestamp(MINUTE + 300, UTC)
    assert [(mark.sensor_id, mark.day) for mark in Mark.objects.all()] == [(cast.sensor.pk, date(2027, 1, 15))]
    assert put(client, arrow(header()), media_type=wire.ARROW).status_code == 201


def test_every_reporting_day_of_the_interval_is_marked(cast, client):
    midnight = 15 * 3600 - MINUTE % 86400 + MINUTE  # in Tokyo
    with time_machine.travel(datetime.fromtimestamp(midnight + 3600, UTC), tick=False):
        send(client, flow(bucket=midnight), **{"from": midnight - 60, "to": midnight + 60})
    assert sorted(Mark.objects.values_list("day", flat=True)) == [date(2027, 1, 15), date(2027, 1, 16)]


def test_bogon_sources_are_taken_in_and_labelled(client):
    send(client, flow(src="10.1.2.3"), flow(src="fe80::1", signature="mirai"), flow(src="192.168.1.1", signature="canary"), flow())
    assert {str(row["src"]): row["signature"] for row in rows()} == {"10.1.2.3": 5, "fe80::1": 5, "192.168.1.1": 6, "93.184.216.34": 0}


@pytest.mark.parametrize("sent", ["not_computable", "none", "zmap", "backscatter"])
def test_icmp_errors_are_labelled_backscatter_whatever_was_sent(client, sent):
    errors = [(1, 3 << 8 | 1), (1, 4 << 8), (1, 5 << 8), (1, 11 << 8), (1, 12 << 8), (58, 1 << 8), (58, 3 << 8), (58, 127 << 8)]
    others = [(1, 0), (1, 8 << 8), (1, 13 << 8), (58, 128 << 8), (58, 129 << 8), (6, 3 << 8), (17, 11 << 8), (47, 0)]
    send(client, *(flow(protocol=protocol, port=port, signature=sent) for protocol, port in errors + others))
    found = {(row["protocol"], row["port"]): row["signature"] for row in rows()}
    assert {found[one] for one in errors} == {Signature.BACKSCATTER}
    assert {Signature(found[one]).label for one in others} == {sent}


def test_canaries_and_bogons_come_before_icmp_errors(client):
    unreachable = {"protocol": 1, "port": 3 << 8}
    send(client, flow(src="10.1.2.3", **unreachable), flow(signature="canary", **unreachable), flow(src="93.184.216.35", **unreachable))
    assert [(str(row["src"]), row["signature"]) for row in rows()] == [("10.1.2.3", 5), ("93.184.216.34", 6), ("93.184.216.35", 4)]


def test_the_inventory_learns_when_a_sensor_was_heard_and_of_its_newest_packet(cast, client):
    send(client, flow())
    cast.sensor.refresh_from_db()
    assert cast.sensor.last_seen_at == NOW
    assert cast.sensor.last_packet_at == datetime.fromtimestamp(MINUTE + 59.999, UTC)
