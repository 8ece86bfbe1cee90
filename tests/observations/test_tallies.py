"""Tallies answer what they know and nothing else. That they agree with segments is tested in test_planner.py."""

from datetime import date, timedelta

import pytest

from apps.common.periods import Bin, Period, bins
from apps.common.ports import PortKey
from apps.observations import queries
from apps.observations.figures import Dimension, Origin, Scanners, Selection, Unit
from apps.observations.models import Signature
from apps.observations.planning import countreads, planner, smallreads, tallyreads
from apps.observations.planning.asks import Ask
from apps.observations.planning.spans import edges
from apps.reference import portgroups
from apps.reference.models import PortGroup
from apps.sensors.models import Sensor
from apps.sensors.queries import scope_for
from tests.observations import sightings
from tests.observations.random_traffic import TOKYO

pytestmark = pytest.mark.django_db
FIRST = date(2026, 1, 1)
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
    domestic = Selection(scope_for(cast.analyst, "domestic"), JANUARY)
    assert not tallyreads.applies(Ask(domestic, Dimension.PORT))


def test_the_scenario_is_another_network(cast):
    Sensor.objects.filter(pk=cast.sensor_b.pk).update(is_scenario=True)
    for sensor in (cast.sensor, cast.sensor_b, cast.sensor_b):
        sightings.see(sensor, at(3), "198.51.100.7")
    sightings.roll_up()
    own, scenario = (Selection(scope_for(cast.analyst, name), JANUARY) for name in ("all", "scenario"))
    assert [int(planner.packets(Ask(selection))["packets"].sum()) for selection in (own, scenario)] == [1, 2]
    assert tallyreads.applies(Ask(scenario))
