"""How much of a region's change is label moves: the three terms, the moved sources, the blocks."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from django.urls import reverse

from apps.analysis.labelmoves.figures import UNITS, LabelMoves
from apps.analysis.labelmoves.parameters import Question, period_before, question_from
from apps.analysis.labelmoves.split import label_moves, outer_maps
from apps.common.errors import ParameterError
from apps.common.periods import Period, local_day
from apps.observations.figures import Freshness, Unit
from apps.portal import words
from apps.portal.filters import Choice, FilterBar, filter_bar
from apps.portal.links import with_query
from apps.portal.splits import BlockLine, SplitFigure, about_blocks, about_sources, block_line, is_large, split_figure
from apps.portal.state import View
from apps.reference.moves import moves
from apps.reference.names import region_codes, region_label

OWN = frozenset({"region", "before_from", "before_to"})
MOST_PAIRS = 10


@dataclass(frozen=True)
class PairLine:
    """Two regions between which addresses moved, where no region is chosen yet."""

    old: str
    new: str
    old_url: str
    new_url: str
    ipv4: str
    ipv6: str


@dataclass(frozen=True)
class LabelMovesLinks:
    url: str
    card_url: str


@dataclass(frozen=True)
class SplitForm:
    region: str
    regions: tuple[Choice, ...]
    units: tuple[Choice, ...]
    before_first: str
    before_last: str


@dataclass(frozen=True)
class LabelMovesPage:
    filters: FilterBar
    form: SplitForm
    freshness: Freshness
    label: str
    problem: str
    found: LabelMoves | None
    figure: SplitFigure | None
    is_large: bool
    sources: tuple[str, ...]
    blocks: tuple[BlockLine, ...]
    blocks_note: str
    blocks_csv: str
    pairs: tuple[PairLine, ...]


def label_moves_page(view: View) -> LabelMovesPage:
    asked, found, problem = _answer(view)
    code = asked.region if asked else ""
    before = asked.before if asked else period_before(view.query, view.user, view.selection)
    return LabelMovesPage(
        filters=filter_bar(view, with_units=False, can_compare=False, also_shown=(*sorted(OWN), "unit")),
        form=_form(view, asked, before),
        freshness=view.freshness,
        label=region_label(code) if code else "",
        problem=problem,
        found=found,
        figure=split_figure(found, found.terms, view, _url("portal:csv-label-moves", view, found)) if found and found.terms else None,
        is_large=bool(found and is_large(found)),
        sources=tuple(about_sources(found)) if found else (),
        blocks=tuple(map(block_line, found.blocks)) if found else (),
        blocks_note=about_blocks(found) if found else "",
        blocks_csv=_blocks_csv(view, found) if found else "",
        pairs=() if view.query.get("region") or problem else tuple(_pairs(view, before)),
    )


def answer(view: View) -> LabelMoves:
    """The split that a page's address asks for; a unit that does not split is replaced by the one that always does."""
    asked = _question(view)
    return label_moves(asked.selection, asked.before, asked.region, asked.unit, asked.limit)


def label_moves_links(view: View, code: str) -> LabelMovesLinks | None:
    """For the page of a region; what the links lead to reads segments, so it is fetched when it comes into view."""
    if view.selection.scope.is_aggregate_only:
        return None
    kept = {"region": code, "ports": view.query.get("ports", ""), "groups": view.query.get("groups", "")}
    return LabelMovesLinks(*(view.url(reverse(f"portal:{name}"), **kept) for name in ("label-moves", "label-moves-card")))


def card(view: View) -> dict[str, object]:
    """The terms alone, for the region page; what cannot be split is told instead."""
    asked, found, problem = _answer(view)
    figure = split_figure(found, found.terms, view, "") if found and found.terms else None
    return {"figure": figure, "is_large": bool(found and is_large(found)), "problem": problem if asked else ""}


def _question(view: View) -> Question:
    query = {name: str(value) for name, value in view.query.dict().items() if name not in {"bin", "scale", "compare", "previous", "cursor"}}
    if query.get("unit") not in UNITS:
        query.pop("unit", None)
    return question_from(query, view.user)


def _answer(view: View) -> tuple[Question | None, LabelMoves | None, str]:
    if not view.query.get("region"):
        return None, None, ""
    asked = _question(view)
    try:
        return asked, label_moves(asked.selection, asked.before, asked.region, asked.unit, asked.limit), ""
    except ParameterError as error:
        return asked, None, error.message


def _form(view: View, asked: Question | None, before: Period) -> SplitForm:
    code, unit = (asked.region, asked.unit) if asked else ("", Unit.PACKETS_PER_SENSOR_DAY)
    return SplitForm(
        region=code,
        regions=tuple(Choice(one, f"{region_label(one)} ({one})", one == code) for one in region_codes()),
        units=tuple(Choice(one, str(words.UNITS[one]), one is unit) for one in UNITS),
        before_first=local_day(before.start, view.period.zone).isoformat() if view.query.get("before_from") else "",
        before_last=_last(before).isoformat() if view.query.get("before_to") else "",
    )


def _last(period: Period) -> date:
    return local_day(period.end - timedelta(microseconds=1), period.zone)


def _blocks_csv(view: View, found: LabelMoves) -> str:
    return _url("api:label-moves", view, found, format="csv", limit="1000")


def _url(name: str, view: View, found: LabelMoves, **others: str) -> str:
    kept = {name: view.query.get(name, "") for name in (
        "period", "from", "to", "zone", "sensors", "fixed", "ports", "groups", "signatures", "scanners", "before_from", "before_to"
    )}  # fmt: skip
    return with_query(reverse(name), {**kept, "region": found.region, "unit": found.unit.value, **others})


def _pairs(view: View, before: Period) -> Iterator[PairLine]:
    """Between which regions most addresses moved, from the first day of the period before to the last day of the other."""
    for move in [one for one in moves(*outer_maps(view.selection, before)) if "ZZ" not in (one.old, one.new)][:MOST_PAIRS]:
        yield PairLine(
            old=region_label(move.old),
            new=region_label(move.new),
            old_url=view.url_here(region=move.old),
            new_url=view.url_here(region=move.new),
            ipv4=words.number(move.ipv4),
            ipv6=words.number(move.ipv6),
        )
