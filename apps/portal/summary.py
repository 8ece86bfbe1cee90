"""The few numbers at the head of a page, and how selections of one page differ from each other."""

from dataclasses import dataclass, replace

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apps.observations import queries
from apps.observations.figures import Dimension, RankRow, Selection, SeriesSet
from apps.observations.models import Signature
from apps.portal import words
from apps.portal.state import View
from apps.portal.tables import change_of_rank, knows_previous


@dataclass(frozen=True)
class Fact:
    label: str
    value: str
    detail: str = ""


def series_before(view: View) -> SeriesSet | None:
    """The curve of the period before or a year ago, where the view is compared with it."""
    return queries.series(view.selection.against(view.against), Dimension.NONE, view.bin, view.unit) if view.against else None


def with_every_signature(selection: Selection) -> Selection:
    """Also what figures leave out, for a table that names each signature."""
    return selection if selection.signatures else replace(selection, signatures=tuple(Signature))


def facts_of(key: str, dimension: Dimension, view: View) -> tuple[Fact, ...]:
    """Value, rank among all, share and number of sensors of one port or region."""
    chosen = view.selection
    everything = replace(chosen, ports=()) if dimension is Dimension.PORT else replace(chosen, regions=())
    found = queries.ranking(everything, dimension, view.unit, previous=True, keys=(key,))
    return _facts(found.rows[0], view, knows_previous(found)) if found.rows else ()


def _facts(row: RankRow, view: View, has_previous: bool) -> tuple[Fact, ...]:
    before = _("previous period: %(value)s") % {"value": words.number(row.previous_value or 0)}
    rank = _("previous rank: %(rank)s") % {"rank": f"{row.previous_rank} ({change_of_rank(row)[1]})" if row.previous_rank else "–"}
    sensors = ngettext("%(count)d sensor", "%(count)d sensors", row.sensors) % {"count": row.sensors}
    largest = row.largest_sensor_share
    facts = [
        Fact(str(words.UNITS[view.unit]), words.number(row.value), before if has_previous else ""),
        Fact(_("Rank"), str(row.rank), rank if has_previous else _("no data in the previous period")),
        Fact(_("Share of all"), words.percent(row.share)) if row.share is not None else None,
        Fact(_("Observed by"), sensors, _("largest sensor: %(share)s") % {"share": words.percent(largest)} if largest is not None else ""),
    ]
    return tuple(fact for fact in facts if fact)
