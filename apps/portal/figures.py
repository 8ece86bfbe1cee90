"""A figure over time, ready to show: title, caption, table, what the chart draws, and where its points lead."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.urls import reverse
from django.utils.translation import gettext as _

from apps.common.periods import Bin, local_day, next_bin
from apps.observations.figures import Against, Dimension, Series, SeriesSet
from apps.portal import captions, words
from apps.portal.colours import Colour, colour_of
from apps.portal.keylinks import filters_of
from apps.portal.links import in_span
from apps.portal.state import Scale, View

NO_LINK = {"", "other", "previous"}
CURVES = ("line", "multiples")
PREVIOUS = Colour(7, 1)


@dataclass(frozen=True)
class Column:
    """One series as a column of the table."""

    key: str
    label: str
    colour: Colour
    total: str
    url: str
    note: str = ""
    in_legend: bool = True


@dataclass(frozen=True)
class TableRow:
    label: str
    url: str
    cells: tuple[str, ...]


@dataclass(frozen=True)
class Note:
    """A sentence below a figure, such as what a ratio is or what happened on a day."""

    text: str
    url: str = ""


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
    scale_url: str  # the same view on the other scale; '' where there is but one
    data: dict[str, Any]
    explorer_url: str = ""  # the same figure in the explorer; '' where it has no question for it
    notes: tuple[Note, ...] = ()
    first_heading: str = ""  # of the table's rows; '' for the begin of bins

    @property
    def data_id(self) -> str:
        return f"{self.id}-data"

    @property
    def data_text(self) -> str:
        """The data as JSON, for cards that are loaded later: htmx takes every script out of them."""
        return json.dumps(self.data, cls=DjangoJSONEncoder)

    @property
    def file_name(self) -> str:
        return captions.file_name(self.title)

    @property
    def panels(self) -> tuple[str, ...]:
        """The headings of small multiples, one a canvas; none where all is drawn on one."""
        return tuple(self.data.get("panels", ()))

    @property
    def is_table(self) -> bool:
        return bool(self.data["kind"] == "table")

    @property
    def is_logarithmic(self) -> bool:
        return bool(self.data["scale"] == Scale.LOG)

    @property
    def is_empty(self) -> bool:
        return not any(value for series in self.data["series"] for value in series["values"])


def series_figure(
    found: SeriesSet,
    view: View,
    *,
    id: str,
    title: str,
    kind: str = "line",
    csv_url: str = "",
    notes: Mapping[str, str] | None = None,
    explorer: Mapping[str, str] | None = None,
    in_explorer: bool = True,
) -> Figure:
    """`kind` is line, stacked, bar, multiples or table; explorer/ makes more of it. `title` says what is shown; filters that
    are on are added. `notes` are remarks on single curves by key, such as that all of it came to one sensor. `explorer` is
    what the explorer must be told beyond the view; not `in_explorer`: it has no question for this."""
    spans = _spans(found, view)
    labels = [words.bin_label(start, found.bin, view.period.zone) for start in found.starts]
    columns = tuple(_column(one, found.split, view, (notes or {}).get(one.key, "")) for one in found.series)
    scale = view.scale if kind in CURVES else Scale.LINEAR  # stacked logarithms would not add up
    axis = _axis(found, scale)
    return Figure(
        id=id,
        title=captions.full_title(title, view),
        axis=axis,
        columns=columns,
        rows=tuple(_rows(found, labels, spans, view.sources_url())),
        caption=captions.caption(found.meta),
        csv_url=csv_url,
        scale_url=_other_scale(view, id) if kind in CURVES else "",
        explorer_url=explorer_url(view, found.split, len(found.series), kind, **(explorer or {})) if in_explorer else "",
        data={
            "kind": kind,
            "scale": scale,
            "axis": axis,
            "labels": labels,
            "spans": spans,
            "series": [_drawn(column, one) for column, one in zip(columns, found.series, strict=True)],
        }
        | ({"panels": [column.label for column in columns]} if kind == "multiples" else {}),
    )


def _axis(found: SeriesSet, scale: Scale) -> str:
    unit = str(words.UNITS[found.meta.unit])
    return unit if scale is Scale.LINEAR else _("%(unit)s, logarithmic scale") % {"unit": unit}


def _other_scale(view: View, id: str) -> str:
    return view.url_here(scale="" if view.scale is Scale.LOG else Scale.LOG) + f"#{id}"


def _rows(found: SeriesSet, labels: list[str], spans: list[dict[str, str]], behind: str) -> Iterator[TableRow]:
    for n, (label, span) in enumerate(zip(labels, spans, strict=True)):
        yield TableRow(label, in_span(behind, span), tuple(words.number(one.values[n]) for one in found.series))


def explorer_url(view: View, split: Dimension, top: int, kind: str = "line", **changes: str) -> str:
    """The explorer at a figure: its filters, split and kind of chart."""
    own = {"split": "" if split is Dimension.NONE else split.value, "top": "" if split is Dimension.NONE else str(max(top, 1))}
    chart = {"line": "", "bar": "stacked"}.get(kind, kind)
    return view.url(reverse("portal:explorer"), **{**view.filters(), **own, "chart": chart, **changes})


def named(found: SeriesSet, key: str, label: str) -> SeriesSet:
    """The one series of everything on a page about one port or region, under that name and so in its colour."""
    return replace(found, series=tuple(replace(one, key=key, label=label) for one in found.series))


def with_previous(figure: Figure, before: SeriesSet, against: Against | None = Against.PREVIOUS) -> Figure:
    """The same figure with the first curve of the period it is compared with behind it, bin by bin from the start."""
    what = words.COMPARISONS[against or Against.PREVIOUS]
    label = _("%(title)s (%(filters)s)") % {"title": what, "filters": words.period(before.meta.period)}
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


def _column(one: Series, split: Dimension, view: View, note: str = "") -> Column:
    url = ""
    if split is Dimension.NONE:
        url = view.sources_url()
    elif one.key not in NO_LINK and (filters := filters_of(split, one.key, view)):
        url = view.sources_url(**filters)
    return Column(one.key, one.label or _("all"), colour_of(one.key), words.number(one.total), url, note)


def _drawn(column: Column, one: Series) -> dict[str, Any]:
    return {
        "key": column.key,
        "label": f"{column.label} – {column.note}" if column.note else column.label,
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
