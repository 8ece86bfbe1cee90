"""Reading tallies: numbers of a whole network, or of a half of it, under all counted signatures, from a few bodies a bin
(`counting/tallies.py`).

They know all of their axes of days and months, but regions with ports of months alone: `divided` says which pieces they answer."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, NamedTuple

import numpy as np
import zstandard
from numpy.typing import NDArray

from apps.observations.figures import Dimension
from apps.observations.models import COUNTED, Grain, Slice, Tally
from apps.observations.planning.asks import Ask
from apps.observations.planning.cellkeys import bins_of, keys_of
from apps.observations.planning.reading import known, memo, once
from apps.observations.planning.spans import Piece, runs_of
from apps.observations.planning.together import Read, Row, together
from apps.observations.storage import numberbodies
from apps.observations.storage.cells import group
from apps.observations.storage.columns import Frame, concat, empty, length
from apps.sensors.models import Network

TallyAxis = Tally.Axis
_SELECT = (
    "SELECT extract(epoch FROM bucket)::bigint, block, {value} FROM observations_tally"
    " WHERE network = %s AND grain = %s AND axis = %s AND bucket >= %s AND bucket < %s"
)
_PANELS = {network.panels: network for network in Network}
_AXES = {
    Dimension.NONE: TallyAxis.TOTAL, Dimension.PORT: TallyAxis.PORT, Dimension.KIND: TallyAxis.PORT, Dimension.REGION: TallyAxis.REGION,
    Dimension.ORIGIN: TallyAxis.REGION, Dimension.SIGNATURE: TallyAxis.SIGNATURE, Dimension.PANEL: TallyAxis.PANEL, Dimension.SENSOR: None,
}  # fmt: skip
_OF_SLICES = {
    Slice.TOTAL: TallyAxis.TOTAL, Slice.PORT: TallyAxis.PORT, Slice.REGION: TallyAxis.REGION, Slice.PORT_REGION: TallyAxis.REGION_PORT,
}  # fmt: skip
_NUMBERS = ("packets", "sources", "sensor_sources")
_MOST = "most"  # of sources
_WHOLE = (Dimension.NONE, Dimension.NONE)
_KEYS_OF_BLOCK = 1 << Tally.BLOCK_BITS
_PORT_MASK = (1 << Tally.REGION_SHIFT) - 1
_BLOCKS_OF_REGION = 1 << Tally.REGION_SHIFT - Tally.BLOCK_BITS
_FEW_REGIONS = 16


class KnownSources(NamedTuple):
    """key, bin, sources of cells whose sources are known; and the keys of which some cell's are not."""

    frame: Frame
    others: tuple[int, ...]


def applies(ask: Ask) -> bool:
    """Whether tallies hold what an ask counts of days and months: a network or a half, told apart or chosen by one axis."""
    return _holds(ask) and _axis(ask) is not TallyAxis.REGION_PORT


def applies_to_months(ask: Ask) -> bool:
    """Whether they hold it of months. Some ports of many regions are found in fewer bodies elsewhere."""
    are_few_bodies = ask.slice is not Slice.PORT_REGION or ask.ports is None or _are_few(ask.regions)
    return _holds(ask) and are_few_bodies


def _holds(ask: Ask) -> bool:
    return not ask.needs_rows and frozenset(ask.selection.scope.panels) in _PANELS and _axis(ask) is not None


def _are_few(regions: Sequence[int] | None) -> bool:
    return regions is not None and len(regions) <= _FEW_REGIONS


def divided(ask: Ask, pieces: Sequence[Piece]) -> tuple[list[Piece], list[Piece]]:
    """The pieces (days and months) that tallies answer, and the others."""
    if applies(ask):
        return list(pieces), []
    months = {piece for piece in pieces if piece.grain is Grain.MONTH} if applies_to_months(ask) else set()
    return [piece for piece in pieces if piece in months], [piece for piece in pieces if piece not in months]


def _axis(ask: Ask) -> TallyAxis | None:
    counts_all = set(ask.signatures) == set(COUNTED)
    if ask.is_by(Dimension.SENSOR) or None in (found := [_AXES[dimension] for dimension in ask.dimensions]):
        return None
    axes = {*found, _OF_SLICES.get(ask.slice), *(() if counts_all else (TallyAxis.SIGNATURE,))} - {TallyAxis.TOTAL}
    if TallyAxis.REGION_PORT in axes:
        axes -= {TallyAxis.PORT, TallyAxis.REGION}
    if len(axes) > 1 or None in axes:
        return None
    return axes.pop() if axes else TallyAxis.TOTAL


def numbers(ask: Ask, pieces: Sequence[Piece], names: Sequence[str] = (*_NUMBERS, _MOST)) -> Frame:
    """key, bucket (in seconds, 0 where there is but one bin) and what is named of packets, sources (their sum, no less than are
    distinct), most (the largest, no more than are distinct) and sensor_sources of days and months."""
    read = {"sources" if name == _MOST else name for name in names}
    cells = _cells(ask, axis_of(ask), pieces, tuple(name for name in _NUMBERS if name in read))
    key = keys_of(cells, ask)
    found = group(key, cells["bucket"])
    told = {name: found.max(cells[name]) if name == _MOST else found.sum(cells[name]) for name in names}
    return {"key": found.first(key), "bucket": found.first(cells["bucket"])} | told


def sources(ask: Ask, pieces: Sequence[Piece]) -> KnownSources | None:
    """The distinct sources of bins that are one day or one month each; None where bins are others. Several ports or regions under
    one key may share sources: regions do not where all of them add up to the total, and of regions' ports it is not to be known."""
    if not pieces or len({piece.bin for piece in pieces}) < len(pieces):
        return None
    if axis_of(ask) is TallyAxis.REGION_PORT and not _tells_region_ports_apart(ask):
        return None
    cells, spread = together(lambda: _cells(ask, axis_of(ask), pieces), lambda: _spread(ask, pieces))
    key, number = keys_of(cells, ask), bins_of(ask, cells["bucket"])
    found = group(key, number)
    several = found.sum(cells["keys"]) > 1
    unsure = several & np.isin(found.first(number), spread)
    others = np.unique(found.first(key)[unsure])
    known = ~np.isin(found.first(key), others)
    columns = {"key": found.first(key), "bin": found.first(number), "sources": found.sum(cells["sources"])}
    return KnownSources({name: column[known] for name, column in columns.items()}, tuple(others.tolist()))


def _tells_region_ports_apart(ask: Ask) -> bool:
    is_by_port = ask.is_by(Dimension.PORT) or (ask.ports is not None and len(ask.ports) == 1)
    return is_by_port and (ask.is_by(Dimension.REGION) or (ask.regions is not None and len(ask.regions) == 1))


def has_sets(ask: Ask) -> bool:
    """Whether tallies also say which sources an ask counts."""
    return applies(ask) and _axis(ask) is TallyAxis.TOTAL


def source_sets(ask: Ask, pieces: Sequence[Piece]) -> list[tuple[int, bytes]]:
    """(bin, source set) of each day or month of an ask that `has_sets`."""
    rows = _rows(ask, TallyAxis.TOTAL, pieces, "source_set")
    numbers = bins_of(ask, np.array([row[0] for row in rows], np.int64))
    return [(number, bytes(body)) for number, (*_key, body) in zip(numbers.tolist(), rows, strict=True)]


def _spread(ask: Ask, pieces: Sequence[Piece]) -> NDArray[np.int64]:
    """The bins in which some source may be counted under several keys of the ask's axis."""
    every = np.array([piece.bin for piece in pieces], np.int64)
    if axis_of(ask) is not TallyAxis.REGION:
        return every
    whole = replace(ask.ungrouped(), selection=replace(ask.selection, regions=(), origin=None))
    regions, total = together(lambda: _cells(whole, TallyAxis.REGION, pieces), lambda: _cells(whole, TallyAxis.TOTAL, pieces))
    sums = [np.bincount(bins_of(ask, cells["bucket"]), cells["sources"], len(ask.spans)) for cells in (regions, total)]
    return every[sums[0][every] != sums[1][every]]


def axis_of(ask: Ask) -> TallyAxis:
    """The axis of an ask to which tallies apply."""
    if (axis := _axis(ask)) is None:
        raise ValueError(f"tallies do not know {ask.dimensions}")
    return axis


def _cells(ask: Ask, axis: TallyAxis, pieces: Sequence[Piece], names: Sequence[str] = ("sources",)) -> Frame:
    """The chosen keys with the named ones of their numbers, in each bucket or, where there is but one bin, in all together."""
    return with_dimensions(_told(ask, axis, pieces, names), axis)


def with_dimensions(cells: Frame, axis: TallyAxis) -> Frame:
    """With the columns by which cells are told apart."""
    key = cells["key"]
    nothing = np.zeros_like(key)
    own = {TallyAxis.REGION: "region", TallyAxis.SIGNATURE: "signature", TallyAxis.PANEL: "panel"}
    port = key & _PORT_MASK if axis in (TallyAxis.PORT, TallyAxis.REGION_PORT) else nothing
    region = key >> Tally.REGION_SHIFT if axis is TallyAxis.REGION_PORT else nothing
    return cells | {"protocol": port >> 16, "port": port & 0xFFFF, "region": region} | ({own[axis]: key} if axis in own else {})


def _told(ask: Ask, axis: TallyAxis, pieces: Sequence[Piece], names: Sequence[str]) -> Frame:
    """What the bodies say, decoded and added up once for all figures of a page that want the same of them."""
    is_one_bin, is_whole = len(ask.spans) == 1, ask.dimensions == _WHOLE
    is_without_regions = axis is TallyAxis.REGION_PORT and is_one_bin and not ask.is_by(Dimension.REGION, Dimension.ORIGIN)
    rows, choice = _rows(ask, axis, pieces), choice_of(ask, axis)
    if axis is TallyAxis.REGION_PORT:
        rows = _of_regions(ask, rows, is_without_regions=is_without_regions)
    wanted = (ask.ports, ask.regions, ask.other_regions, ask.signatures, is_one_bin, is_whole, is_without_regions)
    key = ("cells of tallies", network_of(ask), axis, tuple(runs_of(pieces)), wanted)

    def told() -> Frame:
        return _of_one_bin(rows, choice, names) if is_one_bin else _of_bins(rows, choice, names, whole=is_whole)

    every = known((*key, _NUMBERS))
    return memo((*key, tuple(names)), told) if every is None else every


def _of_regions(ask: Ask, rows: Sequence[Row], *, is_without_regions: bool) -> list[Row]:
    """The rows whose blocks lie in the chosen regions; where regions are not told apart, a port has the same block in all."""
    wanted, others = None if ask.regions is None else set(ask.regions), set(ask.other_regions)
    found = []
    for bucket, block, body in rows:
        region, number = divmod(block, _BLOCKS_OF_REGION)
        if region in wanted if wanted is not None else region not in others:
            found.append((bucket, number if is_without_regions else block, body))
    return found


def network_of(ask: Ask) -> Network:
    return _PANELS[frozenset(ask.selection.scope.panels)]


class _Condition(NamedTuple):
    """A condition for blocks, and its parameters."""

    sql: str = ""
    values: tuple[int | tuple[int, ...], ...] = ()


def _rows(ask: Ask, axis: TallyAxis, pieces: Sequence[Piece], value: str = "body") -> list[Row]:
    """bucket in seconds, block, body or source set; read once for all figures of a page that look at the same bins."""
    network, runs, conditions = network_of(ask), tuple(runs_of(pieces)), _conditions(ask, axis)
    if not runs or not conditions:
        return []
    query = " UNION ALL ".join([_SELECT.format(value=value) + condition.sql for condition in conditions] * len(runs))
    parameters: list[Any] = []
    for grain, start, end in runs:
        for condition in conditions:
            blocks = [list(one) if isinstance(one, tuple) else one for one in condition.values]
            parameters += [int(network), int(grain), int(axis), start, end, *blocks]
    read = Read(query, parameters, 2, has_body=True)
    return once(("tallies", value, network, axis, conditions, runs), read, lambda rows: rows)


def _conditions(ask: Ask, axis: TallyAxis) -> tuple[_Condition, ...]:
    """Where the chosen keys lie; each condition is one walk along the key of the table."""
    of_ports = () if ask.ports is None else tuple(sorted({code >> Tally.BLOCK_BITS for code in ask.ports}))
    if axis is TallyAxis.PORT and ask.ports is not None:
        return (_Condition(" AND block = ANY(%s)", (of_ports,)),)
    if axis is not TallyAxis.REGION_PORT or ask.regions is None or not _are_few(ask.regions):
        return (_Condition(),)
    starts = [region * _BLOCKS_OF_REGION for region in sorted(set(ask.regions))]
    if ask.ports is not None:
        return (_Condition(" AND block = ANY(%s)", (tuple(start + number for start in starts for number in of_ports),)),)
    return tuple(_Condition(" AND block >= %s AND block < %s", (start, start + _BLOCKS_OF_REGION)) for start in starts)


def choice_of(ask: Ask, axis: TallyAxis) -> numberbodies.Choice | None:
    """None: all of them."""
    if axis is TallyAxis.REGION_PORT:  # of regions, blocks are chosen
        return None if ask.ports is None else partial(_ports_among, np.unique(np.array(ask.ports, np.int64)))
    wanted = {TallyAxis.PORT: ask.ports, TallyAxis.REGION: ask.regions, TallyAxis.SIGNATURE: ask.signatures}.get(axis)
    if wanted is not None:
        return partial(_among, np.unique(np.array(wanted, np.int64)))
    if axis is TallyAxis.REGION and ask.other_regions:
        return lambda keys: np.flatnonzero(~np.isin(keys, ask.other_regions))
    return None


def _ports_among(wanted: NDArray[np.int64], keys: NDArray[np.int64]) -> NDArray[np.intp]:
    return _among(wanted, keys & _PORT_MASK)  # which ascend within a block


def _among(wanted: NDArray[np.int64], keys: NDArray[np.int64]) -> NDArray[np.intp]:
    at = np.searchsorted(keys, wanted).clip(max=max(len(keys) - 1, 0))
    return at[keys[at] == wanted] if len(keys) else at[:0]


def _decoded(rows: Sequence[Row], choice: numberbodies.Choice | None, names: Sequence[str]) -> Iterator[Frame]:
    engine = zstandard.ZstdDecompressor()
    return (numberbodies.decode(row[-1], Tally.COLUMNS, wanted=names, choose=choice, engine=engine) for row in rows)


def _of_one_bin(rows: Sequence[Row], choice: numberbodies.Choice | None, names: Sequence[str]) -> Frame:
    """Added up in a small table for each block, which takes a tenth of sorting; one block after the other, for regions with ports have
    thousands."""
    by_block: dict[int, list[Row]] = defaultdict(list)
    for row in rows:
        by_block[row[1]].append(row)
    parts = [_added_up(block, _decoded(by_block[block], choice, names), names) for block in sorted(by_block)]
    return concat(parts, ("key", "bucket", *_with_most(names), "keys"))


def _added_up(block: int, frames: Iterable[Frame], names: Sequence[str]) -> Frame:
    table = _Table(names)
    for frame in frames:
        table.add(frame)
    return table.frame(block)


def _with_most(names: Sequence[str]) -> tuple[str, ...]:
    return (*names, _MOST) if "sources" in names else tuple(names)


class _Table:
    """Numbers of all keys of a block."""

    def __init__(self, names: Sequence[str]) -> None:
        self._sums = {name: np.zeros(_KEYS_OF_BLOCK, np.int64) for name in names}
        self._most = np.zeros(_KEYS_OF_BLOCK, np.int64)
        self._is_seen = np.zeros(_KEYS_OF_BLOCK, np.bool_)

    def add(self, frame: Frame) -> None:
        at = frame["key"] & (_KEYS_OF_BLOCK - 1)
        self._is_seen[at] = True
        for name, sums in self._sums.items():
            sums[at] += frame[name]
        if "sources" in self._sums:
            self._most[at] = np.maximum(self._most[at], frame["sources"])

    def frame(self, block: int) -> Frame:
        at = np.flatnonzero(self._is_seen)
        frame: Frame = {name: sums[at] for name, sums in self._sums.items()} | {_MOST: self._most[at]}
        return frame | {"key": at | block << Tally.BLOCK_BITS, "bucket": np.zeros(len(at), np.int64), "keys": np.ones(len(at), np.int64)}


def _of_bins(rows: Sequence[Row], choice: numberbodies.Choice | None, names: Sequence[str], *, whole: bool) -> Frame:
    """Key by key or, where none are told apart, all of a body together: a day has up to 65,536 ports."""
    parts = [
        _put_together(frame, names) if whole else frame | {"keys": np.ones(length(frame), np.int64)}
        for frame in _decoded(rows, choice, names)
    ]
    buckets = np.repeat(np.array([bucket for bucket, *_rest in rows], np.int64), [length(part) for part in parts])
    columns = ("key", *names, "keys")
    cells = concat(parts, columns) if parts else empty(columns)
    return cells | {"bucket": buckets} | ({_MOST: cells["sources"]} if "sources" in names else {})


def _put_together(frame: Frame, names: Sequence[str]) -> Frame:
    """One row for all keys of a frame, if there are any."""
    some = min(length(frame), 1)
    sums = {name: frame[name].sum(keepdims=True)[:some] for name in names}
    return sums | {"key": frame["key"][:some], "keys": np.full(some, length(frame), np.int64)}
