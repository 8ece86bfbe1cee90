"""What the explorer asks of the queries, and the figures it makes of the answers."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial

from apps.analysis.comparison import Curves, curves
from apps.analysis.matrices import Matrix, matrix
from apps.analysis.profiles import HourProfile, hour_profile
from apps.analysis.ratiofigures import RatioQuestion, Ratios, ratios
from apps.analysis.ratios import span_of
from apps.common.periods import Period
from apps.observations import queries
from apps.observations.figures import Dimension, Ranking, SeriesSet
from apps.observations.params import RANKING_DIMENSIONS
from apps.observations.planning.captions import Context, context_of
from apps.portal.downloads import ranking_csv, series_csv
from apps.portal.explorer import overlays, parts, profiles
from apps.portal.explorer.heat import HeatTable, heat_table
from apps.portal.explorer.question import ChartKind, Question
from apps.portal.explorer.titles import title_of
from apps.portal.figures import Figure, series_figure
from apps.portal.shares import signature_label
from apps.portal.state import View
from apps.portal.tables import RankTable, rank_table

COLUMNS_OF_HEAT = 12


@dataclass(frozen=True)
class Answer:
    """What the page shows: a figure or a heat map, and for the table a ranking, too."""

    figure: Figure | None = None
    heat: HeatTable | None = None
    ranking: RankTable | None = None


def answer(view: View, question: Question) -> Answer:
    match question.chart:
        case ChartKind.HEAT:
            return Answer(heat=heat_table(_matrix(view, question), view, id="figure"))
        case ChartKind.PROFILE:
            return Answer(figure=profiles.profile_figure(_profile(view, question), view, question, id="figure"))
        case ChartKind.STACKED | ChartKind.SHARE:
            return Answer(figure=_stacked(view, question))
        case ChartKind.TABLE:
            return _table(view, question)
    return Answer(figure=_curves(view, question))


def _matrix(view: View, question: Question) -> Matrix:
    columns = Dimension.KIND if question.split is Dimension.KIND else Dimension.PORT
    return matrix(view.selection, Dimension.REGION, columns, view.unit, question.top, COLUMNS_OF_HEAT)


def _profile(view: View, question: Question) -> HourProfile:
    return hour_profile(view.selection, question.split, view.unit, question.top)


def _curves(view: View, question: Question) -> Figure:
    found, measured, *_contexts = queries.together(
        lambda: _ask(view, question, question.mean),
        lambda: _ratios(view, question, question.ratio) if question.ratio else None,
        *_early(view, question.ratio),
    )
    figure = overlays.with_compared(overlays.with_means(_figure(found.main, view, question), found), found)
    return overlays.with_ratios(figure, measured) if measured else figure


def _early(view: View, ratio: RatioQuestion | None) -> Iterator[Callable[[], Context]]:
    """What will be needed of other periods once the keys are known, asked in the first statement."""
    selections = [view.selection.against(view.against)] if view.against else []
    if ratio and (span := span_of(ratio.name, ratio.day, ratio.ending, ratio.days)):
        selections.append(view.selection.during(Period.of_days(span[0], span[1] + timedelta(days=1), view.period.zone)))
    return (partial(context_of, selection) for selection in selections)


def _ratios(view: View, question: Question, ratio: RatioQuestion) -> Ratios:
    return ratios(view.selection, ratio, question.split, view.unit, question.top)


def _ask(view: View, question: Question, mean: int = 0) -> Curves:
    found = curves(view.selection, question.split, view.bin, view.unit, question.top, mean, view.against)
    if question.split is not Dimension.SIGNATURE:
        return found
    lines = tuple(replace(one, label=signature_label(one.key)) for one in found.main.series)
    return replace(found, main=replace(found.main, series=lines))


def _figure(found: SeriesSet, view: View, question: Question) -> Figure:
    return series_figure(
        found,
        view,
        id="figure",
        title=title_of(question, len(found.series)),
        kind=question.chart if question.chart is not ChartKind.SHARE else ChartKind.STACKED,
        csv_url=series_csv(view, question.split, top=question.top, mean=question.mean),
        in_explorer=False,
    )


def _stacked(view: View, question: Question) -> Figure:
    found, whole = queries.together(
        lambda: _ask(replace(view, against=None), question).main,
        lambda: _whole(view) if parts.adds_up(question.split, view.unit) else None,
    )
    both = parts.with_rest(found, whole) if whole else found
    figure = _figure(both, view, question)
    if question.chart is ChartKind.SHARE:
        return parts.with_share_totals(parts.share_figure(figure), [one.total for one in both.series])
    return figure


def _whole(view: View) -> SeriesSet:
    return queries.series(view.selection, Dimension.NONE, view.bin, view.unit)


def _table(view: View, question: Question) -> Answer:
    found, ranking = queries.together(
        lambda: _ask(view, question),
        lambda: _ranking(view, question) if question.split in RANKING_DIMENSIONS else None,
    )
    figure = overlays.with_compared(_figure(found.main, view, question), found)
    if ranking is None:
        return Answer(figure=figure)
    title = title_of(question, len(ranking.rows), ranked=True)
    ranked = rank_table(ranking, view, id="ranking", title=title, csv_url=ranking_csv(view, question.split))
    return Answer(figure=figure, ranking=replace(ranked, explorer_url=""))


def _ranking(view: View, question: Question) -> Ranking:
    return queries.ranking(view.selection, question.split, view.unit, question.top, previous=True)
