"""Delegated files written for a test."""

from collections.abc import Sequence
from datetime import date

import numpy as np
import pyarrow as pa

from apps.reference.delegation_files import COLUMNS, DelegationFile, canonical
from apps.reference.models import Registry


def delegated(registry: str, *records: str, version: str = "2.3", end: str = "20181013", summaries: bool = True) -> bytes:
    """A file as registries publish it. A record is given without its registry: `JP|ipv4|192.0.2.0|256||allocated|A1`."""
    lines = [f"{version}|{registry}|1539406814230|{len(records)}|19700101|{end}|+0000"]
    if summaries:
        kinds = [record.split("|")[1] for record in records]
        lines += [f"{registry}|*|{kind}|*|{kinds.count(kind)}|summary" for kind in ("asn", "ipv4", "ipv6")]
    return "\n".join([*lines, *(f"{registry}|{record}" for record in records), ""]).encode()


Row = tuple[int, int, int, int, str]  # start key, end key, region number, status, opaque id


def table_of(rows: Sequence[Row]) -> pa.Table:
    columns = list(zip(*rows, strict=True)) if rows else [()] * len(COLUMNS.names)
    return canonical(pa.table([pa.array(column, kind) for column, kind in zip(columns, COLUMNS.types, strict=True)], schema=COLUMNS))


def file_of(registry: Registry, rows: Sequence[Row], day: date | None = None) -> DelegationFile:
    return DelegationFile(f"{registry.label}.txt", registry, day, table_of(rows))


def keys(*values: int) -> np.ndarray:
    return np.array(values, np.uint64)
