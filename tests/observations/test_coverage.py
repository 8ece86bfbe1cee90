"""Coverage: which hours of a reporting day were watched."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from apps.observations.counting import coverage
from apps.observations.counting.rollup import roll_day
from apps.observations.models import Coverage, Segment
from apps.observations.storage.hours import day_bounds, hour_lengths, hour_starts, microseconds, starts_us
from apps.sensors.models import Heartbeat
from tests.factories import SensorFactory
from tests.observations import sightings

DAY = date(2013, 5, 1)
START = day_bounds(DAY)[0]


def watched(*minutes: tuple[int, int]):
    return coverage.seconds_by_hour(DAY, [(START + timedelta(minutes=a), START + timedelta(minutes=b)) for a, b in minutes])


def test_fifty_minutes_cover_an_hour_and_forty_nine_do_not():
    assert coverage.covered_hours(DAY, watched((0, 50))) == 1
    assert coverage.covered_hours(DAY, watched((0, 49))) == 0


def test_overlapping_intervals_count_once():
    assert watched((0, 30), (10, 40), (40, 45))[0] == 45 * 60


def test_intervals_beyond_the_day_count_within_it_only():
    assert watched((-600, 24 * 60 + 600)).tolist() == [3600] * 24


@pytest.mark.parametrize(
    ("zone", "day", "hours"),
    [
        ("Asia/Tokyo", date(2013, 5, 1), 24),
        ("Europe/Berlin", date(2026, 3, 29), 23),
        ("Europe/Berlin", date(2026, 10, 25), 25),
        ("America/New_York", date(2026, 11, 1), 25),
        ("Australia/Lord_Howe", date(2026, 4, 5), 25),  # 24.5 hours: the clock goes back by half an hour
        ("Asia/Kolkata", date(2026, 5, 1), 25),  # midnight lies within a clock hour
    ],
)
def test_hours_of_a_day_fill_it_in_every_zone(settings, zone, day, hours):
    settings.REPORT_TIME_ZONE = ZoneInfo(zone)
    start, end = day_bounds(day)
    assert len(hour_starts(day)) == hours
    assert starts_us(day).tolist() == [microseconds(moment) for moment in hour_starts(day)]
    assert sum(hour_lengths(day)) == (end - start).total_seconds()
    assert coverage.covered_hours(day, coverage.seconds_by_hour(day, [(start, end)])) == hours
    assert all(moment.minute == 0 for moment in hour_starts(day)[1:])


@pytest.mark.django_db
def test_heartbeats_and_batches_together_cover_an_hour():
    sensor = SensorFactory()
    sightings.watch(sensor, START, START + timedelta(minutes=25))
    for minute in range(25, 60, 5):
        Heartbeat.objects.create(sensor=sensor, start=START + timedelta(minutes=minute), end=START + timedelta(minutes=minute + 5))
    roll_day(DAY)
    row = Coverage.objects.get(sensor=sensor, day=DAY)
    assert row.seconds[:2] == [3600, 0]
    assert row.covered_hours == 1


@pytest.mark.django_db
def test_a_sensor_that_saw_nothing_is_covered_and_has_an_empty_segment():
    sensor = SensorFactory()
    sightings.watch_days(sensor, DAY, DAY)
    roll_day(DAY)
    assert Coverage.objects.get(sensor=sensor, day=DAY).covered_hours == 24
    assert Segment.objects.get(sensor=sensor, day=DAY).rows == 0


def test_instants_in_another_zone_are_the_same_instants():
    tokyo = START.astimezone(ZoneInfo("Asia/Tokyo"))
    assert coverage.seconds_by_hour(DAY, [(tokyo, tokyo + timedelta(hours=1))])[0] == 3600
    assert datetime(2013, 4, 30, 15, tzinfo=UTC) == START
