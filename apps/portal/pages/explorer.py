"""The explorer: any question over the counts, its whole state in the address."""

from dataclasses import dataclass, replace

from apps.analysis.annotations import annotations_for
from apps.common.periods import Bin
from apps.observations import queries
from apps.observations.figures import Freshness
from apps.portal.explorer.annotations import with_annotations
from apps.portal.explorer.answers import answer
from apps.portal.explorer.form import SHOWN, ExplorerForm, explorer_form
from apps.portal.explorer.heat import HeatTable
from apps.portal.explorer.question import question_from
from apps.portal.explorer.quickviews import QuickViews, quick_views
from apps.portal.figures import Figure
from apps.portal.filters import FilterBar, filter_bar
from apps.portal.pages.crowds import Later
from apps.portal.pages.notes import notes_later
from apps.portal.state import View
from apps.portal.tables import RankTable
from apps.reference.note_models import GROUP_PREFIX


@dataclass(frozen=True)
class ExplorerPage:
    filters: FilterBar
    form: ExplorerForm
    quick: tuple[QuickViews, ...]
    freshness: Freshness
    figure: Figure | None
    heat: HeatTable | None
    ranking: RankTable | None
    notes: Later | None  # on the ports and groups shown
    sources_url: str


def explorer_page(view: View) -> ExplorerPage:
    question = question_from(view.query, view.unit)
    if question.is_daily:
        view = replace(view, bin=Bin.DAY)
    (found,) = queries.together(lambda: answer(view, question))
    has_days = found.figure is not None and bool(found.figure.data["spans"])
    remarks = annotations_for(view.selection, view.user) if has_days else []
    return ExplorerPage(
        filters=filter_bar(view, with_bins=True, can_compare=question.can_compare, also_shown=SHOWN),
        form=explorer_form(view, question),
        quick=quick_views(view),
        freshness=view.freshness,
        figure=with_annotations(found.figure, remarks) if found.figure and remarks else found.figure,
        heat=found.heat,
        ranking=found.ranking,
        notes=_notes(found.figure, found.ranking, view),
        sources_url=view.sources_url(),
    )


def _notes(figure: Figure | None, ranking: RankTable | None, view: View) -> Later | None:
    """The card that tells what is known of the ports and groups that are chosen or at the top of what is shown."""
    keys = [column.key for column in figure.columns] if figure else []
    keys += [line.key for line in ranking.lines] if ranking else []
    ports = [*map(str, view.selection.ports), *(key for key in keys if "/" in key)]
    groups = [*view.selection.groups, *(key.removeprefix(GROUP_PREFIX) for key in keys if key.startswith(GROUP_PREFIX))]
    return notes_later(ports, groups, view.selection.definitions_day) if ports or groups else None
