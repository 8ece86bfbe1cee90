"""Which holders are behind a set of sources: distinct sources beside mean daily ones, which a pool of dynamic addresses
does not inflate. From look-ups already made; how many of the sources these tell of is always stated."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from django.urls import reverse
from django.utils.translation import gettext as _
from numpy.typing import NDArray

from apps.analysis.cohorts.algebra import whole
from apps.analysis.daysets import Days
from apps.enrichment.holders import UNKNOWN, Holder, holders_of_networks, networks_of
from apps.portal import words
from apps.portal.state import View

Ids = NDArray[np.int64]


@dataclass(frozen=True)
class HolderCount:
    """`sources` are distinct over all days; `daily` is their mean number on a covered day, None where none was."""

    holder: Holder
    sources: int
    daily: float | None


@dataclass(frozen=True)
class HolderCounts:
    """`looked_up` of the `total` sources lie near an address that was looked up; the rows hold those, most first."""

    rows: tuple[HolderCount, ...]
    looked_up: int
    total: int


@dataclass(frozen=True)
class HolderLine:
    rank: int
    name: str
    url: str
    sources: str
    share: str
    bar: str
    daily: str
    networks: str
    as_of: str
    is_sample: bool


@dataclass(frozen=True)
class HolderTable:
    lines: tuple[HolderLine, ...]
    coverage: str
    has_sample: bool
    more_url: str = ""


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


def _rows(sources: Mapping[int, int], daily: Mapping[int, int], by_id: Mapping[int, Holder], days: int) -> tuple[HolderCount, ...]:
    found = [HolderCount(by_id[pk], count, daily[pk] / days if days else None) for pk, count in sources.items() if pk != UNKNOWN]
    return tuple(sorted(found, key=lambda one: (-one.sources, one.holder.name, one.holder.id)))


def holder_table(found: HolderCounts, view: View, limit: int, more_url: str = "") -> HolderTable:
    shown = found.rows[:limit]
    longest = max((row.sources for row in shown), default=1)
    return HolderTable(
        lines=tuple(_line(rank, row, found, longest, view) for rank, row in enumerate(shown, 1)),
        coverage=_("Looked up: %(n)s of %(m)s sources, each by its own address or a neighbour's (/24, IPv6 /48).")
        % {"n": words.number(found.looked_up), "m": words.number(found.total)},
        has_sample=any(row.holder.is_sample for row in shown),
        more_url=more_url if len(found.rows) > limit else "",
    )


def _line(rank: int, row: HolderCount, found: HolderCounts, longest: int, view: View) -> HolderLine:
    return HolderLine(
        rank=rank,
        name=row.holder.name or "–",
        url=view.url(reverse("portal:holder", args=[row.holder.id]), **view.filters()),
        sources=words.number(row.sources),
        share=words.percent(row.sources / found.total),
        bar=f"{100 * row.sources / longest:.1f}",
        daily=words.number(row.daily),
        networks=words.number(len(row.holder.networks)),
        as_of=f"{row.holder.fetched_at.astimezone(view.period.zone):%Y-%m-%d}",
        is_sample=row.holder.is_sample,
    )
