from datetime import timedelta

import pytest
from django.test import RequestFactory
from django.utils import timezone
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.sensors import services
from apps.sensors.authentication import HasSensorKey, SensorKeyAuthentication
from apps.sensors.models import SensorKey
from tests.factories import SensorKeyFactory


class Door(APIView):
    authentication_classes = [SensorKeyAuthentication]
    permission_classes = [HasSensorKey]

    def get(self, request):
        return Response({"sensor": request.auth.sensor.name, "may_import": request.auth.may_import})


def knock(authorization):
    headers = {"HTTP_AUTHORIZATION": authorization} if authorization else {}
    return Door.as_view()(RequestFactory().get("/", **headers))


def test_a_key_opens_the_door_for_its_own_sensor(cast):
    assert knock(f"Sensor-Key {cast.sensor_key}").data == {"sensor": "own-tokyo", "may_import": False}


@pytest.mark.parametrize(
    "written", ["", "Sensor-Key", "Sensor-Key ", "Sensor-Key abc.def", "Sensor-Key \x00", "Token abc", "Sensor-Key é.é"]
)
def test_anything_else_is_401_and_says_how_to_sign_in(cast, written):
    response = knock(written)
    assert response.status_code == 401
    assert response["WWW-Authenticate"] == "Sensor-Key"


def test_a_revoked_key_is_401(cast):
    services.revoke_key(key=SensorKey.objects.get(), by=cast.admin)
    assert knock(f"Sensor-Key {cast.sensor_key}").status_code == 401


def test_an_expired_key_is_401(db):
    key = SensorKeyFactory(expiry_date=timezone.now() - timedelta(seconds=1)).plain
    assert knock(f"Sensor-Key {key}").status_code == 401


def test_the_right_prefix_with_another_secret_is_401(cast):
    prefix = cast.sensor_key.partition(".")[0]
    assert knock(f"Sensor-Key {prefix}.{'x' * 32}").status_code == 401


def test_a_request_costs_one_query_and_the_first_in_five_minutes_two(cast, django_assert_num_queries):
    with django_assert_num_queries(2):
        knock(f"Sensor-Key {cast.sensor_key}")
    with django_assert_num_queries(1):
        knock(f"Sensor-Key {cast.sensor_key}")
    assert SensorKey.objects.get().last_used_at is not None


def test_a_persons_login_does_not_open_the_door(cast):
    request = RequestFactory().get("/")
    drf = Request(request)
    drf.user = cast.admin
    assert not HasSensorKey().has_permission(drf, Door())
