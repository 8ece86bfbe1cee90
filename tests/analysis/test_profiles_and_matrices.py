"""Hour-of-day profiles, matrices and compared curves, counted again packet by packet."""

from collections import defaultdict
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from apps.analysis.comparison import curves
from apps.analysis.matrices import COLUMNS, ROWS, matrix
from apps.analysis.profiles import hour_profile
from apps.common.errors import ParameterError
from apps.common.periods import Bin, Period
from apps.observations.figures import Against, Dimension, Origin, Selection, Unit
from apps.observations.models import NetworkHours, Slice
from apps.observations.planning import segmentreads
from apps.reference import portgroups
from apps.sensors.queries import scope_for
from tests.observations import random_traffic, sightings
from tests.observations.random_traffic import DAYS, FIRST, TOKYO

WHOLE = Period.of_days(FIRST, FIRST + timedelta(days=DAYS), TOKYO)
ATTRIBUTES = {Dimension.REGION: "region", Dimension.ORIGIN: "origin", Dimension.PANEL: "panel", Dimension.SENSOR: "sensor",
              Dimension.PORT: "port", Dimension.KIND: "kind"}  # fmt: skip
pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def traffic(django_db_setup, django_db_blocker):
    with sightings.kept(django_db_blocker):
        yield random_traffic.observed()
    portgroups.forget()


def select(traffic, period=WHOLE, **filters):
    return Selection(scope_for(traffic.cast.analyst), period, **filters)


def key_of(one, dimension):
    if dimension is Dimension.SIGNATURE:
        return one.signature.label
    return str(getattr(one, ATTRIBUTES[dimension])) if dimension is not Dimension.NONE else ""


def within(traffic, period):
    return [one for one in traffic.counted if period.start <= one.at < period.end]


def hours_of(rows, dimension, zone, unit):
    packets: dict[Any, int] = defaultdict(int)
    sources: dict[Any, set[Any]] = defaultdict(set)
    for one in rows:
        cell = key_of(one, dimension), one.at.astimezone(zone).hour
        packets[cell] += one.packets
        sources[cell].add(one.source)
    return packets if unit is Unit.PACKETS else {cell: len(found) for cell, found in sources.items()}


@pytest.mark.parametrize("unit", [Unit.PACKETS, Unit.SOURCES])
@pytest.mark.parametrize("split", [Dimension.NONE, Dimension.PORT, Dimension.REGION, Dimension.KIND, Dimension.ORIGIN, Dimension.SIGNATURE])
@pytest.mark.parametrize("zone", ["Asia/Tokyo", "America/New_York"])
def test_a_profile_has_what_came_in_each_hour_of_the_clock(traffic, split, unit, zone):
    period = Period.of_days(FIRST + timedelta(days=2), FIRST + timedelta(days=18), ZoneInfo(zone))
    found = hour_profile(select(traffic, period), split, unit, 50)
    expected = hours_of(within(traffic, period), split, period.zone, unit)
    values = {(line.key, hour): value for line in found.lines for hour, value in enumerate(line.values) if value}
    assert values == expected
    for line in found.lines:
        assert sum(line.shares) == pytest.approx(1)
        assert line.total == sum(line.values)


def test_hours_of_busy_ports_come_from_counts_and_of_quiet_days_from_segments(traffic, monkeypatch):
    assert NetworkHours.objects.filter(slice=Slice.PORT).values("bucket").distinct().count() <= 2
    looked_at = []
    read = segmentreads.rows
    monkeypatch.setattr(segmentreads, "rows", lambda ask, pieces, *more: looked_at.append(len(pieces)) or read(ask, pieces, *more))
    busy = Period.of_days(FIRST + timedelta(days=4), FIRST + timedelta(days=5), TOKYO)
    found = hour_profile(select(traffic, busy), Dimension.PORT, Unit.PACKETS, 1)
    assert looked_at in ([], [0], [24])  # one side of the network may be quiet
    expected = hours_of([one for one in within(traffic, busy) if one.port == "tcp/23"], Dimension.PORT, TOKYO, Unit.PACKETS)
    assert {("tcp/23", hour): value for hour, value in enumerate(found.lines[0].values) if value} == expected


def test_an_hour_nobody_ever_watched_is_a_gap(traffic):
    part = Period(WHOLE.start, WHOLE.start + timedelta(hours=5), TOKYO)
    found = hour_profile(select(traffic, part))
    assert found.covered == (1,) * 5 + (0,) * 19
    assert found.lines[0].values[5:] == (None,) * 19
    assert None not in found.lines[0].values[:5]


def test_a_profile_refuses_what_it_cannot_say(traffic):
    with pytest.raises(ParameterError, match="^unit: "):
        hour_profile(select(traffic), unit=Unit.PACKETS_PER_SENSOR_DAY)
    long = Period.of_days(FIRST - timedelta(days=400), FIRST, TOKYO)
    with pytest.raises(ParameterError, match="^from: .*375"):
        hour_profile(select(traffic, long))


@pytest.mark.parametrize("unit", [Unit.PACKETS, Unit.SOURCES])
@pytest.mark.parametrize("columns", COLUMNS)
@pytest.mark.parametrize("rows", ROWS)
def test_every_cell_of_a_matrix_agrees(traffic, rows, columns, unit):
    found = matrix(select(traffic), rows, columns, unit, 50, 50)
    packets: dict[Any, int] = defaultdict(int)
    row_packets: dict[Any, int] = defaultdict(int)
    sources, totals = defaultdict(set), defaultdict(set)
    for one in traffic.counted:
        row = key_of(one, rows)
        packets[row, key_of(one, columns)] += one.packets
        sources[row, key_of(one, columns)].add(one.source)
        row_packets[row] += one.packets
        totals[row].add(one.source)
    expected = packets if unit is Unit.PACKETS else {cell: len(keys) for cell, keys in sources.items()}
    values = {
        (row.key, column.key): value
        for row, line in zip(found.rows, found.values, strict=True)
        for column, value in zip(found.columns, line, strict=True)
    }
    assert {cell: value for cell, value in values.items() if value} == expected
    for row, line, shares in zip(found.rows, found.values, found.shares, strict=True):
        assert row.total == (row_packets[row.key] if unit is Unit.PACKETS else len(totals[row.key]))
        assert shares == pytest.approx(tuple(value / row.total for value in line))
        if unit is Unit.PACKETS:
            assert sum(shares) == pytest.approx(1)


@pytest.mark.parametrize("unit", [Unit.PACKETS_PER_SENSOR_DAY, Unit.SOURCES_PER_SENSOR_DAY, Unit.PACKETS_PER_SOURCE])
def test_a_matrix_exists_in_every_unit(traffic, unit):
    for rows in ROWS:
        found = matrix(select(traffic), rows, Dimension.KIND, unit, 3, 2)
        assert (len(found.values), {len(line) for line in found.values}) == (len(found.rows), {2})
        assert all(value is None or value >= 0 for line in found.values for value in line)
    assert matrix(select(traffic, origin=Origin.FOREIGN), top_rows=50).meta.filters == {"origin": "foreign"}


def test_partners_who_read_sums_get_no_matrix_of_sensors(traffic):
    partner = sightings.who_reads_network_counts(traffic.cast.partner_a)
    with pytest.raises(ParameterError, match="^rows: "):
        matrix(Selection(scope_for(partner), WHOLE), Dimension.SENSOR)
    assert matrix(Selection(scope_for(partner), WHOLE)).rows


def test_an_empty_matrix_is_no_error(traffic):
    period = Period.of_days(FIRST - timedelta(days=30), FIRST - timedelta(days=20), TOKYO)
    found = matrix(select(traffic, period))
    assert (found.rows, found.columns, found.values) == ((), (), ())


@pytest.mark.parametrize("against", Against)
@pytest.mark.parametrize("split", [Dimension.NONE, Dimension.KIND, Dimension.REGION])
def test_the_same_keys_are_compared_in_the_other_period(traffic, split, against):
    period = Period.of_days(FIRST + timedelta(days=14), FIRST + timedelta(days=DAYS), TOKYO)
    found = curves(select(traffic, period), split, Bin.DAY, Unit.SOURCES, 3, mean=3, against=against)
    assert [one.key for one in found.compared.series] == [one.key for one in found.series]
    before = Period.of_days(FIRST + timedelta(days=7), FIRST + timedelta(days=14), TOKYO)
    assert found.compared.meta.period == (before if against is Against.PREVIOUS else period.year_before())
    if against is Against.PREVIOUS:
        for line in found.compared.series:
            rows = [one for one in within(traffic, before) if key_of(one, split) == line.key]
            assert line.total == len({one.source for one in rows})
    for one in found.series:
        means = one.mean
        assert means[:2] == (None, None)
        assert means[2:] == pytest.approx(tuple(sum(one.values[at - 2 : at + 1]) / 3 for at in range(2, 7)))
