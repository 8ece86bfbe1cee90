"""What a spec makes of rows of segments: which of them count, and what key and bin they have."""

from datetime import date, timedelta

import numpy as np
from numpy.typing import NDArray

from apps.observations.figures import Dimension, Scanners
from apps.observations.planning import derived
from apps.observations.planning.rowspecs import RowSpec
from apps.observations.storage.columns import Frame, length
from apps.observations.storage.hours import starts_us
from apps.observations.storage.segments import Filter
from apps.reference.intervals import inside

_MINUTE_US = 60_000_000
_EPOCH = date(1970, 1, 1)


def instants(frame: Frame, minute: str | None = None) -> NDArray[np.int64]:
    """Microseconds since 1970 at which each row's hour begins, or of its minute `first` or `last`."""
    number = frame["day"].astype("datetime64[D]").astype(np.int64)
    first = int(number.min()) if len(number) else 0
    position = number - first
    table = np.zeros((int(position.max(initial=0)) + 1, 26), np.int64)
    for at in np.flatnonzero(np.bincount(position)).tolist():  # sorting the days would take longer than all the rest
        starts = starts_us(_EPOCH + timedelta(days=first + at))
        table[at, : len(starts)] = starts
    hours = table[position, frame["hour"]]
    if minute is None:
        return hours
    # Hours are UTC clock hours, though a day may begin within one.
    clock_hours: NDArray[np.int64] = hours // (60 * _MINUTE_US) * (60 * _MINUTE_US)
    return clock_hours + frame[minute].astype(np.int64) * _MINUTE_US


def key_column(frame: Frame, dimension: Dimension, day: date | None = None) -> NDArray[np.int64]:
    """`day` is the one whose definitions of port groups hold; needed for kinds only."""
    match dimension:
        case Dimension.PORT:
            return frame["protocol"].astype(np.int64) << 16 | frame["port"]
        case Dimension.KIND:
            return derived.kinds(key_column(frame, Dimension.PORT), day or date.max)
        case Dimension.ORIGIN:
            return derived.origins(frame["region"].astype(np.int64))
        case Dimension.PANEL:
            return derived.panels(frame["sensor"])
        case Dimension.REGION | Dimension.SENSOR | Dimension.SIGNATURE:
            return frame[dimension.value].astype(np.int64)
    return np.zeros(length(frame), np.int64)


def chosen(spec: RowSpec, keep: Filter | None = None) -> Filter:
    """The filters of a spec, and another one beside them, for whoever reads segments."""
    return lambda part: counted(part, spec) & (keep(part) if keep else True)


def counted(frame: Frame, spec: RowSpec) -> NDArray[np.bool_]:
    """Which rows of segments the filters choose, whenever they were."""
    wanted = np.zeros(256, np.bool_)
    wanted[list(spec.signatures)] = True
    kept = wanted[frame["signature"]] & ~frame["excluded"]
    if spec.scanners is not Scanners.INCLUDE:
        kept &= frame["scanner"] == (spec.scanners is Scanners.ONLY)
    if spec.source is not None:
        kept &= frame["source"] == np.uint64(spec.source)
    if spec.ranges is not None:
        firsts, lasts = np.array(spec.ranges, np.uint64).T
        kept &= inside(firsts, lasts, frame["source"])
    if spec.ports is not None:
        kept &= np.isin(key_column(frame, Dimension.PORT), spec.ports)
    if spec.regions is not None:
        kept &= np.isin(frame["region"], spec.regions)
    elif spec.other_regions:
        kept &= ~np.isin(frame["region"], spec.other_regions)
    return kept


def binned(frame: Frame, spec: RowSpec) -> Frame:
    """Rows within the spans only, with `key` and `bin`; the number of the bin comes from the span."""
    starts, ends, numbers = np.array(spec.spans, np.int64).T
    at = instants(frame)
    span = np.searchsorted(starts, at, side="right") - 1
    inside = (span >= 0) & (at < ends[span])
    kept = {name: column[inside] for name, column in frame.items()}
    return kept | {"key": _keys(kept, spec), "bin": numbers[span[inside]]}


def _keys(frame: Frame, spec: RowSpec) -> NDArray[np.int64]:
    row, column = (key_column(frame, dimension, spec.definitions_day) for dimension in (spec.rows, spec.group))
    return row << 32 | column
