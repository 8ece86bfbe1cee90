"""Rankings: the first keys of a dimension by a unit, with what they had in the period before and who saw them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from django.utils.translation import gettext as _

from apps.common.errors import ParameterError
from apps.observations.figures import Against, Dimension, Ranking, RankRow, Selection, Unit
from apps.observations.planning import planner, ranks, units
from apps.observations.planning.asks import OWNERS, Ask
from apps.observations.planning.captions import PER_SENSOR_DAY, Context, context_of, require_whole_days
from apps.observations.planning.keys import code_of, labels_of, text_of
from apps.observations.planning.remembering import remembered
from apps.observations.planning.together import together
from apps.observations.storage.cells import group
from apps.sensors.scopes import SensorScope

# Of rankings. Leaders of curves look at the same keys, so that a page with both reads their source sets once.
_USUAL_LIMIT = 10


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
    has_previous: bool


def ranking(selection: Selection, dimension: Dimension, unit: Unit, limit: int, previous: bool, keys: Sequence[str] | None) -> Ranking:
    """See queries.ranking."""
    require_splittable(selection.scope, dimension, "dimension")
    before = selection.against(Against.PREVIOUS) if previous else None
    context, earlier = together(lambda: context_of(selection), lambda: context_of(before) if before else None)
    codes = None if keys is None else tuple(code_of(dimension, key, selection.definitions_day) for key in keys)
    places = places_of(context, dimension, unit, limit, earlier, codes)
    labels = labels_of(dimension, [place.code for place in places.rows], selection.scope)
    return Ranking(
        dimension=dimension,
        rows=tuple(_row(place, dimension, labels[place.code], selection.scope) for place in places.rows),
        total=places.total,
        previous_period=before.period if before else None,
        meta=context.meta(unit),
        has_previous=places.has_previous,
    )


def require_splittable(scope: SensorScope, dimension: Dimension, name: str) -> None:
    if dimension is Dimension.SENSOR and scope.is_aggregate_only:
        raise ParameterError(name, _("sums of the whole network are not split by sensor; choose your own sensors"))


def places_of(
    context: Context, dimension: Dimension, unit: Unit, limit: int, earlier: Context | None, codes: tuple[int, ...] | None = None
) -> Places:
    """The first places, or those of some codes, from the cache where they were computed before of the same data."""
    ask = Ask(context.selection, dimension)
    before = (earlier, Ask(earlier.selection, dimension)) if earlier else None
    for one in (ask, *([before[1]] if before else [])):
        require_whole_days(one, unit)
    stamps = f"{context.days.stamp}{earlier.days.stamp if earlier else ''}"
    parts = ("places", dimension, unit, limit, codes)

    def first(known: units.Candidates) -> ranks.Ranked:
        bounds = known.keys, known.lower, known.upper, known.exact
        return ranks.top(*bounds, limit) if codes is None else ranks.placed(np.array(codes, np.int64), *bounds)

    return remembered(context.selection, stamps, parts, lambda: _places(ask, context, unit, first, before))


def _places(
    ask: Ask, context: Context, unit: Unit, choose: Callable[[units.Candidates], ranks.Ranked], before: tuple[Context, Ask] | None
) -> Places:
    known, earlier, whole = together(
        lambda: units.candidates(ask, unit, context.days),
        lambda: units.candidates(before[1], unit, before[0].days) if before else None,
        lambda: None if _sums_up(ask, unit) else units.total(ask, unit, context.days),
    )
    total = float(known.lower.sum()) if whole is None else whole
    first = choose(known)
    shares = _shares(first.values, total) if _adds_up(ask, unit) else [None] * len(first)
    contributed, previous = together(
        lambda: _contributed(ask.for_keys(tuple(first.keys.tolist()))) if len(first) else {},
        lambda: ranks.true_ranks(first.keys, earlier.keys, earlier.lower, earlier.upper, earlier.exact) if earlier else {},
    )
    return Places(
        tuple(
            Place(rank, code, value, share, *contributed[code], *previous.get(code, (None, None)))
            for rank, code, value, share in zip(first.ranks.tolist(), first.keys.tolist(), first.values.tolist(), shares, strict=True)
        ),
        total,
        earlier is not None and len(earlier.keys) > 0,
    )


def leaders(context: Context, dimension: Dimension, unit: Unit, limit: int) -> dict[int, float]:
    """The value of each of the first `limit` keys, largest first."""
    known = units.candidates(Ask(context.selection, dimension), unit, context.days)
    first = ranks.top(known.keys, known.lower, known.upper, known.exact, max(limit, _USUAL_LIMIT))
    return dict(zip(first.keys[:limit].tolist(), first.values[:limit].tolist(), strict=True))


def _adds_up(ask: Ask, unit: Unit) -> bool:
    """Whether a value can be a share of the total: ratios cannot, nor means that are each over a sensor's or panel's own days."""
    return unit is not Unit.PACKETS_PER_SOURCE and not (ask.is_by(*OWNERS) and unit in PER_SENSOR_DAY)


def _sums_up(ask: Ask, unit: Unit) -> bool:
    """Whether the values of all keys add up to the total."""
    return unit in units.ADDITIVE and _adds_up(ask, unit)


def _shares(values: ranks.Values, total: float) -> list[float | None]:
    return [value / total if total else None for value in values.tolist()]


def _contributed(ask: Ask) -> dict[int, tuple[int, float]]:
    """Of each key, how many sensors saw it and which share of its packets the busiest of them has."""
    frame = planner.contributions(ask)
    groups = group(frame["key"])
    sensors, packets, largest = groups.sum(np.sign(frame["packets"])), groups.sum(frame["packets"]), groups.max(frame["packets"])
    rows = zip(groups.first(frame["key"]).tolist(), sensors.tolist(), packets.tolist(), largest.tolist(), strict=True)
    return {key: (count, top / whole) for key, count, whole, top in rows}


def _row(place: Place, dimension: Dimension, label: str, scope: SensorScope) -> RankRow:
    return RankRow(
        rank=place.rank,
        key=text_of(dimension, place.code),
        label=label,
        value=place.value,
        share=place.share,
        previous_rank=place.previous_rank,
        previous_value=place.previous_value,
        sensors=place.sensors,
        largest_sensor_share=None if scope.is_aggregate_only else place.largest_sensor_share,  # tells of a single sensor
    )
