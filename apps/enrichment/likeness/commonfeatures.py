"""What hosts of one group have in common that hosts of the others have not: features by share and by lift, and bundles of features
that the same hosts share."""

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

_COUNTS = """
SELECT feature, count(*) FILTER (WHERE mine), count(*) FILTER (WHERE NOT mine)
FROM unnest(%(ids)s::bigint[], %(mine)s::boolean[]) AS chosen (id, mine)
JOIN enrichment_hostsnapshot AS scan USING (id), unnest(scan.features) AS feature
GROUP BY feature HAVING count(*) FILTER (WHERE mine) >= %(fewest)s
"""
_FEATURES = "SELECT array(SELECT unnest(features) INTERSECT SELECT unnest(%s::text[])) FROM enrichment_hostsnapshot WHERE id = ANY(%s)"
_WITH_ALL = "SELECT count(*) FROM enrichment_hostsnapshot WHERE id = ANY(%s) AND features @> %s::varchar[]"


@dataclass(frozen=True)
class CommonFeature:
    """`sources` of the group's `of` profiles have it, and `others` of the `others_of` profiles beside. `lift` is the one share by
    the other, None where no other host has it."""

    feature: str
    sources: int
    of: int
    others: int
    others_of: int

    @property
    def share(self) -> float:
        return self.sources / self.of

    @property
    def others_share(self) -> float | None:
        return self.others / self.others_of if self.others_of else None

    @property
    def lift(self) -> float | None:
        return self.share / (self.others / self.others_of) if self.others else None

    @property
    def weight(self) -> float:
        """For ranking: the lift with half a host added to each side, so that few hosts do not make much of it."""
        return ((self.sources + 0.5) / (self.of + 1)) / ((self.others + 0.5) / (self.others_of + 1))


@dataclass(frozen=True)
class Bundle:
    """Features that the same hosts have: `sources` have all of them, and `others` of the hosts beside."""

    features: tuple[str, ...]
    sources: int
    of: int
    others: int
    others_of: int

    @property
    def share(self) -> float:
        return self.sources / self.of


@dataclass(frozen=True)
class Common:
    """`of` profiles of the group lie near its packets, `others_of` of the others. By share, most first."""

    features: tuple[CommonFeature, ...]
    bundles: tuple[Bundle, ...]
    of: int
    others_of: int
    has_sample: bool


def common(mine: Chosen, others: Chosen) -> Common:
    """Two queries, and one more for each bundle (five at most)."""
    found = _counted(mine, others)
    bundles = _bundles(found, mine, others) if others.ids.size else ()
    return Common(tuple(found), tuple(bundles), len(mine.ids), len(others.ids), mine.has_sample or others.has_sample)


def _counted(mine: Chosen, others: Chosen) -> list[CommonFeature]:
    ids = np.concatenate([mine.ids, others.ids]).tolist()
    flags = [True] * len(mine.ids) + [False] * len(others.ids)
    with connection.cursor() as cursor:
        cursor.execute(_COUNTS, {"ids": ids, "mine": flags, "fewest": FEWEST})
        rows = cursor.fetchall()
    found = [CommonFeature(feature, own, len(mine.ids), beside, len(others.ids)) for feature, own, beside in rows]
    return sorted(found, key=lambda one: (-one.sources, -one.weight, one.feature))


def _bundles(found: Sequence[CommonFeature], mine: Chosen, others: Chosen) -> list[Bundle]:
    telling = [one for one in found if one.share >= BUNDLE_SHARE and one.weight >= BUNDLE_LIFT]
    seeds = [one.feature for one in sorted(telling, key=lambda one: -one.weight)[:MOST_SEEDS]]
    if len(seeds) < 2:
        return []
    has = _matrix(seeds, mine)
    return [
        Bundle(tuple(sorted(names)), count, len(mine.ids), _with_all(sorted(names), others), len(others.ids))
        for names, count in closures(seeds, has)[:5]
    ]


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


def _with_all(names: Sequence[str], chosen: Chosen) -> int:
    with connection.cursor() as cursor:
        cursor.execute(_WITH_ALL, [chosen.ids.tolist(), list(names)])
        return int(cursor.fetchone()[0])
