"""What pages, API and reports ask of the observations. Every answer carries what a figure must print beside itself."""

from apps.common.periods import Bin, Period
from apps.observations.figures import Coverage, Dimension, Ranking, Selection, SeriesSet, SourceHistory, SourcePage, Unit, Usual
from apps.observations.freshness import newest_data
from apps.sensors.scopes import SensorScope

__all__ = ["coverage", "newest_data", "ranking", "series", "source_history", "sources", "usual"]


def ranking(
    selection: Selection, dimension: Dimension = Dimension.PORT, unit: Unit = Unit.PACKETS, limit: int = 10, previous: bool = False
) -> Ranking:
    """The first `limit` keys of a dimension by a unit, ties sharing a rank; with `previous`, ranks of the period before."""
    raise NotImplementedError


def series(
    selection: Selection, split: Dimension = Dimension.NONE, bin: Bin = Bin.DAY, unit: Unit = Unit.PACKETS, top: int = 5
) -> SeriesSet:
    """Aligned series of the `top` keys of a split, or one series of everything; None where nothing was covered."""
    raise NotImplementedError


def sources(selection: Selection, cursor: str = "", limit: int = 100) -> SourcePage:
    """Source addresses behind a view, most packets first. `cursor` is the `next_cursor` of the page before."""
    raise NotImplementedError


def source_history(scope: SensorScope, address: str, period: Period) -> SourceHistory:
    """All that one source sent in a period, uncounted signatures included; ValueError when `address` is none."""
    raise NotImplementedError


def coverage(scope: SensorScope, period: Period) -> Coverage:
    """On which days of a period how many sensors of a scope were watching."""
    raise NotImplementedError


def usual(scope: SensorScope, unit: Unit = Unit.PACKETS) -> Usual:
    """The newest full day beside the median of the covered days among the 28 before it."""
    raise NotImplementedError
