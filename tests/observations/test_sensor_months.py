"""Sensor-days of months that are over, read from one body each: the same as from fills and coverage, whatever changes meanwhile."""

from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest
from django.conf import settings
from django.db import connection

from apps.common.periods import Period
from apps.observations.counting import sensormonths
from apps.observations.models import Coverage, Fill, MonthStamp
from apps.observations.planning import watch
from apps.observations.storage import monthstamps
from apps.sensors.models import Sensor
from tests.factories import SensorFactory

pytestmark = pytest.mark.django_db
MARCH = date(2026, 3, 1)
NOW = datetime(2026, 4, 20, tzinfo=UTC)
COLUMNS = ("sensor", "day", "hours", "is_covered", "is_whole", "is_active", "rolled_at")


@pytest.fixture(autouse=True)
def nothing_kept():
    watch.kept.forget()
    yield
    watch.kept.forget()


@pytest.fixture
def sensors() -> list[Sensor]:
    """Two that watch by turns, on some days without a fill or without coverage, and one that never did."""
    made = [SensorFactory() for _ in range(3)]
    for offset in range(50):
        day = MARCH - timedelta(days=5) + timedelta(days=offset)
        note(made[offset % 2], day, hours=offset % 25, is_rolled=offset % 7 > 0, is_watched=offset % 5 > 0)
    return made


def note(sensor: Sensor, day: date, *, hours: int, is_rolled: bool = True, is_watched: bool = True) -> None:
    moment = datetime(2026, 4, 15, day.day % 24, tzinfo=UTC)
    if is_rolled:
        Fill.objects.create(sensor=sensor, day=day, rolled_version=1, rolled_at=moment, region_as_of=day - timedelta(days=hours))
    if is_watched:
        seconds = [3600] * hours + [0] * (24 - hours)
        Coverage.objects.create(sensor=sensor, day=day, seconds=seconds[: 23 + day.day % 2], covered_hours=min(hours, 23))
    renew(day)


def renew(day: date) -> None:
    with connection.cursor() as cursor:
        monthstamps.renew(cursor, [day.replace(day=1)])


def asked(sensors: list[Sensor], first: date, last: date, *, shared: bool = False) -> watch.SensorDays:
    watch.kept.forget()
    period = Period.of_days(first, last + timedelta(days=1), settings.REPORT_TIME_ZONE)
    return watch.sensor_days([sensor.pk for sensor in sensors], period, shared=shared)


def are_equal(found: watch.SensorDays, wanted: watch.SensorDays) -> bool:
    facts = [(days.region_as_of, days.region_is_older_than_snapshot, days.summary, days.stamp) for days in (found, wanted)]
    return facts[0] == facts[1] and all(np.array_equal(getattr(found, name), getattr(wanted, name)) for name in COLUMNS)


PERIODS = [
    (date(2026, 2, 20), date(2026, 4, 18)),
    (date(2026, 3, 1), date(2026, 3, 31)),
    (date(2026, 3, 30), date(2026, 4, 2)),
    (date(2026, 3, 7), date(2026, 3, 7)),
    (date(2026, 4, 3), date(2026, 4, 9)),
]


@pytest.mark.parametrize(("first", "last"), PERIODS)
@pytest.mark.parametrize("shared", [False, True])
def test_bodies_say_what_rows_say(sensors, first, last, shared):
    some = [sensors[2], sensors[0]]
    before = [asked(one, first, last, shared=shared) for one in (sensors, some)]
    assert sensormonths.keep(NOW) == [date(2026, 3, 1), date(2026, 2, 1)]
    after = [asked(one, first, last, shared=shared) for one in (sensors, some)]
    assert all(map(are_equal, after, before))


def test_rows_of_a_month_with_a_body_are_not_read(sensors):
    before = asked(sensors, MARCH, date(2026, 3, 31))
    sensormonths.keep(NOW)
    Fill.objects.filter(day__month=3).delete()
    Coverage.objects.filter(day__month=3).delete()
    assert are_equal(asked(sensors, MARCH, date(2026, 3, 31)), before)
    renew(MARCH)
    assert not asked(sensors, MARCH, date(2026, 3, 31)).hours.any()


def test_a_month_is_kept_again_after_one_of_its_days_changed(sensors):
    sensormonths.keep(NOW)
    note(sensors[2], date(2026, 3, 9), hours=20)
    found = asked(sensors, MARCH, date(2026, 3, 31))
    assert found.hours[(found.sensor == sensors[2].pk) & (found.day == np.datetime64("2026-03-09"))] == [20]
    assert sensormonths.keep(NOW) == [MARCH]
    assert sensormonths.keep(NOW) == []
    assert are_equal(asked(sensors, MARCH, date(2026, 3, 31)), found)


def test_a_day_that_changes_while_its_month_is_read_leaves_it_without_a_body(sensors, monkeypatch):
    read = sensormonths._sensor_days

    def change_after_reading(month: date):
        found = read(month)
        note(sensors[2], month + timedelta(days=8), hours=20)
        return found

    monkeypatch.setattr(sensormonths, "_sensor_days", change_after_reading)
    assert sensormonths.keep(NOW) == []
    assert not MonthStamp.objects.filter(body__isnull=False).exists()


def test_the_month_that_is_not_over_has_no_body(sensors):
    end = datetime(2026, 3, 31, 15, tzinfo=UTC)  # midnight in Tokyo
    assert MARCH not in sensormonths.keep(end - timedelta(microseconds=1))
    assert sensormonths.keep(end) == [MARCH]


def test_a_month_of_which_nothing_is_left_has_a_body_that_says_nothing(sensors):
    Fill.objects.filter(day__month=3).delete()
    Coverage.objects.filter(day__month=3).delete()
    renew(MARCH)
    assert MARCH in sensormonths.keep(NOW)
    assert not asked(sensors, MARCH, date(2026, 3, 31)).hours.any()
