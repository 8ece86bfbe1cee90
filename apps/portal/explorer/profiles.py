"""Hours of the day as a figure: for each key, what part of it arrives in which hour of the reporting zone."""

from typing import Any

from django.utils.translation import gettext as _

from apps.analysis.profiles import HourProfile, ProfileLine
from apps.observations.figures import Dimension
from apps.portal import captions, words
from apps.portal.colours import colour_of
from apps.portal.downloads import profile_csv
from apps.portal.explorer.question import ChartKind, Question
from apps.portal.explorer.titles import title_of
from apps.portal.figures import Column, Figure, TableRow
from apps.portal.keylinks import filters_of
from apps.portal.state import Scale, View

HOURS = tuple(f"{hour:02}:00" for hour in range(24))


def profile_figure(found: HourProfile, view: View, question: Question, *, id: str) -> Figure:
    """Shares per hour as curves; the table also gives the numbers they are of."""
    axis = _("share in percent of %(unit)s") % {"unit": words.UNITS[found.meta.unit]}
    columns = tuple(_column(line, found.split, view) for line in found.lines)
    series = [_drawn(column, line) for column, line in zip(columns, found.lines, strict=True)]
    return Figure(
        id=id,
        title=captions.full_title(title_of(question, len(found.lines)), view),
        axis=axis,
        columns=columns,
        rows=tuple(_row(hour, found) for hour in range(24)),
        caption=captions.caption(found.meta),
        csv_url=profile_csv(view, question.split, top=question.top),
        scale_url="",
        first_heading=_("Hour (%(zone)s)") % {"zone": words.zone(found.meta.zone)},
        data={"kind": ChartKind.PROFILE.value, "scale": Scale.LINEAR, "axis": axis, "labels": HOURS, "spans": [], "series": series},
    )


def _column(line: ProfileLine, split: Dimension, view: View) -> Column:
    filters = {} if split is Dimension.NONE else filters_of(split, line.key, view)
    url = "" if filters is None else view.sources_url(**filters)
    return Column(line.key, line.label or _("all"), colour_of(line.key), words.number(line.total), url)


def _row(hour: int, found: HourProfile) -> TableRow:
    cells = tuple(_cell(line.values[hour], line.shares[hour]) for line in found.lines)
    return TableRow(HOURS[hour], "", cells)


def _cell(value: float | None, share: float | None) -> str:
    return words.number(value) if share is None else f"{words.number(value)} ({words.percent(share)})"


def _drawn(column: Column, line: ProfileLine) -> dict[str, Any]:
    values = [None if share is None else 100 * share for share in line.shares]
    drawn = {"key": column.key, "label": column.label, "values": values, "url": ""}
    return drawn | {"hue": column.colour.hue, "pattern": column.colour.pattern}
