"""Reading an Arrow IPC stream that nobody vouches for."""

import struct
from collections.abc import Iterator
from dataclasses import dataclass

import pyarrow as pa

from apps.observations.intake.wire import ARROW_HEADER_KEY, IngestError, RowProblem, RowsError

MAX_BATCHES = 1000  # 256 MiB have room for a quarter of a million empty ones, each of which takes its time
_MESSAGE_HEADER, _BATCH_COMPRESSION = 2, 3  # slots of Message.header and RecordBatch.compression (Arrow's Message.fbs)


@dataclass(frozen=True)
class Stream:
    header: bytes
    batches: list[pa.RecordBatch]


def read_stream(plain: bytes, schema: pa.Schema) -> Stream:
    """The batches of a stream that has exactly `schema`, and the header in its metadata.

    IngestError 400 where it is no complete stream, RowsError where schema or header are not as documented.
    """
    if not _has_end(plain):
        raise IngestError(400, "bad_stream", "The Arrow stream ends too early.")
    try:
        messages = pa.ipc.MessageReader.open_stream(pa.BufferReader(plain))
        sent = _read_schema(messages.read_next_message())
        _check_schema(sent, schema)
        header = (sent.metadata or {}).get(ARROW_HEADER_KEY, b"")
        return Stream(header, [_read_batch(message, schema) for message in _rest(messages)])
    except (pa.ArrowException, OSError, ValueError, StopIteration) as error:  # OSError: Arrow's word for much; ValueError: names not UTF-8
        raise IngestError(400, "bad_stream", f"The body is not an Arrow IPC stream: {error}.") from error


def _has_end(plain: bytes) -> bool:
    return plain.endswith(b"\xff\xff\xff\xff\0\0\0\0")


def _read_schema(message: pa.ipc.Message) -> pa.Schema:
    if message.type != "schema":  # Arrow aborts the process over a schema that is none
        raise IngestError(400, "bad_stream", "The Arrow stream does not begin with a schema.")
    return pa.ipc.read_schema(message)


def _check_schema(sent: pa.Schema, wanted: pa.Schema) -> None:
    problems = {name: f"must be of type {wanted.field(name).type}" for name in wanted.names if name not in sent.names}
    problems |= {field.name: "is not a column of flows" for field in sent if field.name not in wanted.names}
    problems |= {
        field.name: f"must be of type {wanted.field(field.name).type}"
        for field in sent
        if field.name in wanted.names and field.type != wanted.field(field.name).type
    }
    if problems:
        raise RowsError([RowProblem(0, name, problem) for name, problem in problems.items()])
    if sent.names != wanted.names:
        raise RowsError([RowProblem(0, "", f"the columns must stand in this order: {', '.join(wanted.names)}")])


def _rest(messages: pa.ipc.MessageReader) -> Iterator[pa.ipc.Message]:
    for _number in range(MAX_BATCHES + 1):
        try:
            yield messages.read_next_message()
        except StopIteration:
            return
    raise IngestError(400, "bad_stream", f"The Arrow stream has more than {MAX_BATCHES} record batches.")


def _read_batch(message: pa.ipc.Message, schema: pa.Schema) -> pa.RecordBatch:
    if message.type != "record batch":
        raise IngestError(400, "bad_stream", f"The Arrow stream holds a {message.type}; dictionaries are not used here.")
    if _is_compressed(message.metadata.to_pybytes()):
        raise IngestError(400, "bad_stream", "Compress the whole body, not the buffers inside the Arrow stream.")
    batch = pa.ipc.read_record_batch(message, schema)
    batch.validate(full=True)
    return batch


def _is_compressed(metadata: bytes) -> bool:
    """Whether a record batch message compresses its buffers. pyarrow does not tell, and would make room for whatever
    size each buffer claims, so the flatbuffer is looked into; one that cannot be read counts as compressed."""
    try:
        header = _slot(metadata, struct.unpack_from("<I", metadata)[0], _MESSAGE_HEADER)
        table = header + struct.unpack_from("<I", metadata, header)[0]
        return _slot(metadata, table, _BATCH_COMPRESSION) != 0
    except struct.error:
        return True


def _slot(metadata: bytes, table: int, slot: int) -> int:
    """Where a flatbuffer table keeps a field; 0 when it does not have it."""
    vtable = table - struct.unpack_from("<i", metadata, table)[0]
    if 4 + 2 * slot >= struct.unpack_from("<H", metadata, vtable)[0]:
        return 0
    offset: int = struct.unpack_from("<H", metadata, vtable + 4 + 2 * slot)[0]
    return table + offset if offset else 0
