from datetime import date

import pytest
from django.db import connection
from django.utils.timezone import now

from apps.observations.models import Fill, Mark
from apps.observations.storage.marks import raise_marks
from tests.factories import SensorFactory

DAY, NEXT_DAY = date(2013, 3, 3), date(2013, 3, 4)


def touch(*keys):
    with connection.cursor() as cursor:
        raise_marks(cursor, keys)


def versions():
    return {(mark.sensor_id, mark.day): mark.version for mark in Mark.objects.all()}


@pytest.mark.django_db
def test_each_touched_sensor_day_goes_up_by_one():
    sensor, other = SensorFactory(), SensorFactory()
    touch((other.pk, DAY), (sensor.pk, NEXT_DAY), (sensor.pk, DAY), (sensor.pk, DAY))
    touch((sensor.pk, DAY))
    assert versions() == {(sensor.pk, DAY): 2, (sensor.pk, NEXT_DAY): 1, (other.pk, DAY): 1}


@pytest.mark.django_db
def test_touching_nothing_changes_nothing():
    touch()
    assert versions() == {}


@pytest.mark.django_db
def test_a_mark_remembers_since_when_it_has_been_ahead_of_its_fill():
    sensor = SensorFactory()
    touch((sensor.pk, DAY))
    first = Mark.objects.get().raised_at
    touch((sensor.pk, DAY))
    assert Mark.objects.get().raised_at == first
    Fill.objects.create(sensor=sensor, day=DAY, rolled_version=2, rolled_at=now())
    touch((sensor.pk, DAY))
    assert Mark.objects.get().raised_at > first
