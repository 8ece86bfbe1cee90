"""Rankings and series over a small network of which every number can be counted by hand."""

from datetime import UTC, date, datetime, timedelta
from ipaddress import ip_network
from zoneinfo import ZoneInfo

import pytest

from apps.common.errors import ParameterError
from apps.common.periods import Bin, Period
from apps.common.ports import PortKey
from apps.common.sourcekeys import from_address
from apps.observations import queries
from apps.observations.figures import DatedList, Dimension, Scanners, Selection, Unit
from apps.observations.models import Signature
from apps.reference.models import ScannerList, ScannerRange
from apps.sensors.models import Exclusion
from apps.sensors.queries import scope_for
from tests.cast import make_cast
from tests.observations import sightings

TOKYO = ZoneInfo("Asia/Tokyo")
MONDAY = date(2026, 3, 2)
pytestmark = pytest.mark.django_db


def at(day: date, hour: int = 12, minute: int = 0) -> datetime:
    """An instant by the clock of Tokyo."""
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=TOKYO)


def days(first: date, count: int) -> Period:
    return Period.of_days(first, first + timedelta(days=count), TOKYO)


@pytest.fixture(scope="module")
def seen(django_db_setup, django_db_blocker):
    with sightings.kept(django_db_blocker):
        yield observed(make_cast())


def observed(cast):
    """Two days. `sensor` and `sensor_b` watch both, `sensor_a` the first only; 198.51.100.1 appears everywhere."""
    tuesday = MONDAY + timedelta(days=1)
    sightings.delegate("198.51.100.0", "198.51.100.255", "JP")
    for sensor in (cast.sensor, cast.sensor_b):
        sightings.watch_days(sensor, MONDAY, tuesday)
    sightings.watch_days(cast.sensor_a, MONDAY, MONDAY)
    sightings.see(cast.sensor, at(MONDAY), "198.51.100.1", "tcp/23", 5)
    sightings.see(cast.sensor, at(MONDAY), "198.51.100.1", "tcp/445", 2)
    sightings.see(cast.sensor, at(MONDAY, 13), "192.0.2.7", "tcp/23", 1)
    sightings.see(cast.sensor_a, at(MONDAY), "198.51.100.1", "tcp/23", 1)
    sightings.see(cast.sensor_b, at(MONDAY), "198.51.100.2", "udp/53", 4, Signature.BACKSCATTER)
    sightings.see(cast.sensor, at(tuesday), "198.51.100.1", "tcp/23", 1)
    sightings.see(cast.sensor_b, at(tuesday), "198.51.100.1", "tcp/23", 2, Signature.MIRAI)
    sightings.see(cast.sensor_b, at(tuesday), "2001:db8::1", "tcp/445", 5)
    sightings.see(cast.sensor_b, at(tuesday), "2001:db8::2", "tcp/445", 1)
    sightings.roll_up()
    return cast


def select(cast, period: Period | None = None, sensors: str = "all", user=None, **filters) -> Selection:
    return Selection(scope_for(user or cast.analyst, sensors), period or days(MONDAY, 2), **filters)


def table(ranking):
    return [(row.rank, row.key, row.value) for row in ranking.rows]


@pytest.mark.parametrize("sensors", ["all", "ids"])
def test_ports_rank_by_packets_whether_panels_or_chosen_sensors_are_asked(seen, sensors):
    chosen = "all" if sensors == "all" else f"{seen.sensor.pk},{seen.sensor_a.pk},{seen.sensor_b.pk}"
    ranking = queries.ranking(select(seen, sensors=chosen), Dimension.PORT, Unit.PACKETS)
    assert table(ranking) == [(1, "tcp/23", 10), (2, "tcp/445", 8)]
    assert ranking.total == 18
    assert [row.share for row in ranking.rows] == [10 / 18, 8 / 18]
    assert [(row.sensors, row.largest_sensor_share) for row in ranking.rows] == [(3, 0.7), (2, 0.75)]


def test_a_source_seen_by_two_panels_on_two_days_under_two_signatures_is_one_source(seen):
    ranking = queries.ranking(select(seen), Dimension.PORT, Unit.SOURCES)
    assert table(ranking) == [(1, "tcp/23", 2), (1, "tcp/445", 2)]  # IPv6 sources count by /64
    assert ranking.total == 3


def test_packets_per_source_has_no_shares(seen):
    ranking = queries.ranking(select(seen), Dimension.PORT, Unit.PACKETS_PER_SOURCE)
    assert table(ranking) == [(1, "tcp/23", 5), (2, "tcp/445", 4)]
    assert {row.share for row in ranking.rows} == {None}


def test_units_per_sensor_and_day_divide_by_covered_sensor_days(seen):
    packets = queries.ranking(select(seen), Dimension.PORT, Unit.PACKETS_PER_SENSOR_DAY)
    assert packets.meta.denominator == 5
    assert table(packets) == [(1, "tcp/23", 2), (2, "tcp/445", 1.6)]
    sources = queries.ranking(select(seen), Dimension.PORT, Unit.SOURCES_PER_SENSOR_DAY)
    # 23: {.1, 192.0.2.7} + {.1} on Monday, {.1} + {.1} on Tuesday; 445: {.1}, {the /64}
    assert table(sources) == [(1, "tcp/23", 1), (2, "tcp/445", 0.4)]


def test_regions_rank_with_unknown_among_them(seen):
    assert table(queries.ranking(select(seen), Dimension.REGION, Unit.PACKETS)) == [(1, "JP", 11), (2, "ZZ", 7)]
    assert table(queries.ranking(select(seen), Dimension.REGION, Unit.SOURCES)) == [(1, "ZZ", 2), (2, "JP", 1)]


def test_ports_of_one_region_are_exact_though_the_cross_slice_is_pruned(seen):
    ranking = queries.ranking(select(seen, regions=("JP",)), Dimension.PORT, Unit.PACKETS)
    assert table(ranking) == [(1, "tcp/23", 9), (2, "tcp/445", 2)]
    assert ranking.total == 11
    assert [(row.sensors, row.largest_sensor_share) for row in ranking.rows] == [(3, 6 / 9), (1, 1.0)]


def test_sensors_rank_by_their_own_days(seen):
    ranking = queries.ranking(select(seen), Dimension.SENSOR, Unit.PACKETS_PER_SENSOR_DAY)
    assert [(row.rank, row.label, row.value, row.share) for row in ranking.rows] == [
        (1, "own-tokyo", 4.5, None),
        (2, "host-frankfurt", 4, None),
        (3, "host-osaka", 1, None),
    ]


def test_backscatter_counts_only_when_it_is_asked_for(seen):
    ranking = queries.ranking(select(seen, signatures=(Signature.BACKSCATTER,)), Dimension.PORT, Unit.PACKETS)
    assert table(ranking) == [(1, "udp/53", 4)]
    assert ranking.meta.filters == {"signatures": "backscatter"}


def test_previous_ranks_are_those_of_the_full_ranking_before(seen):
    tuesday = select(seen, days(MONDAY + timedelta(days=1), 1), ports=(PortKey.parse("tcp/445"), PortKey.parse("tcp/23")))
    rows = queries.ranking(tuesday, Dimension.PORT, Unit.PACKETS, previous=True).rows
    assert [(row.key, row.rank, row.previous_rank, row.previous_value) for row in rows] == [("tcp/445", 1, 2, 2), ("tcp/23", 2, 1, 7)]
    monday = select(seen, days(MONDAY, 1))
    assert [row.previous_rank for row in queries.ranking(monday, previous=True).rows] == [None, None]


def test_a_day_nobody_watched_is_a_gap_and_a_quiet_one_is_zero(seen):
    period = Period.of_days(MONDAY - timedelta(days=1), MONDAY + timedelta(days=3), TOKYO)
    only_53 = select(seen, period, ports=(PortKey.parse("udp/53"),))
    [line] = queries.series(only_53, Dimension.NONE, Bin.DAY).series
    assert line.values == (None, 0, 0, None)
    assert queries.series(only_53).meta.missing_days == (MONDAY - timedelta(days=1), MONDAY + timedelta(days=2))
    assert queries.series(only_53).meta.partial_days == (MONDAY + timedelta(days=1),)


def test_series_are_split_by_sensor_with_the_gaps_of_each(seen):
    lines = {line.label: line.values for line in queries.series(select(seen), Dimension.SENSOR).series}
    assert lines == {"own-tokyo": (8, 1), "host-osaka": (1, None), "host-frankfurt": (0, 8)}


@pytest.mark.parametrize("unit", Unit)
@pytest.mark.parametrize("split", [Dimension.NONE, Dimension.PORT, Dimension.REGION, Dimension.SENSOR, Dimension.SIGNATURE])
def test_a_series_of_one_bin_equals_the_total_of_its_line(seen, unit, split):
    result = queries.series(select(seen, days(MONDAY, 7)), split, Bin.WEEK, unit)
    assert result.starts == (datetime(2026, 3, 1, 15, tzinfo=UTC),)
    assert [line.values for line in result.series] == [(pytest.approx(line.total),) for line in result.series]
    assert result.series


def test_hours_agree_with_days(seen):
    hours = queries.series(select(seen), Dimension.PORT, Bin.HOUR)
    daily = queries.series(select(seen), Dimension.PORT, Bin.DAY)
    for by_hour, by_day in zip(hours.series, daily.series, strict=True):
        assert [sum(filter(None, by_hour.values[:24])), sum(filter(None, by_hour.values[24:]))] == list(by_day.values)
    sources = queries.series(select(seen), Dimension.NONE, Bin.HOUR, Unit.SOURCES)
    assert sources.series[0].values[12:14] == (1, 1)


def test_another_zone_gets_exact_days_of_its_own(seen):
    utc = ZoneInfo("UTC")
    period = Period.of_days(MONDAY, MONDAY + timedelta(days=2), utc)
    [packets] = queries.series(select(seen, period), Dimension.NONE, Bin.DAY).series
    [sources] = queries.series(select(seen, period), Dimension.NONE, Bin.DAY, Unit.SOURCES).series
    assert (packets.values, sources.values) == ((9, 9), (2, 2))
    with pytest.raises(ParameterError, match="unit"):
        queries.series(select(seen, period), unit=Unit.SOURCES_PER_SENSOR_DAY)


def test_sums_of_the_network_are_not_split_by_sensor_for_partners(seen):
    partner = sightings.who_reads_network_counts(seen.partner_a)
    with pytest.raises(ParameterError, match="dimension"):
        queries.ranking(select(seen, user=partner), Dimension.SENSOR)
    assert table(queries.ranking(select(seen, user=partner), Dimension.PORT))[0] == (1, "tcp/23", 10)


def test_partners_draw_on_their_own_sensors_only(seen):
    assert table(queries.ranking(select(seen, user=seen.partner_a))) == [(1, "tcp/23", 1)]
    assert table(queries.ranking(select(seen, user=seen.partner_b))) == [(1, "tcp/445", 6), (2, "tcp/23", 2)]


def test_a_day_that_is_rolled_up_again_is_not_answered_from_the_cache(seen):
    before = queries.ranking(select(seen)).total
    sightings.see(seen.sensor, at(MONDAY), "192.0.2.9", "tcp/23", 3)
    sightings.roll_up()
    assert queries.ranking(select(seen)).total == before + 3


@pytest.mark.parametrize(
    ("prefix", "expected"),
    [
        ("198.51.100.0/24", {"198.51.100.1": 11}),
        ("198.51.100.2/31", {}),  # backscatter is not counted
        ("192.0.2.0/29", {"192.0.2.7": 1}),
        ("192.0.2.0/30", {}),
        ("0.0.0.0/0", {"198.51.100.1": 11, "192.0.2.7": 1}),
        ("2001:db8::/64", {"2001:db8::/64": 6}),
        ("2001:db8::/32", {"2001:db8::/64": 6}),
        ("2001:db8:0:1::/64", {}),
        ("::/0", {"2001:db8::/64": 6}),
    ],
)
def test_sources_of_a_prefix(seen, prefix, expected):
    chosen = select(seen, prefix=ip_network(prefix))
    page = queries.sources(chosen)
    assert {row.address: row.packets for row in page.rows} == expected
    assert (page.total_sources, page.meta.filters) == (len(expected), {"prefix": prefix})
    # No count keeps prefixes apart, so whatever else is asked of such a selection comes from segments, too.
    assert queries.ranking(chosen).total == sum(expected.values())
    assert queries.ranking(chosen, unit=Unit.SOURCES).total == len(expected)


def test_survey_scanners_can_be_left_out_or_looked_at_alone(seen):
    known = ScannerList.objects.create(name="Survey", list_date=MONDAY)
    ScannerRange.objects.create(list=known, start_key=from_address("198.51.100.1"), end_key=from_address("198.51.100.1"))
    sightings.see(seen.sensor, at(MONDAY), "192.0.2.8", "tcp/80")
    sightings.see(seen.sensor, at(MONDAY + timedelta(days=1)), "192.0.2.8", "tcp/80")
    sightings.see(seen.sensor_a, at(MONDAY), "192.0.2.8", "tcp/80")
    sightings.see(seen.sensor_b, at(MONDAY + timedelta(days=1)), "192.0.2.8", "tcp/80")
    sightings.roll_up()
    everything = queries.ranking(select(seen)).total
    only = queries.ranking(select(seen, scanners=Scanners.ONLY))
    without = queries.ranking(select(seen, scanners=Scanners.EXCLUDE))
    assert table(only) == [(1, "tcp/23", 9), (2, "tcp/445", 2)]
    assert only.total + without.total == everything
    assert only.meta.filters == {"scanners": "only"}
    assert only.meta.scanner_lists == (DatedList("Survey", MONDAY),)
    assert [row.value for row in queries.ranking(select(seen, scanners=Scanners.ONLY), unit=Unit.SOURCES_PER_SENSOR_DAY).rows]


def test_without_a_list_in_force_nothing_is_told_apart_and_the_figure_says_so(seen):
    ScannerList.objects.create(name="Too old", list_date=MONDAY - timedelta(days=31))
    without, only = (queries.ranking(select(seen, scanners=choice)) for choice in (Scanners.EXCLUDE, Scanners.ONLY))
    assert table(without) == table(queries.ranking(select(seen)))
    assert only.rows == () and only.total == 0
    assert without.meta.scanner_lists == only.meta.scanner_lists == ()


def test_what_an_exclusion_keeps_out_is_in_no_figure(seen):
    Exclusion.objects.create(sensor=seen.sensor, protocol=6, port=23, first_day=MONDAY, reason="maintenance")
    for day in (MONDAY, MONDAY + timedelta(days=1)):
        sightings.see(seen.sensor, at(day), "192.0.2.8", "tcp/23", 50)
    sightings.roll_up()
    assert table(queries.ranking(select(seen))) == [(1, "tcp/445", 8), (2, "tcp/23", 3)]
    assert queries.sources(select(seen, ports=(PortKey.parse("tcp/23"),))).total_sources == 1


def test_today_stands_beside_the_median_of_the_days_before(seen):
    usual = queries.usual(scope_for(seen.analyst))
    assert (usual.day, usual.value, usual.usual, usual.days) == (MONDAY + timedelta(days=1), 9, 9, 1)
    assert usual.ratio == 1
    assert queries.usual(scope_for(seen.partner_a), Unit.SOURCES).value == 1


def test_a_source_has_a_history_of_days_and_ports(seen):
    history = queries.source_history(scope_for(seen.analyst), "198.51.100.1", days(MONDAY, 7))
    assert (history.packets, history.sensors) == (11, 3)
    assert history.ports == (("tcp/23", 9), ("tcp/445", 2))
    assert history.signatures == (("none", 9), ("mirai", 2))
    assert history.regions == ((MONDAY, "JP"),)
    assert (history.first_seen, history.last_seen) == (at(MONDAY), at(MONDAY + timedelta(days=1)))
    assert [(cell.day.day, cell.port, cell.packets) for cell in history.cells] == [(2, "tcp/23", 6), (2, "tcp/445", 2), (3, "tcp/23", 3)]
    partner = queries.source_history(scope_for(seen.partner_b), "198.51.100.1", days(MONDAY, 7))
    assert (partner.packets, partner.sensors) == (2, 1)
    assert queries.source_history(scope_for(seen.analyst), "192.0.2.99", days(MONDAY, 7)).packets == 0
    with pytest.raises(ValueError, match="address"):
        queries.source_history(scope_for(seen.analyst), "nonsense", days(MONDAY, 7))
