"""The heat map: source regions × destination ports as a table whose cells are shaded by their share of the row."""

from dataclasses import dataclass
from math import ceil, sqrt

from django.utils.translation import gettext as _

from apps.analysis.matrices import Heading, Matrix
from apps.observations.figures import Dimension
from apps.portal import captions, words
from apps.portal.downloads import matrix_csv
from apps.portal.keylinks import filters_of, key_url
from apps.portal.state import View
from apps.portal.tables import HEADINGS

STEPS = 7  # classes .heat-0 to .heat-7 of portal.css


@dataclass(frozen=True)
class HeatHeading:
    label: str
    url: str
    total: str


@dataclass(frozen=True)
class HeatCell:
    share: str
    value: str
    step: int
    url: str


@dataclass(frozen=True)
class HeatRow:
    heading: HeatHeading
    cells: tuple[HeatCell, ...]


@dataclass(frozen=True)
class HeatTable:
    id: str
    title: str
    unit: str
    corner: str
    columns: tuple[HeatHeading, ...]
    rows: tuple[HeatRow, ...]
    steps: tuple[tuple[int, str], ...]  # (class, what it stands for)
    caption: tuple[str, ...]
    csv_url: str

    @property
    def file_name(self) -> str:
        return captions.file_name(self.title)


def heat_table(found: Matrix, view: View, *, id: str) -> HeatTable:
    lines = zip(found.rows, found.values, found.shares, strict=True)
    sides = (len(found.rows), len(found.columns))
    return HeatTable(
        id=id,
        title=captions.full_title(_("Destination ports by source region"), view),
        unit=_("share of the region's %(unit)s") % {"unit": words.UNITS[found.meta.unit]},
        corner=HEADINGS[found.row_dimension](),
        columns=tuple(_heading(one, found.column_dimension, view) for one in found.columns),
        rows=tuple(_row(found, view, row, values, shares) for row, values, shares in lines),
        steps=tuple((step, words.percent((step / STEPS) ** 2)) for step in range(1, STEPS + 1)),
        caption=captions.caption(found.meta),
        csv_url=matrix_csv(view, found.row_dimension, found.column_dimension, sides),
    )


def _row(found: Matrix, view: View, row: Heading, values: tuple[float | None, ...], shares: tuple[float | None, ...]) -> HeatRow:
    own = filters_of(found.row_dimension, row.key, view) or {}
    cells = zip(found.columns, values, shares, strict=True)
    return HeatRow(
        heading=_heading(row, found.row_dimension, view),
        cells=tuple(
            HeatCell(
                share=words.percent(share),
                value=words.number(value),
                step=step_of(share),
                url=view.sources_url(**own, **(filters_of(found.column_dimension, column.key, view) or {})) if value else "",
            )
            for column, value, share in cells
        ),
    )


def _heading(one: Heading, dimension: Dimension, view: View) -> HeatHeading:
    return HeatHeading(one.label, key_url(dimension, one.key, view), words.number(one.total))


def step_of(share: float | None) -> int:
    """0 for nothing, then by the square root, so that small shares can be told apart: 7 from 73 % on."""
    return 0 if not share else min(STEPS, ceil(STEPS * sqrt(share) - 1e-9))
