"""Retention: flows go, counts stay, and nothing goes that has not been counted."""

from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine
from django.db import connection

from apps.common.ports import PortKey
from apps.observations.counting.exclusions import exclude, lift
from apps.observations.counting.retention import drop_old_flows
from apps.observations.counting.verification import problems
from apps.observations.models import Grain, NetworkCount, Slice
from apps.observations.storage import partitions
from apps.observations.storage.hours import day_bounds
from apps.sensors.models import SensorKey
from tests.cast import sensor_client
from tests.observations import sightings
from tests.observations.batches import MINUTE, NOW, flow, send
from tests.observations.test_rollup import stored

DAY = date(1998, 5, 1)  # a reporting day from 15:00 UTC of the day before
START, END = day_bounds(DAY)
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _thirty_days(settings):
    settings.FLOW_RETENTION_DAYS = 30


def existing():
    """Days of 1998: other tests leave partitions of other years."""
    return [day for day in partitions.existing() if day.year == 1998]


def drop(days_later: int) -> list[date]:
    return [day for day in drop_old_flows(END + timedelta(days=days_later)) if day.year == 1998]


def see_both_halves(sensor):
    sightings.see(sensor, START + timedelta(hours=1), packets=40)
    sightings.see(sensor, START + timedelta(hours=20), "203.0.113.9", "tcp/22", packets=30)


def totals():
    rows = NetworkCount.objects.filter(grain=Grain.DAY).values_list("slice", "port", "packets")
    return sorted(row for row in rows if row[0] in {Slice.TOTAL, Slice.PORT, Slice.EXCLUDED})


def test_flows_go_two_days_after_their_time_and_counts_stay(cast):
    see_both_halves(cast.sensor)
    sightings.roll_up()
    before = stored()
    assert drop(31) == []
    assert drop(32) == [date(1998, 4, 30)]
    assert drop(33) == [date(1998, 5, 1)]
    assert existing() == []
    assert stored() == before
    assert list(problems(DAY, DAY)) == []


def test_a_day_that_waits_to_be_counted_keeps_the_flows_of_both_its_utc_days(cast):
    see_both_halves(cast.sensor)
    assert drop(400) == []
    assert existing() == [date(1998, 4, 30), date(1998, 5, 1)]
    sightings.roll_up()
    assert drop(400) == [date(1998, 4, 30), date(1998, 5, 1)]


def test_zero_keeps_all(cast, settings):
    settings.FLOW_RETENTION_DAYS = 0
    see_both_halves(cast.sensor)
    sightings.roll_up()
    assert drop(4000) == []


@pytest.mark.parametrize("days_later", [32, 33])
def test_a_day_whose_flows_have_gone_is_counted_anew_from_its_segments(cast, days_later):
    see_both_halves(cast.sensor)
    sightings.roll_up()
    before, counted = totals(), stored()
    assert drop(days_later)
    exclusion = exclude(
        by=cast.coordinator, sensor=cast.sensor, port=PortKey.parse("tcp/22"), first_day=DAY, last_day=DAY, reason="maintenance"
    )
    sightings.roll_up()
    assert totals() == [(Slice.TOTAL, 0, 40), (Slice.PORT, 23, 40), (Slice.EXCLUDED, 22, 30)]
    assert list(problems(DAY, DAY)) == []
    lift(by=cast.coordinator, exclusion=exclusion)
    sightings.roll_up()
    assert totals() == before
    assert stored() == counted


@pytest.mark.parametrize(("may_import", "days", "status"), [(True, 31, 422), (True, 29, 201), (False, 29, 422), (False, 13, 201)])
def test_nothing_is_taken_in_for_days_whose_flows_may_be_gone(cast, may_import, days, status):
    SensorKey.objects.update(may_import=may_import)
    start = MINUTE - days * 86_400
    with time_machine.travel(NOW, tick=False):
        answer = send(sensor_client(cast.sensor_key), flow(bucket=start), **{"from": start, "to": start + 60})
    assert answer.status_code == status


def test_who_reads_flows_is_not_kept_waiting(cast, monkeypatch, transactional_db):
    """A reader holds the partition; dropping gives up and is done by the next run."""
    monkeypatch.setattr("apps.observations.counting.retention._LOCK_TIMEOUT", "100ms")
    see_both_halves(cast.sensor)
    sightings.roll_up()
    reader = connection.copy()
    try:
        with reader.cursor() as cursor:
            cursor.execute("BEGIN")
            cursor.execute("SELECT count(*) FROM observations_flow WHERE bucket < %s", [datetime(1999, 1, 1, tzinfo=UTC)])
            assert drop(400) == []
            cursor.execute("ROLLBACK")
    finally:
        reader.close()
    assert drop(400) == [date(1998, 4, 30), date(1998, 5, 1)]
