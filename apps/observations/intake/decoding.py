"""From the plain bytes of a batch to its header and columns: NDJSON and Arrow IPC streams."""

from dataclasses import dataclass
from datetime import datetime

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.json
from numpy.typing import NDArray

from apps.observations.intake import addresses, wire
from apps.observations.intake.arrowstream import read_stream
from apps.observations.intake.explaining import explain_lines
from apps.observations.intake.frames import FLOW_NUMBERS, MISSING, SAMPLE_NUMBERS, Addresses, Blobs, Flows, Ints, Samples
from apps.observations.intake.wire import Header, IngestError, RowProblem, RowsError

_SIGNATURES = pa.array(wire.SIGNATURES)
_HEX_VALUES = np.full(256, 255, np.uint8)
for _letter in "0123456789abcdefABCDEF":
    _HEX_VALUES[ord(_letter)] = int(_letter, 16)


@dataclass(frozen=True)
class Limits:
    """What one key may send: no more flows than this, no interval before `earliest` (None: any), none after `latest`."""

    flows: int
    earliest: datetime | None
    latest: datetime


def decode(plain: bytes, media_type: str, limits: Limits) -> tuple[Header, Flows]:
    """The header, checked, and the flows, typed but not yet checked. IngestError says what is wrong."""
    return _decode_arrow(plain, limits) if media_type == wire.ARROW else _decode_ndjson(plain, limits)


# NDJSON


def _decode_ndjson(plain: bytes, limits: Limits) -> tuple[Header, Flows]:
    first, _newline, rest = plain.partition(b"\n")
    header = wire.parse_header(first, row=1, earliest=limits.earliest, latest=limits.latest)
    lines = rest.count(b"\n") + (not rest.endswith(b"\n")) if rest else 0
    _limit_flows(lines, limits)
    if not lines:
        return header, _flows(wire.NDJSON_FLOWS.empty_table(), 2)
    try:
        table = _read_lines(rest, lines)
    except (pa.ArrowInvalid, ValueError) as error:
        raise RowsError(explain_lines(rest) or [RowProblem(2, "", f"is not NDJSON as documented: {error}")]) from error
    return header, _flows(table, 2)


def _read_lines(rest: bytes, lines: int) -> pa.Table:
    """One row a line; ValueError or ArrowInvalid where that is not so."""
    # Arrow's reader takes objects wherever they stand, so that they stand one a line is seen to first;
    # it also crashes on a first value `null`, which the opening brace rules out.
    octets = np.frombuffer(rest, np.uint8)
    breaks = np.flatnonzero(octets == 0x0A)
    breaks = breaks if octets[-1] == 0x0A else np.append(breaks, len(octets))
    starts = np.append(0, breaks[:-1] + 1)
    if not ((breaks > starts).all() and (octets[starts] == 0x7B).all() and (octets[breaks - 1] == 0x7D).all()):
        raise ValueError("a line is no object")
    table = pyarrow.json.read_json(
        pa.BufferReader(rest),
        read_options=pyarrow.json.ReadOptions(use_threads=False, block_size=len(rest) + 1),
        parse_options=pyarrow.json.ParseOptions(explicit_schema=wire.NDJSON_FLOWS, unexpected_field_behavior="error"),
    )
    if table.num_rows != lines:
        raise ValueError("a line holds more than one object")
    return table


# Arrow


def _decode_arrow(plain: bytes, limits: Limits) -> tuple[Header, Flows]:
    stream = read_stream(plain, wire.ARROW_FLOWS)
    header = wire.parse_header(stream.header, row=0, earliest=limits.earliest, latest=limits.latest)
    _limit_flows(sum(batch.num_rows for batch in stream.batches), limits)
    return header, _flows(pa.Table.from_batches(stream.batches, wire.ARROW_FLOWS), 1)


def _limit_flows(flows: int, limits: Limits) -> None:
    if flows > limits.flows:
        raise IngestError(413, "too_many_flows", f"A batch has at most {limits.flows} flows.")


# Columns of both


def _flows(table: pa.Table, first_row: int) -> Flows:
    numbers = {name: _numbers(_column(table, name)) for name in FLOW_NUMBERS if name != "signature"}
    numbers["signature"] = _signatures(_column(table, "signature"))
    return Flows(numbers, _addresses(_column(table, "src")), _samples(_column(table, "samples")), first_row)


def _column(table: pa.Table, name: str) -> pa.Array:
    chunks = table.column(name)
    return chunks.chunk(0) if chunks.num_chunks == 1 else chunks.combine_chunks()


def _numbers(column: pa.Array) -> Ints:
    numbers = pc.fill_null(column.cast(pa.int64()), MISSING).to_numpy(zero_copy_only=False)
    sent = (numbers == MISSING) & column.is_valid().to_numpy(zero_copy_only=False)
    return np.where(sent, MISSING + 1, numbers) if sent.any() else numbers  # as wrong a value, but not taken for null


def _signatures(column: pa.Array) -> Ints:
    """Numbers of the labels; MISSING for null, −1 for a label that is none."""
    if pa.types.is_string(column.type):
        known = pc.fill_null(pc.index_in(column, value_set=_SIGNATURES).cast(pa.int64()), -1).to_numpy(zero_copy_only=False)
        return np.where(column.is_null().to_numpy(zero_copy_only=False), MISSING, known)
    numbers = _numbers(column)
    return np.where(numbers >= len(wire.SIGNATURES), -1, numbers)


def _addresses(column: pa.Array) -> Addresses:
    return addresses.from_text(column) if pa.types.is_string(column.type) else addresses.from_binary(column)


def _samples(column: pa.ListArray) -> Samples:
    inner = column.flatten()
    fields = dict(zip((field.name for field in inner.type), inner.flatten(), strict=True))  # null structs give null fields
    return Samples(
        flow=pc.list_parent_indices(column).cast(pa.int64()).to_numpy(zero_copy_only=False),
        numbers={name: _numbers(fields[name]) for name in SAMPLE_NUMBERS},
        tcp_options=_blobs(fields["tcp_options"]),
        payload=_blobs(fields["payload"]),
    )


def _blobs(column: pa.Array) -> Blobs:
    blobs = addresses.blobs_of(column)
    return _unhex(blobs) if pa.types.is_string(column.type) else blobs


def _unhex(text: Blobs) -> Blobs:
    """Byte strings from hexadecimal digits, two a byte; `broken` where a text is anything else."""
    lengths = text.lengths
    digits = _HEX_VALUES[text.data[text.offsets[0] : text.offsets[-1]]]
    bad = np.append(0, np.cumsum(digits == 255))
    ends = text.offsets - text.offsets[0]
    broken = (np.diff(bad[ends]) > 0) | (lengths % 2 == 1)
    kept = np.repeat(~broken, lengths)
    pairs: NDArray[np.uint8] = digits[kept].reshape(-1, 2)
    offsets = np.append(0, np.cumsum(np.where(broken, 0, lengths // 2)))
    return Blobs(pairs[:, 0] * np.uint8(16) + pairs[:, 1], offsets, text.valid, broken)
