"""The form in which rows read ahead rest: an Arrow table, its columns compressed by zstd."""

import pyarrow as pa

from apps.observations.storage.cells import group
from apps.observations.storage.columns import Frame, length


def encode(frame: Frame) -> bytes:
    table = pa.table({name: pa.array(column) for name, column in frame.items()})
    sink = pa.BufferOutputStream()
    with pa.ipc.new_file(sink, table.schema, options=pa.ipc.IpcWriteOptions(compression="zstd")) as writer:
        writer.write_table(table)
    return bytes(sink.getvalue())


def decode(body: bytes) -> Frame:
    table = pa.ipc.open_file(pa.BufferReader(body)).read_all()
    return {name: table.column(name).to_numpy() for name in table.column_names}


def summed(frame: Frame, columns: tuple[str, ...] | None) -> Frame:
    """Packets by key, bin and `columns`; with None, the rows as they are. Zero rows stay zero rows."""
    if columns is None or not length(frame):
        return frame if columns is None else {name: frame[name] for name in ("key", "bin", *columns, "packets")}
    by = ("key", "bin", *columns)
    groups = group(*(frame[name] for name in by))
    return {name: groups.first(frame[name]) for name in by} | {"packets": groups.sum(frame["packets"])}
