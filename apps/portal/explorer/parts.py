"""Parts of a whole: the busiest keys and one for the rest, and their shares of each bin."""

from collections.abc import Sequence
from dataclasses import replace

from django.utils.translation import gettext as _

from apps.observations.figures import Dimension, Series, SeriesSet, Unit
from apps.portal import words
from apps.portal.figures import Figure, TableRow

Values = Sequence[float | None]

# What one key has is nobody else's, so that the rest is what remains of the whole.
_ADDITIVE = {Unit.PACKETS, Unit.PACKETS_PER_SENSOR_DAY}
# Each sensor and side has sensor-days of its own to divide by.
_OWN_DENOMINATOR = {Dimension.SENSOR, Dimension.PANEL}


def adds_up(split: Dimension, unit: Unit) -> bool:
    """Whether the values of all keys add up to the value of everything."""
    if split in _OWN_DENOMINATOR:
        return unit is Unit.PACKETS
    return split is not Dimension.NONE and unit in _ADDITIVE


def with_rest(found: SeriesSet, whole: SeriesSet) -> SeriesSet:
    """The same with one more series for all keys that are not shown, left out where there is nothing left."""
    total = whole.series[0]
    values = tuple(_rest(value, [one.values[n] for one in found.series]) for n, value in enumerate(total.values))
    left = _rest(total.total, [one.total for one in found.series])
    if not left:
        return found
    return replace(found, series=(*found.series, Series("other", _("others"), values, left)))


def _rest(value: float | None, parts: Values) -> float | None:
    """Rounding of means must not leave a remainder where there is none."""
    if value is None:
        return None
    left = value - sum(part or 0 for part in parts)
    return left if left > 1e-6 * max(value, 1) else 0


def shares_of(columns: Sequence[Values]) -> list[list[float | None]]:
    """Of several series, each value as percent of the sum of its bin; None in bins where nothing is known or seen."""
    return [list(row) for row in zip(*(_percentages(cells) for cells in zip(*columns, strict=True)), strict=True)]


def _percentages(cells: Values) -> list[float | None]:
    whole = sum(cell or 0 for cell in cells)
    return [100 * cell / whole if whole and cell is not None else None for cell in cells]


def share_figure(figure: Figure) -> Figure:
    """A stacked figure in percent of each bin; totals become shares of the whole period."""
    drawn = figure.data["series"]
    shares = shares_of([series["values"] for series in drawn])
    axis = _("share in percent of %(unit)s") % {"unit": figure.axis}
    rows = tuple(_row(row, [column[n] for column in shares]) for n, row in enumerate(figure.rows))
    series = [one | {"values": values} for one, values in zip(drawn, shares, strict=True)]
    data = figure.data | {"kind": "share", "axis": axis, "series": series}
    return replace(figure, axis=axis, rows=rows, data=data)


def with_share_totals(figure: Figure, totals: Sequence[float]) -> Figure:
    """`totals` are of the whole period, one a column."""
    whole = sum(totals)
    texts = [words.percent(total / whole if whole else None) for total in totals]
    return replace(figure, columns=tuple(replace(column, total=text) for column, text in zip(figure.columns, texts, strict=True)))


def _row(row: TableRow, cells: Values) -> TableRow:
    return replace(row, cells=tuple(words.percent(None if cell is None else cell / 100) for cell in cells))
