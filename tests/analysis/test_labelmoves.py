"""The split of a region's change: the five blocks of NL, GB and NL with a known answer, and random flows counted by hand."""

import random
from collections import defaultdict
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from ipaddress import ip_network
from typing import Any

import numpy as np
import pytest
from django.db import transaction
from rest_framework.test import APIClient

from apps.analysis.labelmoves import terms
from apps.analysis.labelmoves.split import MAX_DAYS, days_before, label_moves
from apps.analysis.labelmoves.terms import Tally
from apps.common.errors import ParameterError
from apps.common.periods import Period
from apps.common.regions import encode
from apps.common.sourcekeys import from_address
from apps.observations.figures import Selection, Unit
from apps.reference import snapshots
from apps.reference.models import DelegationStatus, Registry
from apps.reference.movedblocks import moved, names
from apps.reference.regions import region_map_for
from apps.sensors.queries import scope_for
from tests.cast import make_cast
from tests.observations import sightings
from tests.observations.test_queries import TOKYO
from tests.reference.files import table_of

FIVE = ("80.82.64.0/20", "89.248.160.0/20", "93.174.88.0/21", "94.102.48.0/20", "185.216.140.0/22")
FIRST, TO_GB, TO_NL = date(2018, 10, 13), date(2020, 12, 17), date(2023, 1, 21)
STAYS_NL, STAYS_GB = "62.250.0.0/16", "51.140.0.0/16"
TEN_DAYS = timedelta(days=10)
pytestmark = pytest.mark.django_db


def row(prefix: str, region: str):
    network = ip_network(prefix)
    return (int(network[0]), int(network[-1]), encode(region), DelegationStatus.ALLOCATED.value, "")


def ripe(day: date, *rows) -> None:
    with transaction.atomic():
        snapshots.put(Registry.RIPENCC, day, table_of(sorted(rows)))


def noon(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 3, tzinfo=UTC)


def send(sensor, first: date, source: str, packets: int, days: int = 10) -> None:
    for n in range(days):
        sightings.see(sensor, noon(first + timedelta(days=n)), source, packets=packets)


def period(first: date, days: int = 10) -> Period:
    return Period.of_days(first, first + timedelta(days=days), TOKYO)


def asked(user, first: date, region: str, unit: Unit = Unit.PACKETS, days: int = 10, before: Period | None = None, limit: int = 100):
    selection = Selection(scope_for(user), period(first, days))
    return label_moves(selection, before or days_before(selection.period), region, unit, limit)


def constructed(cast):
    """Ten days on both sides of each move. One sensor watches throughout, another after the moves only."""
    for day, region in ((FIRST, "NL"), (TO_GB, "GB"), (TO_NL, "NL")):
        ripe(day, row(STAYS_NL, "NL"), row(STAYS_GB, "GB"), *(row(prefix, region) for prefix in FIVE))
    for move in (TO_GB, TO_NL):
        before = move - TEN_DAYS
        sightings.watch_days(cast.sensor, before, move - timedelta(days=1))
        sightings.watch_days(cast.sensor, move, move + TEN_DAYS - timedelta(days=1))
        sightings.watch_days(cast.sensor_a, move, move + TEN_DAYS - timedelta(days=1))
        for prefix in FIVE:
            send(cast.sensor, before, str(ip_network(prefix)[7]), 10, days=20)
            send(cast.sensor_a, move, str(ip_network(prefix)[7]), 3)
        send(cast.sensor, before, "62.250.0.1", 4)
        send(cast.sensor, move, "62.250.0.1", 6)
        send(cast.sensor_a, move, "62.250.0.1", 7)
        send(cast.sensor, before, "51.140.0.1", 2, days=20)
    sightings.roll_up()
    return cast


@pytest.fixture(scope="module")
def seen(django_db_setup, django_db_blocker):
    with sightings.kept(django_db_blocker):
        yield constructed(make_cast())


def values(found):
    return tuple(found.terms.__dict__.values())


def test_the_five_blocks_that_left_nl_are_labels_and_neither_traffic_nor_sensors(seen):
    found = asked(seen.analyst, TO_GB, "NL")
    assert values(found) == (540, 130, -650, 220, 20)
    assert found.terms.total == -410 == found.terms.labels + found.terms.sensors + found.terms.traffic
    assert (found.map_before, found.map_after) == (FIRST, TO_GB)
    assert (found.sensors_before, found.sensors_after, found.sensors_common) == (1, 2, 1)


def test_what_nl_loses_by_labels_gb_gains(seen):
    assert values(asked(seen.analyst, TO_GB, "GB")) == (20, 670, 650, 0, 0)


def test_the_blocks_come_back_in_2023(seen):
    assert values(asked(seen.analyst, TO_NL, "NL")) == (40, 780, 500 + 150, 70, 20)
    assert values(asked(seen.analyst, TO_NL, "GB")) == (520, 20, -650, 150, 0)


def test_means_split_exactly_too(seen):
    found = asked(seen.analyst, TO_GB, "NL", Unit.PACKETS_PER_SENSOR_DAY)
    assert values(found) == (54, Fraction(13, 2), Fraction(-65, 2), -17, 2)
    assert found.terms.total == found.terms.labels + found.terms.sensors + found.terms.traffic


def test_the_blocks_are_listed_with_all_that_came_from_them(seen):
    found = asked(seen.analyst, TO_GB, "NL")
    assert {block.prefix for block in found.blocks} == set(FIVE)
    assert {(block.old, block.new, block.since, block.registry) for block in found.blocks} == {("NL", "GB", TO_GB, "ripencc")}
    assert {(b.packets_before, b.packets_after, b.sources_before, b.sources_after, b.labels) for b in found.blocks} == {
        (100, 130, 1, 1, -130)
    }
    assert sum(block.labels for block in found.blocks) + found.other_labels == found.terms.labels
    assert (found.block_count, found.unseen_blocks) == (5, 0)
    assert len(asked(seen.analyst, TO_GB, "NL", limit=2).blocks) == 2


def test_most_addresses_counted_as_nl_are_assigned_elsewhere_after_the_day(seen):
    sources = asked(seen.analyst, TO_GB, "NL").sources
    assert (sources.before, sources.left, sources.left_share) == (6, 5, 5 / 6)
    assert (sources.after, sources.joined, sources.joined_share) == (1, 0, 0.0)
    arrived = asked(seen.analyst, TO_NL, "NL").sources
    assert (arrived.after, arrived.joined) == (6, 5)


def test_a_move_within_the_period_after_counts_from_its_day_on(seen):
    found = asked(
        seen.analyst, TO_GB - timedelta(days=5), "NL", days=5 + 5, before=period(TO_GB - TEN_DAYS, 5), unit=Unit.PACKETS_PER_SENSOR_DAY
    )
    fixed = Fraction(5 * 54 + 5 * 56 + 5 * 22, 15)  # both sensors by the old map
    own = Fraction(5 * 54 + 5 * 6 + 5 * 7, 15)
    assert found.terms.labels == own - fixed
    assert sum(values(found)[2:]) == found.terms.total


def test_a_move_within_the_period_before_is_found_too(seen):
    """As in the report of 2023, which saw the change two days after the files had it."""
    found = asked(seen.analyst, TO_NL + timedelta(days=2), "NL", days=8)
    assert values(found) == (6 * 4 + 2 * 78, 8 * 78, 8 * 65 - 2 * 65, 6 * 7, 12)
    assert {(block.prefix, block.since) for block in found.blocks} == {(prefix, TO_NL) for prefix in FIVE}
    assert (found.other_labels, found.sources.joined) == (0, 5)


def test_a_block_of_nobody_is_listed_with_the_day_it_was_gone(seen):
    for day in (date(2021, 3, 1),):
        ripe(day, row(STAYS_NL, "NL"), row(STAYS_GB, "GB"), *(row(prefix, "GB") for prefix in FIVE[1:]))
    listed = moved(region_map_for(date(2021, 2, 28)), region_map_for(day), encode("GB"))
    assert [names(int(start), int(end))[2] for start, end in zip(listed.starts, listed.ends, strict=True)] == [FIVE[0]]
    found = asked(seen.analyst, date(2021, 3, 1), "GB")
    (gone,) = found.blocks
    assert (gone.new, gone.since, gone.registry, found.unseen_blocks) == ("ZZ", day, "ripencc", 1)


def test_ranges_that_are_no_prefix_are_told_by_their_ends():
    assert names(from_address("192.0.2.0"), from_address("192.0.2.255")) == ("192.0.2.0", "192.0.2.255", "192.0.2.0/24")
    assert names(from_address("192.0.2.1"), from_address("192.0.2.3")) == ("192.0.2.1", "192.0.2.3", "")
    assert names(from_address("2001:db8::"), from_address("2001:db8:0:ffff::"))[2] == "2001:db8::/48"


@pytest.mark.parametrize(
    ("first", "before", "unit", "name"),
    [
        (TO_GB, period(TO_GB), Unit.PACKETS, "before_to"),
        (TO_GB, period(TO_GB - TEN_DAYS, 3), Unit.PACKETS, "before_to"),
        (TO_GB, None, Unit.SOURCES, "unit"),
        (TO_GB, None, Unit.PACKETS_PER_SOURCE, "unit"),
        (TO_GB, period(TO_GB - timedelta(days=MAX_DAYS + 1), MAX_DAYS), Unit.PACKETS_PER_SENSOR_DAY, "from"),
    ],
)
def test_what_cannot_be_split_is_refused_by_name(seen, first, before, unit, name):
    with pytest.raises(ParameterError) as refused:
        asked(seen.analyst, first, "NL", unit, before=before)
    assert refused.value.name == name


def test_a_viewer_of_sums_gets_no_blocks(seen):
    reader = sightings.who_reads_network_counts(seen.partner_a)
    with pytest.raises(ParameterError):
        asked(reader, TO_GB, "NL")


# By hand


def test_random_flows_split_as_the_definitions_say(django_db_blocker):
    """Ten rounds of arithmetic on tables against loops over single packets."""
    chance = random.Random(20)
    for _round in range(10):
        before, after = ([_flows(chance) for _sensor in range(4)] for _period in range(2))
        covered = [np.array([[chance.random() < 0.7 for _day in range(5)] for _sensor in range(4)]) for _period in range(2)]
        tallies = [_tally(flows, watched) for flows, watched in zip((before, after), covered, strict=True)]
        found = terms.of_packets(*tallies)
        assert found.labels + found.sensors + found.traffic == found.total
        assert (found.labels, found.sensors, found.traffic) == _by_hand(before, after, *covered)
        means = terms.of_means(*tallies)
        assert means is not None
        assert means.labels + means.sensors + means.traffic == means.total


def _flows(chance):
    """(day, packets, in the region by its own map, by the fixed map)."""
    return [(chance.randrange(5), chance.randrange(1, 9), chance.random() < 0.5, chance.random() < 0.5) for _flow in range(30)]


def _tally(sensors, covered):
    own, fixed = np.zeros((4, 5), np.int64), np.zeros((4, 5), np.int64)
    for sensor, flows in enumerate(sensors):
        for day, packets, is_own, is_fixed in flows:
            own[sensor, day] += packets * is_own
            fixed[sensor, day] += packets * is_fixed
    return Tally(own, fixed, covered)


def _by_hand(before, after, covered_before, covered_after):
    total: dict[Any, int] = defaultdict(int)
    for sign, period_flows in ((-1, before), (1, after)):
        for sensor, flows in enumerate(period_flows):
            for day, packets, is_own, is_fixed in flows:
                total["labels"] += sign * packets * (is_own - is_fixed)
                both = covered_before[sensor, day] and covered_after[sensor, day]
                total["traffic" if both else "sensors"] += sign * packets * is_fixed
    return total["labels"], total["sensors"], total["traffic"]


def test_where_nobody_watched_a_mean_has_no_split():
    empty = Tally(np.zeros((2, 3), np.int64), np.zeros((2, 3), np.int64), np.zeros((2, 3), bool))
    full = Tally(np.ones((2, 3), np.int64), np.ones((2, 3), np.int64), np.ones((2, 3), bool))
    assert terms.of_means(empty, full) is None
    assert values_of(terms.of_packets(empty, full)) == (0, 6, 0, 6, 0)


def values_of(found):
    return tuple(found.__dict__.values())


# The API


def get(user, **query):
    client = APIClient(headers={"accept-language": "en"})
    client.force_authenticate(user)
    return client.get("/api/v1/label-moves/", query)


SPAN = {"region": "NL", "from": "2020-12-17", "to": "2020-12-27"}


def test_the_api_gives_the_terms_and_the_blocks(seen):
    answer = get(seen.analyst, **SPAN, unit="packets", before_from="2020-12-07", before_to="2020-12-17").json()
    assert answer["terms"] == {"before": 540, "after": 130, "total": -410, "labels": -650, "sensors": 220, "traffic": 20}
    assert answer["sources"] == {"before": 6, "left": 5, "left_share": 5 / 6, "after": 1, "joined": 0, "joined_share": 0.0}
    assert answer["rows"][0] | {"first": "", "last": "", "prefix": ""} == {
        "first": "", "last": "", "prefix": "", "old": "NL", "new": "GB", "since": "2020-12-17", "registry": "ripencc",
        "packets_before": 100, "packets_after": 130, "sources_before": 1, "sources_after": 1, "labels": -130,
    }  # fmt: skip
    assert (answer["block_count"], answer["unit"], answer["region"]) == (5, "packets", "NL")


def test_the_api_compares_with_the_days_just_before_and_per_sensor_day_unless_told(seen):
    answer = get(seen.analyst, **SPAN).json()
    assert answer["before"]["from"] == "2020-12-07T00:00:00+09:00"
    assert answer["terms"]["after"] == 6.5


def test_the_api_gives_the_blocks_as_csv(seen):
    lines = get(seen.analyst, **SPAN, format="csv").content.decode().splitlines()
    assert lines[0].lstrip("\ufeff").split(",")[:4] == ["first", "last", "prefix", "old"]
    assert len(lines) == 6


@pytest.mark.parametrize(
    ("query", "name"),
    [
        ({"region": ""}, "region"),
        ({"region": "N1"}, "region"),
        ({"region": "QQ"}, "region"),
        ({"regions": "NL"}, "regions"),
        ({"before_from": "2020-12-07"}, "before_to"),
        ({"before_to": "2020-12-07"}, "before_from"),
        ({"before_from": "2020-12-09", "before_to": "2020-12-07"}, "before_to"),
        ({"before_from": "soon", "before_to": "2020-12-07"}, "before_from"),
        ({"before_from": "2020-12-07T03:00:00Z", "before_to": "2020-12-17"}, "before_from"),
        ({"unit": "sources"}, "unit"),
        ({"limit": "5000"}, "limit"),
        ({"from": "2010-01-01"}, "from"),
        ({"regoin": "NL"}, "regoin"),
    ],
)
def test_the_api_names_the_parameter_that_is_wrong(seen, query, name):
    answer = get(seen.analyst, **(SPAN | query))
    assert answer.status_code == 400
    assert name in answer.json()["fields"]


def test_the_api_gives_a_partner_its_own_sensors_alone(seen):
    answer = get(seen.partner_a, **SPAN, unit="packets").json()
    assert answer["terms"]["before"] == 0
    assert answer["terms"]["sensors"] == 220


def test_a_fixed_panel_is_fixed_in_both_periods(seen):
    answer = get(seen.analyst, **SPAN, unit="packets", fixed="true").json()
    assert (answer["sensors_before"], answer["sensors_after"]) == (1, 1)
    assert answer["terms"]["sensors"] == 0
    assert sum(answer["terms"][name] for name in ("labels", "traffic")) == answer["terms"]["total"]
