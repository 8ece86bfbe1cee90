"""What `verification` compares of recencies: the sources of the tallies, and who of everybody was seen in the month before, by sets."""

from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta
from typing import Any

from apps.observations.models import Grain, Recency, Tally
from apps.observations.storage import numberbodies, recencies, sourcesets
from apps.observations.storage.hours import day_bounds

Cell = tuple[Any, ...]
_TOTAL = int(Tally.Axis.TOTAL)


def stored_recencies(grain: Grain, start: datetime) -> dict[Cell, int]:
    """(network, axis, key, age) → sources, of all sources and of ages up to a month."""
    rows = Recency.objects.filter(grain=grain, bucket=start, part=0).values_list("network", "axis", "body")
    return {cell: count for network, axis, body in rows for cell, count in _cells(network, axis, bytes(body))}


def _cells(network: int, axis: int, body: bytes) -> Iterator[tuple[Cell, int]]:
    ages = recencies.decode([body])
    for key, age, count in zip(ages.key.tolist(), ages.age.tolist(), ages.sources.tolist(), strict=True):
        if age == recencies.ALL or (axis == _TOTAL and age != recencies.REACH):
            yield (network, axis, key, age), count


def expected_recencies(grain: Grain, day: date, found: Mapping[Cell, int]) -> dict[Cell, int]:
    """Likewise of the day, or of the month that begins on it; of ports those that are `found`, for a month tracks only some."""
    start = day_bounds(day)[0]
    tallies = _tallies(grain, start)
    cells = {cell: count for cell, count in tallies.items() if cell[1] != Tally.Axis.PORT or cell in found}
    for network, sources in _sets(grain, start).items():
        unseen = sources
        for age in range(1, recencies.NEAR + 1):
            again = unseen & _sets(Grain.DAY, day_bounds(day - timedelta(days=age))[0]).get(network, set())
            unseen = unseen - again
            cells |= {(network, _TOTAL, 0, age): len(again)} if again else {}
    return cells


def _tallies(grain: Grain, start: datetime) -> dict[Cell, int]:
    found = {}
    for tally in Tally.objects.filter(grain=grain, bucket=start).exclude(axis=Tally.Axis.REGION_PORT):
        told = numberbodies.decode(bytes(tally.body), Tally.COLUMNS)
        for key, sources in zip(told["key"].tolist(), told["sources"].tolist(), strict=True):
            found[tally.network, tally.axis, key, recencies.ALL] = sources
    return found


def _sets(grain: Grain, start: datetime) -> dict[int, set[int]]:
    """Everybody a network saw."""
    rows = Tally.objects.filter(grain=grain, bucket=start, axis=_TOTAL).values_list("network", "source_set")
    return {network: set(sourcesets.keys_of(body).tolist()) for network, body in rows}
