"""Distinct sources of whole days and months put together, without a set: those of the first, and of each other those that nobody had
seen since the bin began (`counting/recency.py`)."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from django.conf import settings
from numpy.typing import NDArray

from apps.common.periods import local_day
from apps.observations.figures import Dimension
from apps.observations.models import Tally
from apps.observations.planning import derived, tallyreads
from apps.observations.planning.asks import Ask
from apps.observations.planning.cellkeys import keys_of
from apps.observations.planning.reading import once
from apps.observations.planning.spans import Piece, runs_of
from apps.observations.planning.tallyreads import KnownSources, network_of, with_dimensions
from apps.observations.planning.together import Read, Row, together
from apps.observations.storage import recencies
from apps.observations.storage.cells import group
from apps.observations.storage.columns import Frame, take

_RECENCIES = (
    "SELECT extract(epoch FROM bucket)::bigint, part::bigint, body FROM observations_recency"
    " WHERE network = %s AND grain = %s AND axis = %s AND bucket >= %s AND bucket < %s AND part <= %s"
)
# Of everything that is not excluded there is a signature, so this axis has each bin that the others have.
_SEEN_IN = (
    "SELECT extract(epoch FROM bucket)::bigint FROM observations_tally"
    " WHERE network = %s AND grain = %s AND axis = %s AND bucket >= %s AND bucket < %s"
)
TallyAxis = Tally.Axis


class Recent(NamedTuple):
    """Sources of some bins, whose keys that are not known are `others`; and the pieces of the bins that are not known at all."""

    known: KnownSources
    missing: tuple[Piece, ...]


class _Bodies(NamedTuple):
    """What was read of the pieces of bins that are known, and what it takes to add it up."""

    axis: Tally.Axis
    own: list[Row]
    total: list[Row] | None  # where the sum over regions is to be compared with it
    since: dict[int, int]
    bins: dict[int, int]
    missing: tuple[Piece, ...]


def sources(ask: Ask, pieces: Sequence[Piece]) -> Recent | None:
    """The distinct sources of bins made of days and months, to which tallies apply. `others` are those of the ports asked for that are
    not known; of all ports only those are told that are, one by one. None where nothing is known."""
    if not pieces:
        return None
    bodies = _bodies(ask, pieces)
    if len(bodies.missing) == len(pieces):
        return None
    ages = _ages(bodies.own)
    every = _distinct(bodies.own, ages, bodies)
    cells, others = _known(ask, bodies, every, ages)
    return Recent(_by_key(ask, bodies.axis, cells, _spread(every, bodies), others), bodies.missing)


def _bodies(ask: Ask, pieces: Sequence[Piece]) -> _Bodies:
    axis, since = tallyreads.axis_of(ask), _days_since(pieces)
    has_several = axis is TallyAxis.REGION and not ask.is_by(Dimension.REGION)
    own, total, seen_in = together(
        lambda: _rows(ask, axis, pieces, since),
        lambda: _rows(ask, TallyAxis.TOTAL, pieces, since) if has_several else [],
        lambda: _seen_in(ask, pieces),
    )
    bins = {int(piece.start.timestamp()): piece.bin for piece in pieces}
    unknown = {bins[start] for start in seen_in - {row[0] for row in own}}
    unknown |= {bins[start] for start, days in since.items() if days > recencies.LOOKBACK}
    own, total = ([row for row in rows if bins[row[0]] not in unknown] for rows in (own, total))
    missing = tuple(piece for piece in pieces if piece.bin in unknown)
    return _Bodies(axis, own, total if has_several else None, since, bins, missing)


def _known(ask: Ask, bodies: _Bodies, cells: Frame, ages: recencies.Ages) -> tuple[Frame, NDArray[np.int64]]:
    """The chosen cells whose sources are known, and the keys of the ports asked for of which they are not."""
    choice = tallyreads.choice_of(ask, bodies.axis)
    if choice is not None:
        chosen = np.unique(cells["key"])
        cells = take(cells, np.isin(cells["key"], chosen[choice(chosen)]))
    if bodies.axis is not TallyAxis.PORT:
        return cells, np.empty(0, np.int64)
    ports = _known_ports(bodies.own, ages, bodies.since)
    others = _keys_of_ports(ask, np.setdiff1d(np.array(ask.ports or (), np.int64), ports))
    return take(cells, np.isin(cells["key"], ports)), others


def _days_since(pieces: Sequence[Piece]) -> dict[int, int]:
    """Of each piece (its start in seconds), how many days after its bin it begins."""
    first: dict[int, int] = {}
    found = {}
    for piece in pieces:
        day = local_day(piece.start, settings.REPORT_TIME_ZONE).toordinal()
        found[int(piece.start.timestamp())] = day - first.setdefault(piece.bin, day)
    return found


def _rows(ask: Ask, axis: Tally.Axis, pieces: Sequence[Piece], since: dict[int, int]) -> list[Row]:
    """bucket in seconds, part, body."""
    network, runs = network_of(ask), tuple(runs_of(pieces))
    parts = int(max(since.values()) > recencies.NEAR)
    parameters = [value for grain, start, end in runs for value in (int(network), int(grain), int(axis), start, end, parts)]
    read = Read(" UNION ALL ".join([_RECENCIES] * len(runs)), parameters, 2, has_body=True)
    return once(("recencies", network, axis, runs, parts), read, lambda rows: rows)


def _seen_in(ask: Ask, pieces: Sequence[Piece]) -> set[int]:
    """The pieces (their starts in seconds) in which anything was seen."""
    network, runs = network_of(ask), tuple(runs_of(pieces))
    axis = int(TallyAxis.SIGNATURE)
    parameters = [value for grain, start, end in runs for value in (int(network), int(grain), axis, start, end)]
    read = Read(" UNION ALL ".join([_SEEN_IN] * len(runs)), parameters, 1)
    return once(("bins with tallies", network, runs), read, lambda rows: {bucket for (bucket,) in rows})


def _ages(rows: Sequence[Row]) -> recencies.Ages:
    return recencies.decode([bytes(body) for *_head, body in rows])


def _distinct(rows: Sequence[Row], ages: recencies.Ages, bodies: _Bodies) -> Frame:
    """key, bin, sources, in this order."""
    days, numbers = (np.array([of[row[0]] for row in rows], np.int64)[ages.row] for of in (bodies.since, bodies.bins))
    counts = np.flatnonzero(ages.age <= days)  # REACH is beyond all days
    key, number = ages.key[counts], numbers[counts]
    signed = np.where(ages.age[counts] == recencies.ALL, ages.sources[counts], -ages.sources[counts])
    found = group(key, number)
    return {"key": found.first(key), "bin": found.first(number), "sources": found.sum(signed)}


def _known_ports(rows: Sequence[Row], ages: recencies.Ages, since: dict[int, int]) -> NDArray[np.int64]:
    """The ports of which every bin knows as many days as it needs."""
    days = np.array([since[row[0]] for row in rows], np.int64)
    far_enough = (ages.age == recencies.REACH) & (ages.sources >= days[ages.row])
    keys, times = np.unique(ages.key[far_enough], return_counts=True)
    return keys[times == sum(not part for _bucket, part, _body in rows)]


def _spread(regions: Frame, bodies: _Bodies) -> NDArray[np.int64] | None:
    """The bins in which some source was seen in several regions; None: any bin, where keys are no regions."""
    if bodies.total is None:
        return None
    total = _distinct(bodies.total, _ages(bodies.total), bodies)
    bins = int(max(regions["bin"].max(initial=0), total["bin"].max(initial=0))) + 1
    sums = [np.bincount(found["bin"], found["sources"], bins) for found in (regions, total)]
    return np.flatnonzero(sums[0] != sums[1])


def _by_key(ask: Ask, axis: Tally.Axis, cells: Frame, spread: NDArray[np.int64] | None, others: NDArray[np.int64]) -> KnownSources:
    key = keys_of(with_dimensions(cells, axis), ask)
    if ask.ports is None and ask.is_by(Dimension.KIND):  # a group's other ports may be unknown
        alone = (key >> 32 | key & 0xFFFF_FFFF) < derived.GROUP
        cells, key = take(cells, alone), key[alone]
    found = group(key, cells["bin"])
    columns = {"key": found.first(key), "bin": found.first(cells["bin"]), "sources": found.sum(cells["sources"])}
    several = np.diff(found.starts, append=len(key)) > 1
    unsure = several & (True if spread is None else np.isin(columns["bin"], spread))
    others = np.unique(np.concatenate([columns["key"][unsure], others]))
    return KnownSources(take(columns, ~np.isin(columns["key"], others)), tuple(others.tolist()))


def _keys_of_ports(ask: Ask, ports: NDArray[np.int64]) -> NDArray[np.int64]:
    nothing = np.zeros_like(ports)
    return keys_of(with_dimensions({"key": ports, "bin": nothing}, TallyAxis.PORT), ask)
