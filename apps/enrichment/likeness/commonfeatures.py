"""What hosts of one group have in common that hosts of the others have not: features by share and by lift, and bundles of features
that the same hosts share."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from django.db import connection
from numpy.typing import NDArray

from apps.enrichment.likeness.scans import Chosen

FEWEST = 3  # hosts that share a feature before it is told: two may be chance
BUNDLE_SHARE = 0.1  # a bundle begins with a feature that so many of the group have,
BUNDLE_LIFT = 2.0  # so many times as often as the others,
BUNDLE_HOLD = 0.9  # and takes in what so many of those hosts have too
MOST_SEEDS = 60
MOST_BUNDLES = 5
SPECIFIC = ("version", "product", "module", "port")  # of one port, the most exact first
ORDER = (*SPECIFIC, "derived", "os", "tag", "cert", "banner")  # as people read them

_COUNTS = """
SELECT feature, count(*) FILTER (WHERE mine), count(*) FILTER (WHERE NOT mine)
FROM unnest(%(ids)s::bigint[], %(mine)s::boolean[]) AS chosen (id, mine)
JOIN enrichment_hostsnapshot AS scan USING (id), unnest(scan.features) AS feature
GROUP BY feature HAVING count(*) FILTER (WHERE mine) >= %(fewest)s
"""
_FEATURES = "SELECT array(SELECT unnest(features) INTERSECT SELECT unnest(%s::text[])) FROM enrichment_hostsnapshot WHERE id = ANY(%s)"
_WITH_ALL = """
SELECT count(scan.id) FROM unnest(%s::jsonb[]) WITH ORDINALITY AS bundle (features, number)
LEFT JOIN enrichment_hostsnapshot AS scan
    ON scan.id = ANY(%s) AND scan.features @> array(SELECT jsonb_array_elements_text(bundle.features))::varchar[]
GROUP BY number ORDER BY number
"""


@dataclass(frozen=True)
class Shared:
    """`sources` of the group's `of` profiles have it, and `others` of the `others_of` profiles beside."""

    sources: int
    of: int
    others: int
    others_of: int

    @property
    def share(self) -> float:
        return self.sources / self.of

    @property
    def weight(self) -> float:
        """For ranking: the lift with half a host added to each side, so that few hosts do not make much of it."""
        return ((self.sources + 0.5) / (self.of + 1)) / ((self.others + 0.5) / (self.others_of + 1))


@dataclass(frozen=True)
class CommonFeature(Shared):
    """`lift` is the group's share by that of the others, None where no other host has it."""

    feature: str

    @property
    def others_share(self) -> float | None:
        return self.others / self.others_of if self.others_of else None

    @property
    def lift(self) -> float | None:
        return self.share / (self.others / self.others_of) if self.others else None


@dataclass(frozen=True)
class Bundle(Shared):
    """Features that the same hosts have: `sources` have all of them."""

    features: tuple[str, ...]

    @property
    def telling(self) -> list[str]:
        """The features that no other of them implies."""
        return most_specific(self.features)

    @property
    def rank(self) -> tuple[float, tuple[str, ...]]:
        """Sorts first what many hosts share and others lack, and what agrees in more ways: it is less likely to be chance."""
        return -self.weight * len(self.telling), self.features


@dataclass(frozen=True)
class Common:
    """`of` profiles of the group lie near its packets, `others_of` of the others. Features by share, bundles by Bundle.rank."""

    features: tuple[CommonFeature, ...]
    bundles: tuple[Bundle, ...]
    of: int
    others_of: int
    has_sample: bool


def common(mine: Chosen, others: Chosen) -> Common:
    """Three queries at most."""
    found = _counted(mine, others)
    bundles = _bundles(found, mine, others) if others.ids.size else ()
    return Common(tuple(found), tuple(bundles), len(mine.ids), len(others.ids), mine.has_sample or others.has_sample)


def _counted(mine: Chosen, others: Chosen) -> list[CommonFeature]:
    ids = np.concatenate([mine.ids, others.ids]).tolist()
    flags = [True] * len(mine.ids) + [False] * len(others.ids)
    with connection.cursor() as cursor:
        cursor.execute(_COUNTS, {"ids": ids, "mine": flags, "fewest": FEWEST})
        rows = cursor.fetchall()
    found = [CommonFeature(own, len(mine.ids), beside, len(others.ids), feature) for feature, own, beside in rows]
    return sorted(found, key=lambda one: (-one.sources, -one.weight, one.feature))


def _bundles(found: Sequence[CommonFeature], mine: Chosen, others: Chosen) -> list[Bundle]:
    telling = [one for one in found if one.share >= BUNDLE_SHARE and one.weight >= BUNDLE_LIFT]
    seeds = [one.feature for one in sorted(telling, key=lambda one: -one.weight)[:MOST_SEEDS]]
    if len(seeds) < 2:
        return []
    bundles = [(sorted(names), count) for names, count in closures(seeds, _matrix(seeds, mine))]
    beside = _with_all([names for names, _count in bundles], others)
    told = [
        Bundle(count, len(mine.ids), elsewhere, len(others.ids), tuple(names))
        for (names, count), elsewhere in zip(bundles, beside, strict=True)
    ]
    return sorted(told, key=lambda one: one.rank)[:MOST_BUNDLES]


def closures(names: Sequence[str], has: NDArray[np.bool_]) -> list[tuple[frozenset[str], int]]:
    """Bundles from a table of hosts × features, most hosts first: each begins with one feature and takes in those that nearly all
    of its hosts have; bundles of one feature are none, and of two that the same hosts make up only the larger stays. Pure."""
    found: dict[frozenset[str], NDArray[np.bool_]] = {}
    for number in range(len(names)):
        members = has[:, number]
        held = has[members].sum(axis=0) >= BUNDLE_HOLD * members.sum()
        everybody = np.logical_and.reduce(has[:, held], axis=1)
        if held.sum() >= 2 and everybody.sum() >= FEWEST:
            found[frozenset(np.array(names)[held].tolist())] = everybody
    kept = [
        (bundle, int(hosts.sum()))
        for bundle, hosts in found.items()
        if not any(bundle < larger and (more == hosts).all() for larger, more in found.items())
    ]
    return sorted(kept, key=lambda one: (-one[1], -len(one[0]), sorted(one[0])))


def most_specific(features: Sequence[str]) -> list[str]:
    """Without features that another of them says more exactly: a version implies its product, that the kind of service, and each
    the open port. In the order in which people read them. Pure."""
    said = {(rank, rest.partition(":")[0]) for kind, _colon, rest in (one.partition(":") for one in features) for rank in _rank(kind)}
    return sorted((one for one in features if not _is_implied(one, said)), key=lambda one: (_place(one), one))


def _place(feature: str) -> int:
    kind = feature.partition(":")[0]
    return ORDER.index(kind) if kind in ORDER else len(ORDER)


def _is_implied(feature: str, said: set[tuple[int, str]]) -> bool:
    kind, _colon, rest = feature.partition(":")
    return any((more, rest.partition(":")[0]) in said for rank in _rank(kind) for more in range(rank))


def _rank(kind: str) -> tuple[int, ...]:
    return (SPECIFIC.index(kind),) if kind in SPECIFIC else ()


def _matrix(names: Sequence[str], chosen: Chosen) -> NDArray[np.bool_]:
    """Which host (row) has which feature (column). One query."""
    column = {name: number for number, name in enumerate(names)}
    with connection.cursor() as cursor:
        cursor.execute(_FEATURES, [list(names), chosen.ids.tolist()])
        rows = [row for (row,) in cursor.fetchall()]
    has = np.zeros((len(rows), len(names)), bool)
    at = np.repeat(np.arange(len(rows)), [len(row) for row in rows])
    has[at, [column[name] for row in rows for name in row]] = True
    return has


def _with_all(bundles: Sequence[Sequence[str]], chosen: Chosen) -> list[int]:
    """How many hosts have all features of each bundle. One query."""
    if not bundles:
        return []
    with connection.cursor() as cursor:
        cursor.execute(_WITH_ALL, [[json.dumps(names) for names in bundles], chosen.ids.tolist()])
        return [count for (count,) in cursor.fetchall()]
