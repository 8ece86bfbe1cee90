"""Rollup: counts equal what anybody would count, whatever the zone, the family, the label, and however often it runs."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import duckdb
import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from hypothesis import HealthCheck, Phase, example, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from apps.accounts.models import AuditEntry
from apps.common.errors import DomainError
from apps.common.ports import PortKey
from apps.common.regions import encode
from apps.observations.counting import counts
from apps.observations.counting.bodyverification import stored_hours
from apps.observations.counting.exclusions import exclude, lift
from apps.observations.counting.rerolls import reroll_days
from apps.observations.counting.rollup import roll_day
from apps.observations.counting.verification import problems
from apps.observations.models import Axis, Fill, Grain, NetworkCount, Segment, SensorCount, Signature, Slice, SmallCells
from apps.observations.storage import segments, smallcells, sourcesets
from apps.observations.storage.hours import day_bounds
from apps.reference.models import Delegation
from apps.sensors.models import Exclusion, Panel
from tests.factories import SensorFactory
from tests.observations import sightings

pytestmark = pytest.mark.django_db
DAY = date(2013, 5, 1)


def at(hour: float = 12, day: date = DAY) -> datetime:
    return day_bounds(day)[0] + timedelta(hours=hour)


def stored() -> dict[str, list]:
    """Everything a rollup writes, but when."""
    tables = {
        "sensorcount": "*", "networkcount": "*", "smallcells": "*", "tally": "*", "sensorhours": "sensor_id, bucket, body",
        "networkhours": "*", "coverage": "sensor_id, day, seconds, covered_hours",
        "segment": "sensor_id, day, flows, rows, body", "fill": "sensor_id, day, region_as_of",
    }  # fmt: skip
    with connection.cursor() as cursor:
        found = {}
        for table, columns in tables.items():
            cursor.execute(f"SELECT {columns} FROM observations_{table}")
            rows = [tuple(bytes(value) if isinstance(value, memoryview) else value for value in row) for row in cursor.fetchall()]
            found[table] = sorted(rows, key=repr)
        return found


def packets(slice_: Slice, grain: Grain = Grain.DAY, **cell) -> int:
    return sum(NetworkCount.objects.filter(slice=slice_, grain=grain, **cell).values_list("packets", flat=True))


# Exactness

SOURCES = ["198.51.100.1", "198.51.100.2", "203.0.113.9", "10.0.0.1", "2001:db8:1:2::1", "2001:db8:1:2::2", "2001:db8:9::1"]
PORTS = ["tcp/23", "tcp/445", "udp/53", "icmp/8", "ip/47", "tcp/0", "tcp/65535"]
FLOWS = st.lists(
    st.tuples(
        st.integers(0, 2), st.integers(0, 24 * 60 - 1), st.sampled_from(SOURCES), st.sampled_from(PORTS),
        st.sampled_from(Signature.values), st.sampled_from([1, 2, 9, 120, 600]),
    ),
    max_size=25,
)  # fmt: skip


@hypothesis_settings(
    max_examples=20,
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],  # shrinking would take minutes of database work
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@example(flows=[(0, 0, "198.51.100.1", "tcp/23", 0, 600), (0, 0, "198.51.100.1", "tcp/23", 4, 1)])
@given(flows=FLOWS)
def test_every_count_agrees_with_what_duckdb_and_arrow_make_of_the_flows(flows, cast):
    with transaction.atomic():
        sightings.delegate("198.51.100.0", "198.51.100.255", "JP")
        sensors = [cast.sensor, cast.sensor_a, cast.sensor_b]
        for sensor, minute, source, port, signature, number in flows:
            sightings.see(sensors[sensor], at(minute / 60), source, port, number, signature)
        roll_day(DAY)
        assert list(problems(DAY, DAY)) == []
        assert _ports_by_duckdb(flows, sensors) == _ports_stored()
        transaction.set_rollback(True)  # the next example starts afresh


def _ports_by_duckdb(flows, sensors) -> set[tuple]:
    """Network rows by port: panel, port, signature, packets, sources."""
    rows = [(bool(sensors[s].is_overseas), source, port, signature, number) for s, _minute, source, port, signature, number in flows]
    database = duckdb.connect()
    database.execute("CREATE TABLE flow (overseas BOOL, src TEXT, port TEXT, signature INT, packets BIGINT)")
    if rows:
        database.executemany("INSERT INTO flow VALUES (?, ?, ?, ?, ?)", rows)
    # The three IPv6 addresses of SOURCES lie in two /64.
    found = database.execute(
        "SELECT overseas, port, signature, sum(packets), count(DISTINCT regexp_replace(src, '^(2001:db8:1:2)::.*', '\\1'))"
        " FROM flow GROUP BY ALL"
    ).fetchall()
    return {tuple(row) for row in found}


def _ports_stored() -> set[tuple]:
    """Of rows and of small cells."""
    rows = NetworkCount.objects.filter(grain=Grain.DAY, slice=Slice.PORT)
    found = {(row.panel, row.protocol, row.port, row.signature, row.packets, row.sources) for row in rows}
    for body in SmallCells.objects.filter(grain=Grain.DAY, axis=Axis.PORTS):
        cells, _counts = smallcells.decode([bytes(body.cells)], smallcells.CELL)
        columns = (cells[name].tolist() for name in ("protocol", "port", "signature", "packets", "sources"))
        found |= {(body.panel, *cell) for cell in zip(*columns, strict=True)}
    return {(panel == Panel.OVERSEAS, str(PortKey(protocol, port)), *rest) for panel, protocol, port, *rest in found}


@pytest.mark.parametrize(
    ("zone", "day"),
    [
        ("Europe/Berlin", date(2026, 3, 29)),
        ("Europe/Berlin", date(2026, 10, 25)),
        ("Asia/Kolkata", date(2026, 5, 1)),
        ("Australia/Lord_Howe", date(2026, 4, 5)),
    ],
)
def test_days_on_which_clocks_change_hold_exactly_their_own_hours(settings, zone, day):
    settings.REPORT_TIME_ZONE = ZoneInfo(zone)
    sensor, (start, end) = SensorFactory(), day_bounds(day)
    moment, number = start - timedelta(hours=2), 0
    while moment < end + timedelta(hours=2):
        sightings.see(sensor, moment, "198.51.100.1")
        number += start <= moment < end
        moment += timedelta(minutes=15)
    for near in (day - timedelta(days=1), day, day + timedelta(days=1)):
        roll_day(near)
    assert packets(Slice.TOTAL, bucket=start) == number == (end - start) / timedelta(minutes=15)
    assert (
        sum(stored for (owner, slice_, *_cell), stored in stored_hours(day).items() if (owner[0], slice_) == ("panel", Slice.TOTAL))
        == number
    )
    assert list(problems(day - timedelta(days=1), day + timedelta(days=1))) == []


def test_two_addresses_of_one_ipv6_64_are_one_source():
    sensor = SensorFactory()
    sightings.see(sensor, at(), "2001:db8:1:2::1")
    sightings.see(sensor, at(), "2001:db8:1:2::2")
    sightings.see(sensor, at(), "2001:db8:1:3::1")
    roll_day(DAY)
    row = NetworkCount.objects.get(grain=Grain.DAY, slice=Slice.TOTAL)
    assert (row.packets, row.sources) == (3, 2)
    assert row.source_set is not None
    assert sourcesets.count(row.source_set) == 2


def test_uncounted_signatures_have_rows_of_their_own():
    sensor = SensorFactory()
    for signature in (Signature.NONE, Signature.BOGON, Signature.BACKSCATTER, Signature.CANARY):
        sightings.see(sensor, at(), "198.51.100.1", packets=40, signature=signature)
    roll_day(DAY)
    for slice_ in (Slice.TOTAL, Slice.PORT, Slice.REGION):
        assert packets(slice_, signature=Signature.NONE) == 40
        assert packets(slice_, signature=Signature.BOGON) == 40
        assert packets(slice_) == 160


def test_ports_with_few_sources_and_packets_have_no_row():
    sensor = SensorFactory()
    sightings.see(sensor, at(), "198.51.100.1", "tcp/23", packets=counts.KEPT_PACKETS - 1)
    sightings.see(sensor, at(), "198.51.100.1", "tcp/80", packets=counts.KEPT_PACKETS)
    for last in range(counts.KEPT_SOURCES):
        sightings.see(sensor, at(), f"198.51.100.{last}", "tcp/443")
    roll_day(DAY)
    assert sorted(NetworkCount.objects.filter(grain=Grain.DAY, slice=Slice.PORT_REGION).values_list("port", flat=True)) == [80, 443]
    assert sorted(NetworkCount.objects.filter(grain=Grain.DAY, slice=Slice.PORT).values_list("port", flat=True)) == [80, 443]


def test_small_cells_know_who_sent_what_to_whom():
    sensor, other = SensorFactory(), SensorFactory()
    sightings.delegate("198.51.100.0", "198.51.100.255", "JP")
    sightings.see(sensor, at(), "198.51.100.1", "tcp/23", packets=2)
    sightings.see(other, at(), "198.51.100.1", "tcp/23", packets=3)
    sightings.see(other, at(), "2001:db8::1", "tcp/60000", packets=4, signature=Signature.BACKSCATTER)
    roll_day(DAY)
    found = {(body.axis, body.block): body for body in SmallCells.objects.all()}
    assert set(found) == {
        (Axis.PORTS, 0), (Axis.PORT, 6 << 8), (Axis.PORT, 6 << 8 | 60000 >> 8), (Axis.REGION, encode("JP")), (Axis.REGION, encode("ZZ"))
    }  # fmt: skip
    japan = found[Axis.REGION, encode("JP")]
    cells, _counts = smallcells.decode([bytes(japan.cells)], smallcells.CELL)
    members, _counts = smallcells.decode([bytes(japan.members)], smallcells.MEMBER)
    assert [(cells[name].tolist()) for name in ("port", "packets", "sources", "sensor_sources", "members")] == [[23], [5], [1], [2], [2]]
    assert sorted(zip(members["sensor"].tolist(), members["packets"].tolist(), strict=True)) == [(sensor.pk, 2), (other.pk, 3)]
    assert not NetworkCount.objects.filter(grain=Grain.DAY, slice__in=(Slice.PORT, Slice.PORT_REGION)).exists()


def test_sources_of_a_sensor_count_once_however_many_signatures_they_bear():
    sensor = SensorFactory()
    for last in range(8):
        for signature in (Signature.NONE, Signature.MIRAI, Signature.BOGON):
            sightings.see(sensor, at(), f"198.51.100.{last}", "tcp/23", packets=1, signature=signature)
    roll_day(DAY)
    rows = NetworkCount.objects.filter(grain=Grain.DAY, slice=Slice.PORT).order_by("signature")
    assert list(rows.values_list("signature", "sources", "sensor_sources")) == [(0, 8, 8), (1, 8, 0), (5, 8, 0)]


def test_sources_of_a_sensor_count_once_however_many_ports_they_try():
    for sensor in (SensorFactory(), SensorFactory()):
        for port, signature in (("tcp/23", Signature.MIRAI), ("tcp/80", Signature.NONE), ("tcp/81", Signature.NONE)):
            sightings.see(sensor, at(), "198.51.100.1", port, packets=1, signature=signature)
    roll_day(DAY)
    for slice_ in (Slice.TOTAL, Slice.REGION):
        rows = NetworkCount.objects.filter(grain=Grain.DAY, slice=slice_).order_by("signature")
        assert list(rows.values_list("signature", "sources", "sensor_sources")) == [(0, 1, 2), (1, 1, 0)]


def test_only_busy_ports_have_hours():
    sensor = SensorFactory()
    sightings.see(sensor, at(1), "198.51.100.1", "tcp/23", packets=counts.HOURLY_MIN_PACKETS - 1)
    sightings.see(sensor, at(1), "198.51.100.1", "tcp/80", packets=counts.HOURLY_MIN_PACKETS - 1)
    sightings.see(sensor, at(5), "198.51.100.1", "tcp/80", packets=1)
    roll_day(DAY)
    hours = {
        (port, start): stored
        for (_owner, slice_, start, _protocol, port, *_rest), stored in stored_hours(DAY).items()
        if slice_ == Slice.PORT
    }
    assert hours == {(80, at(1)): counts.HOURLY_MIN_PACKETS - 1, (80, at(5)): 1}


# Reference data


def test_an_excluded_port_is_counted_apart_and_comes_back_when_the_exclusion_is_lifted(cast):
    for sensor in (cast.sensor, cast.sensor_a):
        sightings.see(sensor, at(), "198.51.100.1", "tcp/22", packets=7)
    sightings.see(cast.sensor, at(), "198.51.100.1", "tcp/23", packets=1)
    roll_day(DAY)
    assert packets(Slice.TOTAL) == 15

    exclusion = exclude(
        by=cast.coordinator, sensor=cast.sensor, port=PortKey.parse("tcp/22"), first_day=DAY, last_day=None, reason="maintenance"
    )
    assert roll_day(DAY).sensors == 1  # the other sensor's day has not changed
    assert packets(Slice.TOTAL) == 8
    assert packets(Slice.EXCLUDED, port=22) == 7
    assert list(problems(DAY, DAY)) == []

    lift(by=cast.coordinator, exclusion=exclusion)
    roll_day(DAY)
    assert packets(Slice.TOTAL) == 15
    assert packets(Slice.EXCLUDED) == 0
    assert list(AuditEntry.objects.order_by("pk").values_list("action", flat=True)) == ["exclusion.added", "exclusion.lifted"]


def test_an_exclusion_that_ends_before_it_begins_is_refused(cast):
    days = {"first_day": DAY, "last_day": DAY - timedelta(days=1)}
    with pytest.raises(DomainError):
        exclude(by=cast.coordinator, sensor=cast.sensor, port=PortKey.parse("tcp/22"), reason="maintenance", **days)


def test_an_exclusion_ends_with_its_last_day():
    sensor = SensorFactory()
    Exclusion.objects.create(sensor=sensor, protocol=6, port=22, first_day=DAY, last_day=DAY, reason="maintenance")
    sightings.see(sensor, at(day=DAY + timedelta(days=1)), port="tcp/22")
    roll_day(DAY + timedelta(days=1))
    assert packets(Slice.TOTAL) == 1


def test_a_new_delegation_moves_the_day_to_its_region():
    sensor = SensorFactory()
    sightings.delegate("198.51.100.0", "198.51.100.255", "NL")
    sightings.see(sensor, at(), "198.51.100.1")
    sightings.see(sensor, at(), "203.0.113.1")
    roll_day(DAY)
    assert packets(Slice.REGION, region=encode("NL")) == 1
    assert packets(Slice.REGION, region=encode("ZZ")) == 1
    assert Fill.objects.get().region_as_of == date(2010, 1, 1)

    Delegation.objects.all().delete()
    sightings.delegate("198.51.100.0", "198.51.100.255", "GB", since=date(2013, 4, 30))
    reroll_days(first=DAY, last_exclusive=DAY + timedelta(days=1))
    roll_day(DAY)
    assert packets(Slice.REGION, region=encode("NL")) == 0
    assert packets(Slice.REGION, region=encode("GB")) == 1
    assert Fill.objects.get().region_as_of == date(2013, 4, 30)


# Running again


def test_rolling_the_same_day_twice_gives_identical_rows(cast):
    for sensor in (cast.sensor, cast.sensor_b):
        for number in range(1, 6):
            sightings.see(sensor, at(number), f"198.51.100.{number}", f"tcp/{number * 20}", packets=number * 50 - 49)
    roll_day(DAY)
    before = stored()
    reroll_days(first=DAY, last_exclusive=DAY + timedelta(days=1))
    assert roll_day(DAY).sensors == 2
    assert stored() == before
    assert all(before.values())


def test_only_stale_sensors_are_read_again_and_the_network_still_counts_all(cast):
    sightings.see(cast.sensor, at(), "198.51.100.1", packets=2)
    sightings.see(cast.sensor_a, at(), "198.51.100.1", packets=3)
    roll_day(DAY)
    sightings.see(cast.sensor_a, at(), "198.51.100.2", packets=4)
    assert roll_day(DAY).sensors == 1
    row = NetworkCount.objects.get(grain=Grain.DAY, slice=Slice.TOTAL)
    assert (row.packets, row.sources, row.sensors, row.largest_sensor_packets) == (9, 2, 2, 7)
    assert list(problems(DAY, DAY)) == []


def test_nothing_is_done_where_nothing_is_stale():
    sightings.see(SensorFactory(), at())
    assert roll_day(DAY).sensors == 1
    assert roll_day(DAY).sensors == 0


def test_what_retention_dropped_stays_counted_when_the_day_is_rolled_again():
    sensor = SensorFactory()
    sightings.delegate("198.51.100.0", "198.51.100.255", "JP")
    sightings.see(sensor, at(1), "198.51.100.1", packets=5)
    sightings.see(sensor, at(2), "198.51.100.1", packets=6)
    roll_day(DAY)
    before = stored()
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM observations_flow WHERE packets = 6")
    reroll_days(first=DAY, last_exclusive=DAY + timedelta(days=1))
    assert roll_day(DAY).sensors == 1
    assert stored() == before
    assert list(problems(DAY, DAY)) == []


# Commands


def test_the_command_rolls_what_is_stale_and_rebuilds_what_is_named(capsys):
    sensor = SensorFactory()
    sightings.see(sensor, at())
    call_command("rollup")
    assert "[1/1] 2013-05-01: 1 sensors, 1 segment rows" in capsys.readouterr().out
    call_command("rollup", "--all-stale")
    assert "Nothing is stale." in capsys.readouterr().out
    SensorCount.objects.all().delete()
    call_command("rollup", "--rebuild", "--from", "2013-05-01", "--to", "2013-05-01")
    assert "1 sensor-days to rebuild" in capsys.readouterr().out
    assert list(problems(DAY, DAY)) == []


def test_the_command_refuses_a_rebuild_without_days():
    with pytest.raises(CommandError, match="--from and --to"):
        call_command("rollup", "--rebuild")


@pytest.mark.parametrize(
    ("damage", "named"),
    [
        ("UPDATE observations_networkcount SET packets = packets + 1 WHERE grain = 2 AND slice = 2", "day rows disagree"),
        ("UPDATE observations_networkcount SET source_set = '\\x0101020304' WHERE grain = 2 AND slice = 1", "day rows disagree"),
        ("DELETE FROM observations_sensorhours", "hours disagree"),
        ("DELETE FROM observations_networkhours WHERE slice = 3", "hours disagree"),
        ("DELETE FROM observations_tally WHERE axis = 4", "tallies disagree"),
        ("UPDATE observations_tally SET source_set = '\\x0101020304' WHERE axis = 1", "tallies disagree"),
        ("DELETE FROM observations_smallcells WHERE axis = 3", "small cells disagree"),
        ("UPDATE observations_networkcount SET sensor_sources = 0 WHERE slice = 2", "sources of sensors disagree"),
        ("UPDATE observations_networkcount SET sensor_sources = 0 WHERE slice = 1", "sources of sensors disagree"),
        ("INSERT INTO observations_flow SELECT (observations_flow).* FROM observations_flow", "flows and segments disagree"),
        ("UPDATE observations_mark SET version = version + 1", "waits to be rolled up"),
    ],
)
def test_verification_finds_what_somebody_damaged(damage, named, capsys):
    sensor = SensorFactory()
    sightings.see(sensor, at(), packets=50)
    sightings.see(sensor, at(), port="tcp/80")
    roll_day(DAY)
    call_command("verify_counts", "2013-05-01", "2013-05-01")
    assert "agree." in capsys.readouterr().out
    with connection.cursor() as cursor:
        cursor.execute(damage)
    with pytest.raises(CommandError):
        call_command("verify_counts", "2013-05-01", "2013-05-01")
    assert named in capsys.readouterr().out


def test_segments_hold_the_minutes_of_the_first_and_last_flow():
    sensor = SensorFactory()
    for minute in (7, 3, 55):
        sightings.see(sensor, at(5 + minute / 60), "198.51.100.1")
    roll_day(DAY)
    frame = segments.read([sensor.pk], [DAY], ["hour", "first", "last", "packets"])
    assert {name: column.tolist() for name, column in frame.items()} == {"hour": [5], "first": [3], "last": [55], "packets": [3]}
    assert Segment.objects.get().flows == 3
