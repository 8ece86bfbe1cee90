"""A figure over time, ready to show: title, caption, table, what the chart draws, and where its points lead."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from django.utils.translation import gettext as _

from apps.common.periods import Bin, local_day, next_bin
from apps.observations.figures import Dimension, Series, SeriesSet
from apps.portal import captions, words
from apps.portal.colours import Colour, colour_of
from apps.portal.links import in_span
from apps.portal.state import View

FILTER_OF = {Dimension.PORT: "ports", Dimension.REGION: "regions", Dimension.SENSOR: "sensors", Dimension.SIGNATURE: "signatures"}
NO_LINK = {"", "other", "previous"}
PREVIOUS = Colour(7, 1)


@dataclass(frozen=True)
class Column:
    """One series as a column of the table."""

    key: str
    label: str
    colour: Colour
    total: str
    url: str


@dataclass(frozen=True)
class TableRow:
    label: str
    url: str
    cells: tuple[str, ...]


@dataclass(frozen=True)
class Figure:
    """`data` is what static/js/lib/charts.js draws; everything else is plain text for people without it."""

    id: str
    title: str
    axis: str
    columns: tuple[Column, ...]
    rows: tuple[TableRow, ...]
    caption: tuple[str, ...]
    csv_url: str
    data: dict[str, Any]

    @property
    def data_id(self) -> str:
        return f"{self.id}-data"

    @property
    def is_empty(self) -> bool:
        return not any(value for series in self.data["series"] for value in series["values"])


def series_figure(found: SeriesSet, view: View, *, id: str, title: str, kind: str = "line", csv_url: str = "") -> Figure:
    """`kind` is line, stacked or bar. `title` names what is shown; filters that are on are added."""
    spans = _spans(found, view)
    labels = [words.bin_label(start, found.bin, view.period.zone) for start in found.starts]
    behind = view.sources_url()
    columns = tuple(_column(one, found.split, view) for one in found.series)
    unit = str(words.UNITS[found.meta.unit])
    return Figure(
        id=id,
        title=captions.full_title(title, view.selection),
        axis=unit,
        columns=columns,
        rows=tuple(
            TableRow(label, in_span(behind, span), tuple(words.number(one.values[n]) for one in found.series))
            for n, (label, span) in enumerate(zip(labels, spans, strict=True))
        ),
        caption=captions.caption(found.meta, names_signatures=bool(view.selection.signatures)),
        csv_url=csv_url,
        data={
            "kind": kind,
            "axis": unit,
            "labels": labels,
            "spans": spans,
            "series": [_drawn(column, one) for column, one in zip(columns, found.series, strict=True)],
        },
    )


def named(found: SeriesSet, key: str, label: str) -> SeriesSet:
    """The one series of everything on a page about one port or region, under that name and so in its colour."""
    return replace(found, series=tuple(replace(one, key=key, label=label) for one in found.series))


def with_previous(figure: Figure, before: SeriesSet) -> Figure:
    """The same figure with the first curve of the previous period behind it, bin by bin from the start."""
    label = _("previous period (%(period)s)") % {"period": words.period(before.meta.period)}
    values = list(before.series[0].values[: len(figure.rows)]) if before.series else []
    values += [None] * (len(figure.rows) - len(values))
    was_watched = any(value is not None for value in values)
    column = Column("previous", label, PREVIOUS, words.number(before.series[0].total) if was_watched else _("no data"), "")
    drawn = {"key": column.key, "label": label, "hue": PREVIOUS.hue, "pattern": PREVIOUS.pattern, "values": values, "url": ""}
    return replace(
        figure,
        columns=(*figure.columns, column),
        rows=tuple(replace(row, cells=(*row.cells, words.number(value))) for row, value in zip(figure.rows, values, strict=True)),
        data=figure.data | {"series": [*figure.data["series"], drawn]},
    )


def _column(one: Series, split: Dimension, view: View) -> Column:
    url = ""
    if split is Dimension.NONE:
        url = view.sources_url()
    elif one.key not in NO_LINK:
        url = view.sources_url(**{FILTER_OF[split]: one.key})
    return Column(one.key, one.label or _("all"), colour_of(one.key), words.number(one.total), url)


def _drawn(column: Column, one: Series) -> dict[str, Any]:
    return {
        "key": column.key,
        "label": column.label,
        "hue": column.colour.hue,
        "pattern": column.colour.pattern,
        "values": list(one.values),
        "url": column.url,
    }


def _spans(found: SeriesSet, view: View) -> list[dict[str, str]]:
    """[from, to) of every bin, cut to the period, as parameters: days as days, hours as instants."""
    return [_span(start, next_bin(start, found.bin, view.period.zone), view, found.bin) for start in found.starts]


def _span(start: datetime, end: datetime, view: View, size: Bin) -> dict[str, str]:
    start, end = max(start, view.period.start), min(end, view.period.end)
    if size is Bin.HOUR or not view.period.is_whole_days():
        return {"from": _instant(start), "to": _instant(end)}
    return {"from": local_day(start, view.period.zone).isoformat(), "to": local_day(end, view.period.zone).isoformat()}


def _instant(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%MZ")
