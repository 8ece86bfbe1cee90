"""What pages, API and reports ask of the observations. Every answer carries what a figure must print beside itself.

All are exact, see one snapshot of the database and stop after `reading.STATEMENT_TIMEOUT_MS`. A page with several
figures goes into one `with queries.reading():`, so that they share a snapshot and what each needs to know of the period,
and asks them by `queries.together(lambda: queries.series(…), …)`, so that they share statements, too.
"""

from collections.abc import Sequence

from apps.common.periods import Bin, Period
from apps.observations.counting.listings import ExclusionRow, ScannerListRow, exclusions, scanner_lists
from apps.observations.figures import Coverage, Dimension, Freshness, Ranking, Selection, SeriesSet, SourceHistory, SourcePage, Unit, Usual
from apps.observations.planning import baseline, coveragecalendar, excluded, freshness, rankings, seriessets, sourcelists, watch
from apps.observations.planning.captures import capture_of
from apps.observations.planning.coveragecalendar import CoverageCalendar
from apps.observations.planning.reading import reading
from apps.observations.planning.together import together
from apps.observations.storage.sourcesets import Keys
from apps.sensors.scopes import SensorScope

__all__ = [
    "ExclusionRow",
    "ScannerListRow",
    "CoverageCalendar",
    "capture_of",
    "coverage",
    "coverage_calendar",
    "excluded_series",
    "exclusions",
    "newest_data",
    "ranking",
    "reading",
    "scanner_lists",
    "series",
    "source_history",
    "sources",
    "together",
    "usual",
]


def ranking(
    selection: Selection,
    dimension: Dimension = Dimension.PORT,
    unit: Unit = Unit.PACKETS,
    limit: int = 10,
    previous: bool = False,
    keys: Sequence[str] | None = None,
) -> Ranking:
    """The first `limit` keys of a dimension by a unit, ties sharing a rank, or these `keys` (as answers name them) with their ranks
    among all; with `previous` also the true rank and value of each in the period before, None where it did not occur there."""
    with reading():
        return rankings.ranking(selection, dimension, unit, limit, previous, keys)


def series(
    selection: Selection,
    split: Dimension = Dimension.NONE,
    bin: Bin = Bin.DAY,
    unit: Unit = Unit.PACKETS,
    top: int = 5,
    keys: Sequence[str] | None = None,
) -> SeriesSet:
    """Aligned series of the `top` keys of a split, or of these `keys` (as answers name them; ValueError where one is none), or
    one series of everything; None where nothing was covered."""
    with reading():
        return seriessets.series(selection, split, bin, unit, top, keys)


def sources(selection: Selection, cursor: str = "", limit: int = 100, *, among: Keys | None = None) -> SourcePage:
    """Source addresses behind a view, most packets first. `cursor` is the `next_cursor` of the page before. `among` keeps
    some sources: their keys, ascending."""
    with reading():
        return sourcelists.sources(selection, cursor, limit, among)


def source_history(scope: SensorScope, address: str, period: Period) -> SourceHistory:
    """All that one source sent in a period, uncounted signatures included; ValueError when `address` is none."""
    with reading():
        return sourcelists.history(scope, address, period)


def excluded_series(
    selection: Selection, split: Dimension = Dimension.NONE, bin: Bin = Bin.DAY, unit: Unit = Unit.PACKETS, top: int = 5
) -> SeriesSet:
    """What exclusions keep out of the counts, for the sensors and ports of a selection (which must name some ports): packets
    or distinct sources by bin, whole or by region, whatever the signature; None where nothing was covered."""
    with reading():
        return excluded.series(selection, split, bin, unit, top)


def newest_data(scope: SensorScope) -> Freshness:
    """How new the rolled-up data of these sensors is."""
    return freshness.newest_data(scope)


def coverage(scope: SensorScope, period: Period) -> Coverage:
    """On which days of a period how many sensors of a scope were watching."""
    return watch.sensor_days(scope.sensor_ids, period).summary


def coverage_calendar(sensors: Sequence[int], period: Period) -> CoverageCalendar:
    """Covered hours of each of these sensors on each reporting day of a period; ParameterError when those are too many."""
    with reading():
        return coveragecalendar.calendar(sensors, period)


def usual(scope: SensorScope, unit: Unit = Unit.PACKETS) -> Usual:
    """The newest full day beside the median of the covered days among the 28 before it."""
    with reading():
        return baseline.usual(scope, unit)
