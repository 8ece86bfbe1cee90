"""Series: values of a unit by bin, whole or split by the busiest keys of a dimension, with gaps where nobody watched."""

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from apps.common.periods import Bin, bins
from apps.observations.figures import Dimension, Selection, Series, SeriesSet, Unit
from apps.observations.planning import units
from apps.observations.planning.asks import Ask
from apps.observations.planning.captions import Context, context_of, require_whole_days
from apps.observations.planning.keys import EVERYTHING, code_of, labels_of, text_of
from apps.observations.planning.rankings import leaders, require_splittable
from apps.observations.planning.remembering import remembered
from apps.observations.planning.spans import edges
from apps.observations.planning.together import together
from apps.observations.planning.watch import covered_bins


class Line(NamedTuple):
    """One series before it has words."""

    code: int
    total: float
    values: tuple[float | None, ...]


def series(selection: Selection, split: Dimension, size: Bin, unit: Unit, top: int, keys: Sequence[str] | None = None) -> SeriesSet:
    """See queries.series. In three steps, or one more for each that finding the leaders takes."""
    require_splittable(selection.scope, split, "split")
    context = context_of(selection)
    starts = bins(selection.period, size)
    ask = Ask(selection, split, tuple(edges(selection.period, starts)))
    require_whole_days(ask, unit)
    codes = None if keys is None else tuple(code_of(split, key, selection.definitions_day) for key in keys)
    parts = ("series", split, size, unit, top, codes)
    lines = remembered(selection, context.days.stamp, parts, lambda: _lines(ask, context, unit, top, codes))
    labels = labels_of(split, [line.code for line in lines], selection.scope)
    return SeriesSet(
        split=split,
        bin=size,
        starts=tuple(starts),
        series=tuple(Series(text_of(split, line.code), labels[line.code], line.values, line.total) for line in lines),
        meta=context.meta(unit),
    )


def _lines(ask: Ask, context: Context, unit: Unit, top: int, codes: tuple[int, ...] | None) -> tuple[Line, ...]:
    days = context.days
    if ask.group is Dimension.NONE:
        total, seen, covered = together(
            lambda: units.total(replace(ask, spans=()), unit, days), lambda: units.by_bin(ask, unit, days), lambda: covered_bins(ask, days)
        )
        return (Line(EVERYTHING, total, _with_gaps(seen[EVERYTHING], covered[EVERYTHING], unit)),)
    known = None if codes is not None else leaders(context, ask.group, unit, top)
    asked = ask.for_keys(tuple(known or codes or ()))
    if not asked.only:
        return ()
    seen, covered, totals = together(
        lambda: units.by_bin(asked, unit, days), lambda: covered_bins(asked, days), lambda: known or _totals(asked, context, unit)
    )
    return tuple(Line(code, total, _with_gaps(seen[code], covered[ask.owner_of(code)], unit)) for code, total in totals.items())


def _totals(ask: Ask, context: Context, unit: Unit) -> dict[int, float]:
    """The value over the period of each key that is asked for, 0 where there is none."""
    found = units.by_bin(replace(ask, spans=()), unit, context.days)
    return {code: float(np.nan_to_num(found[code][0])) for code in ask.only or ()}


def _with_gaps(values: units.Values, covered: np.ndarray[tuple[int], np.dtype[np.bool_]], unit: Unit) -> tuple[float | None, ...]:
    """None where nobody watched and nothing was seen, and where the unit has no value."""
    known = (covered | (values > 0)) & ~np.isnan(values)
    whole = unit in (Unit.PACKETS, Unit.SOURCES)
    return tuple((int(value) if whole else value) if kept else None for value, kept in zip(values.tolist(), known.tolist(), strict=True))
