"""What the explorer is asked beyond filters, unit and bin, read from its address alone."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from django.http import QueryDict
from django.utils.translation import gettext as _

from apps.analysis.ratiofigures import RatioQuestion
from apps.analysis.ratios import RatioName
from apps.common.errors import ParameterError
from apps.observations import params
from apps.observations.figures import Dimension, Unit

NAMES = frozenset({"split", "top", "chart", "mean", "ratio", "day", "ending"})
TOP = {"multiples": 9, "heat": 15}
MEAN_DAYS = 10
MAX_MEAN = 366


class ChartKind(StrEnum):
    LINE = "line"
    STACKED = "stacked"
    SHARE = "share"  # stacked to 100 %
    MULTIPLES = "multiples"  # one small chart a key, all on one axis
    HEAT = "heat"  # source regions × destination ports
    PROFILE = "profile"  # hours of the day
    TABLE = "table"


CURVES = (ChartKind.LINE, ChartKind.MULTIPLES)
PARTS = (ChartKind.STACKED, ChartKind.SHARE)


@dataclass(frozen=True)
class Question:
    """`mean` is a number of days, 0 for none."""

    chart: ChartKind
    split: Dimension
    top: int
    mean: int
    ratio: RatioQuestion | None

    @property
    def can_compare(self) -> bool:
        """Whether the chart has room for another period beside the one it is about."""
        return self.chart in (*CURVES, ChartKind.TABLE)

    @property
    def is_daily(self) -> bool:
        """Whether it is about means over days, which only daily bins show."""
        return bool(self.mean or self.ratio)


def question_from(query: QueryDict | Mapping[str, str], unit: Unit) -> Question:
    """ParameterError where parts do not go together, such as the share of a ratio."""
    chart = params.choice_from(query, "chart", tuple(ChartKind), ChartKind.LINE)
    ratio = params.optional_from(query, "ratio", tuple(RatioName))
    mean = params.number_from(query, "mean", 0, MAX_MEAN)
    _require(chart, unit)
    return Question(
        chart=chart,
        split=params.split_from(query),
        top=params.top_from(query, TOP.get(chart, 5)),
        mean=mean if chart in CURVES else 0,
        ratio=_ratio(ratio, params.day_from(query, "day"), params.day_from(query, "ending")) if chart in CURVES else None,
    )


def _ratio(name: RatioName | None, day: date | None, ending: date | None) -> RatioQuestion | None:
    """Only the days that a ratio looks at, since the form keeps the others; a baseline ends by default with the day itself."""
    if name is None or name is RatioName.END_START:
        return RatioQuestion(name) if name else None
    return RatioQuestion(name, day, (ending or day) if name is RatioName.DAY_BASELINE else None)


def _require(chart: ChartKind, unit: Unit) -> None:
    if chart in PARTS and unit is Unit.PACKETS_PER_SOURCE:
        raise ParameterError("unit", _("is a ratio, which has no parts to stack; choose another unit or chart"))
