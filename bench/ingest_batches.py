"""Batches of 20,000 flows for the ingest benchmark, in both forms of the wire, and the rows of a bare COPY."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import IPv6Address, ip_address

import numpy as np
import pyarrow as pa

from apps.observations.intake import wire
from apps.observations.intake.frames import FLOW_NUMBERS, Flows
from bench import generator

BATCH = 20_000


@dataclass(frozen=True)
class Batch:
    header: dict[str, object]
    rows: dict[str, list[object]]  # columns of the wire format as NDJSON has them


def make(count: int) -> list[Batch]:
    """`count` consecutive batches of one busy sensor, as of yesterday."""
    flows = generator.day_of_flows(flows=round(count * BATCH * 1.2), sensors=1)
    keys: list[np.ndarray] = [flows.minute, flows.source, flows.protocol, flows.port, flows.signature]
    order = np.lexsort(keys[::-1])
    fresh = np.logical_or.reduce([np.diff(key[order].astype(np.int64), prepend=-1) != 0 for key in keys])
    order = order[fresh]
    midnight = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=1)
    parts = [order[start : start + BATCH] for start in range(0, count * BATCH, BATCH)]
    if len(parts[-1]) < BATCH:
        raise SystemExit("the generator made too few distinct flows")
    return [_batch(flows, part, int(midnight.timestamp()), number) for number, part in enumerate(parts)]


def _batch(flows: generator.Flows, part: np.ndarray, midnight: int, number: int) -> Batch:
    rng = np.random.default_rng(number)
    bucket = midnight + flows.minute[part].astype(np.int64) * 60
    first = bucket * 1000 + rng.integers(0, 30_000, BATCH)
    has_syn = flows.protocol[part] == 6
    columns = {
        "bucket": bucket,
        "protocol": flows.protocol[part],
        "port": flows.port[part],
        "packets": flows.packets[part],
        "bytes": flows.packets[part] * 44,
        "first_seen": first,
        "first_src_port": rng.integers(1024, 65536, BATCH),
        "last_seen": first + rng.integers(0, 30_000, BATCH),
        "last_src_port": rng.integers(1024, 65536, BATCH),
        "ttl_min": rng.integers(30, 250, BATCH),
    }
    rows: dict[str, list[object]] = {name: values.tolist() for name, values in columns.items()}
    windows = rng.choice([1024, 5840, 14600, 29200, 64240, 65535], BATCH).tolist()
    rows["syn_window"] = [window if syn else None for window, syn in zip(windows, has_syn, strict=True)]
    rows["signature"] = [wire.SIGNATURES[code] for code in flows.signature[part]]
    rows["src"] = [_text(int(source), bool(six)) for source, six in zip(flows.source[part], flows.is_ipv6[part], strict=True)]
    capture = {"received": int(flows.packets[part].sum()), "dropped": 0, "sampling": 1}
    agent = {"name": "bench", "version": "1"}
    span = {"from": int(bucket.min()), "to": int(bucket.max()) + 60}
    return Batch({"schema": wire.SCHEMA, **span, "sequence": number, "agent": agent, "capture": capture}, rows)


def _text(source: int, is_ipv6: bool) -> str:
    return str(IPv6Address(source << 64 | 1)) if is_ipv6 else ".".join(str(source >> shift & 255) for shift in (24, 16, 8, 0))


def ndjson(batch: Batch) -> bytes:
    names = list(batch.rows)
    lines = (dict(zip(names, row, strict=True)) for row in zip(*batch.rows.values(), strict=True))
    return b"".join(json.dumps(line, separators=(",", ":")).encode() + b"\n" for line in (batch.header, *lines))


def arrow(batch: Batch) -> bytes:
    columns = dict(batch.rows)
    columns["signature"] = [wire.SIGNATURES.index(str(label)) for label in batch.rows["signature"]]
    columns["src"] = [ip_address(str(text)).packed for text in batch.rows["src"]]
    columns["samples"] = [None] * BATCH
    schema = wire.ARROW_FLOWS.with_metadata({wire.ARROW_HEADER_KEY: json.dumps(batch.header).encode()})
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, schema) as writer:
        writer.write_batch(pa.RecordBatch.from_pydict({name: columns[name] for name in schema.names}, schema))
    return sink.getvalue().to_pybytes()


def frame(batch: Batch) -> Flows:
    """The batch as the portal holds it just before COPY."""
    from apps.observations import services
    from apps.observations.intake import decoding
    from apps.sensors.models import Sensor

    limits = decoding.Limits(flows=BATCH, earliest=None, latest=datetime.now(UTC) + timedelta(days=1))
    _header, flows = decoding.decode(arrow(batch), wire.ARROW, limits)
    assert set(flows.numbers) == set(FLOW_NUMBERS)
    return services.labelled(flows, Sensor())
