"""Parts that the pages of one port and of one region share: trend, hours of the day, a split with its ranking."""

from dataclasses import dataclass, replace
from datetime import timedelta

from apps.analysis.profiles import hour_profile
from apps.observations import queries
from apps.observations.figures import Dimension, SeriesSet, Unit
from apps.observations.params import MAX_BINS
from apps.portal import captions
from apps.portal.curvenotes import curve_notes
from apps.portal.downloads import ranking_csv, series_csv
from apps.portal.explorer.profiles import profile_figure
from apps.portal.explorer.question import ChartKind, Question
from apps.portal.figures import Figure, explorer_url, named, series_figure, with_previous
from apps.portal.state import View
from apps.portal.summary import series_before
from apps.portal.tables import RankTable, notes_on_sensors, rank_table

TOP = 5
RANKS = 20


@dataclass(frozen=True)
class Trend:
    """The curve of everything a view selects, as found and as shown."""

    found: SeriesSet
    figure: Figure


@dataclass(frozen=True)
class Split:
    """What a view is made of by one dimension; the figure is None where it would repeat the trend."""

    figure: Figure | None = None
    table: RankTable | None = None


def trend_of(view: View, key: str, label: str, title: str) -> Trend:
    """`key` gives the curve its colour."""
    total, earlier = queries.together(
        lambda: queries.series(view.selection, Dimension.NONE, view.bin, view.unit), lambda: series_before(view)
    )
    curve = named(total, key, label)
    figure = series_figure(curve, view, id="trend", title=title, csv_url=series_csv(view, Dimension.NONE))
    figure = replace(figure, notes=(*figure.notes, *curve_notes(curve)))
    return Trend(total, with_previous(figure, earlier, view.against) if earlier else figure)


def has_hours(view: View) -> bool:
    """Whether the period has no more hours than a profile looks at."""
    return (view.period.end - view.period.start) / timedelta(hours=1) <= MAX_BINS


def hours_figure(view: View, title: str) -> Figure:
    """At which hours of the day packets arrive, whatever the unit: sources by hour would need every segment. ParameterError
    where the period is too long for a profile."""
    packets = replace(view, unit=Unit.PACKETS)
    question = Question(ChartKind.PROFILE, Dimension.NONE, 1, 0, None)
    figure = profile_figure(hour_profile(view.selection), packets, question, id="hours")
    return replace(figure, title=captions.full_title(title, view), explorer_url=explorer_url(packets, Dimension.NONE, 1, ChartKind.PROFILE))


def split_of(view: View, dimension: Dimension, *, id: str, title: str, table_title: str) -> Split:
    """The busiest keys as curves and ranked; nothing where one key alone is chosen. `id` names figure and table."""
    chosen = view.selection.regions if dimension is Dimension.REGION else view.selection.ports
    if len(chosen) == 1:
        return Split()
    ranking, curves = queries.together(
        lambda: queries.ranking(view.selection, dimension, view.unit, RANKS, previous=True),
        lambda: queries.series(view.selection, dimension, view.bin, view.unit, TOP),
    )
    csv_url, notes = series_csv(view, dimension, top=TOP), notes_on_sensors(ranking)
    figure = series_figure(curves, view, id=f"by-{id}", title=title, csv_url=csv_url, notes=notes)
    table = rank_table(ranking, view, id=f"{id}s", title=table_title, csv_url=ranking_csv(view, dimension), can_narrow=True)
    return Split(figure if len(curves.series) > 1 else None, table)
