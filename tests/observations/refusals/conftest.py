"""A sensor that sends, the clock standing still, and the proof that a refusal leaves nothing behind."""

import pytest
import time_machine
from django.db import connection

from apps.observations.models import Batch, Mark
from tests.cast import sensor_client
from tests.observations.batches import NOW


@pytest.fixture(autouse=True)
def _clock():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def client(cast):
    return sensor_client(cast.sensor_key)


@pytest.fixture(autouse=True)
def _nothing_is_left_behind(cast):
    yield
    with connection.cursor() as cursor:
        cursor.execute("SELECT (SELECT count(*) FROM observations_flow), (SELECT count(*) FROM observations_sample)")
        assert cursor.fetchone() == (0, 0)
    assert not Batch.objects.exists()
    assert not Mark.objects.exists()
