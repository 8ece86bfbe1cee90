"""A sensor's word that it was watching."""

import json
from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from apps.observations.models import Mark
from apps.observations.services import decides_coverage
from apps.sensors.models import Heartbeat
from tests.cast import sensor_client, statuses
from tests.observations.batches import MINUTE, NOW

pytestmark = pytest.mark.django_db
HOUR = MINUTE - MINUTE % 3600


@pytest.fixture(autouse=True)
def _clock():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def client(cast):
    return sensor_client(cast.sensor_key)


def beat(client, start=MINUTE, end=MINUTE + 300, **changes):
    body = {"from": start, "to": end, "report": {"uptime_s": 5, "received": 0, "dropped": 0}} | changes
    return client.post("/api/v1/ingest/heartbeats", json.dumps(body), content_type="application/json")


def test_a_heartbeat_is_kept_with_its_report(cast, client):
    answer = beat(client)
    assert (answer.status_code, answer.json()) == (201, {"new": True})
    kept = Heartbeat.objects.get()
    assert (kept.sensor, kept.start, kept.end - kept.start) == (cast.sensor, datetime.fromtimestamp(MINUTE, UTC), timedelta(minutes=5))
    assert kept.report == {"uptime_s": 5, "received": 0, "dropped": 0}
    cast.sensor.refresh_from_db()
    assert cast.sensor.last_seen_at == NOW


def test_the_same_heartbeat_again_changes_nothing(client):
    assert [beat(client).status_code for _ in range(2)] == [201, 200]
    assert Heartbeat.objects.count() == 1


def test_another_heartbeat_with_the_same_start_is_a_conflict(client):
    beat(client)
    assert beat(client, end=MINUTE + 240).status_code == 409


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"end": MINUTE}, "to"),
        ({"end": MINUTE + 3601}, "to"),
        ({"start": MINUTE + 600, "end": MINUTE + 901}, "to"),
        ({"start": MINUTE - 15 * 86400, "end": MINUTE - 15 * 86400 + 300}, "from"),
        ({"start": "now"}, "from"),
        ({"report": None}, "report"),
        ({"report": {"uptime_s": -1}}, "report.uptime_s"),
        ({"report": {"address": 1}}, "report.address"),
        ({"dst": 1}, "dst"),
    ],
)
def test_a_bad_heartbeat_is_refused_by_the_name_of_its_field(client, changes, field):
    answer = beat(client, **changes)
    assert answer.status_code == 422
    assert [row["field"] for row in answer.json()["rows"]] == [field]
    assert not Heartbeat.objects.exists()


@pytest.mark.parametrize(
    ("body", "media_type", "status"),
    [("{", "application/json", 422), ("", "application/json", 422), ("{}", "text/plain", 415), ("x" * 20_000, "application/json", 413)],
)
def test_what_is_no_heartbeat_is_refused(client, body, media_type, status):
    length = {} if body else {"CONTENT_LENGTH": "0"}
    assert client.post("/api/v1/ingest/heartbeats", body, content_type=media_type, **length).status_code == status


def test_people_cannot_send_heartbeats(cast):
    answers = statuses(cast, "post", "/api/v1/ingest/heartbeats", api=True, data={}, format="json")
    assert set(answers.values()) <= {401, 403}


def test_a_day_is_rolled_up_again_only_where_a_heartbeat_can_decide_an_hour(cast, client):
    with time_machine.travel(datetime.fromtimestamp(HOUR + 3605, UTC), tick=False):
        for start in range(HOUR, HOUR + 3600, 300):
            assert beat(client, start, start + 300).status_code == 201
    assert [mark.version for mark in Mark.objects.all()] == [2]  # at minute 50 and at the full hour


@pytest.mark.parametrize(
    ("start", "end", "decides"),
    [(0, 5, False), (45, 50, True), (47, 52, True), (50, 55, False), (55, 60, True), (58, 63, True), (0, 60, True), (5, 10, False)],
)
def test_a_heartbeat_decides_at_minute_50_and_at_the_end_of_an_hour(start, end, decides):
    hour = datetime.fromtimestamp(HOUR, UTC)
    first, last = hour + timedelta(minutes=start), hour + timedelta(minutes=end)
    assert decides_coverage(first, last, last) is decides
    assert decides_coverage(first, last, last + timedelta(hours=2))
