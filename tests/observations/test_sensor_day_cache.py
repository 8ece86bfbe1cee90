"""Sensor-days that a process keeps: the same as read anew, whatever happens to them meanwhile."""

import threading
from datetime import date, timedelta

import numpy as np
import pytest
from django.db import connection, transaction
from django.utils.timezone import now

from apps.common.periods import Period
from apps.common.recentlyused import RecentlyUsed
from apps.observations.counting import rollup
from apps.observations.models import Mark, MonthStamp
from apps.observations.planning import freshness, watch
from apps.observations.planning.reading import reading
from apps.observations.storage import monthstamps
from apps.observations.storage.marks import raise_marks
from apps.sensors.models import Sensor
from apps.sensors.scopes import SensorScope
from tests.factories import SensorFactory

pytestmark = pytest.mark.django_db
DAY = date(2026, 3, 3)
COLUMNS = ("sensor", "day", "hours", "is_covered", "is_whole", "is_active", "rolled_at")


@pytest.fixture(autouse=True)
def nothing_kept():
    watch.kept.forget()
    yield
    watch.kept.forget()


@pytest.fixture
def sensor() -> Sensor:
    return SensorFactory()


def period(settings, days: int = 5) -> Period:
    return Period.of_days(DAY - timedelta(days=1), DAY + timedelta(days=days - 1), settings.REPORT_TIME_ZONE)


def roll(sensor: Sensor, day: date = DAY) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        raise_marks(cursor, [(sensor.pk, day)])
    rollup.roll_day(day)


def asked(sensor: Sensor, whole: Period) -> watch.SensorDays:
    """Sensor-days as a page gets them; they equal those of a process that keeps nothing."""
    with reading():
        found = watch.sensor_days([sensor.pk], whole)
    kept = dict(watch.kept._kept)
    watch.kept.forget()
    fresh = watch.sensor_days([sensor.pk], whole)
    watch.kept._kept.update(kept)
    assert found.stamp == fresh.stamp
    for name in COLUMNS:
        assert np.array_equal(getattr(found, name), getattr(fresh, name)), name
    return found


def test_sensor_days_are_kept_until_a_day_of_their_months_is_rolled(sensor, settings):
    roll(sensor)
    whole = period(settings)
    first = asked(sensor, whole)
    assert asked(sensor, whole) is first
    roll(sensor, date(2026, 5, 1))
    assert asked(sensor, whole) is first
    roll(sensor)
    second = asked(sensor, whole)
    assert second.stamp != first.stamp
    assert asked(sensor, whole) is second


def test_a_first_rollup_is_seen(sensor, settings):
    whole = period(settings)
    assert not asked(sensor, whole).rolled_at.any()
    roll(sensor)
    assert asked(sensor, whole).rolled_at.any()


def test_another_active_span_is_seen(sensor, settings):
    roll(sensor)
    whole = period(settings)
    before = asked(sensor, whole).is_active.sum()
    Sensor.objects.filter(pk=sensor.pk).update(active_to=DAY)
    assert asked(sensor, whole).is_active.sum() < before


def test_a_stamp_that_was_taken_back_never_comes_again():
    seen = set()
    for _ in range(3):
        with transaction.atomic(), connection.cursor() as cursor:
            monthstamps.renew(cursor, [DAY.replace(day=1)])
            seen.add(MonthStamp.objects.get().stamp)
            transaction.set_rollback(True)
    assert len(seen) == 3


def test_what_is_kept_is_bounded_and_the_oldest_goes_first(sensor, settings, monkeypatch):
    monkeypatch.setattr(watch, "kept", RecentlyUsed(12, lambda one: len(one.days.sensor)))
    long, short = period(settings, days=8), period(settings, days=4)
    first = asked(sensor, long)
    asked(sensor, short)
    third = asked(sensor, period(settings, days=5))
    assert asked(sensor, period(settings, days=5)) is third
    assert watch.kept.total <= 12
    assert asked(sensor, long) is not first


def test_marks_that_wait_are_those_ahead_of_their_fills(sensor):
    scope = SensorScope((sensor.pk,))
    with transaction.atomic(), connection.cursor() as cursor:
        raise_marks(cursor, [(sensor.pk, DAY), (sensor.pk, DAY + timedelta(days=1))])
    assert freshness.newest_data(scope).stale_days == 2
    rollup.roll_day(DAY)
    assert freshness.newest_data(scope).stale_days == 1
    roll(sensor, DAY + timedelta(days=1))
    found = freshness.newest_data(scope)
    assert found.stale_days == 0
    assert found.rolled_at is not None and abs(now() - found.rolled_at) < timedelta(minutes=5)
    assert [(mark.version, mark.rolled_version) for mark in Mark.objects.order_by("day")] == [(1, 1), (2, 2)]


@pytest.mark.django_db(transaction=True)
def test_a_batch_that_comes_while_a_day_is_written_waits_still(sensor, monkeypatch):
    """Its mark is raised after the versions were read; settling the others must not hide it."""
    with transaction.atomic(), connection.cursor() as cursor:
        raise_marks(cursor, [(sensor.pk, DAY)])
    count = rollup._count_rows

    def raised_meanwhile(read):
        def deliver() -> None:
            with transaction.atomic(), connection.cursor() as cursor:
                raise_marks(cursor, [(sensor.pk, DAY)])
            connection.close()

        other = threading.Thread(target=deliver)
        other.start()
        other.join()
        return count(read)

    monkeypatch.setattr(rollup, "_count_rows", raised_meanwhile)
    rollup.roll_day(DAY)
    assert freshness.newest_data(SensorScope((sensor.pk,))).stale_days == 1
    assert [(mark.version, mark.rolled_version) for mark in Mark.objects.all()] == [(2, 1)]
