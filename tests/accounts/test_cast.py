from django.test import TestCase

from apps.sensors.models import Sensor
from tests.cast import CastMixin


def test_partners_see_only_their_own_sensor(cast):
    assert list(Sensor.objects.visible_to(cast.partner_a)) == [cast.sensor_a]
    assert list(Sensor.objects.visible_to(cast.partner_b)) == [cast.sensor_b]


def test_own_staff_see_every_sensor_whatever_their_role(cast):
    for name in ("analyst", "coordinator", "approver", "auditor", "admin"):
        assert Sensor.objects.visible_to(cast.people[name]).count() == 3, name


def test_nobody_in_particular_sees_no_sensor(cast):
    assert not Sensor.objects.visible_to(cast.anonymous).exists()


class TheMixin(CastMixin, TestCase):
    def test_gives_the_cast_to_django_test_cases(self):
        self.assertEqual(self.cast.partner_a.organisation, self.cast.organisation_a)
