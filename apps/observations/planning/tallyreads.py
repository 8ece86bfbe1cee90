"""Reading tallies: numbers of a whole network under all counted signatures, from a few bodies a bin (`counting/tallies.py`)."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from typing import NamedTuple

import numpy as np
import zstandard
from numpy.typing import NDArray

from apps.observations.figures import Dimension
from apps.observations.models import COUNTED, Slice, Tally
from apps.observations.planning.asks import Ask
from apps.observations.planning.cellkeys import bins_of, keys_of
from apps.observations.planning.reading import memo, once
from apps.observations.planning.spans import Piece, runs_of
from apps.observations.planning.together import Read, Row, together
from apps.observations.storage import numberbodies
from apps.observations.storage.cells import group
from apps.observations.storage.columns import Frame, concat, empty, length
from apps.sensors.models import Network, Panel

TallyAxis = Tally.Axis
_SELECT = (
    "SELECT extract(epoch FROM bucket)::bigint, block, {value} FROM observations_tally"
    " WHERE network = %s AND grain = %s AND axis = %s AND bucket >= %s AND bucket < %s"
)
_PANELS = {frozenset(panel for panel in Panel if panel.network is network): network for network in Network}
_AXES = {
    Dimension.NONE: TallyAxis.TOTAL, Dimension.PORT: TallyAxis.PORT, Dimension.KIND: TallyAxis.PORT, Dimension.REGION: TallyAxis.REGION,
    Dimension.ORIGIN: TallyAxis.REGION, Dimension.SIGNATURE: TallyAxis.SIGNATURE, Dimension.PANEL: TallyAxis.PANEL, Dimension.SENSOR: None,
}  # fmt: skip
_OF_SLICES = {Slice.TOTAL: TallyAxis.TOTAL, Slice.PORT: TallyAxis.PORT, Slice.REGION: TallyAxis.REGION}
_NUMBERS = ("packets", "sources", "sensor_sources")
_WHOLE = (Dimension.NONE, Dimension.NONE)
_KEYS_OF_BLOCK = 1 << Tally.BLOCK_BITS

Choice = Callable[[NDArray[np.int64]], NDArray[np.intp]]  # of ascending keys, the positions of those that are asked for


class KnownSources(NamedTuple):
    """key, bin, sources of cells whose sources are known; and the keys of which some cell's are not."""

    frame: Frame
    others: tuple[int, ...]


def applies(ask: Ask) -> bool:
    """Whether tallies hold what an ask counts: a whole network, told apart or chosen by one axis."""
    return not ask.needs_rows and frozenset(ask.selection.scope.panels) in _PANELS and _axis(ask) is not None


def _axis(ask: Ask) -> TallyAxis | None:
    counts_all = set(ask.signatures) == set(COUNTED)
    if ask.is_by(Dimension.SENSOR) or None in (found := [_AXES[dimension] for dimension in ask.dimensions]):
        return None
    axes = {*found, _OF_SLICES.get(ask.slice), *(() if counts_all else (TallyAxis.SIGNATURE,))} - {TallyAxis.TOTAL}
    if len(axes) > 1 or None in axes:
        return None
    return axes.pop() if axes else TallyAxis.TOTAL


def numbers(ask: Ask, pieces: Sequence[Piece]) -> Frame:
    """key, bucket (in seconds, 0 where there is but one bin), packets, sources (their sum, no less than are distinct), most (the
    largest, no more than are distinct) and sensor_sources of days and months."""
    cells = _cells(ask, axis_of(ask), pieces)
    key = keys_of(cells, ask)
    found = group(key, cells["bucket"])
    sums = {name: found.sum(cells[name]) for name in _NUMBERS}
    return {"key": found.first(key), "bucket": found.first(cells["bucket"]), "most": found.max(cells["most"])} | sums


def sources(ask: Ask, pieces: Sequence[Piece]) -> KnownSources | None:
    """The distinct sources of bins that are one day or one month each; None where bins are others. Several ports or regions under
    one key may share sources: regions do not where all of them add up to the total."""
    if not pieces or len({piece.bin for piece in pieces}) < len(pieces):
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


def _cells(ask: Ask, axis: TallyAxis, pieces: Sequence[Piece]) -> Frame:
    """The chosen keys with their numbers, in each bucket or, where there is but one bin, in all together."""
    return with_dimensions(_told(ask, axis, pieces), axis)


def with_dimensions(cells: Frame, axis: TallyAxis) -> Frame:
    """With the columns by which cells are told apart."""
    key = cells["key"]
    nothing = np.zeros_like(key)
    own = {TallyAxis.REGION: "region", TallyAxis.SIGNATURE: "signature", TallyAxis.PANEL: "panel"}
    port = key if axis is TallyAxis.PORT else nothing
    return cells | {"protocol": port >> 16, "port": port & 0xFFFF, "region": nothing} | ({own[axis]: key} if axis in own else {})


def _told(ask: Ask, axis: TallyAxis, pieces: Sequence[Piece]) -> Frame:
    """What the bodies say, decoded and added up once for all figures of a page that want the same of them."""
    rows, choice = _rows(ask, axis, pieces), choice_of(ask, axis)
    is_one_bin, is_whole = len(ask.spans) == 1, ask.dimensions == _WHOLE
    wanted = (ask.ports, ask.regions, ask.other_regions, ask.signatures, is_one_bin, is_whole)

    def told() -> Frame:
        return _of_one_bin(rows, choice) if is_one_bin else _of_bins(rows, choice, whole=is_whole)

    return memo(("cells of tallies", network_of(ask), axis, tuple(runs_of(pieces)), wanted), told)


def network_of(ask: Ask) -> Network:
    return _PANELS[frozenset(ask.selection.scope.panels)]


def _rows(ask: Ask, axis: TallyAxis, pieces: Sequence[Piece], value: str = "body") -> list[Row]:
    """bucket in seconds, block, body or source set; read once for all figures of a page that look at the same bins."""
    network, runs = network_of(ask), tuple(runs_of(pieces))
    if not runs:
        return []
    blocks = None if axis is not TallyAxis.PORT or ask.ports is None else tuple(sorted({code >> Tally.BLOCK_BITS for code in ask.ports}))
    query = _SELECT.format(value=value) + ("" if blocks is None else " AND block = ANY(%s)")
    own = [] if blocks is None else [list(blocks)]
    parameters = [value for grain, start, end in runs for value in (int(network), int(grain), int(axis), start, end, *own)]
    read = Read(" UNION ALL ".join([query] * len(runs)), parameters, 2, has_body=True)
    return once(("tallies", value, network, axis, blocks, runs), read, lambda rows: rows)


def choice_of(ask: Ask, axis: TallyAxis) -> Choice | None:
    """None: all of them."""
    wanted = {TallyAxis.PORT: ask.ports, TallyAxis.REGION: ask.regions, TallyAxis.SIGNATURE: ask.signatures}.get(axis)
    if wanted is not None:
        return partial(_among, np.unique(np.array(wanted, np.int64)))
    if axis is TallyAxis.REGION and ask.other_regions:
        return lambda keys: np.flatnonzero(~np.isin(keys, ask.other_regions))
    return None


def _among(wanted: NDArray[np.int64], keys: NDArray[np.int64]) -> NDArray[np.intp]:
    at = np.searchsorted(keys, wanted).clip(max=max(len(keys) - 1, 0))
    return at[keys[at] == wanted] if len(keys) else at[:0]


def _decoded(rows: Sequence[Row], choice: Choice | None) -> Iterator[tuple[int, int, Frame]]:
    engine = zstandard.ZstdDecompressor()
    for bucket, block, body in rows:
        frame = numberbodies.decode(bytes(body), Tally.COLUMNS, engine=engine)
        at = slice(None) if choice is None else choice(frame["key"])
        yield bucket, block, {name: column[at] for name, column in frame.items()}


def _of_one_bin(rows: Sequence[Row], choice: Choice | None) -> Frame:
    """Added up in a small table for each block, which takes a tenth of sorting."""
    tables: dict[int, NDArray[np.int64]] = {}
    for _bucket, block, frame in _decoded(rows, choice):
        if block not in tables:
            tables[block] = np.zeros((len(_NUMBERS) + 1, _KEYS_OF_BLOCK), np.int64)
        at = frame["key"] & (_KEYS_OF_BLOCK - 1)
        for number, name in enumerate(_NUMBERS):
            tables[block][number][at] += frame[name]
        tables[block][-1][at] = np.maximum(tables[block][-1][at], frame["sources"])
    return concat([_of_table(block, tables[block]) for block in sorted(tables)], ("key", "bucket", *_NUMBERS, "most", "keys"))


def _of_table(block: int, table: NDArray[np.int64]) -> Frame:
    at = np.flatnonzero(table[0])
    frame: Frame = {name: column[at] for name, column in zip((*_NUMBERS, "most"), table, strict=True)}
    return frame | {"key": at | block << Tally.BLOCK_BITS, "bucket": np.zeros(len(at), np.int64), "keys": np.ones(len(at), np.int64)}


def _of_bins(rows: Sequence[Row], choice: Choice | None, *, whole: bool) -> Frame:
    """Key by key or, where none are told apart, all of a body together: a day has up to 65,536 ports."""
    parts = [
        _put_together(frame) if whole else frame | {"keys": np.ones(length(frame), np.int64)} for *_at, frame in _decoded(rows, choice)
    ]
    buckets = [np.full(length(part), bucket, np.int64) for (bucket, *_rest), part in zip(rows, parts, strict=True)]
    names = ("key", *_NUMBERS, "keys")
    cells = concat(parts, names) if parts else empty(names)
    return cells | {"most": cells["sources"], "bucket": np.concatenate([*buckets, np.empty(0, np.int64)])}


def _put_together(frame: Frame) -> Frame:
    """One row for all keys of a frame, if there are any."""
    some = min(length(frame), 1)
    sums = {name: frame[name].sum(keepdims=True)[:some] for name in _NUMBERS}
    return sums | {"key": frame["key"][:some], "keys": np.full(some, length(frame), np.int64)}
