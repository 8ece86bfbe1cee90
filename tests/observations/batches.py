"""Batches for tests, built row by row from plain dictionaries and sent as a sensor would."""

import base64
import gzip
import hashlib
import ipaddress
import json
from datetime import UTC, datetime
from uuid import uuid4

import pyarrow as pa
import zstandard
from django.db import connection

from apps.observations.intake import wire
from apps.observations.models import Batch, Mark

MINUTE = 1_800_000_000 - 1_800_000_000 % 60  # 2027-01-15 08:00 UTC
NOW = datetime.fromtimestamp(MINUTE + 600, UTC)

_BYTES = ("tcp_options", "payload")


def header(**changes):
    return {
        "schema": "obs/1",
        "from": MINUTE,
        "to": MINUTE + 300,
        "sequence": 1,
        "agent": {"name": "tests", "version": "1"},
        "capture": {"received": 3, "dropped": 0, "sampling": 1},
    } | changes


def flow(**changes):
    """A telnet probe in the first minute of `header()`; `bucket` moves the times with it."""
    bucket = changes.get("bucket", MINUTE)
    at = bucket * 1000 if isinstance(bucket, int) else MINUTE * 1000
    row = {
        "bucket": bucket,
        "src": "93.184.216.34",
        "protocol": 6,
        "port": 23,
        "signature": "none",
        "packets": 3,
        "bytes": 132,
        "first_seen": at + 1500,
        "first_src_port": 40000,
        "last_seen": at + 59_999,
        "last_src_port": 40002,
        "ttl_min": 52,
        "syn_window": 1024,
    } | changes
    return {name: value for name, value in row.items() if value is not ...}


def sample(**changes):
    return {
        "seen_at": MINUTE * 1000 + 2000,
        "src_port": 40000,
        "length": 44,
        "ttl": 52,
        "tcp_flags": 2,
        "tcp_window": 1024,
        "tcp_options": "020405b4",
        "payload_length": 0,
        "payload": "",
    } | changes


def ndjson(head, flows=()):
    return b"".join(json.dumps(line).encode() + b"\n" for line in (head, *flows))


def arrow(head, flows=(), *, batches=1):
    """The same rows as an Arrow stream, cut into `batches` record batches."""
    schema = wire.ARROW_FLOWS.with_metadata({wire.ARROW_HEADER_KEY: json.dumps(head).encode()})
    rows = [_arrow_row(row) for row in flows]
    sink = pa.BufferOutputStream()
    size = max(1, -(-len(rows) // batches))
    with pa.ipc.new_stream(sink, schema) as writer:
        for start in range(0, len(rows), size):
            writer.write_batch(pa.RecordBatch.from_pylist(rows[start : start + size], schema))
    return sink.getvalue().to_pybytes()


def _arrow_row(row):
    address = ipaddress.ip_address(row["src"]).packed
    samples = [one | {name: bytes.fromhex(one[name]) for name in _BYTES if one.get(name) is not None} for one in row.get("samples") or ()]
    return row | {"src": address, "signature": wire.SIGNATURES.index(row["signature"]), "samples": samples}


def compress(plain, encoding):
    if encoding == "gzip":
        return gzip.compress(plain, mtime=0)
    return zstandard.compress(plain) if encoding == "zstd" else plain


def digest_of(body):
    return f"sha-256=:{base64.b64encode(hashlib.sha256(body).digest()).decode()}:"


def put(client, body, *, uuid=None, media_type=wire.NDJSON, encoding="", digest=None, **headers):
    """PUT `body` as it is; → the answer."""
    if not body:
        headers.setdefault("CONTENT_LENGTH", "0")  # servers pass it on; the test client does not
    headers = {"HTTP_CONTENT_DIGEST": digest or digest_of(body)} | ({"HTTP_CONTENT_ENCODING": encoding} if encoding else {}) | headers
    return client.generic("PUT", f"/api/v1/ingest/batches/{uuid or uuid4()}", body, content_type=media_type, **headers)


def send(client, *flows, uuid=None, encoding="", **head):
    """PUT flows as NDJSON."""
    return put(client, compress(ndjson(header(**head), flows), encoding), uuid=uuid, encoding=encoding)


def outcome(answer):
    """(status, code) of a refusal."""
    return answer.status_code, answer.json()["code"]


def rows_of(answer):
    """(row, field, problem) of each row that was refused."""
    assert outcome(answer) == (422, "bad_rows"), answer.content
    return [(row["row"], row["field"], row["problem"]) for row in answer.json()["rows"]]


def clear(uuid):
    """Remove a batch that was taken in, and its traces."""
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM observations_flow")
    Batch.objects.filter(uuid=uuid).delete()
    Mark.objects.all().delete()
