"""Bumps: temporary rises of single regions, and how a total is made of them, one after the other. Pure.

The regions and the rest of a total add up to it on every day; so do what each has beyond its own usual level.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

SMOOTH = 5  # days of the centred mean in which bumps are looked for
SHORTEST, LONGEST = 4, 45  # days
FACTOR = 1.5  # peak of the smoothed curve ÷ base
DEVIATIONS = 4.0
FEET = 0.25  # of the height of the peak, where a bump begins and ends
LEAST_PACKETS = 50.0  # in all of a bump, over all sensors
LEAST_HEIGHT = 10.0  # packets a day of the smoothed peak beyond the base, over all sensors
COUNTING = 6.0  # standard errors of the base's packets during a bump
ONE_DAY = 0.7  # of a bump in one day is a spike
CALM = 0.05
BASE_QUANTILE = 0.4  # a bump may cover up to half of the days


@dataclass(frozen=True)
class Bump:
    """Row `key`, days `first`…`last` (positions) around the `peak`; `centre` is the mean day weighted by what is beyond the base,
    `excess` the sum of that (mean packets per sensor), `base` the usual level, `height` the smoothed peak."""

    key: int
    first: int
    last: int
    peak: int
    centre: float
    base: float
    height: float
    excess: float


@dataclass(frozen=True)
class Decomposition:
    """Bumps behind a total in the order of their centres; `lags` are days after the first one; `explained` is the part of the total's
    excess during the bumps that they make together."""

    bumps: tuple[Bump, ...]
    lags: tuple[float, ...]
    explained: float
    whole: float  # the total's excess on the days of the bumps; what the bumps do not explain of it is the rest's
    factor: float | None  # smoothed peak of the total during the bumps ÷ its base


def bump_of(curve: Floats, sensors: float = 1.0, key: int = 0) -> Bump | None:
    """The largest temporary rise of a curve of mean packets per sensor and day, None where there is none."""
    smooth, base, noise = _smoothed(curve), *_base(curve, sensors)
    if np.isnan(base) or np.isnan(smooth).all():
        return None
    peak = int(np.nanargmax(smooth))
    height = float(smooth[peak])
    if (height - base) * sensors < LEAST_HEIGHT or height < FACTOR * base or height - base < DEVIATIONS * noise / np.sqrt(SMOOTH):
        return None
    first, last = _feet(smooth, peak, base + FEET * (height - base))
    # What reaches the edge of the period has not been seen to begin or to end.
    if first == 0 or last == len(curve) - 1 or not SHORTEST <= last - first + 1 <= LONGEST:
        return None
    beyond = np.nan_to_num(curve[first : last + 1] - base)
    excess, above = float(beyond.sum()), np.maximum(beyond, 0.0)
    counting = COUNTING * np.sqrt(base * len(beyond) * sensors)
    if excess * sensors < max(LEAST_PACKETS, counting) or above.max() > ONE_DAY * above.sum():
        return None
    centre = float((np.arange(first, last + 1) * above).sum() / above.sum())
    return Bump(key, first, last, peak, centre, base, height, excess)


def decompose(table: Floats, total: Floats, sensors: float = 1.0) -> Decomposition | None:
    """The bumps of the rows of `table` behind `total`, both mean packets per sensor and day; None where no row has one."""
    found = [bump for key, curve in enumerate(table) if (bump := bump_of(curve, sensors, key))]
    if not found:
        return None
    bumps = tuple(sorted(found, key=lambda bump: (bump.centre, bump.key)))
    during = np.zeros(len(total), np.bool_)
    for bump in bumps:
        during[bump.first : bump.last + 1] = True
    base = _base(total, sensors)[0]
    whole = float(np.nansum(np.where(during, total - base, 0.0)))
    explained = sum(bump.excess for bump in bumps) / whole if whole > 0 else 0.0
    factor = float(np.nanmax(_smoothed(total)[during])) / base if base > 0 else None
    return Decomposition(bumps, tuple(bump.centre - bumps[0].centre for bump in bumps), explained, whole, factor)


def _base(curve: Floats, sensors: float) -> tuple[float, float]:
    """(level outside of bumps, deviation of a day about it)."""
    known = curve[~np.isnan(curve)]
    if len(known) < 3 * SMOOTH:
        return np.nan, np.nan
    base = float(np.quantile(known, BASE_QUANTILE))
    low = known[known <= base]
    spread = 1.4826 * float(np.median(base - low)) * 1.5
    return base, max(CALM * base, spread, float(np.sqrt(max(base, 1 / sensors) / sensors)))


def _smoothed(curve: Floats) -> Floats:
    """Centred means over the known days; NaN where fewer than three of five are."""
    padded = np.pad(curve, SMOOTH // 2, constant_values=np.nan)
    windows = np.lib.stride_tricks.sliding_window_view(padded, SMOOTH)
    known = (~np.isnan(windows)).sum(axis=1)
    sums = np.nansum(windows, axis=1)
    return np.where(known >= 3, sums / np.maximum(known, 1), np.nan)


def _feet(smooth: Floats, peak: int, level: float) -> tuple[int, int]:
    first = last = peak
    while first > 0 and not smooth[first - 1] < level:
        first -= 1
    while last < len(smooth) - 1 and not smooth[last + 1] < level:
        last += 1
    return first, last
