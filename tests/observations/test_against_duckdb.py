"""The whole way from the shipped log to figures, compared with what DuckDB says of the same file."""

from datetime import date

import pyarrow as pa
import pytest

from apps.analysis.matrices import matrix
from apps.analysis.profiles import hour_profile
from apps.common.periods import Bin, Period, bins
from apps.common.ports import PortKey
from apps.common.regions import decode
from apps.observations import queries
from apps.observations.figures import Dimension, Origin, Selection, Unit
from apps.observations.models import NetworkCount, Signature
from apps.observations.planning import planner, tallyreads, watch
from apps.observations.planning.asks import Ask
from apps.observations.planning.keys import text_of
from apps.observations.planning.spans import edges
from apps.reference.models import Delegation
from apps.sensors.models import Sensor
from apps.sensors.queries import scope_for
from bench import duck, honeypot
from tests.cast import make_cast
from tests.observations import sightings
from tests.observations.test_queries import TOKYO

WHOLE = Period.of_days(date(2013, 3, 1), date(2013, 9, 1), TOKYO)
pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def loaded(django_db_setup, django_db_blocker):
    """(own analyst, DuckDB's connection) over all nine sensors and five months; the months closed."""
    with sightings.kept(django_db_blocker):
        analyst = make_cast().analyst
        honeypot.load()
        ipv4 = Delegation.objects.filter(start_key__lt=1 << 32).values_list("start_key", "end_key", "region")
        yield analyst, duck.load(honeypot.SAMPLE, [(first, last, decode(region)) for first, last, region in ipv4])


def selection(user, **filters) -> Selection:
    return Selection(scope_for(user, "all"), WHOLE, **filters)


def every_cell(ask: Ask) -> dict[str, tuple[int, int]]:
    """Packets and sources of every key that occurs, by its text."""
    packets, sources = planner.packets(ask), planner.sources(ask)
    found = dict(zip(sources["key"].tolist(), sources["sources"].tolist(), strict=True))
    return {
        text_of(ask.group, key): (count, found[key])
        for key, count in zip(packets["key"].tolist(), packets["packets"].tolist(), strict=True)
    }


def test_the_sample_has_closed_months(loaded):
    assert NetworkCount.objects.filter(grain=3).values("bucket").distinct().count() == 6


@pytest.mark.parametrize(("dimension", "column"), [(Dimension.PORT, "port"), (Dimension.REGION, "region")])
def test_every_port_and_every_region_agrees(loaded, dimension, column):
    user, connection = loaded
    expected = duck.figures(connection, column)
    assert len(expected) > 100
    assert every_cell(Ask(selection(user), dimension)) == expected


def test_every_port_of_a_region_agrees_in_every_month(loaded):
    user, connection = loaded
    expected = duck.figures(connection, "port || ' ' || month(day)", "is_counted AND region = 'US'")
    assert len(expected) > 100
    ask = Ask(selection(user, regions=("US",)), Dimension.PORT, tuple(edges(WHOLE, bins(WHOLE, Bin.MONTH))))
    assert tallyreads.divided(ask, planner.plan(ask, sources=True).counted)[1] == []
    packets, sources = planner.packets(ask), planner.sources(ask)
    for position, (frame, name) in enumerate(((packets, "packets"), (sources, "sources"))):
        cells = zip(frame["key"].tolist(), frame["bin"].tolist(), frame[name].tolist(), strict=True)
        found = {f"{text_of(Dimension.PORT, key)} {3 + number}": value for key, number, value in cells}
        assert found == {cell: figures[position] for cell, figures in expected.items()}
    assert every_cell(Ask(selection(user, regions=("US",)), Dimension.PORT)) == duck.figures(
        connection, "port", "is_counted AND region = 'US'"
    )


def test_every_sensor_agrees(loaded):
    user, connection = loaded
    ranked = {unit: queries.ranking(selection(user), Dimension.SENSOR, unit, 1000).rows for unit in (Unit.PACKETS, Unit.SOURCES)}
    packets, sources = ({row.label: row.value for row in rows} for rows in ranked.values())
    assert {name: (packets[name], sources[name]) for name in packets} == duck.figures(connection, "sensor")


def test_every_day_of_the_reporting_zone_agrees(loaded):
    user, connection = loaded
    expected = duck.figures(connection, "day")
    for position, unit in enumerate((Unit.PACKETS, Unit.SOURCES)):
        result = queries.series(selection(user), Dimension.NONE, Bin.DAY, unit)
        found = {
            start.astimezone(TOKYO).date(): value for start, value in zip(result.starts, result.series[0].values, strict=True) if value
        }
        assert found == {day: figures[position] for day, figures in expected.items()}


def test_busy_ports_agree_on_every_day(loaded):
    user, connection = loaded
    expected = duck.figures(connection, "port || ' ' || day")
    for position, unit in enumerate((Unit.PACKETS, Unit.SOURCES)):
        result = queries.series(selection(user), Dimension.PORT, Bin.DAY, unit, 20)
        for line in result.series:
            for start, value in zip(result.starts, line.values, strict=True):
                key = f"{line.key} {start.astimezone(TOKYO).date()}"
                assert (value or 0) == expected.get(key, (0, 0))[position], key


def test_japan_to_445_over_the_five_months(loaded):
    user, connection = loaded
    chosen = selection(user, ports=(PortKey.parse("tcp/445"),), regions=("JP",))
    assert duck.figures(connection, "1", "is_counted AND region = 'JP' AND port = 'tcp/445'") == {1: (744, 329)}
    assert every_cell(Ask(chosen)) == {"": (744, 329)}
    assert queries.sources(chosen).total_sources == 329
    assert sum(row.packets for row in queries.sources(chosen, limit=1000).rows) == 744


@pytest.mark.parametrize(
    ("unit", "counted"), [(Unit.PACKETS_PER_SENSOR_DAY, "*"), (Unit.SOURCES_PER_SENSOR_DAY, "DISTINCT (sensor, day, src)")]
)
@pytest.mark.parametrize(("dimension", "column"), [(Dimension.PORT, "port"), (Dimension.REGION, "region")])
def test_units_per_sensor_and_day_agree_over_covered_sensor_days(loaded, unit, counted, dimension, column):
    user, connection = loaded
    chosen = selection(user)
    days = watch.sensor_days(chosen.scope.sensor_ids, WHOLE)
    names = dict(Sensor.objects.values_list("pk", "name"))
    covered = pa.table({"sensor": [names[pk] for pk in days.sensor[days.is_covered].tolist()], "day": days.day[days.is_covered]})
    connection.register("covered", covered)
    expected = dict(
        connection.execute(
            f"SELECT {column}, count({counted}) FROM packet JOIN region_of USING (src) JOIN covered USING (sensor, day)"
            " WHERE is_counted GROUP BY 1"
        ).fetchall()
    )
    ranking = queries.ranking(chosen, dimension, unit, 1000)
    assert ranking.meta.denominator == covered.num_rows
    assert 500 < covered.num_rows < 9 * 151
    found = {row.key: row.value * covered.num_rows for row in ranking.rows}
    assert found == pytest.approx({key: expected[key] for key in found})


def test_private_sources_are_found_when_they_are_asked_for(loaded):
    user, connection = loaded
    bogons = every_cell(Ask(selection(user, signatures=(Signature.BOGON,))))
    assert bogons == {"": duck.figures(connection, "1", "is_bogon")[1]}


def test_icmp_errors_are_backscatter(loaded):
    user, connection = loaded
    expected = duck.figures(connection, "port", "is_backscatter")
    assert expected.keys() == {"icmp/3", "icmp/5", "icmp/11"}
    assert duck.figures(connection, "1", "is_backscatter") == {1: (4129, 1622)}  # docs/decisions/033
    assert duck.figures(connection, "1", "NOT is_bogon")[1][0] == 337_869
    assert duck.figures(connection, "1")[1][0] == 333_740
    assert every_cell(Ask(selection(user, signatures=(Signature.BACKSCATTER,)), Dimension.PORT)) == expected
    assert every_cell(Ask(selection(user, ports=(PortKey.parse("icmp/3"), PortKey.parse("icmp/11"))))) == {}


MESSENGER = ", ".join(f"'udp/{port}'" for port in range(1020, 1040))
KIND = f"CASE WHEN port IN ({MESSENGER}) THEN 'group:messenger-udp' ELSE port END"
HOUR = "hour(seen_at + INTERVAL 9 HOUR)"
ORIGIN = "CASE region WHEN 'JP' THEN 'domestic' WHEN 'ZZ' THEN 'unknown' ELSE 'foreign' END"


@pytest.mark.parametrize(("dimension", "column"), [(Dimension.KIND, KIND), (Dimension.ORIGIN, ORIGIN)])
def test_every_kind_and_every_origin_agrees(loaded, dimension, column):
    user, connection = loaded
    expected = duck.figures(connection, column)
    assert len(expected) >= 3
    assert every_cell(Ask(selection(user), dimension)) == expected


def test_the_group_of_the_messenger_service_is_one_port_kind(loaded):
    user, connection = loaded
    chosen = selection(user, groups=("messenger-udp",), origin=Origin.FOREIGN)
    expected = duck.figures(connection, "1", f"is_counted AND {KIND} LIKE 'group%' AND {ORIGIN} = 'foreign'")
    assert every_cell(Ask(chosen)) == {"": expected[1]}


@pytest.mark.parametrize(("rows", "row"), [(Dimension.REGION, "region"), (Dimension.ORIGIN, ORIGIN), (Dimension.SENSOR, "sensor")])
@pytest.mark.parametrize(("columns", "column"), [(Dimension.PORT, "port"), (Dimension.KIND, KIND)])
def test_every_cell_of_a_matrix_agrees(loaded, rows, row, columns, column):
    user, connection = loaded
    expected = duck.figures(connection, f"{row} || ' ' || {column}")
    for position, unit in enumerate((Unit.PACKETS, Unit.SOURCES)):
        found = matrix(selection(user), rows, columns, unit, 50, 50)
        assert len(found.rows) == min(50, len({key.split()[0] for key in expected}))
        for heading, line in zip(found.rows, found.values, strict=True):
            name = heading.label if rows is Dimension.SENSOR else heading.key
            assert line == tuple(expected.get(f"{name} {one.key}", (0, 0))[position] for one in found.columns)


@pytest.mark.parametrize(
    ("split", "column"), [(Dimension.NONE, "''"), (Dimension.PORT, "port"), (Dimension.KIND, KIND), (Dimension.ORIGIN, ORIGIN)]
)
def test_profiles_of_hours_agree(loaded, split, column):
    user, connection = loaded
    expected = duck.figures(connection, f"{column} || ' ' || {HOUR}")
    for position, unit in enumerate((Unit.PACKETS, Unit.SOURCES)):
        for line in hour_profile(selection(user), split, unit, 10).lines:
            found = {f"{line.key} {hour}": value for hour, value in enumerate(line.values) if value}
            assert found == {key: numbers[position] for key, numbers in expected.items() if key.rpartition(" ")[0] == line.key}
