from datetime import UTC, date, datetime, timedelta

import pytest
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command
from django.utils import timezone

from apps.accounts.models import AuditEntry
from apps.common.errors import ParameterError
from apps.sensors import services
from apps.sensors.authentication import find_key
from apps.sensors.models import Heartbeat, Sensor, SensorKey

NOON = datetime(2026, 10, 1, 12, tzinfo=UTC)


def test_enrolling_leaves_an_audit_entry(cast):
    sensor = services.enrol_sensor(name="kobe-1", organisation=cast.own, country="JP", by=cast.admin)
    entry = AuditEntry.objects.get(action="sensor.enrolled")
    assert (entry.actor, entry.target) == (cast.admin, sensor.name)


def test_bad_fields_are_refused(cast):
    with pytest.raises(ParameterError, match="country"):
        services.enrol_sensor(name="x", organisation=cast.own, country="Japan")
    with pytest.raises(ValidationError):
        services.enrol_sensor(name="not a slug!", organisation=cast.own, country="JP")
    with pytest.raises(ValidationError):
        services.enrol_sensor(name="own-tokyo", organisation=cast.own, country="JP")


def test_the_secret_is_stored_nowhere(cast):
    key, secret = services.add_key(sensor=cast.sensor, by=cast.admin)
    row = SensorKey.objects.filter(pk=key.pk).values().get()
    assert secret.partition(".")[2] not in str(row) + str(list(AuditEntry.objects.values()))


def test_revoking_twice_leaves_one_audit_entry(cast):
    key = SensorKey.objects.get()
    services.revoke_key(key=key, by=cast.admin)
    services.revoke_key(key=key, by=cast.admin)
    assert AuditEntry.objects.filter(action="sensor.key_revoked").count() == 1
    assert find_key(cast.sensor_key) is None


def test_retiring_a_sensor_revokes_its_keys(cast):
    services.retire_sensor(sensor=cast.sensor, last_day=date(2026, 1, 1), by=cast.admin)
    assert find_key(cast.sensor_key) is None


def test_the_same_heartbeat_twice_is_one(cast):
    for expected in (True, False):
        _heartbeat, is_new = services.record_heartbeat(sensor=cast.sensor, start=NOON, end=NOON + timedelta(minutes=5), report={"spool": 0})
        assert is_new is expected
    assert Heartbeat.objects.count() == 1
    cast.sensor.refresh_from_db()
    assert timezone.now() - cast.sensor.last_seen_at < timedelta(minutes=1)


def test_another_heartbeat_with_the_same_start_is_a_conflict(cast):
    services.record_heartbeat(sensor=cast.sensor, start=NOON, end=NOON + timedelta(minutes=5), report={})
    with pytest.raises(services.HeartbeatConflictError):
        services.record_heartbeat(sensor=cast.sensor, start=NOON, end=NOON + timedelta(minutes=6), report={})


@pytest.mark.parametrize("length", [timedelta(0), timedelta(minutes=-1), timedelta(hours=1, seconds=1)])
def test_a_heartbeat_of_absurd_length_is_refused(cast, length):
    with pytest.raises(ParameterError, match="end"):
        services.record_heartbeat(sensor=cast.sensor, start=NOON, end=NOON + length, report={})


def test_a_heartbeat_from_the_future_is_refused(cast):
    start = timezone.now() + timedelta(minutes=10)
    with pytest.raises(ParameterError, match="end"):
        services.record_heartbeat(sensor=cast.sensor, start=start, end=start + timedelta(minutes=5), report={})


def test_the_newest_packet_is_never_set_back(cast):
    for moment in (NOON, NOON - timedelta(days=1)):
        services.note_seen(sensor=cast.sensor, newest_packet=moment)
    cast.sensor.refresh_from_db()
    assert cast.sensor.last_packet_at == NOON


def test_add_sensor_prints_a_working_key_and_nothing_else(cast, capsys):
    call_command("add_sensor", "sapporo-1", "--country", "JP", "--import")
    key = find_key(capsys.readouterr().out.strip())
    assert key is not None
    assert key.sensor.name == "sapporo-1"
    assert key.may_import
    assert key.sensor.organisation == cast.own


def test_add_sensor_takes_every_field(cast, capsys):
    call_command(
        "add_sensor", "berlin-1", "--country", "DE", "--overseas", "--organisation", "Partner B",
        "--line-type", "home", "--addresses", "8", "--active-from", "2013-03-03",
    )  # fmt: skip
    sensor = Sensor.objects.get(name="berlin-1")
    assert (sensor.is_overseas, sensor.organisation, sensor.line_type) == (True, cast.organisation_b, "home")
    assert (sensor.address_count, sensor.active_from) == (8, date(2013, 3, 3))


@pytest.mark.parametrize(
    "arguments", [["own-tokyo", "--country", "JP"], ["x", "--country", "jp"], ["x", "--country", "JP", "--organisation", "Nobody"]]
)
def test_add_sensor_says_what_is_wrong_and_adds_nothing(cast, arguments):
    with pytest.raises(CommandError):
        call_command("add_sensor", *arguments)
    assert Sensor.objects.count() == 3


def test_revoke_key_takes_a_prefix_or_a_sensor(cast):
    call_command("revoke_key", "--sensor", "own-tokyo")
    assert find_key(cast.sensor_key) is None
    with pytest.raises(CommandError):
        call_command("revoke_key", "--prefix", cast.sensor_key.partition(".")[0])
