"""Two dimensions at once: for each source region, how its traffic spreads over ports (T05 figure 4.2.3)."""

from dataclasses import dataclass

import numpy as np

from apps.observations.figures import Dimension, FigureMeta, Selection, Unit
from apps.observations.planning import units
from apps.observations.planning.asks import Ask
from apps.observations.planning.captions import Context, context_of, require_whole_days
from apps.observations.planning.keys import labels_of, text_of
from apps.observations.planning.rankings import leaders, require_splittable
from apps.observations.planning.reading import reading
from apps.observations.planning.remembering import remembered
from apps.observations.planning.together import together

ROWS = (Dimension.REGION, Dimension.ORIGIN, Dimension.PANEL, Dimension.SENSOR)
COLUMNS = (Dimension.PORT, Dimension.KIND, Dimension.SIGNATURE)
MAX_SIDE = 50


@dataclass(frozen=True)
class Heading:
    """A row or column: its key, what people read, and the unit's value of all of it, whatever is in the other dimension."""

    key: str
    label: str
    total: float


@dataclass(frozen=True)
class Matrix:
    """`values[i][j]` is the unit's value of row i and column j, None where it has none (no sensor-day, no source); `shares`
    are of the row's total, which also holds columns that are not shown. Shares of sources may add up to more than 1, since
    one source sends to many ports; ratios have none."""

    row_dimension: Dimension
    column_dimension: Dimension
    rows: tuple[Heading, ...]
    columns: tuple[Heading, ...]
    values: tuple[tuple[float | None, ...], ...]
    shares: tuple[tuple[float | None, ...], ...]
    meta: FigureMeta

    @property
    def lines(self) -> tuple["Line", ...]:
        """Rows with their cells."""
        cells = zip(self.rows, self.values, self.shares, strict=True)
        return tuple(Line(row.key, row.label, row.total, values, shares) for row, values, shares in cells)


@dataclass(frozen=True)
class Line(Heading):
    values: tuple[float | None, ...]
    shares: tuple[float | None, ...]


@dataclass(frozen=True)
class _Numbers:
    """A matrix before it has words."""

    rows: dict[int, float]
    columns: dict[int, float]
    values: tuple[tuple[float | None, ...], ...]


def matrix(
    selection: Selection,
    rows: Dimension = Dimension.REGION,
    columns: Dimension = Dimension.PORT,
    unit: Unit = Unit.PACKETS,
    top_rows: int = 10,
    top_columns: int = 10,
) -> Matrix:
    """The first rows and columns by the unit, each ranked on its own, and their cells. Exact."""
    require_splittable(selection.scope, rows, "rows")
    with reading():
        context = context_of(selection)
        require_whole_days(Ask(selection), unit)
        parts = ("matrix", rows, columns, unit, top_rows, top_columns)
        found = remembered(selection, context.days.stamp, parts, lambda: _numbers(context, rows, columns, unit, (top_rows, top_columns)))
        return Matrix(
            row_dimension=rows,
            column_dimension=columns,
            rows=_headings(rows, found.rows, selection),
            columns=_headings(columns, found.columns, selection),
            values=found.values,
            shares=tuple(_shares(line, total, unit) for line, total in zip(found.values, found.rows.values(), strict=True)),
            meta=context.meta(unit),
        )


def _numbers(context: Context, rows: Dimension, columns: Dimension, unit: Unit, sides: tuple[int, int]) -> _Numbers:
    by_row, by_column = together(
        lambda: leaders(context, rows, unit, sides[0]),
        lambda: leaders(context, columns, unit, sides[1]),
    )
    ask = Ask(context.selection, columns, rows=rows, only=tuple(by_column), only_rows=tuple(by_row))
    cells = units.by_bin(ask, unit, context.days) if by_row and by_column else {}
    return _Numbers(by_row, by_column, tuple(tuple(_value(cells[row << 32 | column][0], unit) for column in by_column) for row in by_row))


def _value(value: float, unit: Unit) -> float | None:
    if np.isnan(value):
        return None
    return int(value) if unit in (Unit.PACKETS, Unit.SOURCES) else float(value)


def _shares(values: tuple[float | None, ...], total: float, unit: Unit) -> tuple[float | None, ...]:
    if unit is Unit.PACKETS_PER_SOURCE or not total:
        return (None,) * len(values)
    return tuple(None if value is None else value / total for value in values)


def _headings(dimension: Dimension, totals: dict[int, float], selection: Selection) -> tuple[Heading, ...]:
    labels = labels_of(dimension, totals, selection.scope)
    return tuple(Heading(text_of(dimension, code), labels[code], total) for code, total in totals.items())
