"""Flows of one address as evidence: which rows, and what is said of them together."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.db import connection

from apps.common.periods import Period
from apps.common.ports import PortKey
from apps.observations import evidence
from apps.observations.models import Segment, Signature
from apps.observations.storage import partitions
from tests.factories import SensorFactory

AT = datetime(2026, 11, 20, 23, 58, 30, tzinfo=UTC)
SOURCE = "198.51.100.7"
ZONE = ZoneInfo("Asia/Tokyo")
ALL = Period(AT - timedelta(days=3), AT + timedelta(days=3), ZONE)


def add(sensor, minutes, *, source=SOURCE, protocol=6, port=23, packets=1, signature=Signature.NONE):
    at = AT + timedelta(minutes=minutes)
    partitions.ensure([at.date()])
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO observations_flow (sensor_id, bucket, src, protocol, port, signature, packets, bytes, first_seen, first_src_port,"
            " last_seen, last_src_port, batch_id) VALUES (%s, %s, %s, %s, %s, %s, %s, 0, %s, 1024, %s, 1025, 1)",
            [sensor.pk, at.replace(second=0), source, protocol, port, int(signature), packets, at, at + timedelta(seconds=10)],
        )


@pytest.fixture
def flows(cast):
    add(cast.sensor, 0, packets=2)
    add(cast.sensor_a, 1, signature=Signature.MIRAI)
    add(cast.sensor_a, 120, port=445, packets=5)
    add(cast.sensor_a, 5, source="198.51.100.8", packets=100)


def test_a_summary_counts_packets_sensors_hours_and_ports(flows):
    seen = evidence.summary(SOURCE, ALL)
    assert (seen.packets, seen.rows, seen.sensors, seen.hours) == (8, 3, 2, 2)
    assert (seen.first_seen, seen.last_seen) == (AT, AT + timedelta(minutes=120, seconds=10))
    assert seen.signatures == (Signature.NONE, Signature.MIRAI)
    assert seen.ports == (PortKey(6, 23), PortKey(6, 445))


def test_rows_are_in_time_order_and_of_the_ports_asked_for(flows):
    got = list(evidence.rows(SOURCE, ALL, [PortKey(6, 23)]))
    assert [(row.at, row.port, row.packets, row.source_port) for row in got] == [
        (AT, 23, 2, 1024),
        (AT + timedelta(minutes=1), 23, 1, 1024),
    ]
    assert evidence.summary(SOURCE, ALL, [PortKey(6, 445)]).packets == 5
    assert evidence.summary(SOURCE, ALL, [PortKey(17, 23)]).packets == 0


def test_generated_flows_are_no_evidence(cast):
    add(SensorFactory(is_scenario=True), 0, packets=9)
    assert evidence.summary(SOURCE, ALL).packets == 0
    assert list(evidence.rows(SOURCE, ALL)) == []


def test_the_end_of_a_period_is_not_in_it(flows):
    until = Period(ALL.start, AT.replace(second=0) + timedelta(minutes=1), ZONE)
    assert evidence.summary(SOURCE, until).packets == 2


def test_nothing_seen_is_zero_and_none(cast):
    seen = evidence.summary("203.0.113.1", ALL)
    assert (seen.packets, seen.first_seen, seen.last_seen, seen.signatures, seen.ports) == (0, None, None, (), ())


def test_a_prefix_stands_for_the_addresses_seen_in_it_the_busiest_first(cast):
    add(cast.sensor, 0, source="2001:db8:1:2::1")
    add(cast.sensor, 0, source="2001:db8:1:2::2", packets=3)
    add(cast.sensor, 0, source="2001:db8:1:3::1")
    assert evidence.addresses_in("2001:db8:1:2::/64", ALL) == ["2001:db8:1:2::2", "2001:db8:1:2::1"]
    assert evidence.addresses_in(SOURCE, ALL) == [SOURCE]
    for wide in ("198.51.100.0/24", "2001:db8::/32", "nonsense"):
        with pytest.raises(ValueError):
            evidence.addresses_in(wide, ALL)


def test_the_newest_data_is_the_end_of_the_last_reporting_day_with_rows(cast):
    assert evidence.newest_rolled_up() is None
    Segment.objects.create(sensor=cast.sensor, day=AT.date(), rows=1, body=b"")
    Segment.objects.create(sensor=cast.sensor, day=AT.date() + timedelta(days=1), rows=0, body=b"")
    assert evidence.newest_rolled_up() == datetime(2026, 11, 20, 15, tzinfo=UTC)
