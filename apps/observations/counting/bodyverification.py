"""What `verification` compares of tallies and of hours: what they ought to hold by plain sums, and what the tables say."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from datetime import date, datetime
from typing import Any

from apps.observations.counting.counts import HOURLY_MIN_PACKETS
from apps.observations.counting.hourbodies import COLUMNS
from apps.observations.models import COUNTED, Grain, NetworkHours, SensorHours, Slice, Tally
from apps.observations.storage import numberbodies, sourcesets
from apps.observations.storage.columns import Frame
from apps.observations.storage.hours import day_bounds, hour_starts
from apps.sensors.models import Panel

Cell = tuple[Any, ...]


def expected_tallies(sums: Mapping[Cell, Any], axes: Collection[Tally.Axis]) -> dict[Cell, Cell]:
    """(network, axis, key) → packets, sources, of days the distinct sources of each sensor, and of everything the sources themselves.
    `sums` are all cells of one bin, as `verification` has them."""
    packets: dict[Cell, int] = defaultdict(int)
    members: dict[Cell, set[tuple[int, int]]] = defaultdict(set)
    for ((owner, panel), slice_, _bucket, protocol, port, region, signature), total in sums.items():
        if owner == "panel":
            for axis, key in _axes(slice_, Panel(panel), region, protocol << 16 | port, signature):
                if axis not in axes:
                    continue
                for network in Panel(panel).networks:
                    cell = (int(network), axis, key)
                    packets[cell] += total.packets
                    members[cell] |= total.members.keys()
    sources = {cell: {source for _sensor, source in pairs} for cell, pairs in members.items()}
    return {
        cell: (packets[cell], len(sources[cell]), len(pairs), sorted(sources[cell]) if cell[1] == Tally.Axis.TOTAL else [])
        for cell, pairs in members.items()
    }


def _axes(slice_: int, panel: Panel, region: int, port: int, signature: int) -> Iterator[tuple[int, int]]:
    """To which axes, with which key, a cell of a slice belongs."""
    if slice_ == Slice.TOTAL:
        yield int(Tally.Axis.SIGNATURE), signature
    if signature in COUNTED:
        if slice_ == Slice.TOTAL:
            yield int(Tally.Axis.PANEL), 1 + panel.is_overseas
        if slice_ in (Slice.TOTAL, Slice.PORT, Slice.REGION):
            yield int(Tally.Axis[Slice(slice_).name]), region or port
        if slice_ == Slice.PORT_REGION:
            yield int(Tally.Axis.REGION_PORT), region << Tally.REGION_SHIFT | port


def stored_tallies(grain: Grain, start: datetime) -> dict[Cell, Cell]:
    return {
        (body.network, body.axis, key): (*numbers, sourcesets.keys_of(body.source_set).tolist() if body.axis == Tally.Axis.TOTAL else [])
        for body in Tally.objects.filter(grain=grain, bucket=start)
        for key, *numbers in _rows(numberbodies.decode(bytes(body.body), Tally.COLUMNS), Tally.COLUMNS)
    }


def of_days(start: datetime, end: datetime) -> dict[Cell, int]:
    """(network, axis, key) → the sum of the days' sources of sensors."""
    found: dict[Cell, int] = defaultdict(int)
    for bucket in Tally.objects.filter(grain=Grain.DAY, bucket__gte=start, bucket__lt=end).values_list("bucket", flat=True).distinct():
        for cell, (*_numbers, sensor_sources, _sources) in stored_tallies(Grain.DAY, bucket).items():
            found[cell] += sensor_sources
    return found


def expected_hours(hours: Mapping[Cell, Any], whole: Mapping[Cell, Any]) -> dict[Cell, int]:
    """Packets by the cells of the hours of a day of which `whole` are the cells."""
    of_day: dict[Cell, int] = defaultdict(int)
    for (owner, slice_, _bucket, protocol, port, *_rest), total in whole.items():
        if slice_ == Slice.PORT:
            of_day[owner, protocol, port] += total.packets
    kept = {}
    for cell, total in hours.items():
        (owner, number), slice_, _bucket, protocol, port = cell[:5]
        is_busy = slice_ == Slice.PORT and of_day[(owner, number), protocol, port] >= HOURLY_MIN_PACKETS
        if slice_ == Slice.TOTAL or (owner == "panel" and (slice_ == Slice.REGION or is_busy)):
            kept[cell] = total.packets
    return kept


def stored_hours(day: date) -> dict[Cell, int]:
    start, starts = day_bounds(day)[0], hour_starts(day)
    bodies = [(("panel", one.panel), one.slice, one.body) for one in NetworkHours.objects.filter(bucket=start)]
    bodies += [(("sensor", one.sensor_id), int(Slice.TOTAL), one.body) for one in SensorHours.objects.filter(bucket=start)]
    found = {}
    for owner, slice_, body in bodies:
        for key, signature, hour, packets in _rows(numberbodies.decode(bytes(body), COLUMNS), COLUMNS):
            port, region = (key, 0) if slice_ == Slice.PORT else (0, key)
            found[owner, slice_, starts[hour], port >> 16, port & 0xFFFF, region, signature] = packets
    return found


def _rows(frame: Frame, names: tuple[str, ...]) -> list[list[int]]:
    return [list(row) for row in zip(*(frame[name].tolist() for name in names), strict=True)]
