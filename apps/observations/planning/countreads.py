"""Reading the count tables: rows of whole panels, and of single sensors. Which of them are complete is said here.

Complete are the slices total and region of the panels and of the sensors and, with the small cells (`smallreads`), port and
port × region of the panels. Of whole networks and halves `tallyreads` knows the numbers without them. Hours (`hourreads`) are packets
only, of the total and (panels) regions and, of ports, for busy ones.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

import numpy as np
from django.conf import settings
from numpy.typing import NDArray

from apps.common.periods import local_day
from apps.observations.figures import Dimension
from apps.observations.models import Grain, Slice
from apps.observations.planning import derived, hourreads, segmentreads, smallreads, tallyreads
from apps.observations.planning.asks import Ask
from apps.observations.planning.cellkeys import bins_of
from apps.observations.planning.reading import once
from apps.observations.planning.spans import Piece, cut, may_hold_months, runs_of
from apps.observations.planning.together import Read, Row, fetch, together
from apps.observations.storage import bysensor, sourcesets
from apps.observations.storage.cells import group
from apps.observations.storage.columns import Frame, concat
from apps.sensors.models import Panel

_KEYS = {
    Dimension.NONE: "0",
    Dimension.PORT: "(protocol::int << 16 | port)",
    Dimension.REGION: "region",
    Dimension.SIGNATURE: "signature",
    Dimension.SENSOR: "sensor_id",
    Dimension.KIND: "(protocol::int << 16 | port)",  # ports become kinds in `kinds_in`
}
_FEW_PORTS = 64
_MOST_PAIRS = 1 << 22  # of key and sensor
_SUMS = {"packets": "sum(packets)", "sources": "sum(sources)", "most": "max(sources)", "sensor_sources": "sum(sensor_sources)"}
_BOUNDS = ("packets", "sources", "most")
_SUMMED = {"panel": "packets, sources, sensor_sources", "sensor_id": "packets, sources"}


@dataclass(frozen=True)
class Store:
    """One count table seen as the answer to one ask: where its rows are and in which grains it is complete."""

    table: str
    owner: str  # the column the unique key begins with
    owners: tuple[int, ...]
    grains_of_packets: frozenset[Grain]
    grains_of_sources: frozenset[Grain]

    def has_small_cells(self, ask: Ask) -> bool:
        return self.owner == "panel" and ask.slice in smallreads.SLICES


_WHOLE = frozenset({Grain.DAY, Grain.MONTH})


def store_for(ask: Ask) -> Store | None:
    """The table that holds every row the ask needs, None where only segments do."""
    scope = ask.selection.scope
    if ask.needs_rows:
        return None
    if not ask.is_per_sensor:
        grains = _WHOLE if ask.slice in smallreads.SLICES else _WHOLE | {Grain.HOUR}
        return Store("observations_networkcount", "panel", tuple(map(int, scope.panels)), grains, _WHOLE)
    if ask.slice in smallreads.SLICES:
        return None
    hours = {Grain.HOUR} if ask.slice is Slice.TOTAL else set()
    return Store("observations_sensorcount", "sensor_id", ask.sensors, _WHOLE | hours, _WHOLE)


def closed_months() -> frozenset[date]:
    """First days of the months that have rows of grain month; a month has those of all sensors and panels or none.
    At most one query in a `reading` block."""
    query = (
        "SELECT DISTINCT extract(epoch FROM bucket)::bigint FROM observations_networkcount"
        " WHERE panel = ANY(%s) AND grain = %s AND slice = ANY(%s)"
    )
    # Whatever has rows has them in one of these two, which hold few: all slices of a year are more than a million.
    few = [int(Slice.TOTAL), int(Slice.EXCLUDED)]
    read = Read(query, [[int(panel) for panel in Panel], int(Grain.MONTH), few], 1)
    return once("closed months", read, _months)


def _months(rows: list[Row]) -> frozenset[date]:
    return frozenset(local_day(datetime.fromtimestamp(bucket, UTC), settings.REPORT_TIME_ZONE) for (bucket,) in rows)


def packets(store: Store, ask: Ask, pieces: Sequence[Piece]) -> Frame:
    """key, bin, packets. A cell may have several rows."""
    hours, whole = _hours_and_wholes(pieces)
    by_hour, rest = together(
        lambda: hourreads.packets(store.owner, store.owners, ask, hours) if hours else None,
        lambda: numbers(store, ask, whole, ("packets",)) if whole or not hours else None,
    )
    if by_hour is None:
        return rest
    by_hour |= {"bin": bins_of(ask, by_hour["bucket"])}
    return by_hour if rest is None else {name: np.concatenate([by_hour[name], rest[name]]) for name in ("key", "bin", "packets")}


def _hours_and_wholes(pieces: Sequence[Piece]) -> tuple[list[Piece], list[Piece]]:
    hours = [piece for piece in pieces if piece.grain is Grain.HOUR]
    return hours, [piece for piece in pieces if piece.grain is not Grain.HOUR]


def numbers(store: Store, ask: Ask, pieces: Sequence[Piece], names: Sequence[str] = _BOUNDS) -> Frame:
    """Of days and months: key, bin, and what is named of packets and, of the sources of the rows, their sum (`sources`) and the
    largest (`most`). A cell may have several rows."""
    tallied, others = tallyreads.divided(ask, pieces)
    found, rest = together(
        lambda: tallyreads.numbers(ask, tallied, names) if tallied else None,
        lambda: _numbers(store, ask, others, names) if others or not tallied else None,
    )
    told = found and found | {"bin": bins_of(ask, found["bucket"])}
    return concat([part for part in (told, rest) if part], ("key", "bin", *names))


def set_sizes(store: Store, ask: Ask, pieces: Sequence[Piece]) -> int:
    """How many sources the sets of `source_sets` hold together."""
    names = ("sources",)
    found = tallyreads.numbers(ask, pieces, names) if tallyreads.has_sets(ask) else _numbers(store, ask, pieces, names)
    return int(found["sources"].sum())


def sensor_sources(store: Store, ask: Ask, pieces: Sequence[Piece]) -> Frame:
    """key, bin, value: Σ over sensors and days of the sources that the row adds to those of earlier signatures (panels only).
    `pieces` are the days of the ask; tallies know it of months as well."""
    if tallyreads.applies_to_months(ask) and may_hold_months(ask.spans):
        pieces = cut(ask.spans, settings.REPORT_TIME_ZONE, closed_months())
    found = numbers(store, ask, pieces, ("sensor_sources",))
    return found | {"value": found["sensor_sources"]}


def _numbers(store: Store, ask: Ask, pieces: Sequence[Piece], names: Sequence[str]) -> Frame:
    """key, bin, and what is named; of rows, and of small cells beside them."""
    columns = ", ".join(f"{_SUMS[name]}::bigint" for name in names)
    rows, small = together(
        lambda: _fetch(store, ask, pieces, _SUMMED[store.owner], sums=columns, numbers=2 + len(names)),
        lambda: smallreads.numbers(store.owners, ask, pieces, names) if store.has_small_cells(ask) else None,
    )
    table = np.array(rows, np.int64).reshape(-1, 2 + len(names))
    told = ("key", "bucket", *names)
    found: Frame = dict(zip(told, table.T, strict=True)) | {"key": kinds_in(ask, table[:, 0])}
    if small is not None:
        found = {name: np.concatenate([found[name], small[name]]) for name in told}
    return found | {"bin": bins_of(ask, found["bucket"])}


def source_sets(store: Store, ask: Ask, pieces: Sequence[Piece]) -> dict[tuple[int, int], list[bytes]]:
    """The source sets of the rows by (key, bin), to be united by the caller."""
    sets: dict[tuple[int, int], list[bytes]] = defaultdict(list)
    if tallyreads.has_sets(ask):
        for number, body in tallyreads.source_sets(ask, pieces):
            sets[0, number].append(body)
        return sets
    rows, small = together(lambda: _fetch(store, ask, pieces, "source_set"), lambda: _members(store, ask, pieces))
    keys = kinds_in(ask, np.array([row[0] for row in rows], np.int64)).tolist()
    numbers = bins_of(ask, np.array([row[1] for row in rows], np.int64)).tolist()
    for key, number, (_key, _bucket, body) in zip(keys, numbers, rows, strict=True):
        sets[key, number].append(bytes(body))
    if small is not None:
        for cell, sources in segmentreads.source_keys(small | {"bin": bins_of(ask, small["bucket"])}).items():
            sets[cell].append(sourcesets.encode(sources))
    return sets


def _members(store: Store, ask: Ask, pieces: Sequence[Piece]) -> Frame | None:
    return smallreads.members(store.owners, ask, pieces) if store.has_small_cells(ask) else None


def contributions(store: Store, ask: Ask, pieces: Sequence[Piece]) -> Frame:
    """key, sensor, packets: what each sensor added to each key over all pieces. Rows of panels only."""
    rows, small = together(lambda: _fetch(store, ask, pieces, "by_sensor"), lambda: _members(store, ask, pieces))
    records, row = bysensor.decode_many([body for *_head, body in rows])
    keys, code = np.unique(kinds_in(ask, np.array([key for key, *_rest in rows], np.int64)), return_inverse=True)
    found = _by_sensor(keys, code[row], records["sensor"].astype(np.int64), records["packets"])
    if small is None:
        return found
    parts = [found, {name: small[name].astype(np.int64) for name in found}]
    columns = {name: np.concatenate([part[name] for part in parts]) for name in found}
    groups = group(columns["key"], columns["sensor"])
    return {name: groups.first(columns[name]) for name in ("key", "sensor")} | {"packets": groups.sum(columns["packets"])}


def _by_sensor(keys: NDArray[np.int64], code: NDArray[np.intp], sensor: NDArray[np.int64], packets: NDArray[Any]) -> Frame:
    """key, sensor, packets of records whose keys are `keys[code]`. A table of all pairs takes a tenth of sorting millions of records."""
    width = int(sensor.max(initial=0)) + 1
    if len(keys) * width > _MOST_PAIRS:
        groups = group(code, sensor)
        return {"key": keys[groups.first(code)], "sensor": groups.first(sensor), "packets": groups.sum(packets)}
    sums = np.bincount(code * width + sensor, packets)
    at = np.flatnonzero(sums)
    return {"key": keys[at // width], "sensor": at % width, "packets": sums[at].astype(np.int64)}


def union_counts(sets: dict[tuple[int, int], list[bytes]]) -> Frame:
    """key, bin, sources: how many distinct sources each cell has."""
    return _columns(("key", "bin", "sources"), [(key, number, sourcesets.union_count(bodies)) for (key, number), bodies in sets.items()])


# SQL


def _fetch(store: Store, ask: Ask, pieces: Sequence[Piece], columns: str, sums: str = "", numbers: int = 2) -> list[Row]:
    """Rows (key, bucket in seconds, one bytea column) of the pieces, or with `sums` one row for each key and bucket. One SELECT a
    run of pieces, each a walk along the unique key of the table; the bucket is 0 where there is but one bin."""
    bucket = bucket_of(ask)
    filters, values = filters_of(ask)
    parts: list[str] = []
    parameters: list[Any] = []
    for grain, start, end in runs_of(pieces):
        when, buckets = _buckets(ask, pieces, grain, start, end)
        parts.append(
            f"SELECT {key_of(ask, store.owner)} AS key, {bucket} AS bucket, {columns} FROM {store.table}"  # noqa: S608  # names of our own
            f" WHERE {store.owner} = ANY(%s) AND grain = %s AND slice = %s AND {when} {filters}"
        )
        parameters += [list(store.owners), int(grain), int(ask.slice), *buckets, *values]
    if not parts:
        return []
    query = " UNION ALL ".join(parts)
    if sums:
        query = f"SELECT key, bucket, {sums} FROM ({query}) AS cell GROUP BY key, bucket"  # noqa: S608
    return fetch(Read(query, parameters, numbers) if sums else Read(query, parameters, 2, has_body=True))


def _buckets(ask: Ask, pieces: Sequence[Piece], grain: Grain, start: datetime, end: datetime) -> tuple[str, list[Any]]:
    """The bins of one run. Named one by one where few ports are wanted: then the index is searched for each bin and port instead of
    being read from the first bin to the last, with all ports."""
    if not _are_few(ask.ports):
        return "bucket >= %s AND bucket < %s", [start, end]
    return "bucket = ANY(%s)", [[piece.start for piece in pieces if piece.grain is grain and start <= piece.start < end]]


def _are_few(ports: tuple[int, ...] | None) -> bool:
    return ports is not None and len(ports) <= _FEW_PORTS


def key_of(ask: Ask, owner: str) -> str:
    """The key of a cell in SQL, kinds of ports still being ports. `owner` is the column that the table's own key begins with."""
    row, column = (_key_of(dimension, owner) for dimension in ask.dimensions)
    return f"{column}::bigint" if ask.rows is Dimension.NONE else f"({row}::bigint << 32 | {column}::bigint)"


def _key_of(dimension: Dimension, owner: str) -> str:
    if dimension is Dimension.ORIGIN:
        return derived.origin_sql()
    return derived.panel_sql(owner) if dimension is Dimension.PANEL else _KEYS[dimension]


def kinds_in(ask: Ask, keys: NDArray[np.int64]) -> NDArray[np.int64]:
    """Keys of which the ports have become kinds, where the ask tells kinds apart."""
    if not ask.is_by(Dimension.KIND):
        return keys
    row, column = keys >> 32, keys & 0xFFFF_FFFF
    day = ask.selection.definitions_day
    return derived.kinds(row, day) << 32 | column if ask.rows is Dimension.KIND else row << 32 | derived.kinds(column, day)


def bucket_of(ask: Ask) -> str:
    """The bucket in seconds, as far as bins can be told by it."""
    return "extract(epoch FROM bucket)::bigint" if len(ask.spans) > 1 else "0::bigint"


def filters_of(ask: Ask) -> tuple[str, list[Any]]:
    text, values = " AND signature = ANY(%s)", [list(ask.signatures)]
    if ask.ports is not None:
        text += " AND (protocol, port) IN (SELECT code >> 16, code & 65535 FROM unnest(%s::int[]) AS chosen(code))"
        values.append(list(ask.ports))
    if ask.ports is not None and _are_few(ask.ports):  # as an index can be searched
        text += " AND protocol = ANY(%s) AND port = ANY(%s)"
        values += [sorted({code >> 16 for code in ask.ports}), sorted({code & 0xFFFF for code in ask.ports})]
    if ask.regions is not None:
        text += " AND region = ANY(%s)"
        values.append(list(ask.regions))
    elif ask.other_regions:
        text += " AND region <> ALL(%s)"
        values.append(list(ask.other_regions))
    return text, values


def _columns(names: Sequence[str], rows: Sequence[Sequence[int]]) -> Frame:
    table: NDArray[np.int64] = np.array(rows, np.int64).reshape(-1, len(names))
    return {name: table[:, position] for position, name in enumerate(names)}
