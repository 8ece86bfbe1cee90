"""The wire format of batches and heartbeats, as docs/wire-format.md tells it: names, types, limits, refusals."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pyarrow as pa

from apps.common.errors import DomainError
from apps.observations.models import Signature

SCHEMA = "obs/1"
NDJSON = "application/x-ndjson"
ARROW = "application/vnd.apache.arrow.stream"
ARROW_HEADER_KEY = b"tsubame.header"

BUCKET_S = 60
MAX_INTERVAL = timedelta(days=7)
MAX_HEARTBEAT = timedelta(hours=1)
MAX_CLOCK_AHEAD = timedelta(minutes=5)
MAX_HEADER_BYTES = 16 * 1024
MAX_SAMPLES_PER_FLOW = 3
MAX_SAMPLE_PAYLOAD = 256
MAX_NAMED_ROWS = 20
MAX_COUNT = 2**53 - 1  # the largest integer every JSON reader keeps exactly
MAX_TEXT = 100
REPORT_COUNTERS = frozenset({"uptime_s", "received", "dropped", "spool_batches", "spool_oldest_s", "disk_free_bytes"})
# Per flow; far beyond what a minute brings, and small enough that sums stay below 2**63.
MAX_PACKETS, MAX_BYTES = 10**12, 10**15

# Signature labels of NDJSON in the order of their numbers, which Arrow carries.
SIGNATURES = tuple(signature.label for signature in sorted(Signature))

_SAMPLE_COLUMNS = ("seen_at", "src_port", "length", "ttl", "tcp_flags", "tcp_window", "payload_length")
_FLOW_NUMBERS = {
    "bucket": pa.int64(),
    "protocol": pa.uint8(),
    "port": pa.uint16(),
    "packets": pa.int64(),
    "bytes": pa.int64(),
    "first_seen": pa.int64(),
    "first_src_port": pa.uint16(),
    "last_seen": pa.int64(),
    "last_src_port": pa.uint16(),
    "ttl_min": pa.uint8(),
    "syn_window": pa.uint16(),
}
_SAMPLE_NUMBERS = dict(
    zip(_SAMPLE_COLUMNS, (pa.int64(), pa.uint16(), pa.uint16(), pa.uint8(), pa.uint16(), pa.uint16(), pa.uint16()), strict=True)
)
ARROW_SAMPLE = pa.struct([*_SAMPLE_NUMBERS.items(), ("tcp_options", pa.binary()), ("payload", pa.binary())])
ARROW_FLOWS = pa.schema([*_FLOW_NUMBERS.items(), ("signature", pa.uint8()), ("src", pa.binary()), ("samples", pa.list_(ARROW_SAMPLE))])
# NDJSON numbers are read wide and judged by their row's rules, so that 70000 is told as a bad port, not as a bad file.
NDJSON_SAMPLE = pa.struct([*((name, pa.int64()) for name in _SAMPLE_NUMBERS), ("tcp_options", pa.string()), ("payload", pa.string())])
NDJSON_FLOWS = pa.schema(
    [
        *((name, pa.int64()) for name in _FLOW_NUMBERS),
        ("signature", pa.string()),
        ("src", pa.string()),
        ("samples", pa.list_(NDJSON_SAMPLE)),
    ]
)


@dataclass(frozen=True, order=True)
class RowProblem:
    """What is wrong with one row; NDJSON rows are lines (the header is 1), Arrow rows count from 1 (the header is 0)."""

    row: int
    field: str
    problem: str


class IngestError(DomainError):
    """A refusal: `status` and `code` are those of docs/wire-format.md. `retry_after` (s) asks for the same bytes again."""

    retry_after: int | None = None
    rows: tuple[RowProblem, ...] = ()

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message, code=code)
        self.status = status


class RowsError(IngestError):
    """Rows break the format. Names the first MAX_NAMED_ROWS problems; `bad_rows` is how many rows have one, where known."""

    def __init__(self, problems: list[RowProblem], bad_rows: int | None = None) -> None:
        super().__init__(422, "bad_rows", "The batch was refused as a whole; nothing was stored and its id stays free.")
        self.rows = tuple(sorted(problems)[:MAX_NAMED_ROWS])
        self.bad_rows = bad_rows


@dataclass(frozen=True)
class Header:
    """What a batch says of itself. `start` and `end` are aware UTC; `raw` is the header as sent."""

    start: datetime
    end: datetime
    sequence: int
    sensor: str | None
    raw: dict[str, Any]


def parse_header(text: bytes, *, row: int, earliest: datetime | None, latest: datetime) -> Header:
    """Read and check a header; RowsError names its fields. `earliest` is None for keys that may import."""
    values = load_object(text, row)
    problems = _header_problems(values, earliest, latest)
    if problems:
        raise RowsError([RowProblem(row, field, problem) for field, problem in problems.items()], 1)
    return Header(
        start=datetime.fromtimestamp(values["from"], UTC),
        end=datetime.fromtimestamp(values["to"], UTC),
        sequence=values["sequence"],
        sensor=values.get("sensor"),
        raw=values,
    )


@dataclass(frozen=True)
class HeartbeatSpan:
    """The span [start, end), aware UTC, in which a sensor says it was watching; `raw` is all it said."""

    start: datetime
    end: datetime
    raw: dict[str, Any]


def parse_heartbeat(text: bytes, *, earliest: datetime | None, latest: datetime) -> HeartbeatSpan:
    """Read and check a heartbeat; RowsError names its fields (as row 1)."""
    values = load_object(text, 1)
    problems = dict.fromkeys(sorted(values.keys() - {"from", "to", "report"}), "is not a field of a heartbeat")
    problems |= _integers(values, {"from": (0, MAX_COUNT), "to": (0, MAX_COUNT)})
    problems |= _inner(values, "report", _report_problems)
    if not problems.keys() & {"from", "to"}:
        problems |= interval_problems(values["from"], values["to"], earliest, latest, MAX_HEARTBEAT)
    if problems:
        raise RowsError([RowProblem(1, field, problem) for field, problem in problems.items()], 1)
    return HeartbeatSpan(datetime.fromtimestamp(values["from"], UTC), datetime.fromtimestamp(values["to"], UTC), values["report"])


def _report_problems(report: Mapping[str, Any]) -> dict[str, str]:
    unknown = dict.fromkeys(sorted(report.keys() - REPORT_COUNTERS), "is not a field of a report")
    return unknown | _integers(report, dict.fromkeys(report.keys() & REPORT_COUNTERS, (0, MAX_COUNT)))


def load_object(text: bytes, row: int) -> dict[str, Any]:
    """The JSON object in `text`; RowsError when it is none, is too long, or names a field twice."""
    if len(text) > MAX_HEADER_BYTES:
        raise RowsError([RowProblem(row, "", f"is longer than {MAX_HEADER_BYTES} bytes")], 1)
    try:
        orjson.loads(text)  # strict where json is lenient: NaN, surrogates, depth
        values = json.loads(text, object_pairs_hook=_unique)
    except (ValueError, RecursionError) as error:
        raise RowsError([RowProblem(row, "", f"is not a JSON object: {error}")], 1) from error
    if not isinstance(values, dict):
        raise RowsError([RowProblem(row, "", "is not a JSON object")], 1)
    return values


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    values = dict(pairs)
    if len(values) != len(pairs):
        raise ValueError("a field occurs twice")
    return values


def _header_problems(values: dict[str, Any], earliest: datetime | None, latest: datetime) -> dict[str, str]:
    """Field → what is wrong with it; empty for a good header."""
    if values.get("schema") != SCHEMA:
        return {"schema": f"must be {SCHEMA!r}"}
    known = {"schema", "sensor", "from", "to", "sequence", "agent", "capture"}
    problems = dict.fromkeys(sorted(values.keys() - known), "is not a field of the header")
    problems |= _integers(values, {"from": (0, MAX_COUNT), "to": (0, MAX_COUNT), "sequence": (0, MAX_COUNT)})
    problems |= _inner(values, "agent", lambda agent: _texts(agent, ("name", "version")))
    problems |= _inner(values, "capture", _capture_problems)
    if "sensor" in values:
        problems |= _texts(values, ("sensor",))
    if not problems.keys() & {"from", "to"}:
        problems |= interval_problems(values["from"], values["to"], earliest, latest, MAX_INTERVAL)
    return problems


def interval_problems(start: int, end: int, earliest: datetime | None, latest: datetime, longest: timedelta) -> dict[str, str]:
    """What is wrong with the interval [start, end) in Unix seconds."""
    if not start < end <= start + longest.total_seconds():
        return {"to": f"must be after from, by at most {longest.total_seconds():.0f} seconds"}
    if end > latest.timestamp():
        return {"to": "lies in the future"}
    if earliest is not None and start < earliest.timestamp():
        return {"from": "is older than this key may send"}
    return {}


def _capture_problems(capture: Mapping[str, Any]) -> dict[str, str]:
    limits = {"received": (0, MAX_COUNT), "dropped": (0, MAX_COUNT), "sampling": (1, MAX_COUNT)}
    unknown = dict.fromkeys(sorted(capture.keys() - limits.keys()), "is not a field of capture")
    return unknown | _integers(capture, limits)


def _integers(values: Mapping[str, Any], limits: Mapping[str, tuple[int, int]]) -> dict[str, str]:
    return {
        name: f"must be an integer from {low} to {high}"
        for name, (low, high) in limits.items()
        if type(values.get(name)) is not int or not low <= values[name] <= high
    }


def _texts(values: Mapping[str, Any], names: tuple[str, ...]) -> dict[str, str]:
    return {name: f"must be printable text of 1 to {MAX_TEXT} characters" for name in names if not _is_text(values.get(name))}


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and 0 < len(value) <= MAX_TEXT and value.isprintable()


def _inner(values: Mapping[str, Any], name: str, check: Any) -> dict[str, str]:
    inner = values.get(name)
    if not isinstance(inner, dict):
        return {name: "must be an object"}
    return {f"{name}.{field}": problem for field, problem in check(inner).items()}
