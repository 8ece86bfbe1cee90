"""The figure of what exclusions keep out of every count."""

from dataclasses import replace
from datetime import date, timedelta

import numpy as np
from django.conf import settings
from django.utils.translation import gettext as _
from numpy.typing import NDArray

from apps.common.errors import ParameterError
from apps.common.periods import Bin, bins, local_day
from apps.observations.figures import Dimension, FigureMeta, Selection, Series, SeriesSet, Unit
from apps.observations.planning import segmentreads
from apps.observations.planning.asks import Ask
from apps.observations.planning.captions import Context, context_of
from apps.observations.planning.keys import labels_of, text_of
from apps.observations.planning.reading import TooMuchError
from apps.observations.planning.spans import edges
from apps.observations.planning.watch import covered_bins
from apps.observations.storage import segments
from apps.observations.storage.cells import group
from apps.observations.storage.columns import Frame, take
from apps.observations.storage.hours import microseconds

UNITS = (Unit.PACKETS, Unit.SOURCES)
SPLITS = (Dimension.NONE, Dimension.REGION)
_COLUMNS = ("sensor", "day", "hour", "source", "protocol", "port", "region", "packets", "excluded")


def series(selection: Selection, split: Dimension, size: Bin, unit: Unit, top: int) -> SeriesSet:
    """Packets or distinct sources that exclusions kept out of the counts, by bin, whole or by source region: of the sensors
    and ports of the selection, whatever their signature. Read from segments, so the days must have been rolled up."""
    if unit not in UNITS:
        raise ParameterError("unit", _("excluded traffic is given in packets or sources"))
    if split not in SPLITS:
        raise ParameterError("split", _("excluded traffic is given whole or by region"))
    context, starts = context_of(selection), bins(selection.period, size)
    ask = Ask(selection, Dimension.NONE, tuple(edges(selection.period, starts)))
    rows = _rows(ask, split)
    known = covered_bins(ask, context.days)[0]
    lines = _lines(rows, unit, len(starts), top)
    labels = labels_of(split, lines, selection.scope)
    found = tuple(Series(text_of(split, key), labels[key], _gapped(values, known), total) for key, (total, values) in lines.items())
    return SeriesSet(split, size, tuple(starts), found, _meta(context, unit))


def _rows(ask: Ask, split: Dimension) -> Frame:
    """Excluded rows in the bins of an ask, with `key` and `bin`."""
    ports = np.array(ask.ports, np.int64)

    def keep(frame: Frame) -> NDArray[np.bool_]:
        return frame["excluded"] & np.isin(segmentreads.key_column(frame, Dimension.PORT), ports)

    try:
        rows = segments.read(ask.sensors, _days(ask.selection), _COLUMNS, keep=keep)
    except segments.TooManyRowsError as error:
        raise TooMuchError from error
    at = segmentreads.instants(rows)
    starts, ends = (np.array([microseconds(span[edge]) for span in ask.spans], np.int64) for edge in (0, 1))
    number = np.searchsorted(starts, at, side="right") - 1
    inside = (number >= 0) & (at < ends[number])
    rows = take(rows, inside)
    return rows | {"key": segmentreads.key_column(rows, split), "bin": number[inside].astype(np.int64)}


def _lines(rows: Frame, unit: Unit, length: int, top: int) -> dict[int, tuple[float, list[float]]]:
    """Total and values by bin of the largest keys."""
    totals = _values(rows | {"bin": np.zeros(len(rows["key"]), np.int64)}, unit, 1)
    leaders = sorted(totals, key=lambda key: (-totals[key][0], key))[:top]
    by_bin = _values(rows, unit, length)
    return {key: (totals[key][0], by_bin[key]) for key in leaders} or {0: (0.0, [0.0] * length)}


def _values(rows: Frame, unit: Unit, length: int) -> dict[int, list[float]]:
    cells = group(rows["key"], rows["bin"])
    values = cells.sum(rows["packets"]) if unit is Unit.PACKETS else segmentreads.distinct(rows, "key", "bin")
    keys = cells.first(rows["key"])
    known = np.unique(keys)
    table = np.zeros((len(known), length))
    table[np.searchsorted(known, keys), cells.first(rows["bin"])] = values
    return dict(zip(known.tolist(), table.tolist(), strict=True))


def _gapped(values: list[float], known: NDArray[np.bool_]) -> tuple[float | None, ...]:
    return tuple(int(value) if covered or value else None for value, covered in zip(values, known.tolist(), strict=True))


def _meta(context: Context, unit: Unit) -> FigureMeta:
    meta = context.meta(unit)
    return replace(meta, filters=meta.filters | {"excluded": "only"}, exclusions=())


def _days(selection: Selection) -> list[date]:
    zone, period = settings.REPORT_TIME_ZONE, selection.period
    first, last = local_day(period.start, zone), local_day(period.end - timedelta(microseconds=1), zone)
    return [first + timedelta(days=n) for n in range((last - first).days + 1)]
