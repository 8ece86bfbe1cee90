"""Tallies answer what they know and nothing else. That they agree with segments is tested in test_planner.py."""

import random
from collections import defaultdict
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import connection

from apps.common.periods import Bin, Period, bins
from apps.common.ports import PortKey
from apps.common.regions import decode, encode
from apps.observations import queries
from apps.observations.counting import months
from apps.observations.counting.bins import delete_month
from apps.observations.counting.bodyverification import stored_tallies
from apps.observations.counting.exclusions import exclude
from apps.observations.counting.rollup import roll_day
from apps.observations.counting.verification import problems
from apps.observations.figures import Dimension, Origin, Scanners, Selection, Unit
from apps.observations.models import Grain, Signature, Tally
from apps.observations.planning import countreads, planner, sensordaycounts, smallreads, tallyreads, units
from apps.observations.planning.asks import Ask
from apps.observations.planning.reading import reading
from apps.observations.planning.spans import cut, edges
from apps.observations.planning.watch import sensor_days
from apps.observations.storage import numberbodies
from apps.reference import portgroups
from apps.reference.models import PortGroup
from apps.sensors.models import Network, Sensor
from apps.sensors.queries import scope_for
from tests.observations import random_traffic, sightings
from tests.observations.random_traffic import TOKYO

pytestmark = pytest.mark.django_db
FIRST = date(2026, 1, 1)
TallyAxis = Tally.Axis
JANUARY = Period.of_days(FIRST, FIRST + timedelta(days=31), TOKYO)


def at(day: int, hour: int = 12):
    return JANUARY.start + timedelta(days=day - 1, hours=hour)


def asked(cast, dimension: Dimension, size: Bin | None = None, period: Period = JANUARY, **filters) -> Ask:
    spans = tuple(edges(period, bins(period, size))) if size else ()
    return Ask(Selection(scope_for(cast.analyst), period, **filters), dimension, spans)


def sources(ask: Ask) -> list[tuple[int, int, int]]:
    frame = planner.sources(ask)
    return sorted(zip(*(frame[name].tolist() for name in ("key", "bin", "sources")), strict=True))


@pytest.fixture
def no_rows(monkeypatch):
    """Reading rows or small cells is an error."""

    def read(*arguments, **more):
        raise AssertionError("rows were read")

    monkeypatch.setattr(countreads, "_fetch", read)
    monkeypatch.setattr(smallreads, "_stored", read)


@pytest.mark.parametrize("dimension", [d for d in Dimension if d is not Dimension.SENSOR])
@pytest.mark.parametrize("size", [Bin.DAY, Bin.MONTH])
def test_numbers_of_a_network_need_no_row(cast, no_rows, dimension, size):
    for sensor, source in ((cast.sensor, "198.51.100.1"), (cast.sensor_b, "198.51.100.1"), (cast.sensor_b, "198.51.100.2")):
        sightings.see(sensor, at(3), source)
    sightings.roll_up()
    ask = asked(cast, dimension, size)
    assert planner.packets(ask)["packets"].sum() == 3
    assert sources(ask)
    assert planner.bounds(asked(cast, dimension)).packets.sum() == 3


OF_HALVES = [("domestic", 4, {2: 1, 8: 2}, 2), ("overseas", 3, {2: 2, 8: 1}, 2), ("all", 7, {2: 2, 8: 3}, 3)]


@pytest.mark.parametrize(("half", "packets", "by_day", "distinct"), OF_HALVES)
@pytest.mark.parametrize("size", [Bin.DAY, Bin.MONTH, None])
def test_numbers_of_a_half_need_no_row_and_share_sources_with_the_other(cast, no_rows, half, packets, by_day, distinct, size):
    seen = [(cast.sensor, 3, "198.51.100.1"), (cast.sensor, 9, "198.51.100.1"), (cast.sensor, 9, "198.51.100.2")]
    seen += [(cast.sensor_b, 3, "198.51.100.1"), (cast.sensor_b, 3, "198.51.100.3"), (cast.sensor_b, 9, "198.51.100.3")]
    for sensor, day, source in [*seen, (cast.sensor, 3, "198.51.100.1")]:
        sightings.see(sensor, at(day), source)
    sightings.roll_up()
    chosen = Selection(scope_for(cast.analyst, half), JANUARY)
    for dimension in (Dimension.NONE, Dimension.PORT):
        ask = Ask(chosen, dimension, tuple(edges(JANUARY, bins(JANUARY, size))) if size else ())
        assert tallyreads.applies(ask)
        assert planner.packets(ask)["packets"].sum() == packets
        of_bins = {number: count for _key, number, count in sources(ask)}
        assert of_bins == (by_day if size is Bin.DAY else {0: distinct})


@pytest.mark.parametrize("unit", Unit)
def test_no_body_is_decoded_twice_for_one_curve(cast, monkeypatch, unit):
    for day in (3, 5, 9):
        for port in ("tcp/23", "tcp/445"):
            sightings.see(cast.sensor, at(day), f"198.51.100.{day}", port, packets=day)  # so that no two bodies are alike
    sightings.roll_up()
    decode, decoded = numberbodies.decode, []
    monkeypatch.setattr(
        numberbodies, "decode", lambda body, *more, **options: decoded.append(bytes(body)) or decode(body, *more, **options)
    )
    with reading():
        found = units.by_bin(asked(cast, Dimension.PORT, Bin.DAY), unit, sensor_days((cast.sensor.pk,), JANUARY))
    assert len(found) == 2
    assert decoded and len(decoded) == len(set(decoded))


def test_a_source_that_moved_to_another_region_within_a_month_is_one_foreign_source(cast):
    sightings.delegate("198.51.100.0", "198.51.100.255", "CN")
    sightings.see(cast.sensor, at(3), "198.51.100.7")
    sightings.roll_up()
    assert sources(asked(cast, Dimension.ORIGIN, Bin.MONTH)) == [(2, 0, 1)]
    sightings.delegate("198.51.100.0", "198.51.100.255", "NL", since=date(2026, 1, 10))
    sightings.see(cast.sensor, at(20), "198.51.100.7")
    sightings.roll_up()
    ask = asked(cast, Dimension.ORIGIN, Bin.MONTH)
    regions = tallyreads.numbers(asked(cast, Dimension.REGION, Bin.MONTH), planner.plan(ask, sources=True).counted)
    assert regions["sources"].sum() == 2, "the month counts it under both regions, or this tests nothing"
    assert sources(ask) == [(2, 0, 1)]
    assert [(key, number) for key, number, _sources in sources(asked(cast, Dimension.ORIGIN, Bin.DAY))] == [(2, 2), (2, 19)]


def test_ports_of_a_group_share_their_sources(cast):
    PortGroup.objects.create(slug="telnet", name_en="Telnet", name_ja="Telnet", pattern="tcp/23,tcp/2323")
    portgroups.forget()
    for port in ("tcp/23", "tcp/2323", "tcp/445"):
        sightings.see(cast.sensor, at(3), "198.51.100.7", port)
    sightings.roll_up()
    found = queries.series(asked(cast, Dimension.KIND).selection, Dimension.KIND, Bin.DAY, Unit.SOURCES)
    assert {line.key: line.total for line in found.series} == {"group:telnet": 1, "tcp/445": 1}
    assert {line.key: line.values[2] for line in found.series} == {"group:telnet": 1, "tcp/445": 1}


def test_a_source_under_two_signatures_and_at_two_sides_is_one(cast):
    for sensor, signature in ((cast.sensor, Signature.MIRAI), (cast.sensor_b, Signature.MASSCAN), (cast.sensor, Signature.BACKSCATTER)):
        sightings.see(sensor, at(3), "198.51.100.7", signature=signature)
    sightings.see(cast.sensor, at(3), "198.51.100.8", signature=Signature.BACKSCATTER)
    sightings.roll_up()
    assert sources(asked(cast, Dimension.NONE, Bin.MONTH)) == [(0, 0, 1)]
    by_signature = [(int(Signature.MIRAI), 0, 1), (int(Signature.MASSCAN), 0, 1)]
    assert sources(asked(cast, Dimension.SIGNATURE, Bin.MONTH)) == by_signature
    uncounted = asked(cast, Dimension.NONE, Bin.MONTH, signatures=(Signature.BACKSCATTER,))
    assert tallyreads.applies(uncounted)
    assert sources(uncounted) == [(0, 0, 2)]
    both = asked(cast, Dimension.NONE, Bin.MONTH, signatures=(Signature.MIRAI, Signature.MASSCAN))
    assert sources(both) == [(0, 0, 1)]


REGION_PORTS: list[tuple[Dimension, dict[str, Any]]] = [
    (Dimension.PORT, {"regions": ("JP",)}),
    (Dimension.NONE, {"regions": ("JP",), "ports": (PortKey.parse("tcp/23"),)}),
    (Dimension.REGION, {"regions": ("JP", "NL"), "ports": (PortKey.parse("tcp/23"),)}),
]


@pytest.mark.parametrize(("dimension", "filters"), REGION_PORTS)
def test_ports_of_regions_need_no_row_of_closed_months(cast, no_rows, dimension, filters):
    sightings.delegate("198.51.100.0", "198.51.100.127", "JP")
    sightings.delegate("198.51.100.128", "198.51.100.255", "NL")
    for sensor, source in ((cast.sensor, "198.51.100.1"), (cast.sensor_b, "198.51.100.1"), (cast.sensor_b, "198.51.100.2")):
        sightings.see(sensor, at(3), source)
    sightings.roll_up()
    ask = asked(cast, dimension, Bin.MONTH, **filters)
    key = {Dimension.PORT: 6 << 16 | 23, Dimension.NONE: 0, Dimension.REGION: encode("JP")}[dimension]
    assert planner.packets(ask)["packets"].tolist() == [3]
    assert sources(ask) == [(key, 0, 2)]
    whole = asked(cast, dimension, **filters)
    assert planner.bounds(whole).packets.tolist() == [3]
    assert sensordaycounts.of_panels(whole, cut(whole.spans, TOKYO, ()))["value"].tolist() == [3]


@pytest.mark.parametrize(("dimension", "filters"), REGION_PORTS)
def test_ports_of_regions_have_no_tallies_of_days(cast, dimension, filters):
    ask = asked(cast, dimension, **filters)
    months, days = cut(ask.spans, TOKYO, {FIRST}), cut(ask.spans, TOKYO, ())
    assert tallyreads.divided(ask, [*months, *days]) == (months, days)
    uncounted = asked(cast, dimension, **filters, signatures=(Signature.MIRAI,))
    assert tallyreads.divided(uncounted, months) == ([], months)


def test_regions_that_share_a_source_of_a_port_are_told_from_sets(cast):
    sightings.delegate("198.51.100.0", "198.51.100.255", "CN")
    sightings.see(cast.sensor, at(3), "198.51.100.7")
    sightings.roll_up()
    sightings.delegate("198.51.100.0", "198.51.100.255", "NL", since=date(2026, 1, 10))
    sightings.see(cast.sensor, at(20), "198.51.100.7")
    sightings.roll_up()
    port = 6 << 16 | 23
    for regions in (("CN",), ("NL",), ("CN", "NL")):
        assert sources(asked(cast, Dimension.PORT, Bin.MONTH, regions=regions)) == [(port, 0, 1)]
    both = asked(cast, Dimension.PORT, regions=("CN", "NL"))
    assert planner.bounds(both).upper.tolist() == [2], "the month counts it under both regions, or this tests nothing"


def stored_region_ports(network: Network = Network.OWN) -> dict[tuple[str, int], tuple[int, ...]]:
    """(region, port code) → packets, sources, sensor_sources of January."""
    return {
        (decode(key >> 24), key & 0xFFFFFF): tuple(numbers[:3])
        for (of, axis, key), numbers in stored_tallies(Grain.MONTH, JANUARY.start).items()
        if (of, axis) == (network, TallyAxis.REGION_PORT)
    }


def test_a_month_counts_the_ports_of_regions_packet_by_packet():
    traffic = random_traffic.observed()
    expected: dict[tuple[str, int], list[Any]] = defaultdict(lambda: [0, set(), set()])
    for one in traffic.counted:
        if one.day < date(2026, 2, 1):
            cell = expected[one.region, random_traffic.code(one.port)]
            cell[0] += one.packets
            cell[1].add(one.source)
            cell[2].add((one.sensor, one.day, one.source))
    portgroups.forget()
    assert len(expected) > 20 and any(len(cell[1]) < len(cell[2]) for cell in expected.values())
    assert stored_region_ports() == {key: (packets, len(some), len(days)) for key, (packets, some, days) in expected.items()}
    assert not Tally.objects.filter(axis=TallyAxis.REGION_PORT).exclude(grain=Grain.MONTH).exists()
    assert list(problems(FIRST, FIRST)) == []
    Tally.objects.filter(axis=TallyAxis.REGION_PORT).delete()
    (problem,) = problems(FIRST, FIRST)
    assert "2026-01: tallies disagree" in problem


def test_months_made_in_parts_have_the_same_ports_of_regions(cast, monkeypatch):
    chance = random.Random(3)
    for _ in range(60):
        port = f"{chance.choice(['tcp', 'udp'])}/{chance.choice([1, 22, 23, 16384, 65535])}"
        sightings.see(chance.choice([cast.sensor, cast.sensor_b]), at(chance.randint(1, 20)), f"198.51.100.{chance.randint(1, 9)}", port)
    sightings.roll_up()
    whole = sorted(Tally.objects.filter(axis=TallyAxis.REGION_PORT).values_list("network", "block", "body"))
    assert len(whole) > 2
    with connection.cursor() as cursor:
        delete_month(cursor, FIRST)
    assert not Tally.objects.filter(axis=TallyAxis.REGION_PORT).exists()
    monkeypatch.setattr(months, "PART_ROWS", 7)
    assert months.close_month(FIRST)
    assert sorted(Tally.objects.filter(axis=TallyAxis.REGION_PORT).values_list("network", "block", "body")) == whole


def test_a_day_rolled_again_takes_the_ports_of_regions_of_its_month_along(cast):
    sightings.see(cast.sensor, at(3), "198.51.100.7")
    sightings.roll_up()
    assert stored_region_ports() == {("ZZ", 6 << 16 | 23): (1, 1, 1)}
    sightings.see(cast.sensor, at(3), "198.51.100.8", packets=4)
    roll_day(FIRST + timedelta(days=2))
    assert stored_region_ports() == {}
    ask = asked(cast, Dimension.PORT, regions=("ZZ",))
    assert planner.packets(ask)["packets"].tolist() == [5]
    sightings.roll_up()
    assert stored_region_ports() == {("ZZ", 6 << 16 | 23): (5, 2, 2)}
    assert planner.packets(ask)["packets"].tolist() == [5]


def test_what_is_excluded_or_another_networks_is_in_no_port_of_a_region(cast):
    Sensor.objects.filter(pk=cast.sensor_b.pk).update(is_scenario=True)
    for sensor, port in ((cast.sensor, "tcp/22"), (cast.sensor, "tcp/23"), (cast.sensor_b, "tcp/23"), (cast.sensor_b, "tcp/445")):
        sightings.see(sensor, at(3), "198.51.100.7", port)
    sightings.see(cast.sensor, at(3), "198.51.100.7", "tcp/80", signature=Signature.BACKSCATTER)
    exclude(by=cast.coordinator, sensor=cast.sensor, port=PortKey.parse("tcp/22"), reason="ours", first_day=FIRST, last_day=None)
    sightings.roll_up()
    telnet, smb = 6 << 16 | 23, 6 << 16 | 445
    assert stored_region_ports() == {("ZZ", telnet): (1, 1, 1)}
    assert stored_region_ports(Network.SCENARIO) == {("ZZ", telnet): (1, 1, 1), ("ZZ", smb): (1, 1, 1)}
    scenario = Selection(scope_for(cast.analyst, "scenario"), JANUARY, regions=("ZZ",))
    assert planner.packets(Ask(scenario, Dimension.PORT))["key"].tolist() == [telnet, smb]
    assert planner.packets(asked(cast, Dimension.PORT, regions=("ZZ",)))["key"].tolist() == [telnet]


@pytest.mark.parametrize(
    ("dimension", "filters"),
    [
        (Dimension.SENSOR, {}),
        (Dimension.PORT, {"regions": ("JP",)}),
        (Dimension.REGION, {"ports": (PortKey.parse("tcp/23"),)}),
        (Dimension.PORT, {"signatures": (Signature.MIRAI,)}),
        (Dimension.PANEL, {"origin": Origin.FOREIGN}),
        (Dimension.NONE, {"scanners": Scanners.EXCLUDE}),
    ],
)
def test_what_tallies_do_not_keep_apart_they_do_not_answer(cast, dimension, filters):
    assert not tallyreads.applies(asked(cast, dimension, **filters))


def test_chosen_sensors_have_no_tallies(cast):
    chosen = Selection(scope_for(cast.analyst, f"{cast.sensor.pk}"), JANUARY)
    assert not tallyreads.applies(Ask(chosen, Dimension.PORT))


def test_the_scenario_is_another_network(cast):
    Sensor.objects.filter(pk=cast.sensor_b.pk).update(is_scenario=True)
    for sensor in (cast.sensor, cast.sensor_b, cast.sensor_b):
        sightings.see(sensor, at(3), "198.51.100.7")
    sightings.roll_up()
    own, scenario = (Selection(scope_for(cast.analyst, name), JANUARY) for name in ("all", "scenario"))
    assert [int(planner.packets(Ask(selection))["packets"].sum()) for selection in (own, scenario)] == [1, 2]
    assert tallyreads.applies(Ask(scenario))
