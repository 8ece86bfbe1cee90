"""Which holders are behind a set of sources: distinct sources beside mean daily ones, which a pool of dynamic addresses
does not inflate. From look-ups already made; how many of the sources these tell of is always stated."""

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from django.urls import reverse
from django.utils.translation import gettext as _
from numpy.typing import NDArray

from apps.analysis import daysets
from apps.analysis.cohorts.algebra import whole
from apps.analysis.daysets import Days
from apps.enrichment.holders import pseudonyms
from apps.enrichment.holders.behind import UNKNOWN, KnownHolder, holders_of_networks, networks_of
from apps.enrichment.models import HolderKind
from apps.observations import params, queries
from apps.observations.figures import FigureMeta, Selection, Unit
from apps.observations.planning.captions import context_of
from apps.observations.planning.sourcelists import require_addresses
from apps.portal import words
from apps.portal.state import View

Ids = NDArray[np.int64]


class Naming(StrEnum):
    """Holders by their names, or as a report for everybody prints them."""

    NAMES = "names"
    PSEUDONYMS = "pseudonyms"


@dataclass(frozen=True)
class HolderCount:
    """`sources` are distinct over all days; `daily` is their mean number on a covered day, None where none was."""

    holder: KnownHolder
    sources: int
    daily: float | None


@dataclass(frozen=True)
class HolderCounts:
    """`looked_up` of the `total` sources have a known holder, by their own address or a neighbour's; the rows hold those,
    most first."""

    rows: tuple[HolderCount, ...]
    looked_up: int
    total: int


@dataclass(frozen=True)
class Ranked:
    """A place in the ranking. `holder` is None where the name is not to be told, and of "others", which have no rank."""

    rank: int | None
    label: str
    kind: HolderKind | None
    sources: int
    daily: float | None
    holder: KnownHolder | None = None

    @property
    def kind_label(self) -> str:
        return str(self.kind.label) if self.kind else ""


@dataclass(frozen=True)
class HolderLine:
    rank: str
    name: str
    pseudonym: str
    kind: str
    url: str
    sources: str
    share: str
    bar: str
    daily: str
    networks: str
    as_of: str


@dataclass(frozen=True)
class HolderTable:
    lines: tuple[HolderLine, ...]
    coverage: str
    has_sample: bool
    is_anonymised: bool
    more_url: str = ""


def counts_of(selection: Selection) -> tuple[HolderCounts, FigureMeta]:
    """Of the sources behind a view. ParameterError where the viewer may not see their addresses."""
    require_addresses(selection.scope)
    context, days = queries.together(lambda: context_of(selection), lambda: daysets.days_of(selection))
    meta: FigureMeta = context.meta(Unit.SOURCES)
    return holder_counts(days, covered_days(meta)), meta


def covered_days(meta: FigureMeta) -> int:
    """Days of a period on which somebody watched."""
    return meta.days - len(meta.missing_days)


def holder_counts(days: Days, covered_days: int) -> HolderCounts:
    """Of sources by day. Two queries."""
    keys = whole(days)
    networks = networks_of(keys)
    holders = holders_of_networks(np.unique(networks).tolist())
    ids = np.array([holders[pk].id if pk in holders else UNKNOWN for pk in np.unique(networks).tolist()], np.int64)
    owner = ids[np.searchsorted(np.unique(networks), networks)] if len(keys) else ids
    daily: Counter[int] = Counter()
    for of_day in days.values():
        daily.update(_counted(owner[np.searchsorted(keys, of_day)]))
    rows = _rows(_counted(owner), daily, {holder.id: holder for holder in holders.values()}, covered_days)
    return HolderCounts(rows, int((owner != UNKNOWN).sum()), len(keys))


def _counted(owner: Ids) -> dict[int, int]:
    ids, counts = np.unique(owner, return_counts=True)
    return dict(zip(ids.tolist(), counts.tolist(), strict=True))


def _rows(sources: Mapping[int, int], daily: Mapping[int, int], by_id: Mapping[int, KnownHolder], days: int) -> tuple[HolderCount, ...]:
    found = [HolderCount(by_id[pk], count, daily[pk] / days if days else None) for pk, count in sources.items() if pk != UNKNOWN]
    return tuple(sorted(found, key=lambda one: (-one.sources, one.holder.name, one.holder.id)))


def kinds_of(query: params.Parameters) -> tuple[HolderKind, ...]:
    """Of which kinds holders are wanted; none for all of them."""
    return params.values_from(query, "kinds", _kind)


def _kind(text: str) -> HolderKind:
    try:
        return HolderKind(text)
    except ValueError as error:
        raise ValueError(_("is not a kind of holder; known are %(known)s") % {"known": ", ".join(HolderKind.values)}) from error


def ranked(found: HolderCounts, naming: Naming, kinds: Collection[HolderKind] = ()) -> list[Ranked]:
    """All holders, or those of some kinds. Under pseudonyms who has too few sources is among the others, at the end."""
    named = _labels(found, naming)
    of_kinds = [row for row in found.rows if not kinds or row.holder.kind in kinds]
    told = [row for row in of_kinds if row.holder.id in named]
    rows = [
        Ranked(n, named[row.holder.id], row.holder.kind, row.sources, row.daily, row.holder if naming is Naming.NAMES else None)
        for n, row in enumerate(told, 1)
    ]
    return [*rows, *others([row for row in of_kinds if row.holder.id not in named])]


def _labels(found: HolderCounts, naming: Naming) -> dict[int, str]:
    """Pseudonyms are of the ranking of all kinds, so that a filter changes none."""
    if naming is Naming.NAMES:
        return {row.holder.id: row.holder.name or "–" for row in found.rows}
    return pseudonyms.by_rank((row.holder.id, row.holder.kind, row.sources) for row in found.rows)


def others(rows: Collection[HolderCount | Ranked]) -> list[Ranked]:
    """One line for all of these, none where there are none. Sources of different holders are different sources."""
    daily = [row.daily for row in rows if row.daily is not None]
    return [Ranked(None, _("others"), None, sum(row.sources for row in rows), sum(daily) if daily else None)] if rows else []


def coverage(found: HolderCounts) -> str:
    text = _("Looked up: %(n)s of %(m)s sources, each by its own address or a neighbour's (/24, IPv6 /48).")
    return text % {"n": words.number(found.looked_up), "m": words.number(found.total)}


def holder_table(
    found: HolderCounts, view: View, limit: int, more_url: str = "", naming: Naming = Naming.NAMES, kinds: Collection[HolderKind] = ()
) -> HolderTable:
    rows = ranked(found, naming, kinds)
    shown = rows[:limit]
    longest = max((row.sources for row in shown), default=1)
    return HolderTable(
        lines=tuple(_line(row, found, longest, view) for row in shown),
        coverage=coverage(found),
        has_sample=has_sample(found, limit),
        is_anonymised=naming is Naming.PSEUDONYMS,
        more_url=more_url if len(rows) > limit else "",
    )


def has_sample(found: HolderCounts, limit: int) -> bool:
    return any(row.holder.is_sample for row in found.rows[:limit])


def _line(row: Ranked, found: HolderCounts, longest: int, view: View) -> HolderLine:
    known = row.holder
    return HolderLine(
        rank=words.number(row.rank) if row.rank else "",
        name=row.label,
        pseudonym=pseudonyms.inside(known.id) if known else "",
        kind=row.kind_label,
        url=view.url(reverse("portal:holder", args=[known.id]), **view.filters()) if known else "",
        sources=words.number(row.sources),
        share=words.percent(row.sources / found.total),
        bar=f"{100 * row.sources / longest:.1f}",
        daily=words.number(row.daily),
        networks=words.number(len(known.networks)) if known else "",
        as_of=f"{known.fetched_at.astimezone(view.period.zone):%Y-%m-%d}" if known else "",
    )
