"""Rankings: the first keys of a dimension by a unit, with what they had in the period before and who saw them."""

from dataclasses import dataclass, replace

import numpy as np
from django.utils.translation import gettext as _

from apps.common.errors import ParameterError
from apps.observations.figures import Dimension, Ranking, RankRow, Selection, Unit
from apps.observations.planning import planner, ranks, units
from apps.observations.planning.asks import Ask
from apps.observations.planning.captions import PER_SENSOR_DAY, Context, context_of, require_whole_days
from apps.observations.planning.keys import labels_of, text_of
from apps.observations.planning.remembering import remembered
from apps.observations.storage.cells import group
from apps.sensors.scopes import SensorScope


@dataclass(frozen=True)
class Place:
    """One line of a ranking before it has words."""

    rank: int
    code: int
    value: float
    share: float | None
    sensors: int
    largest_sensor_share: float | None
    previous_rank: int | None = None
    previous_value: float | None = None


@dataclass(frozen=True)
class Places:
    rows: tuple[Place, ...]
    total: float


def ranking(selection: Selection, dimension: Dimension, unit: Unit, limit: int, previous: bool) -> Ranking:
    """See queries.ranking."""
    require_splittable(selection.scope, dimension, "dimension")
    context = context_of(selection)
    places = places_of(context, dimension, unit, limit)
    before = replace(selection, period=selection.period.previous()) if previous else None
    if before is not None:
        places = _with_previous(places, before, dimension, unit)
    labels = labels_of(dimension, [place.code for place in places.rows], selection.scope)
    return Ranking(
        dimension=dimension,
        rows=tuple(_row(place, dimension, labels[place.code]) for place in places.rows),
        total=places.total,
        previous_period=before.period if before else None,
        meta=context.meta(unit),
    )


def require_splittable(scope: SensorScope, dimension: Dimension, name: str) -> None:
    if dimension is Dimension.SENSOR and scope.is_aggregate_only:
        raise ParameterError(name, _("sums of the whole network are not split by sensor; choose your own sensors"))


def places_of(context: Context, dimension: Dimension, unit: Unit, limit: int) -> Places:
    """The first places, from the cache where they were computed before of the same data."""
    ask = Ask(context.selection, dimension)
    require_whole_days(ask, unit)
    parts = ("places", dimension, unit, limit)
    return remembered(context.selection, context.days.stamp, parts, lambda: _places(ask, context, unit, limit))


def _places(ask: Ask, context: Context, unit: Unit, limit: int) -> Places:
    known = units.candidates(ask, unit, context.days)
    first = ranks.top(known.keys, known.lower, known.upper, known.exact, limit)
    total = _total(ask, context, unit, known)
    shares = _shares(first.values, total) if _adds_up(ask, unit) else [None] * len(first)
    contributed = _contributed(ask.for_keys(tuple(first.keys.tolist()))) if len(first) else {}
    return Places(
        tuple(
            Place(rank, code, value, share, *contributed[code])
            for rank, code, value, share in zip(first.ranks.tolist(), first.keys.tolist(), first.values.tolist(), shares, strict=True)
        ),
        total,
    )


def leaders(context: Context, dimension: Dimension, unit: Unit, limit: int) -> dict[int, float]:
    """The value of each of the first `limit` keys, largest first."""
    known = units.candidates(Ask(context.selection, dimension), unit, context.days)
    first = ranks.top(known.keys, known.lower, known.upper, known.exact, limit)
    return dict(zip(first.keys.tolist(), first.values.tolist(), strict=True))


def _adds_up(ask: Ask, unit: Unit) -> bool:
    """Whether a value can be a share of the total: ratios cannot, nor means that are each over a sensor's own days."""
    return unit is not Unit.PACKETS_PER_SOURCE and not (ask.group is Dimension.SENSOR and unit in PER_SENSOR_DAY)


def _total(ask: Ask, context: Context, unit: Unit, known: units.Candidates) -> float:
    if unit in units.ADDITIVE and _adds_up(ask, unit):
        return float(known.lower.sum())
    return units.total(ask, unit, context.days)


def _shares(values: ranks.Values, total: float) -> list[float | None]:
    return [value / total if total else None for value in values.tolist()]


def _contributed(ask: Ask) -> dict[int, tuple[int, float]]:
    """Of each key, how many sensors saw it and which share of its packets the busiest of them has."""
    frame = planner.contributions(ask)
    groups = group(frame["key"])
    sensors, packets, largest = groups.sum(np.sign(frame["packets"])), groups.sum(frame["packets"]), groups.max(frame["packets"])
    rows = zip(groups.first(frame["key"]).tolist(), sensors.tolist(), packets.tolist(), largest.tolist(), strict=True)
    return {key: (count, top / whole) for key, count, whole, top in rows}


def _with_previous(places: Places, before: Selection, dimension: Dimension, unit: Unit) -> Places:
    context = context_of(before)
    wanted = tuple(place.code for place in places.rows)
    found = remembered(
        before,
        context.days.stamp,
        ("previous", dimension, unit, wanted),
        lambda: _previous(Ask(before, dimension), context, unit, np.array(wanted, np.int64)),
    )
    rows = []
    for place in places.rows:
        rank, value = found.get(place.code, (None, None))
        rows.append(replace(place, previous_rank=rank, previous_value=value))
    return replace(places, rows=tuple(rows))


def _previous(ask: Ask, context: Context, unit: Unit, wanted: ranks.Keys) -> dict[int, tuple[int, float]]:
    require_whole_days(ask, unit)
    known = units.candidates(ask, unit, context.days)
    return ranks.true_ranks(wanted, known.keys, known.lower, known.upper, known.exact)


def _row(place: Place, dimension: Dimension, label: str) -> RankRow:
    return RankRow(
        rank=place.rank,
        key=text_of(dimension, place.code),
        label=label,
        value=place.value,
        share=place.share,
        previous_rank=place.previous_rank,
        previous_value=place.previous_value,
        sensors=place.sensors,
        largest_sensor_share=place.largest_sensor_share,
    )
