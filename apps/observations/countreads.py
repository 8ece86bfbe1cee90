"""Reading the count tables: rows of whole panels, and of single sensors. Which of them are complete is said here.

Complete are the slices total, port (of counted signatures) and region of the panels, and total and region of the sensors.
Hour rows hold numbers only, exist for the total and (panels) regions and, of ports, for busy ones only.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
from django.conf import settings
from django.db import connection
from numpy.typing import NDArray

from apps.common.periods import local_day
from apps.observations import sourcesets
from apps.observations.asks import Ask
from apps.observations.cells import group
from apps.observations.columns import Frame
from apps.observations.figures import Dimension
from apps.observations.models import COUNTED, Grain, NetworkCount, Slice
from apps.observations.spans import Piece

BY_SENSOR = np.dtype(list(NetworkCount.BY_SENSOR))
_KEYS = {
    Dimension.NONE: "0",
    Dimension.PORT: "(protocol::int << 16 | port)",
    Dimension.REGION: "region",
    Dimension.SIGNATURE: "signature",
    Dimension.SENSOR: "sensor_id",
}


@dataclass(frozen=True)
class Store:
    """One count table seen as the answer to one ask: where its rows are and in which grains it is complete."""

    table: str
    owner: str  # the column the unique key begins with
    owners: tuple[int, ...]
    grains_of_packets: frozenset[Grain]
    grains_of_sources: frozenset[Grain]


_WHOLE = frozenset({Grain.DAY, Grain.MONTH})


def store_for(ask: Ask) -> Store | None:
    """The table that holds every row the ask needs, None where only segments do."""
    scope = ask.selection.scope
    if ask.slice is Slice.PORT_REGION or (ask.slice is Slice.PORT and not set(ask.signatures) <= set(COUNTED)):
        return None
    if not ask.is_per_sensor:
        grains = _WHOLE if ask.slice is Slice.PORT else _WHOLE | {Grain.HOUR}
        return Store("observations_networkcount", "panel", tuple(map(int, scope.panels)), grains, _WHOLE)
    if ask.slice is Slice.PORT:
        return None
    hours = {Grain.HOUR} if ask.slice is Slice.TOTAL else set()
    return Store("observations_sensorcount", "sensor_id", ask.sensors, _WHOLE | hours, _WHOLE)


def closed_months(store: Store) -> frozenset[date]:
    """First days of the months that have rows of grain month."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT DISTINCT bucket FROM {store.table} WHERE {store.owner} = ANY(%s) AND grain = %s AND slice = %s",  # noqa: S608
            [list(store.owners), Grain.MONTH, Slice.TOTAL],
        )
        return frozenset(local_day(bucket, settings.REPORT_TIME_ZONE) for (bucket,) in cursor.fetchall())


def numbers(store: Store, ask: Ask, pieces: Sequence[Piece]) -> Frame:
    """key, bin, packets, and of the sources of the rows: their sum, their maximum and the number of rows."""
    query, parameters = _query(store, ask, pieces, "packets, sources")
    return _columns(
        ("key", "bin", "packets", "sources", "most", "rows"),
        _fetch(
            f"SELECT key, bin, sum(packets)::bigint, sum(sources)::bigint, max(sources)::bigint, count(*)"  # noqa: S608
            f" FROM ({query}) AS cell GROUP BY key, bin",
            parameters,
        ),
    )


def source_keys(store: Store, ask: Ask, pieces: Sequence[Piece]) -> dict[tuple[int, int], list[bytes]]:
    """The source sets of the rows by (key, bin), to be united by the caller."""
    query, parameters = _query(store, ask, pieces, "source_set")
    sets: dict[tuple[int, int], list[bytes]] = defaultdict(list)
    for key, number, body in _fetch(query, parameters):
        sets[key, number].append(bytes(body))
    return sets


def contributions(store: Store, ask: Ask, pieces: Sequence[Piece]) -> Frame:
    """key, sensor, packets: what each sensor added to each key over all pieces. Rows of panels only."""
    query, parameters = _query(store, ask, pieces, "by_sensor")
    rows = _fetch(f"SELECT key, by_sensor FROM ({query}) AS cell", parameters)  # noqa: S608
    bodies = [bytes(body) for _key, body in rows]
    lengths = np.array([len(body) // BY_SENSOR.itemsize for body in bodies], np.int64)
    records = np.frombuffer(b"".join(bodies), BY_SENSOR)
    codes = np.repeat(np.array([key for key, _body in rows], np.int64), lengths)
    groups = group(codes, records["sensor"])
    return {"key": groups.first(codes), "sensor": groups.first(records["sensor"]), "packets": groups.sum(records["packets"])}


def union_counts(sets: dict[tuple[int, int], list[bytes]]) -> Frame:
    """key, bin, sources: how many distinct sources each cell has."""
    return _columns(("key", "bin", "sources"), [(key, number, sourcesets.union_count(bodies)) for (key, number), bodies in sets.items()])


# SQL


def _query(store: Store, ask: Ask, pieces: Sequence[Piece], columns: str) -> tuple[str, list[Any]]:
    """Rows (key, bin, columns) of the pieces: one SELECT a grain, each a walk along the unique key of the table."""
    filters, values = _filters(ask)
    parts: list[str] = []
    parameters: list[Any] = []
    for grain in Grain:
        chosen = [piece for piece in pieces if piece.grain is grain]
        if not chosen:
            continue
        parts.append(
            f"SELECT {_KEYS[ask.group]} AS key, piece.bin, {columns} FROM {store.table} AS row"  # noqa: S608  # names of our own
            " JOIN unnest(%s::timestamptz[], %s::int[]) AS piece(start, bin) ON piece.start = row.bucket"
            f" WHERE {store.owner} = ANY(%s) AND grain = %s AND slice = %s AND bucket = ANY(%s) {filters}"
        )
        starts = [piece.start for piece in chosen]
        parameters += [starts, [piece.bin for piece in chosen], list(store.owners), grain, ask.slice, starts, *values]
    return " UNION ALL ".join(parts), parameters


def _filters(ask: Ask) -> tuple[str, list[Any]]:
    text, values = " AND signature = ANY(%s)", [list(ask.signatures)]
    if ask.ports is not None:
        text += " AND (protocol, port) IN (SELECT code >> 16, code & 65535 FROM unnest(%s::int[]) AS chosen(code))"
        values.append(list(ask.ports))
    if ask.regions is not None:
        text += " AND region = ANY(%s)"
        values.append(list(ask.regions))
    return text, values


def _fetch(query: str, parameters: Iterable[Any]) -> list[tuple[Any, ...]]:
    if not query:
        return []
    with connection.cursor() as cursor:
        cursor.execute(query, list(parameters))
        return cursor.fetchall()


def _columns(names: Sequence[str], rows: Sequence[Sequence[int]]) -> Frame:
    table: NDArray[np.int64] = np.array(rows, np.int64).reshape(-1, len(names))
    return {name: table[:, position] for position, name in enumerate(names)}
