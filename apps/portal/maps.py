"""A map of source regions, ready to show: classes of colour with their legend, the table behind, regions without a shape."""

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Any

from django.templatetags.static import static
from django.utils.translation import gettext as _

from apps.observations.figures import Dimension, Ranking, RankRow
from apps.portal import captions, words
from apps.portal.downloads import ranking_csv
from apps.portal.mapclasses import CLASSES, NEW, Steps, amounts, change
from apps.portal.state import View
from apps.portal.tables import key_url, knows_previous

SHAPES = Path(__file__).parent / "data" / "map-shapes.csv"
MOST_REGIONS = 300  # more than there are


class Shading(StrEnum):
    """What the colours of a map say."""

    VALUE = "value"
    CHANGE = "change"  # against the previous period


@dataclass(frozen=True)
class LegendEntry:
    """`colour` is a custom property of maps.css."""

    colour: str
    label: str


@dataclass(frozen=True)
class MapRow:
    key: str
    label: str
    url: str
    colour: str
    value: str
    share: str
    previous: str
    change: str
    has_shape: bool


@dataclass(frozen=True)
class MapFigure:
    id: str
    title: str
    axis: str
    legend: tuple[LegendEntry, ...]
    rows: tuple[MapRow, ...]  # every region with a value, the largest first
    has_previous: bool
    caption: tuple[str, ...]
    csv_url: str
    data: dict[str, Any]

    @property
    def data_id(self) -> str:
        return f"{self.id}-data"

    @property
    def file_name(self) -> str:
        return captions.file_name(self.title)

    @property
    def off_map(self) -> list[MapRow]:
        """Regions that the atlas has no shape of: codes of registries that are no place, and some small islands."""
        return [row for row in self.rows if not row.has_shape]


def map_figure(found: Ranking, view: View, shading: Shading, *, id: str = "map") -> MapFigure:
    """`found` ranks all regions, with the previous period where the colours tell of it."""
    has_previous = knows_previous(found)
    steps = amounts([row.value for row in found.rows])
    rows = tuple(_row(row, view, _colour(row, shading, steps, has_previous), has_previous) for row in found.rows if row.value > 0)
    unit = str(words.UNITS[found.meta.unit])
    title = _("Source regions on the map") if shading is Shading.VALUE else _("Change of source regions on the map")
    axis = unit if shading is Shading.VALUE else _("%(unit)s, change against the previous period") % {"unit": unit}
    legend = _amounts(steps) if shading is Shading.VALUE else _changes()
    return MapFigure(
        id=id,
        title=captions.full_title(title, view),
        axis=axis,
        legend=legend,
        rows=rows,
        has_previous=has_previous,
        caption=(
            *_previous(found, shading),
            *captions.caption(found.meta),
            _("Borders shown are no statement on the status of any region."),
        ),
        csv_url=ranking_csv(view, Dimension.REGION),
        data={
            "atlas": static("vendor/atlas-50m.json"),
            "axis": axis,
            "regions": [_drawn(row, shading) for row in rows if row.has_shape],
            "series": [{"key": entry.colour, "label": entry.label, "colour": entry.colour, "pattern": 0} for entry in legend],
        },
    )


@cache
def shapes() -> dict[str, str]:
    """Region → number of its shape in the atlas."""
    with SHAPES.open(newline="") as file:
        return {row["region"]: row["shape"] for row in csv.DictReader(file)}


def _row(row: RankRow, view: View, colour: str, has_previous: bool) -> MapRow:
    return MapRow(
        key=row.key,
        label=row.label,
        url=key_url(Dimension.REGION, row.key, view),
        colour=colour,
        value=words.number(row.value),
        share=words.percent(row.share),
        previous=words.number(row.previous_value or 0) if has_previous else "–",
        change=_ratio(row) if has_previous else "–",
        has_shape=row.key in shapes(),
    )


def _colour(row: RankRow, shading: Shading, steps: Steps, has_previous: bool) -> str:
    if shading is Shading.VALUE:
        return _shade(steps.of(row.value), steps)
    if not has_previous:
        return "--map-none"
    step = change(row.value, row.previous_value)
    return "--map-new" if step == NEW else f"--shift-{step}"


def _shade(step: int, steps: Steps) -> str:
    """Few classes spread over all shades."""
    return f"--map-{round(step * (CLASSES - 1) / max(len(steps.bounds) - 1, 1))}"


def _ratio(row: RankRow) -> str:
    """+12.3 %, −40 %, 3.4×; new."""
    if not row.previous_value:
        return _("new")
    ratio = row.value / row.previous_value
    if ratio >= 2:
        return f"{words.number(round(ratio, 1))}×"
    return f"{'+' if ratio >= 1 else '−'}{words.percent(abs(ratio - 1))}"


def _amounts(steps: Steps) -> tuple[LegendEntry, ...]:
    lower = [words.number(bound) for bound in steps.bounds]
    texts = [_("%(from)s or more") % {"from": bound} for bound in lower]
    if len(lower) > 1:
        texts[0] = _("below %(to)s") % {"to": lower[1]}
        texts[1:-1] = [_("%(from)s to below %(to)s") % {"from": a, "to": b} for a, b in zip(lower[1:-1], lower[2:], strict=True)]
    entries = [LegendEntry(_shade(n, steps), text) for n, text in enumerate(texts)]
    return (LegendEntry("--map-none", _("nothing observed")), *entries)


def _changes() -> tuple[LegendEntry, ...]:
    return (
        LegendEntry("--map-none", _("nothing observed")),
        LegendEntry("--shift-0", _("below half")),
        LegendEntry("--shift-1", _("−50 to −30 %")),
        LegendEntry("--shift-2", _("−30 to −10 %")),
        LegendEntry("--shift-3", _("within ±10 %")),
        LegendEntry("--shift-4", _("+10 to +30 %")),
        LegendEntry("--shift-5", _("+30 to +100 %")),
        LegendEntry("--shift-6", _("twice or more")),
        LegendEntry("--map-new", _("new")),
    )


def _previous(found: Ranking, shading: Shading) -> Sequence[str]:
    if shading is Shading.VALUE or found.previous_period is None:
        return []
    return [_("Previous period: %(period)s") % {"period": words.period(found.previous_period)}]


def _drawn(row: MapRow, shading: Shading) -> dict[str, str]:
    text = row.value if shading is Shading.VALUE else f"{row.change} ({row.previous} → {row.value})"
    return {"shape": shapes()[row.key], "label": row.label, "text": text, "url": row.url, "colour": row.colour}
