"""The split itself: two periods of a region read under both maps, in one snapshot of the database."""

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
from django.utils.translation import gettext as _
from numpy.typing import NDArray

from apps.analysis.labelmoves import terms
from apps.analysis.labelmoves.figures import UNITS, LabelMoves, MovedBlock, MovedSources, Terms
from apps.analysis.labelmoves.reading import Labels, Seen, seen, tally
from apps.common.errors import ParameterError
from apps.common.periods import Period, local_day
from apps.common.regions import encode
from apps.observations.figures import Selection, Unit
from apps.observations.planning.captions import Context, context_of
from apps.observations.planning.reading import reading
from apps.observations.planning.remembering import remembered
from apps.observations.planning.together import together
from apps.observations.planning.watch import are_whole_days
from apps.reference import movedblocks
from apps.reference.movedblocks import Blocks
from apps.reference.regions import RegionMap, region_map_for

MAX_DAYS = 400  # of both periods together
Maps = tuple[RegionMap, RegionMap]  # of the first day of before and of the last day of after


@dataclass(frozen=True)
class Found:
    """What is worth remembering of a split: numbers and blocks, no words."""

    terms: Terms | None
    sources: MovedSources
    blocks: tuple[MovedBlock, ...]
    block_count: int
    unseen_blocks: int
    other_labels: int
    watching: tuple[int, int, int]


def label_moves(selection: Selection, before: Period, region: str, unit: Unit, limit: int = 100) -> LabelMoves:
    """How the change of `region` from the period `before` to that of the selection comes about. ParameterError where
    the periods are not whole days, overlap, do not fit the unit or hold more than MAX_DAYS; and for viewers of sums only."""
    require(selection, before, unit)
    with reading():
        now, then = together(lambda: context_of(selection), lambda: context_of(selection.during(before)))
        maps = outer_maps(selection, before)
        parts = ("label moves", region, unit, limit, before.start, before.end, then.days.stamp, maps[0].sources, maps[1].sources)
        found = remembered(selection, now.days.stamp, parts, lambda: _find(then, now, maps, encode(region), unit, limit))
        return LabelMoves(
            region=region,
            unit=unit,
            before=before,
            after=selection.period,
            map_before=maps[0].as_of,
            map_after=maps[1].as_of,
            terms=found.terms,
            sources=found.sources,
            blocks=found.blocks,
            block_count=found.block_count,
            unseen_blocks=found.unseen_blocks,
            other_labels=found.other_labels,
            sensors_before=found.watching[0],
            sensors_after=found.watching[1],
            sensors_common=found.watching[2],
            meta=now.meta(unit),
            meta_before=then.meta(unit),
        )


def outer_maps(selection: Selection, before: Period) -> Maps:
    """The maps in force on the first day of the period before and on the last of the selection's: what lies between them,
    wherever in both periods it happened, is what moved."""
    first, *_days = before.days()
    *_days, last = selection.period.days()
    return _map(selection, first), _map(selection, last)


def require(selection: Selection, before: Period, unit: Unit) -> None:
    """ParameterError naming what does not fit."""
    if selection.scope.is_aggregate_only:
        raise ParameterError("sensors", _("label moves are told for your own sensors only; choose them"))
    if unit not in UNITS:
        problem = _("must be one of %(allowed)s: numbers of sources do not add up; the answer counts moved sources beside the terms")
        raise ParameterError("unit", problem % {"allowed": ", ".join(UNITS)})
    _require_days(selection.period, before)
    if unit is Unit.PACKETS and len(list(before.days())) != len(list(selection.period.days())):
        raise ParameterError("before_to", _("the unit packets needs two periods of as many days; choose packets_per_sensor_day"))


def days_before(period: Period) -> Period:
    """As many days as the period touches, just before it."""
    first = local_day(period.start, period.zone)
    return Period.of_days(first - timedelta(days=len(list(period.days()))), first, period.zone)


def _require_days(after: Period, before: Period) -> None:
    for name, period in (("from", after), ("before_from", before)):
        if not are_whole_days([(period.start, period.end)]):
            raise ParameterError(name, _("needs a period of whole days of the reporting zone"))
    if before.end > after.start:
        raise ParameterError("before_to", _("must not lie after from"))
    if len(list(before.days())) + len(list(after.days())) > MAX_DAYS:
        raise ParameterError("from", _("both periods together hold more than %(max)d days") % {"max": MAX_DAYS})


def _map(selection: Selection, day: date) -> RegionMap:
    return region_map_for(day, is_scenario=selection.scope.is_scenario)


def _find(then: Context, now: Context, maps: Maps, code: int, unit: Unit, limit: int) -> Found:
    labels = Labels.of(code, *maps)
    before, after = together(lambda: seen(then.selection, labels), lambda: seen(now.selection, labels))
    tallies = tally(before, then.days), tally(after, now.days)
    moved = movedblocks.moved(*maps, code)
    packets = _by_block(moved, before)[0] + _by_block(moved, after)[0]
    listed = np.lexsort((moved.starts, -packets))[:limit]
    watching = [table.watching for table in tallies]
    rows = _rows(moved, listed, before, after, maps)
    return Found(
        terms=terms.of_packets(*tallies) if unit is Unit.PACKETS else terms.of_means(*tallies),
        sources=_sources(before, after),
        blocks=rows,
        block_count=len(moved.starts),
        unseen_blocks=int((packets == 0).sum()),
        other_labels=int(after.labels[moved.of(after.rows["source"]) < 0].sum() - before.labels[moved.of(before.rows["source"]) < 0].sum()),
        watching=(int(watching[0].sum()), int(watching[1].sum()), int((watching[0] & watching[1]).sum())),
    )


def _sources(before: Seen, after: Seen) -> MovedSources:
    return MovedSources(
        before=before.sources(before.own),
        left=before.sources(before.own & ~before.after),
        after=after.sources(after.own),
        joined=after.sources(after.own & ~after.before),
    )


def _by_block(moved: Blocks, found: Seen) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Of each block: packets, distinct sources, and what it adds to the labels of this period."""
    at = moved.of(found.rows["source"])
    inside = at >= 0
    count, block = len(moved.starts), at[inside]
    packets, labels = np.zeros(count, np.int64), np.zeros(count, np.int64)
    np.add.at(packets, block, found.rows["packets"][inside])
    np.add.at(labels, block, found.labels[inside])
    distinct = moved.of(np.unique(found.rows["source"][inside]))
    return packets, np.bincount(distinct, minlength=count).astype(np.int64), labels


def _rows(moved: Blocks, listed: NDArray[np.intp], before: Seen, after: Seen, maps: Maps) -> tuple[MovedBlock, ...]:
    then, now = ([column[listed].tolist() for column in _by_block(moved, found)] for found in (before, after))
    shown = moved.take(listed)
    return tuple(
        MovedBlock(*movedblocks.names(start, end), old, new, since, registry,
                   then[0][n], now[0][n], then[1][n], now[1][n], now[2][n] - then[2][n])
        for n, ((start, end, old, new), (registry, since)) in enumerate(zip(shown.lines(), movedblocks.origins(shown, *maps), strict=True))
    )  # fmt: skip
