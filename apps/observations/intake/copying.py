"""Flows and samples into PostgreSQL by binary COPY, its bytes laid out by NumPy and not row by row."""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from apps.observations.intake.frames import MISSING, Addresses, Blobs, Flows, Ints, Samples
from apps.observations.storage.partitions import partition_name

_SIGNATURE_AND_FLAGS = b"PGCOPY\n\xff\r\n\0" + bytes(8)
_TRAILER = b"\xff\xff"
_EPOCH_US = int(datetime(2000, 1, 1, tzinfo=UTC).timestamp()) * 1_000_000  # PostgreSQL counts microseconds from here
_DAY_S = 86_400
_INET4, _INET6 = 2, 3  # address families as inet's binary form numbers them
_NULL = np.frombuffer(b"\xff\xff\xff\xff", np.uint8)

FLOW_COLUMNS = (
    ("bucket", "i8"), ("packets", "i8"), ("bytes", "i8"), ("first_seen", "i8"), ("last_seen", "i8"), ("batch_id", "i8"),
    ("sensor_id", "i4"), ("port", "i4"), ("first_src_port", "i4"), ("last_src_port", "i4"), ("protocol", "i2"), ("signature", "i2"),
)  # fmt: skip
FLOW_NULLABLE = (("syn_window", "i4"), ("ttl_min", "i2"))
FLOW_COLUMN_LIST = ", ".join([*(name for name, _kind in (*FLOW_COLUMNS, *FLOW_NULLABLE)), "src"])
Rows = NDArray[np.intp] | slice


def copy_flows(cursor: Any, flows: Flows, *, sensor_id: int, batch_id: int) -> None:
    """Write the flows, whose partitions must exist. The cursor is psycopg's or wraps it."""
    columns = flow_columns(flows, sensor_id, batch_id)
    for day, rows in by_day(flows["bucket"]):
        # Straight into the day's partition: routing each row through the parent would cost a tenth more.
        target = partition_name("observations_flow", day)
        with cursor.copy(f"COPY {target} ({FLOW_COLUMN_LIST}) FROM STDIN (FORMAT BINARY)") as copy:
            copy.write(flow_payload(columns, flows.src, rows))


def by_day(bucket: Ints) -> list[tuple[date, NDArray[np.intp]]]:
    """The UTC days in a column of Unix seconds, each with its rows."""
    days = bucket // _DAY_S
    return [(datetime.fromtimestamp(int(day) * _DAY_S, UTC).date(), np.flatnonzero(days == day)) for day in np.unique(days)]


def flow_columns(flows: Flows, sensor_id: int, batch_id: int) -> dict[str, Ints]:
    columns = dict(flows.numbers)
    columns["bucket"] = columns["bucket"] * 1_000_000 - _EPOCH_US
    for name in ("first_seen", "last_seen"):
        columns[name] = columns[name] * 1000 - _EPOCH_US
    for name in ("bytes", "first_src_port", "last_src_port"):
        columns[name] = np.maximum(columns[name], 0)  # MISSING becomes 0
    columns["sensor_id"] = np.full(len(flows), sensor_id)
    columns["batch_id"] = np.full(len(flows), batch_id)
    return columns


def flow_payload(columns: dict[str, Ints], src: Addresses, rows: Rows) -> bytes:
    """All that COPY reads for these rows. Rows of one shape (IPv4 or IPv6, which of the nullable columns are null) have
    one length, so each shape is one array of records; COPY does not care for the order of rows."""
    shape = (src.family[rows] == 6).astype(np.int64)
    for bit, (name, _kind) in enumerate(FLOW_NULLABLE, start=1):
        shape |= (columns[name][rows] == MISSING).astype(np.int64) << bit
    shapes = np.flatnonzero(np.bincount(shape))
    chosen = np.arange(len(src.family))[rows]
    blocks = [_records(columns, src, chosen if len(shapes) == 1 else chosen[shape == one], int(one)) for one in shapes]
    return b"".join([_SIGNATURE_AND_FLAGS, *(block.tobytes() for block in blocks), _TRAILER])


def _records(columns: dict[str, Ints], src: Addresses, rows: NDArray[np.intp], shape: int) -> NDArray[Any]:
    octets = 16 if shape & 1 else 4
    nulls = {name for bit, (name, _kind) in enumerate(FLOW_NULLABLE, start=1) if shape >> bit & 1}
    fields = (*FLOW_COLUMNS, *FLOW_NULLABLE)
    layout: list[Any] = [("fields", ">i2")]
    for name, kind in fields:
        layout += [(f"{name}#", ">i4")] if name in nulls else [(f"{name}#", ">i4"), (name, f">{kind}")]
    layout += [("src#", ">i4"), ("inet", "u1", 4), ("src", "u1", octets)]
    records = np.empty(len(rows), np.dtype(layout))
    records["fields"] = len(fields) + 1
    for name, kind in fields:
        records[f"{name}#"] = -1 if name in nulls else int(kind[1])
        if name not in nulls:
            records[name] = columns[name][rows]
    records["src#"] = 4 + octets
    records["inet"] = inet_prefix(octets)
    records["src"] = src.octets[rows, :octets]
    return records


def inet_prefix(octets: int) -> list[int]:
    """Family, prefix length, is_cidr, number of octets: what comes before an address in inet's binary form."""
    return [_INET6 if octets == 16 else _INET4, octets * 8, 0, octets]


# Samples: few, and of any length, so their fields are strewn into one buffer

SAMPLE_COLUMNS = (
    ("bucket", 8), ("seen_at", 8), ("batch_id", 8), ("sensor_id", 4), ("port", 4), ("src_port", 4), ("length", 4),
    ("payload_length", 4), ("tcp_window", 4), ("protocol", 2), ("signature", 2), ("ttl", 2), ("tcp_flags", 2),
)  # fmt: skip


def copy_samples(cursor: Any, flows: Flows, *, sensor_id: int, batch_id: int) -> None:
    """Write the samples, each with the key of its flow."""
    samples = flows.samples
    if not len(samples):
        return
    fields = _sample_fields(flows, samples, sensor_id, batch_id)
    names = ", ".join([name for name, _size in SAMPLE_COLUMNS] + ["src", "tcp_options", "payload"])
    with cursor.copy(f"COPY observations_sample ({names}) FROM STDIN (FORMAT BINARY)") as copy:
        copy.write(_SIGNATURE_AND_FLAGS + strewn(fields) + _TRAILER)


def _sample_fields(flows: Flows, samples: Samples, sensor_id: int, batch_id: int) -> list[Blobs]:
    of_flow = {name: flows[name][samples.flow] for name in ("bucket", "port", "protocol", "signature")}
    columns = {**samples.numbers, **of_flow}
    columns["bucket"] = columns["bucket"] * 1_000_000 - _EPOCH_US
    columns["seen_at"] = columns["seen_at"] * 1000 - _EPOCH_US
    columns["sensor_id"] = np.full(len(samples), sensor_id)
    columns["batch_id"] = np.full(len(samples), batch_id)
    numbers = [_number_blobs(columns[name], size) for name, size in SAMPLE_COLUMNS]
    return [*numbers, _inet_blobs(flows.src, samples.flow), samples.tcp_options, samples.payload]


def _number_blobs(values: Ints, size: int) -> Blobs:
    valid = values != MISSING
    data = values[valid].astype(f">i{size}").view(np.uint8)
    return Blobs(data, np.append(0, np.cumsum(valid * size)), valid, ~valid)


def _inet_blobs(src: Addresses, rows: Ints) -> Blobs:
    sizes = np.where(src.family[rows] == 6, 16, 4)
    wide = np.empty((len(rows), 20), np.uint8)
    wide[:, :4] = np.where((sizes == 16)[:, None], inet_prefix(16), inet_prefix(4))
    wide[:, 4:] = src.octets[rows]
    valid = np.ones(len(rows), bool)
    return Blobs(wide[np.arange(20) < 4 + sizes[:, None]], np.append(0, np.cumsum(4 + sizes)), valid, ~valid)


def strewn(fields: Sequence[Blobs]) -> bytes:
    """COPY's binary rows from columns of byte strings: field count, then length and bytes of each field."""
    lengths = np.stack([blobs.lengths for blobs in fields], axis=1)
    ends = np.cumsum(lengths.sum(axis=1) + 2 + 4 * len(fields))
    starts = np.append(0, ends[:-1])
    buffer = np.zeros(int(ends[-1]), np.uint8)
    buffer[starts + 1] = len(fields)
    position = starts + 2
    for blobs, size in zip(fields, lengths.T, strict=True):
        prefix = size.astype(">i4").view(np.uint8).reshape(-1, 4)
        buffer[position[:, None] + np.arange(4)] = np.where(blobs.valid[:, None], prefix, _NULL)
        data = blobs.data[blobs.offsets[0] : blobs.offsets[-1]]
        buffer[np.repeat(position + 4 - (blobs.offsets[:-1] - blobs.offsets[0]), size) + np.arange(len(data))] = data
        position = position + 4 + size
    return buffer.tobytes()
