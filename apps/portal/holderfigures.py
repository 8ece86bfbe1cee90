"""The administrators with most sources as bars (J20's figure 4), by name or as a report prints them."""

from collections.abc import Sequence

from django.urls import reverse
from django.utils.translation import gettext as _

from apps.observations.figures import FigureMeta, Unit
from apps.portal import captions, words
from apps.portal.colours import Colour
from apps.portal.figures import Column, Figure, Note, TableRow
from apps.portal.holdertables import HolderCounts, Naming, Ranked, coverage, has_sample, others
from apps.portal.state import Scale, View

TOP = 10
HUE = Colour(0, 0)


def top_figure(found: HolderCounts, rows: Sequence[Ranked], meta: FigureMeta, view: View, naming: Naming) -> Figure:
    """`rows` as `holdertables.ranked` gives them; those beyond the first ten become one bar of others."""
    named = [row for row in rows if row.rank]
    shown = [*named[:TOP], *others([*named[TOP:], *(row for row in rows if not row.rank)])]
    axis = str(words.UNITS[Unit.SOURCES])
    total = sum(row.sources for row in shown)
    column = Column("sources", axis, HUE, words.number(total), "")
    kinds = Column("kind", _("Kind"), HUE, "", "", in_legend=False)
    daily = Column("daily", _("mean daily sources"), HUE, "", "", in_legend=False)
    drawn = {"key": "sources", "label": axis, "hue": HUE.hue, "pattern": HUE.pattern, "values": [row.sources for row in shown], "url": ""}
    return Figure(
        id="top",
        title=captions.full_title(_("TOP%(n)d administrators of the sources") % {"n": TOP}, view),
        axis=axis,
        columns=(column, kinds, daily),
        rows=tuple(TableRow(row.label, _url(row, view), _cells(row)) for row in shown),
        caption=(coverage(found), *([_("Administrator names anonymised; of fewer than three sources none is shown.")]
                 if naming is Naming.PSEUDONYMS else []), *captions.caption(meta)),
        csv_url=view.url(reverse("portal:csv-holders"), **view.filters(), **own(view)),
        scale_url="",
        notes=(Note(_("Sample data: invented holder and contact")),) if has_sample(found, TOP) else (),
        first_heading=_("Administrator (holder)"),
        data={"kind": "ranking", "scale": Scale.LINEAR, "axis": axis, "labels": [_bar_label(row) for row in shown], "spans": [],
              "links": [_url(row, view) for row in shown], "series": [drawn]},
    )  # fmt: skip


def own(view: View) -> dict[str, str]:
    """The parameters that pages of holders alone have."""
    return {name: view.query.get(name, "") for name in ("names", "kinds")}


def _cells(row: Ranked) -> tuple[str, ...]:
    return words.number(row.sources), row.kind_label, words.number(row.daily)


def _bar_label(row: Ranked) -> str:
    return f"{row.label} ({row.kind_label})" if row.holder and row.kind else row.label


def _url(row: Ranked, view: View) -> str:
    return view.url(reverse("portal:holder", args=[row.holder.id]), **view.filters()) if row.holder else ""
