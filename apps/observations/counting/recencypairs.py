"""Which sources a network saw on which days of a month, under which keys: read back from its day rows, not from flows or segments."""

from collections.abc import Sequence
from datetime import datetime

import numpy as np
from django.conf import settings
from numpy.typing import NDArray

from apps.common.periods import local_day
from apps.observations.models import COUNTED, Axis, Grain, Slice, Tally
from apps.observations.storage import numberbodies, smallcells, sourcesets
from apps.observations.storage.columns import Frame, concat, length, take
from apps.observations.storage.pgcopy import binary_rows
from apps.sensors.models import Network

TRACKED = 256  # ports
_REGIONS = """
SELECT extract(epoch FROM bucket)::bigint, panel, region::int, signature, source_set FROM observations_networkcount
WHERE panel = ANY(%s) AND grain = %s AND slice = %s AND bucket >= %s AND bucket < %s
"""
_PORTS = """
SELECT extract(epoch FROM bucket)::bigint, protocol::int << 16 | port, source_set FROM observations_networkcount
WHERE panel = ANY(%s) AND grain = %s AND slice = %s AND bucket >= %s AND bucket < %s AND signature = ANY(%s)
  AND protocol = ANY(%s) AND port = ANY(%s)
"""
_SMALL_PORTS = """
SELECT extract(epoch FROM bucket)::bigint, cells, members FROM observations_smallcells
WHERE panel = ANY(%s) AND grain = %s AND axis = %s AND bucket >= %s AND bucket < %s AND block = ANY(%s)
"""
_TALLIES = "SELECT body FROM observations_tally WHERE network = %s AND grain = %s AND axis = %s AND bucket >= %s AND bucket < %s"
_COUNTED = np.isin(np.arange(256), COUNTED)
_PAIR = ("key", "source", "day")
TallyAxis = Tally.Axis


def panels_of(network: Network) -> list[int]:
    return sorted(map(int, network.panels))


def rows_by_region(network: Network, start: datetime, end: datetime) -> Frame:
    """panel, region, signature, source, day (ordinal) of the reporting days that begin in [start, end)."""
    rows = binary_rows(_REGIONS, [panels_of(network), int(Grain.DAY), int(Slice.REGION), start, end])
    heads = np.array([row[:4] for row in rows], np.int64).reshape(-1, 4)
    frame, counts = _sources([row[4] for row in rows])
    names = {"day": _ordinals(heads[:, 0]), "panel": heads[:, 1], "region": heads[:, 2], "signature": heads[:, 3]}
    small = {"day": np.int32, "panel": np.uint8, "region": np.uint16, "signature": np.uint8}
    return {name: np.repeat(column.astype(small[name]), counts) for name, column in names.items()} | {"source": frame}


def pairs_of(rows: Frame, axis: Tally.Axis) -> Frame:
    """key, source and day of the rows that count on an axis; some more than once."""
    if axis is TallyAxis.SIGNATURE:
        return {"key": rows["signature"].astype(np.int64), "source": rows["source"], "day": rows["day"]}
    rows = take(rows, _COUNTED[rows["signature"]])
    return {"key": _keys(rows, axis), "source": rows["source"], "day": rows["day"]}


def _keys(rows: Frame, axis: Tally.Axis) -> NDArray[np.int64]:
    match axis:
        case TallyAxis.REGION:
            return rows["region"].astype(np.int64)
        case TallyAxis.PANEL:
            return 2 - rows["panel"].astype(np.int64) % 2
    return np.zeros(length(rows), np.int64)


def pairs_of_ports(network: Network, ports: Sequence[int], start: datetime, end: datetime) -> Frame:
    """Likewise of some ports: those of their days that are rows, and those that are small cells."""
    if not ports:
        return {name: np.empty(0, np.uint64 if name == "source" else np.int64) for name in _PAIR}
    between = [panels_of(network), int(Grain.DAY), int(Slice.PORT), start, end, list(COUNTED)]
    protocols, numbers = sorted({code >> 16 for code in ports}), sorted({code & 0xFFFF for code in ports})
    rows = binary_rows(_PORTS, [*between, protocols, numbers])
    heads = np.array([row[:2] for row in rows], np.int64).reshape(-1, 2)
    sources, counts = _sources([row[2] for row in rows])
    busy = {"key": np.repeat(heads[:, 1], counts), "source": sources, "day": np.repeat(_ordinals(heads[:, 0]), counts)}
    both = concat([busy, _small_pairs(network, ports, start, end)], _PAIR)
    return take(both, np.isin(both["key"], np.array(ports, np.int64)))


def _small_pairs(network: Network, ports: Sequence[int], start: datetime, end: datetime) -> Frame:
    """Of all ports of the blocks in which some lie."""
    blocks = sorted({code >> 8 for code in ports})
    rows = binary_rows(_SMALL_PORTS, [panels_of(network), int(Grain.DAY), int(Axis.PORT), start, end, blocks])
    cells, counts = smallcells.decode([row[1] for row in rows], smallcells.CELL)
    members, _counts = smallcells.decode([row[2] for row in rows], smallcells.MEMBER)
    days = np.repeat(_ordinals(np.array([row[0] for row in rows], np.int64)), counts)
    found = smallcells.with_members(cells | {"day": days}, members)
    found = take(found, np.flatnonzero(_COUNTED[found["signature"]]))
    return {"key": found["protocol"].astype(np.int64) << 16 | found["port"], "source": found["source"], "day": found["day"]}


def busiest_ports(network: Network, start: datetime, end: datetime) -> list[int]:
    """The ports with the most sources, added up over the days that begin in [start, end)."""
    rows = binary_rows(_TALLIES, [int(network), int(Grain.DAY), int(TallyAxis.PORT), start, end])
    sums = np.zeros(1 << 24, np.int64)
    for (body,) in rows:
        told = numberbodies.decode(bytes(body), Tally.COLUMNS)
        sums[told["key"]] += told["sources"]
    found = np.flatnonzero(sums)
    return sorted(found[np.lexsort((found, -sums[found]))][:TRACKED].tolist())


def _sources(bodies: list[bytes]) -> tuple[NDArray[np.uint64], NDArray[np.int64]]:
    """The sources of all sets, one after the other, and how many each has."""
    parts = [sourcesets.keys_of(body) for body in bodies]
    return np.concatenate([np.empty(0, np.uint64), *parts]), np.array([len(part) for part in parts], np.int64)


def _ordinals(seconds: NDArray[np.int64]) -> NDArray[np.int64]:
    """Of instants at which reporting days begin, which days these are."""
    moments, position = np.unique(seconds, return_inverse=True)
    days = [ordinal_of(datetime.fromtimestamp(moment, settings.REPORT_TIME_ZONE)) for moment in moments.tolist()]
    return np.array(days, np.int64)[position.ravel()] if len(moments) else np.empty(0, np.int64)


def ordinal_of(start: datetime) -> int:
    return local_day(start, settings.REPORT_TIME_ZONE).toordinal()
