"""Batches whose header, rows or Arrow stream are refused: the documented answer, naming row and field."""

import json
import struct
from uuid import uuid4

import pyarrow as pa
import pytest

from apps.observations.intake import wire
from apps.observations.intake.arrowstream import MAX_BATCHES
from tests.observations.batches import (
    MINUTE,
    arrow,
    clear,
    flow,
    header,
    ndjson,
    outcome,
    put,
    rows_of,
    sample,
    send,
)

pytestmark = pytest.mark.django_db
DAY = 86_400


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
