"""Flows of a log into batches, as an agent would have sent them."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid5

import numpy as np
import pyarrow as pa
import zstandard

from apps.observations.importers.packets import Ints, PacketFlows
from apps.observations.intake import wire
from apps.observations.intake.frames import MISSING
from apps.observations.models import Signature

MAX_FLOWS = 20_000
MAX_GAP = timedelta(days=1)
NAMESPACE = UUID("5f0d2a3c-6a56-5c0e-9b0e-2f1d3f5a7c11")  # of every batch id an importer makes
# Part of every id: raise it when the same log would be cut into other batches, since old ids then mean other flows.
CUT_VERSION = 1
_WEEK_S = int(wire.MAX_INTERVAL.total_seconds())


@dataclass(frozen=True)
class Span:
    """Flows `rows` of a sensor, and the interval [start, end) in Unix seconds that they stand for."""

    rows: slice
    start: int
    end: int


@dataclass(frozen=True)
class Source:
    """What the batches of one sensor are made from; together with a number it makes a batch's id."""

    sensor: str
    digest: str
    format: str
    gap: timedelta
    names_sensor: bool  # whether the header says whose it is, for the portal to check against the key

    def batch_id(self, number: int) -> UUID:
        parameters = {"format": self.format, "gap": self.gap.total_seconds(), "flows": MAX_FLOWS, "cut": CUT_VERSION}
        return uuid5(NAMESPACE, json.dumps([self.sensor, self.digest, parameters, number], sort_keys=True))


def cut(flows: PacketFlows, gap: timedelta) -> Iterator[Span]:
    """Cut at silences longer than `gap`, at weeks and at MAX_FLOWS. What a span declares as watched never reaches over
    such a silence; minutes without packets inside a span are minutes in which nothing came."""
    minute = flows["bucket"]
    if not len(minute):
        return
    silent = np.diff(minute) - wire.BUCKET_S > gap.total_seconds()
    edges = np.flatnonzero(silent) + 1
    for first, last in zip(np.append(0, edges), np.append(edges, len(minute)), strict=True):
        yield from _stretch(minute[first:last], int(first))


def _stretch(minute: Ints, offset: int) -> Iterator[Span]:
    """Spans of a stretch without a long silence. They leave no hole; where one minute fills several, they overlap in it."""
    start, position = int(minute[0]), 0
    for stop in _stops(minute):
        end_of_last = int(minute[stop - 1]) + wire.BUCKET_S
        following = _begin_of(minute, stop) if stop < len(minute) else end_of_last
        yield Span(slice(offset + position, offset + stop), start, max(following, end_of_last))
        start, position = following, stop


def _stops(minute: Ints) -> Iterator[int]:
    """The rows before which to cut, the number of rows last."""
    weeks = np.flatnonzero(np.diff(minute // _WEEK_S)) + 1
    position = 0
    for week_end in np.append(weeks, len(minute)).tolist():
        while week_end - position > MAX_FLOWS:
            position = _whole_minutes(minute, position, position + MAX_FLOWS)
            yield position
        position = week_end
        yield week_end


def _whole_minutes(minute: Ints, start: int, stop: int) -> int:
    """`stop`, moved back to where its minute begins unless that minute alone fills the batch."""
    begin = int(np.searchsorted(minute, minute[stop]))
    return begin if begin > start else stop


def _begin_of(minute: Ints, row: int) -> int:
    """Where the span that begins with `row` begins: with its week if it is the first of it, else with its minute."""
    week = int(minute[row]) // _WEEK_S * _WEEK_S
    return week if minute[row - 1] < week else int(minute[row])


def encode(source: Source, flows: PacketFlows, span: Span, sequence: int) -> bytes:
    """The batch as a zstd-compressed Arrow stream."""
    part = flows.part(span.rows)
    header = {
        "schema": wire.SCHEMA,
        "from": span.start,
        "to": span.end,
        "sequence": sequence,
        "agent": {"name": f"import-{source.format}", "version": str(CUT_VERSION)},
        "capture": {"received": int(part["packets"].sum()), "dropped": 0, "sampling": 1},
    }
    if source.names_sensor:
        header["sensor"] = source.sensor
    return zstandard.compress(arrow_stream(header, part))


def arrow_stream(header: dict[str, Any], flows: PacketFlows) -> bytes:
    """An Arrow stream as docs/wire-format.md describes it; columns that a log lacks are null."""
    count = len(flows)
    columns = {name: pa.nulls(count, kind) for name, kind in zip(wire.ARROW_FLOWS.names, wire.ARROW_FLOWS.types, strict=True)}
    for name, values in flows.columns.items():
        if name != "src":
            columns[name] = pa.array(values, mask=values == MISSING).cast(wire.ARROW_FLOWS.field(name).type)
    columns["signature"] = pa.array(np.full(count, Signature.NOT_COMPUTABLE, np.uint8))
    columns["src"] = _ipv4_binary(flows["src"])
    schema = wire.ARROW_FLOWS.with_metadata({wire.ARROW_HEADER_KEY: json.dumps(header).encode()})
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, schema) as writer:
        writer.write_batch(pa.RecordBatch.from_arrays(list(columns.values()), schema=schema))
    return sink.getvalue().to_pybytes()


def _ipv4_binary(src: Ints) -> pa.Array:
    offsets = np.arange(len(src) + 1, dtype=np.int32) * 4
    return pa.Array.from_buffers(pa.binary(), len(src), [None, pa.py_buffer(offsets), pa.py_buffer(src.astype(">u4"))])
