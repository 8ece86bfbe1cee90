"""Holders: who administers the addresses behind a view. For own staff."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from apps.enrichment.models import HolderKind
from apps.observations import params
from apps.observations.figures import Freshness
from apps.portal import captions
from apps.portal.figures import Figure
from apps.portal.filters import FilterBar, filter_bar
from apps.portal.holderfigures import own, top_figure
from apps.portal.holdertables import HolderTable, Naming, counts_of, holder_table, kinds_of, ranked
from apps.portal.state import View

TOP = 10
OWN = frozenset({"names", "kinds"})


@dataclass(frozen=True)
class Switch:
    label: str
    url: str
    is_on: bool


@dataclass(frozen=True)
class HoldersPage:
    """`figure`, `namings` and `kinds` are of the page of holders alone; as a part of other pages it is a table."""

    title: str
    filters: FilterBar
    freshness: Freshness
    table: HolderTable
    caption: tuple[str, ...]
    csv_url: str
    figure: Figure | None = None
    namings: tuple[Switch, ...] = ()
    kinds: tuple[Switch, ...] = ()


def holders_page(view: View) -> HoldersPage:
    naming, kinds = naming_of(view.query), kinds_of(view.query)
    counts, meta = counts_of(view.selection)
    return HoldersPage(
        title=captions.full_title(_("Administrators of the sources"), view),
        filters=filter_bar(view, with_units=False, can_compare=False),
        freshness=view.freshness,
        table=holder_table(counts, view, view.limit, view.url_here(limit="200"), naming, kinds),
        caption=captions.caption(meta),
        csv_url=view.url(reverse("portal:csv-holders"), **view.filters(), **own(view)),
        figure=top_figure(counts, ranked(counts, naming, kinds), meta, view, naming),
        namings=tuple(_switch(one, naming, view) for one in Naming),
        kinds=tuple(_kinds(kinds, view)),
    )


def naming_of(query: params.Parameters) -> Naming:
    return params.choice_from(query, "names", tuple(Naming), Naming.NAMES)


def _switch(one: Naming, chosen: Naming, view: View) -> Switch:
    label = {Naming.NAMES: _("Names"), Naming.PSEUDONYMS: _("Pseudonyms, as published")}[one]
    return Switch(label, view.url_here(names="" if one is Naming.NAMES else one), one is chosen)


def _kinds(chosen: tuple[HolderKind, ...], view: View) -> Iterator[Switch]:
    yield Switch(_("All kinds"), view.url_here(kinds=""), not chosen)
    for kind in HolderKind:
        yield Switch(str(kind.label), view.url_here(kinds=kind), kind in chosen)


def header_of(naming: Naming) -> list[str]:
    """Of the CSV: what would tell who a holder is, is left out with its name."""
    counted = [_("sources"), _("mean daily sources")]
    if naming is Naming.PSEUDONYMS:
        return [_("Holder"), _("Kind"), *counted]
    return [_("Holder"), _("Kind"), _("Registry"), _("networks"), *counted, _("As of")]


def holder_rows(view: View) -> Iterator[list[Any]]:
    """Every holder behind a view, for its CSV, in the columns of `header_of`."""
    naming = naming_of(view.query)
    counts, _meta = counts_of(view.selection)
    for row in ranked(counts, naming, kinds_of(view.query)):
        yield _cells(naming, row.label, row.kind_label, row.sources, row.daily, row.holder)
    yield _cells(naming, _("not looked up"), "", counts.total - counts.looked_up, None, None)


def _cells(naming: Naming, label: str, kind: str, sources: int, daily: float | None, known: Any) -> list[Any]:
    if naming is Naming.PSEUDONYMS:
        return [label, kind, sources, daily]
    registered = [known.registry, len(known.networks)] if known else ["", None]
    return [label, kind, *registered, sources, daily, known.fetched_at.isoformat() if known else ""]
