"""Derived dimensions, groups of ports, origins and fixed panels, counted again packet by packet."""

from collections import defaultdict
from datetime import date, timedelta
from typing import Any

import pytest

from apps.common.errors import ParameterError
from apps.common.periods import Bin, Period
from apps.common.ports import PortKey
from apps.observations import params, queries
from apps.observations.figures import Against, Dimension, Origin, Selection, Unit
from apps.observations.models import Signature
from apps.observations.planning import fixedpanels, planner, sensordays, units
from apps.observations.planning.asks import Ask
from apps.observations.planning.captions import context_of
from apps.reference import portgroups
from apps.reference.models import PortGroup
from apps.sensors.queries import scope_for
from apps.sensors.scopes import SensorScope
from tests.observations import random_traffic, sightings
from tests.observations.random_traffic import DAYS, FIRST, TOKYO

WHOLE = Period.of_days(FIRST, FIRST + timedelta(days=DAYS), TOKYO)
DERIVED = {Dimension.KIND: "kind", Dimension.ORIGIN: "origin", Dimension.PANEL: "panel"}
pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def traffic(django_db_setup, django_db_blocker):
    with sightings.kept(django_db_blocker):
        yield random_traffic.observed()
    portgroups.forget()


def select(traffic, sensors="all", period=WHOLE, **filters):
    chosen = f"{traffic.cast.sensor.pk},{traffic.cast.sensor_b.pk}" if sensors == "chosen" else sensors
    return Selection(scope_for(traffic.cast.analyst, chosen), period, **filters)


def within(traffic, selection, **wanted):
    """The packets that a selection is about; `wanted` names attributes and the values they may have."""
    return [
        one
        for one in traffic.counted
        if one.sensor in selection.scope.sensor_ids
        and selection.period.start <= one.at < selection.period.end
        and all(getattr(one, name) in values for name, values in wanted.items())
    ]


def by(rows, attribute):
    """{key: (packets, distinct sources)}"""
    packets: dict[Any, int] = defaultdict(int)
    sources: dict[Any, set[Any]] = defaultdict(set)
    for one in rows:
        packets[getattr(one, attribute)] += one.packets
        sources[getattr(one, attribute)].add(one.source)
    return {key: (packets[key], len(sources[key])) for key in packets}


@pytest.mark.parametrize("sensors", ["all", "domestic", "chosen"])
@pytest.mark.parametrize("dimension", DERIVED)
def test_every_key_has_the_packets_and_the_distinct_sources_of_all_that_belongs_to_it(traffic, dimension, sensors):
    selection = select(traffic, sensors)
    expected = by(within(traffic, selection), DERIVED[dimension])
    for position, unit in enumerate((Unit.PACKETS, Unit.SOURCES)):
        found = queries.ranking(selection, dimension, unit, 100)
        assert {row.key: row.value for row in found.rows} == {key: numbers[position] for key, numbers in expected.items()}


@pytest.mark.parametrize("dimension", DERIVED)
@pytest.mark.parametrize("unit", [Unit.PACKETS, Unit.SOURCES])
def test_every_day_of_every_key_agrees(traffic, dimension, unit):
    selection = select(traffic)
    found = queries.series(selection, dimension, Bin.DAY, unit, 50)
    for number, start in enumerate(found.starts):
        day = start.astimezone(TOKYO).date()
        expected = by([one for one in within(traffic, selection) if one.day == day], DERIVED[dimension])
        for line in found.series:
            assert line.values[number] == expected.get(line.key, (0, 0))[unit is Unit.SOURCES], (line.key, day)


@pytest.mark.parametrize("sensors", ["all", "chosen"])
@pytest.mark.parametrize("dimension", DERIVED)
def test_sources_per_sensor_and_day_are_those_of_each_covered_sensor_day(traffic, dimension, sensors):
    selection = select(traffic, sensors)
    days = context_of(selection).days
    covered = set(zip(days.sensor[days.is_covered].tolist(), days.day[days.is_covered].tolist(), strict=True))
    expected = defaultdict(set)
    for one in within(traffic, selection):
        if (one.sensor, one.day) in covered:
            expected[getattr(one, DERIVED[dimension])].add((one.sensor, one.day, one.source))
    ask = Ask(selection, dimension)
    found = sensordays.sources(ask, days)
    assert sorted(found["value"].tolist()) == sorted(map(len, expected.values()))
    ranking = queries.ranking(selection, dimension, Unit.SOURCES_PER_SENSOR_DAY, 100)
    sides = {"domestic": 0, "overseas": 0}
    for sensor, _day in covered:
        sides["overseas" if sensor == traffic.cast.sensor_b.pk else "domestic"] += 1
    for row in ranking.rows:
        below = sides[row.key] if dimension is Dimension.PANEL else len(covered)
        assert row.value == pytest.approx(len(expected[row.key]) / below)
    assert {row.share for row in ranking.rows} == {None} or dimension is not Dimension.PANEL


def test_a_group_holds_the_union_of_the_sources_of_its_ports(traffic):
    rows = within(traffic, select(traffic), port=("udp/1026", "udp/1027", "udp/1031"))
    alone = [len({one.source for one in rows if one.port == port}) for port in ("udp/1026", "udp/1027", "udp/1031")]
    [found] = queries.series(select(traffic, groups=("messenger-udp",)), unit=Unit.SOURCES, bin=Bin.MONTH).series
    assert found.total == len({one.source for one in rows}) < sum(alone)


def test_groups_and_ports_are_one_filter(traffic):
    chosen = select(traffic, groups=("telnet",), ports=(PortKey.parse("tcp/445"),))
    expected = by(within(traffic, chosen, port=("tcp/23", "tcp/2323", "tcp/445")), "port")
    ranking = queries.ranking(chosen, Dimension.PORT)
    assert {row.key: row.value for row in ranking.rows} == {key: packets for key, (packets, _sources) in expected.items()}
    assert ranking.meta.filters == {"ports": "tcp/445", "groups": "telnet"}
    assert queries.sources(chosen).total_sources == len({one.source for one in within(traffic, chosen, kind=("group:telnet", "tcp/445"))})


@pytest.mark.parametrize("sensors", ["all", "chosen"])
@pytest.mark.parametrize(("origin", "regions"), [(Origin.DOMESTIC, ("JP",)), (Origin.FOREIGN, ("CN", "NL"))])
def test_foreign_sources_are_of_another_known_region(traffic, origin, regions, sensors):
    chosen = select(traffic, sensors, origin=origin)
    rows = within(traffic, chosen, region=regions)
    for dimension, attribute in ((Dimension.REGION, "region"), (Dimension.PORT, "port"), (Dimension.ORIGIN, "origin")):
        for position, unit in enumerate((Unit.PACKETS, Unit.SOURCES)):
            found = {row.key: row.value for row in queries.ranking(chosen, dimension, unit, 100).rows}
            assert found == {key: numbers[position] for key, numbers in by(rows, attribute).items()}
    assert queries.series(chosen, unit=Unit.SOURCES, bin=Bin.MONTH).series[0].total == len({one.source for one in rows})


def test_the_home_region_is_a_setting(traffic, settings):
    settings.HOME_REGION = "NL"
    found = {row.key: row.value for row in queries.ranking(select(traffic), Dimension.ORIGIN).rows}
    rows = within(traffic, select(traffic), region=("NL",))
    assert found["domestic"] == sum(one.packets for one in rows)


def test_two_dimensions_at_once_agree_for_every_cell(traffic):
    for selection in (select(traffic), select(traffic, "chosen"), select(traffic, signatures=(Signature.NONE,))):
        rows = [one for one in within(traffic, selection) if not selection.signatures or one.signature in selection.signatures]
        for unit in (Unit.PACKETS, Unit.SOURCES):
            for dimension, attribute in ((Dimension.REGION, "region"), (Dimension.SENSOR, "sensor"), (Dimension.PANEL, "panel")):
                ask = Ask(selection, Dimension.KIND, rows=dimension)
                found = units.by_bin(ask, unit, context_of(selection).days)
                expected: dict[Any, list[Any]] = defaultdict(lambda: [0, set()])
                for one in rows:
                    cell = expected[getattr(one, attribute), one.kind]
                    cell[0] += one.packets
                    cell[1].add(one.source)
                values = [cell[0] if unit is Unit.PACKETS else len(cell[1]) for cell in expected.values()]
                assert sorted(value[0] for value in found.values()) == sorted(values)


def test_chosen_keys_come_in_their_order_also_where_nothing_was_seen(traffic):
    found = queries.series(select(traffic), Dimension.KIND, Bin.DAY, keys=("tcp/9", "group:telnet"))
    assert [line.key for line in found.series] == ["tcp/9", "group:telnet"]
    assert (found.series[0].total, set(found.series[0].values)) == (0, {0})
    assert found.series[1].total == sum(one.packets for one in within(traffic, select(traffic), kind=("group:telnet",)))
    with pytest.raises(ValueError, match="nothing"):
        queries.series(select(traffic), Dimension.KIND, keys=("group:nothing",))


def test_a_port_in_two_groups_belongs_to_the_narrower_and_both_can_be_filtered(traffic):
    PortGroup.objects.create(slug="just-1026", name_en="1026", name_ja="1026", pattern="udp/1026")
    portgroups.forget()
    try:
        rows = within(traffic, select(traffic))
        found = {row.key: row.value for row in queries.ranking(select(traffic), Dimension.KIND, limit=100).rows}
        assert found["group:just-1026"] == sum(one.packets for one in rows if one.port == "udp/1026")
        assert found["group:messenger-udp"] == sum(one.packets for one in rows if one.port in ("udp/1027", "udp/1031"))
        whole = queries.series(select(traffic, groups=("messenger-udp",))).series[0].total
        assert whole == found["group:just-1026"] + found["group:messenger-udp"]
    finally:
        portgroups.forget()


def test_the_definition_of_the_last_day_holds_for_the_whole_figure_and_for_what_it_is_compared_with(traffic):
    PortGroup.objects.filter(slug="telnet").update(valid_to=FIRST + timedelta(days=9))
    PortGroup.objects.create(slug="telnet", name_en="Telnet 2", name_ja="Telnet 2", pattern="tcp/23", valid_from=FIRST + timedelta(days=10))
    portgroups.forget()
    try:
        late = Period.of_days(FIRST + timedelta(days=10), FIRST + timedelta(days=20), TOKYO)
        chosen = select(traffic, period=late, groups=("telnet",))
        assert queries.series(chosen).series[0].total == sum(one.packets for one in within(traffic, chosen, port=("tcp/23",)))
        before = chosen.against(Against.PREVIOUS)
        assert before.period == Period.of_days(FIRST, FIRST + timedelta(days=10), TOKYO)
        assert queries.series(before).series[0].total == sum(one.packets for one in within(traffic, before, port=("tcp/23",)))
        first = select(traffic, period=before.period, groups=("telnet",))
        assert queries.series(first).series[0].total == sum(one.packets for one in within(traffic, first, port=("tcp/23", "tcp/2323")))
    finally:
        portgroups.forget()


def test_an_edited_group_is_a_new_figure(traffic):
    chosen = select(traffic, groups=("telnet",))
    before = queries.series(chosen).series[0].total
    PortGroup.objects.filter(slug="telnet").update(pattern="tcp/23")
    portgroups.forget()
    try:
        assert queries.series(chosen).series[0].total == sum(one.packets for one in within(traffic, chosen, port=("tcp/23",))) < before
    finally:
        portgroups.forget()


# Fixed panels


def parsed(user, **query):
    return params.selection_from(
        {"from": FIRST.isoformat(), "to": (FIRST + timedelta(days=DAYS)).isoformat()} | query, user, others={"previous", "compare"}
    )


def test_a_fixed_panel_holds_the_sensors_that_watched_every_day(traffic):
    selection = parsed(traffic.cast.analyst, fixed="true")
    assert selection.scope.sensor_ids == tuple(sorted((traffic.cast.sensor.pk, traffic.cast.sensor_b.pk)))
    assert selection.scope.panels == ()
    ranking = queries.ranking(selection, Dimension.PORT)
    assert ranking.total == sum(one.packets for one in within(traffic, selection))
    assert (ranking.meta.sensor_count, ranking.meta.filters) == (2, {"fixed": "true"})


def test_a_panel_of_everybody_is_the_whole_network(traffic):
    selection = parsed(traffic.cast.analyst, fixed="true", to=(FIRST + timedelta(days=9)).isoformat())
    assert len(selection.scope.sensor_ids) == 3
    assert selection.scope.panels == scope_for(traffic.cast.analyst).panels


def test_a_fixed_panel_also_watched_what_it_is_compared_with(traffic):
    query = {"from": (FIRST + timedelta(days=10)).isoformat(), "to": (FIRST + timedelta(days=20)).isoformat(), "fixed": "true"}
    assert len(parsed(traffic.cast.analyst, **query).scope.sensor_ids) == 3
    assert len(parsed(traffic.cast.analyst, **query, previous="true").scope.sensor_ids) == 2
    assert len(parsed(traffic.cast.analyst, **query, compare="previous").scope.sensor_ids) == 2


def test_an_empty_panel_says_how_near_it_came(traffic):
    with pytest.raises(ParameterError, match="^fixed: ") as refusal:
        parsed(traffic.cast.analyst, fixed="true", to=(FIRST + timedelta(days=DAYS + 1)).isoformat())
    assert [number for number in ("22", "21", "20") if number not in str(refusal.value)] == []


def test_sums_of_the_network_are_not_narrowed(traffic):
    partner = sightings.who_reads_network_counts(traffic.cast.partner_a)
    with pytest.raises(ParameterError, match="fixed"):
        parsed(partner, fixed="true")
    assert parsed(partner, sensors=str(traffic.cast.sensor_a.pk), fixed="true", to=(FIRST + timedelta(days=9)).isoformat()).fixed_panel


def test_without_sensors_or_data_there_is_no_panel(traffic):
    for scope, period in ((SensorScope(()), WHOLE), (scope_for(traffic.cast.analyst), WHOLE.year_before())):
        with pytest.raises(ParameterError, match="^fixed: "):
            fixedpanels.narrowed(scope, [period])


# Periods


@pytest.mark.parametrize(
    ("first", "end", "expected"),
    [
        ((2023, 1, 1), (2023, 4, 1), ((2022, 1, 1), (2022, 4, 1))),
        ((2024, 2, 29), (2024, 3, 1), ((2023, 2, 28), (2023, 3, 1))),
        ((2024, 2, 1), (2024, 2, 29), ((2023, 2, 1), (2023, 3, 1))),
        ((2025, 2, 1), (2025, 3, 1), ((2024, 2, 1), (2024, 3, 1))),
    ],
)
def test_a_year_before_is_the_same_span_of_the_calendar(first, end, expected):
    found = Period.of_days(date(*first), date(*end), TOKYO).year_before()
    assert found == Period.of_days(date(*expected[0]), date(*expected[1]), TOKYO)


def test_planner_adds_up_over_derived_keys(traffic):
    total = planner.packets(Ask(select(traffic)))["packets"].sum()
    for dimension in DERIVED:
        assert planner.packets(Ask(select(traffic), dimension))["packets"].sum() == total
