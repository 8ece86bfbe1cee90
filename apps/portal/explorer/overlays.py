"""What is laid over curves: their trailing means, the same keys in another period, windows of ratios, remarks on days."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apps.analysis.comparison import Curves
from apps.analysis.ratiofigures import Ratios
from apps.analysis.ratios import Ratio, RatioName, Window
from apps.observations.figures import Against, SeriesSet
from apps.portal import words
from apps.portal.colours import Colour
from apps.portal.figures import PREVIOUS, Column, Figure, Note

Values = Sequence[float | None]


def with_means(figure: Figure, found: Curves) -> Figure:
    """Every curve's trailing mean as a broader one of its hue."""
    for number, (column, values) in enumerate(zip(figure.columns, found.means, strict=False)):
        label = _("%(label)s, %(days)d-day mean") % {"label": column.label, "days": found.mean}
        mean = replace(column, key="mean", label=label, total="", url="", note="", in_legend=False)
        figure = _with_curve(figure, mean, values, role="mean", panel=number)
    if not found.means:
        return figure
    return replace(figure, notes=(*figure.notes, Note(_("Broad lines: %(days)d-day mean, trailing") % {"days": found.mean})))


def with_compared(figure: Figure, found: Curves) -> Figure:
    """Every curve as it was in the other period, bin by bin from its begin."""
    if found.compared is None or found.against is None:
        return figure
    is_alone = len(found.main.series) == 1
    for number, (column, one) in enumerate(zip(figure.columns, found.compared.series, strict=False)):
        colour = PREVIOUS if is_alone else Colour(column.colour.hue, 2)
        label, total = _compared_label(column.label, found), _total(one.values, one.total)
        earlier = Column("previous", label, colour, total, "", in_legend=is_alone)
        figure = _with_curve(figure, earlier, _cut(one.values, len(figure.rows)), role="previous", panel=number)
    return replace(figure, notes=(*figure.notes, Note(_comparison(figure, found.compared, found.against))))


def _comparison(figure: Figure, compared: SeriesSet, against: Against) -> str:
    """What the further columns are; curves that nobody could draw are said to be missing."""
    what = {"what": words.COMPARISONS[against], "period": words.period(compared.meta.period)}
    if all(value is None for one in compared.series for value in one.values):
        return _("No data: %(what)s (%(period)s)") % what
    if figure.is_table:
        return _("Beside each curve: %(what)s (%(period)s)") % what
    return _("Thin dotted lines: %(what)s (%(period)s)") % what


def _compared_label(label: str, found: Curves) -> str:
    what = str(words.COMPARISONS[found.against or Against.PREVIOUS])
    return what if len(found.main.series) == 1 else _("%(label)s, %(what)s") % {"label": label, "what": what}


def _total(values: Values, total: float) -> str:
    return words.number(total) if any(value is not None for value in values) else _("no data")


def _cut(values: Values, length: int) -> list[float | None]:
    return [*values[:length], *[None] * (length - len(values))]


def _with_curve(figure: Figure, column: Column, values: Values, *, role: str, panel: int) -> Figure:
    drawn = {"key": f"{role}-{panel}", "label": column.label, "role": role, "panel": panel, "values": list(values), "url": ""}
    drawn |= {"hue": column.colour.hue, "pattern": column.colour.pattern, "inLegend": column.in_legend}
    cells = zip(figure.rows, values, strict=True)
    return replace(
        figure,
        columns=(*figure.columns, column),
        rows=tuple(replace(row, cells=(*row.cells, words.number(value))) for row, value in cells),
        data=figure.data | {"series": [*figure.data["series"], drawn]},
    )


# Ratios


def definition(name: RatioName, days: int) -> str:
    """What a ratio is, in a sentence."""
    texts = {
        RatioName.END_START: _("End/start: the mean of the last %(days)d days of the period over the mean of its first %(days)d days."),
        RatioName.AFTER_BEFORE: _("After/before: the mean of %(days)d days from a day on over the mean of the %(days)d days before it."),
        RatioName.DAY_BASELINE: _("Day/baseline: one day over the mean of the %(days)d days that end with another, itself included."),
    }
    return texts[name] % {"days": days}


def with_ratios(figure: Figure, found: Ratios) -> Figure:
    """Both windows of each curve's ratio with their means, and each ratio as a sentence below the definition."""
    places = {column.key: number for number, column in enumerate(figure.columns)}
    windows = [
        drawn for row in found.rows if row.key in places for drawn in _windows(row.ratio, figure.columns[places[row.key]], places[row.key])
    ]
    sentences = [Note(definition(found.question.name, found.question.days))]
    sentences += [Note(sentence(row.label or _("all"), row.ratio)) for row in found.rows]
    return replace(figure, notes=(*figure.notes, *sentences), data=figure.data | {"windows": windows})


def sentence(label: str, ratio: Ratio) -> str:
    """23/TCP: 1,230 (1 March to 10 March) ÷ 820 (1 January to 10 January) = 1.50."""
    parts = {"label": label, "above": _mean(ratio.numerator), "below": _mean(ratio.denominator)}
    text = _("%(label)s: %(above)s ÷ %(below)s") % parts
    return f"{text} = {words.number(ratio.value)}" if ratio.value is not None else text + " = " + _("no value")


def _mean(window: Window) -> str:
    length = (window.last - window.first).days + 1
    days = words.days(window.first, window.last)
    if window.days < length:
        known = ngettext("%(count)d day known", "%(count)d days known", window.days) % {"count": window.days}
        days = _("%(days)s, %(known)s") % {"days": days, "known": known}
    return _("%(title)s (%(filters)s)") % {"title": words.number(window.mean), "filters": days}


def _windows(ratio: Ratio, column: Column, panel: int) -> list[dict[str, Any]]:
    drawn = {"hue": column.colour.hue, "panel": panel}
    pairs = zip(_names(ratio.name), (ratio.numerator, ratio.denominator), strict=True)
    return [drawn | {"from": one.first.isoformat(), "to": one.last.isoformat(), "label": label, "mean": one.mean} for label, one in pairs]


def _names(name: RatioName) -> tuple[str, str]:
    return {
        RatioName.END_START: (_("end"), _("start")),
        RatioName.AFTER_BEFORE: (_("after"), _("before")),
        RatioName.DAY_BASELINE: (_("day"), _("baseline")),
    }[name]
