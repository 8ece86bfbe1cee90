"""The ratios of ratios.py over the observations: of everything, or of the first keys of a split."""

from dataclasses import dataclass
from datetime import date, timedelta

from django.utils.translation import gettext as _

from apps.analysis.ratios import Ratio, RatioName, after_before, day_baseline, end_start, span_of
from apps.common.errors import ParameterError
from apps.common.periods import Bin, Period, local_day
from apps.observations import queries
from apps.observations.figures import Dimension, FigureMeta, Selection, SeriesSet, Unit

MAX_DAYS = 92


@dataclass(frozen=True)
class RatioQuestion:
    """Which ratio, with the days its definition needs and no other. `days` is the length of its windows."""

    name: RatioName
    day: date | None = None
    ending: date | None = None
    days: int = 10


@dataclass(frozen=True)
class RatioRow:
    key: str
    label: str
    ratio: Ratio


@dataclass(frozen=True)
class Ratios:
    """`meta` is about all days that the windows lie in."""

    question: RatioQuestion
    split: Dimension
    rows: tuple[RatioRow, ...]
    meta: FigureMeta


def ratios(
    selection: Selection, question: RatioQuestion, split: Dimension = Dimension.NONE, unit: Unit = Unit.PACKETS, top: int = 5
) -> Ratios:
    """The ratio of each of the first keys of the selection's period. Windows may reach beyond the period."""
    with queries.reading():
        period = _period(selection, question)
        keys = None
        if split is not Dimension.NONE:
            keys = [row.key for row in queries.ranking(selection, split, unit, top).rows]
        found = queries.series(selection.during(period), split, Bin.DAY, unit, top, keys)
    return Ratios(question, split, with_ratio(found, question), found.meta)


def with_ratio(found: SeriesSet, question: RatioQuestion) -> tuple[RatioRow, ...]:
    """The ratio of each curve of a figure by day; of a window, the days that the figure has."""
    days = [local_day(start, found.meta.period.zone) for start in found.starts]
    return tuple(RatioRow(one.key, one.label, _ratio(question, one.values, days)) for one in found.series)


def _ratio(question: RatioQuestion, values: tuple[float | None, ...], days: list[date]) -> Ratio:
    match question:
        case RatioQuestion(RatioName.AFTER_BEFORE, date() as day):
            return after_before(values, days, day, question.days)
        case RatioQuestion(RatioName.DAY_BASELINE, date() as day, date() as ending):
            return day_baseline(values, days, day, ending, question.days)
    return end_start(values, days, question.days)


def _period(selection: Selection, question: RatioQuestion) -> Period:
    """All days that are needed, or ParameterError on what the definition lacks or has no use for."""
    _require_days(question)
    own = selection.period
    span = span_of(question.name, question.day, question.ending, question.days)
    if span is None:
        if sum(1 for _day in own.days()) < 2 * question.days:
            raise ParameterError("days", _("two windows of %(days)d days do not fit into the period") % {"days": question.days})
        return own
    needed = Period.of_days(span[0], span[1] + timedelta(days=1), own.zone)
    if selection.fixed_panel and not (own.start <= needed.start and needed.end <= own.end):
        raise ParameterError("fixed", _("the panel is fixed for the period only; choose one that holds all days of the ratio"))
    return needed


def _require_days(question: RatioQuestion) -> None:
    needed = {"day": question.name is not RatioName.END_START, "ending": question.name is RatioName.DAY_BASELINE}
    for name, is_needed in needed.items():
        if is_needed != (getattr(question, name) is not None):
            text = _("is needed for %(ratio)s") if is_needed else _("has no meaning for %(ratio)s")
            raise ParameterError(name, text % {"ratio": question.name.value})
