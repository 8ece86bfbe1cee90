"""Generated flows as the batches a sensor would have sent: one a week, Arrow, compressed."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid5

import numpy as np
import pyarrow as pa
import zstandard

from apps.observations.intake import wire
from apps.observations.storage.hours import day_bounds
from apps.portal.yardstick.flows import Flows
from apps.portal.yardstick.network import Point
from apps.portal.yardstick.rounding import Ints

NAMESPACE = UUID("3d6b0c1e-7c5a-5e0b-8f63-6f0a5d2f6c20")  # of every batch id of the scenario
PACKET_BYTES = 44
_MINUTE_MS = 60_000


@dataclass(frozen=True)
class Batch:
    uuid: UUID
    body: bytes
    flows: int


def batches(point: Point, flows: Flows) -> Iterator[Batch]:
    """All a sensor sends, its flows sorted by minute; together the intervals are exactly the days it watched."""
    for number, (start, end) in enumerate(_weeks(point)):
        first, last = np.searchsorted(flows.minute, [_minute(start), _minute(end)])
        part = flows.rows(slice(int(first), int(last)))
        yield Batch(
            uuid5(NAMESPACE, f"{point.name} {number}"),
            zstandard.compress(_stream(_header(point, start, end, number, part), part)),
            len(part),
        )


def _weeks(point: Point) -> Iterator[tuple[datetime, datetime]]:
    for span in point.spans:
        start, end = day_bounds(span.first)[0], day_bounds(span.first + timedelta(days=span.days))[0]
        while start < end:
            stop = min(start + wire.MAX_INTERVAL, end)
            yield start, stop
            start = stop


def _minute(moment: datetime) -> int:
    return int(moment.astimezone(UTC).timestamp()) // 60


def _header(point: Point, start: datetime, end: datetime, number: int, part: Flows) -> dict[str, object]:
    return {
        "schema": wire.SCHEMA,
        "sensor": point.name,
        "from": int(start.timestamp()),
        "to": int(end.timestamp()),
        "sequence": number,
        "agent": {"name": "yardstick-scenario", "version": "1"},
        "capture": {"received": int(part.packets.sum()), "dropped": 0, "sampling": 1},
    }


def _stream(header: dict[str, object], part: Flows) -> bytes:
    schema = wire.ARROW_FLOWS.with_metadata({wire.ARROW_HEADER_KEY: json.dumps(header).encode()})
    columns = _columns(part)
    arrays = [columns[name] if name in columns else pa.nulls(len(part), schema.field(name).type) for name in schema.names]
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, schema) as writer:
        writer.write_batch(pa.RecordBatch.from_arrays(arrays, schema=schema))
    return sink.getvalue().to_pybytes()


def _columns(part: Flows) -> dict[str, pa.Array]:
    """Source ports and moments follow from the source, so that evidence of a source looks like one."""
    begin, offset = part.minute * _MINUTE_MS, part.source * 7919 % 50_000
    src_port = 1024 + part.source * 31 % 60_000
    numbers = {
        "bucket": part.minute * 60, "protocol": part.protocol, "port": part.port, "packets": part.packets,
        "bytes": part.packets * PACKET_BYTES, "first_seen": begin + offset, "first_src_port": src_port,
        "last_seen": begin + offset + np.minimum(part.packets - 1, 9_999), "last_src_port": src_port, "signature": part.signature,
    }  # fmt: skip
    columns = {name: pa.array(values).cast(wire.ARROW_FLOWS.field(name).type) for name, values in numbers.items()}
    return columns | {"src": _addresses(part.source)}


def _addresses(source: Ints) -> pa.Array:
    offsets = np.arange(len(source) + 1, dtype=np.int32) * 4
    return pa.Array.from_buffers(pa.binary(), len(source), [None, pa.py_buffer(offsets), pa.py_buffer(source.astype(">u4"))])
