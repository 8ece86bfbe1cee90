"""Hour-of-day profiles: at which local hours packets arrive, or sources are seen (T05 figures 4.1.1 and 4.1.2)."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import numpy as np
from django.conf import settings
from django.utils.translation import gettext as _
from numpy.typing import NDArray

from apps.common.errors import ParameterError
from apps.common.periods import Bin, Period, bins
from apps.observations.figures import Dimension, FigureMeta, Selection, Unit
from apps.observations.params import MAX_BINS
from apps.observations.planning import busyhours, segmentreads
from apps.observations.planning.asks import Ask
from apps.observations.planning.captions import Context, context_of
from apps.observations.planning.keys import EVERYTHING, labels_of, text_of
from apps.observations.planning.rankings import leaders, require_splittable
from apps.observations.planning.reading import reading
from apps.observations.planning.remembering import remembered
from apps.observations.planning.spans import cut, edges
from apps.observations.planning.together import together
from apps.observations.planning.watch import covered_bins
from apps.observations.storage.cells import group
from apps.observations.storage.columns import Frame

HOURS = 24
UNITS = (Unit.PACKETS, Unit.SOURCES)
_HOUR_US = 3600 * 1_000_000


@dataclass(frozen=True)
class ProfileLine:
    """`values[h]` is what came from h:00 to h:59 of the zone's clock over the period, None where nobody ever watched then;
    sources are distinct within the hour, over all days together. `shares` are of the sum of `values` and add up to 1."""

    key: str
    label: str
    values: tuple[float | None, ...]
    shares: tuple[float | None, ...]
    total: float  # the sum of `values`


@dataclass(frozen=True)
class HourProfile:
    split: Dimension
    lines: tuple[ProfileLine, ...]
    covered: tuple[int, ...]  # of each hour of the day, on how many days somebody watched it
    meta: FigureMeta


@dataclass(frozen=True)
class _Numbers:
    """A profile before it has words."""

    codes: tuple[int, ...]
    values: NDArray[np.int64]  # codes × 24
    covered: NDArray[np.int64]


def hour_profile(selection: Selection, split: Dimension = Dimension.NONE, unit: Unit = Unit.PACKETS, top: int = 5) -> HourProfile:
    """Profiles of the `top` keys of a split, or of everything, in the hours of the period's zone. ParameterError where the
    period has too many hours or the unit is not packets or sources."""
    require_splittable(selection.scope, split, "split")
    _require_countable(selection.period, unit)
    with reading():
        context = context_of(selection)
        parts = ("profile", split, unit, top)
        found = remembered(selection, context.days.stamp, parts, lambda: _numbers(context, split, unit, top))
        labels = labels_of(split, found.codes, selection.scope)
        lines = zip(found.codes, found.values.tolist(), strict=True)
        return HourProfile(
            split=split,
            lines=tuple(_line(text_of(split, code), labels[code], values, found.covered) for code, values in lines),
            covered=tuple(found.covered.tolist()),
            meta=context.meta(unit),
        )


def _require_countable(period: Period, unit: Unit) -> None:
    if unit not in UNITS:
        raise ParameterError("unit", _("a profile of hours counts packets or sources"))
    if (period.end - period.start) / timedelta(hours=1) > MAX_BINS:
        raise ParameterError("from", _("a profile of hours looks at no more than %(days)d days") % {"days": MAX_BINS // HOURS})


def _numbers(context: Context, split: Dimension, unit: Unit, top: int) -> _Numbers:
    selection = context.selection
    codes = (EVERYTHING,) if split is Dimension.NONE else tuple(leaders(context, split, unit, top))
    hours = tuple(edges(selection.period, bins(selection.period, Bin.HOUR)))
    ask = Ask(selection, split, hours, only=None if split is Dimension.NONE else codes)
    clock = _clock(np.array([start.timestamp() for start, _end in hours], np.int64) * 1_000_000, selection.period)
    frame, covered = together(
        lambda: _packets(ask, clock) if unit is Unit.PACKETS else _sources(ask),
        lambda: covered_bins(replace(ask, group=Dimension.NONE, only=None), context.days),
    )
    return _Numbers(codes, _table(frame, codes), np.bincount(clock[covered[EVERYTHING]], minlength=HOURS))


def _packets(ask: Ask, clock: NDArray[np.int64]) -> Frame:
    """key, hour, value."""
    found = busyhours.packets(ask)
    hour = clock[found["bin"]]
    cells = group(found["key"], hour)
    return {"key": cells.first(found["key"]), "hour": cells.first(hour), "value": cells.sum(found["packets"])}


def _sources(ask: Ask) -> Frame:
    """key, hour, value: only segments know which sources an hour had."""
    whole = replace(ask, spans=())
    rows = segmentreads.rows(whole, cut(whole.spans, settings.REPORT_TIME_ZONE, ()))
    hour = _clock(segmentreads.instants(rows), ask.selection.period)
    rows = {"key": rows["key"], "hour": hour, "source": rows["source"]}
    cells = group(rows["key"], hour)
    return {"key": cells.first(rows["key"]), "hour": cells.first(hour), "value": segmentreads.distinct(rows, "key", "hour")}


def _clock(instants: NDArray[np.int64], period: Period) -> NDArray[np.int64]:
    """Of instants (microseconds since 1970), the hour the zone's clock shows; where clocks change, two instants a day may
    show the same."""
    moments, position = np.unique(instants // _HOUR_US, return_inverse=True)
    hours = [datetime.fromtimestamp(moment * 3600, UTC).astimezone(period.zone).hour for moment in moments.tolist()]
    return np.array(hours, np.int64)[position]


def _table(frame: Frame, codes: tuple[int, ...]) -> NDArray[np.int64]:
    table = np.zeros((len(codes), HOURS), np.int64)
    places = {code: number for number, code in enumerate(codes)}
    wanted = np.isin(frame["key"], codes)
    rows = [places[code] for code in frame["key"][wanted].tolist()]
    table[rows, frame["hour"][wanted]] = frame["value"][wanted]
    return table


def _line(key: str, label: str, values: list[int], covered: NDArray[np.int64]) -> ProfileLine:
    total = sum(values)
    known = [value if value or watched else None for value, watched in zip(values, covered.tolist(), strict=True)]
    shares = tuple(None if value is None or not total else value / total for value in known)
    return ProfileLine(key, label, tuple(known), shares, total)
