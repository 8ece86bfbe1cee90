"""Reads RIR statistics files, delegated and delegated-extended, into columns.

The format, as the registries describe it in "RIR statistics exchange format": comments (#); a version line
`version|registry|serial|records|startdate|enddate|UTCoffset`; summary lines `registry|*|type|*|count|summary`; and
records `registry|cc|type|start|value|date|status[|opaque-id[|…]]`. Only what is allocated or assigned counts. The
date of a record is when it was first delegated, not since when it has its region: it is not read.
"""

from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from apps.reference import delegation_addresses
from apps.reference.filelines import DELEGATIONS, DelegationFileError, Lines, lines_of, read_lines
from apps.reference.intervals import overlapping
from apps.reference.models import REGIONAL, DelegationStatus, Registry

COLUMNS = pa.schema(
    [("start_key", pa.uint64()), ("end_key", pa.uint64()), ("region", pa.uint16()), ("status", pa.uint8()), ("opaque_id", pa.string())]
)
FAMILIES: dict[str, delegation_addresses.Ranges] = {"ipv4": delegation_addresses.ipv4_ranges, "ipv6": delegation_addresses.ipv6_ranges}
TYPES = ("asn", *FAMILIES)
STATUSES = (*DelegationStatus.labels, "available", "reserved")
REGISTRIES = {registry.label: registry.value for registry in REGIONAL}
VERSIONS = {"1", "2", "2.0", "2.1", "2.2", "2.3"}
SHOWN_OVERLAPS = 5


@dataclass(frozen=True)
class DelegationFile:
    """What one registry delegated. `rows` has the columns COLUMNS, each row once, sorted; `file_date` is the end date
    of the version line; `warnings` are for the person who loads it."""

    name: str
    registry: Registry
    file_date: date | None
    rows: pa.Table
    warnings: tuple[str, ...] = ()


def read(path: Path) -> DelegationFile:
    """Read a file, plain or packed by xz or gzip. DelegationFileError names the line that is wrong."""
    return _file(read_lines(path, DELEGATIONS))


def parse(name: str, data: bytes) -> DelegationFile:
    """Read the text of a file."""
    return _file(lines_of(name, data, DELEGATIONS))


def _file(lines: Lines) -> DelegationFile:
    is_first = np.arange(len(lines)) == 0
    registry, file_date, record_count = _version(lines.where(is_first))
    body = lines.where(~is_first)
    is_summary = np.asarray(pc.equal(body.field(5), "summary")) & (body.counts == 6)
    records = body.where(~is_summary)
    _check_fields(records, registry)
    _check_counts(records, body.where(is_summary), record_count)
    rows, warnings = _rows(records)
    return DelegationFile(lines.name, registry, file_date, rows, tuple(warnings))


def _version(line: Lines) -> tuple[Registry, date | None, int | None]:
    """Registry, end date and number of records; serial and dates come in many forms, so they are not required."""
    line.require(line.counts == 7, "expected a version line such as 2|apnic|20181013|…")
    version, registry, _serial, records, _start, end, _offset = (line.field(index)[0].as_py() for index in range(7))
    line.require(np.array([version in VERSIONS]), "the version of the format is not known")
    line.require(np.array([registry in REGISTRIES]), "the registry is none of " + ", ".join(REGISTRIES))
    return Registry(REGISTRIES[registry]), _date(end), int(records) if records.isdigit() else None


def _date(text: str) -> date | None:
    try:
        return datetime.strptime(text, "%Y%m%d").date()
    except ValueError:
        return None


def _check_fields(records: Lines, registry: Registry) -> None:
    records.require(records.counts >= 7, "expected 7 or more fields")
    records.require(pc.equal(records.field(0), registry.label), f"the version line says {registry.label}, this line does not")
    records.require(pc.is_in(records.field(2), pa.array(TYPES)), "the type is none of " + ", ".join(TYPES))
    records.require(pc.is_in(records.field(6), pa.array(STATUSES)), "the status is none of " + ", ".join(STATUSES))


def _check_counts(records: Lines, summaries: Lines, record_count: int | None) -> None:
    """A file cut off on the way is recognised by its own counts."""
    kinds = records.field(2)
    summaries.require(pc.match_substring_regex(summaries.field(4), r"^\d{1,12}$"), "the count is no number")
    for kind, expected in zip(summaries.field(2).to_pylist(), summaries.field(4).to_pylist(), strict=True):
        _check_count(records.name, f"{kind} records", int(np.count_nonzero(pc.equal(kinds, kind))), int(expected))
    if not len(summaries) and record_count is not None:
        _check_count(records.name, "records", len(records), record_count)


def _check_count(name: str, what: str, found: int, expected: int) -> None:
    if found != expected:
        raise DelegationFileError(name, None, f"holds {found} {what} but says {expected}; is it complete?")


def _rows(records: Lines) -> tuple[pa.Table, list[str]]:
    parts = [_columns(records.where(np.asarray(pc.equal(records.field(2), kind))), ranges) for kind, ranges in FAMILIES.items()]
    table, numbers = pa.concat_tables([table for table, _ in parts]), np.concatenate([numbers for _, numbers in parts])
    rows = canonical(table)
    return rows, _repeats(table, rows) + _overlaps(rows, table, numbers)


def canonical(table: pa.Table) -> pa.Table:
    """Each row once, sorted, in one chunk: equal content gives equal bytes."""
    order = [(name, "ascending") for name in COLUMNS.names]
    return table.group_by(COLUMNS.names).aggregate([]).select(COLUMNS.names).sort_by(order).combine_chunks()


def _columns(records: Lines, ranges: delegation_addresses.Ranges) -> tuple[pa.Table, NDArray[np.int64]]:
    """The allocated and assigned rows of one address family, and their line numbers."""
    starts, ends = ranges(records)
    counted = np.asarray(pc.is_in(records.field(6), pa.array(DelegationStatus.labels)))
    kept = records.where(counted)
    kept.require(pc.match_substring_regex(kept.field(1), "^[A-Z]{2}$"), "an allocated or assigned range has a region of two capitals")
    letters = np.frombuffer("".join(kept.field(1).to_pylist()).encode(), np.uint8).reshape(-1, 2).astype(np.uint16)
    statuses = np.where(np.asarray(pc.equal(kept.field(6), "allocated")), DelegationStatus.ALLOCATED, DelegationStatus.ASSIGNED)
    columns = [starts[counted], ends[counted], letters[:, 0] << 8 | letters[:, 1], statuses.astype(np.uint8), kept.field(7)]
    return pa.table(columns, schema=COLUMNS), kept.numbers


def _repeats(table: pa.Table, rows: pa.Table) -> list[str]:
    repeats = table.num_rows - rows.num_rows
    return [f"{repeats} records are there more than once"] if repeats else []


def _overlaps(rows: pa.Table, table: pa.Table, numbers: NDArray[np.int64]) -> list[str]:
    """Ranges that share addresses: the narrower decides there, and somebody should know."""
    starts, ends = rows["start_key"].to_numpy(), rows["end_key"].to_numpy()
    at = np.flatnonzero(overlapping(starts, ends))
    if not len(at):
        return []
    in_file = table["start_key"].to_numpy()
    shown = ", ".join(str(numbers[np.flatnonzero(in_file == start)[0]]) for start in starts[at[:SHOWN_OVERLAPS]])
    return [f"{len(at)} records overlap others (lines {shown}{', …' if len(at) > SHOWN_OVERLAPS else ''}); the narrower decides"]
