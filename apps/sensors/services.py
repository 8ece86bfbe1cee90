"""Writes to the sensor inventory. Each leaves an audit entry, heartbeats excepted."""

from datetime import date, datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import F, Q
from django.db.models.functions import Greatest
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.accounts import audit
from apps.accounts.models import Organisation, User
from apps.common import regions
from apps.common.errors import DomainError, ParameterError
from apps.sensors.models import Heartbeat, Sensor, SensorKey

MAX_HEARTBEAT_SPAN = timedelta(hours=1)  # a sensor that was cut off sends one for every hour, not one for the week
MAX_CLOCK_AHEAD = timedelta(minutes=5)
SEEN_STEP = timedelta(minutes=1)


@transaction.atomic
def enrol_sensor(
    *,
    name: str,
    organisation: Organisation,
    country: str,
    is_overseas: bool = False,
    is_scenario: bool = False,
    line_type: str = Sensor.LineType.HOSTING,
    address_count: int = 1,
    active_from: date | None = None,
    by: User | None = None,
) -> Sensor:
    """Add a sensor to the inventory, active from today unless said otherwise; ValidationError names a bad field."""
    try:
        regions.encode(country)
    except ValueError as error:
        raise ParameterError("country", str(error)) from error
    sensor = Sensor(
        name=name,
        organisation=organisation,
        country=country,
        is_overseas=is_overseas,
        is_scenario=is_scenario,
        line_type=line_type,
        address_count=address_count,
        active_from=active_from or timezone.localdate(),
    )
    sensor.full_clean()
    sensor.save()
    audit.record(by=by, action="sensor.enrolled", target=sensor, country=country, overseas=is_overseas)
    return sensor


@transaction.atomic
def add_key(
    *, sensor: Sensor, name: str = "", may_import: bool = False, expires: datetime | None = None, by: User | None = None
) -> tuple[SensorKey, str]:
    """A new key of the sensor and its plain text, which is stored nowhere and cannot be shown again."""
    key = SensorKey(sensor=sensor, name=(name or f"{sensor.name} {timezone.localdate()}")[:50], may_import=may_import, expiry_date=expires)
    secret = SensorKey.objects.assign_key(key)
    key.save()
    audit.record(by=by, action="sensor.key_added", target=sensor, prefix=key.prefix, may_import=may_import)
    return key, secret


@transaction.atomic
def revoke_key(*, key: SensorKey, by: User | None = None) -> None:
    """Make the key useless at once and for good; again, nothing happens."""
    if SensorKey.objects.filter(pk=key.pk, revoked=False).update(revoked=True):
        audit.record(by=by, action="sensor.key_revoked", target=key.sensor, prefix=key.prefix)


@transaction.atomic
def retire_sensor(*, sensor: Sensor, last_day: date, by: User | None = None) -> None:
    """End the sensor's activity with `last_day` and revoke its keys; what it saw stays."""
    sensor.active_to = last_day
    sensor.full_clean()
    sensor.save(update_fields=["active_to"])
    for key in sensor.keys.filter(revoked=False):
        revoke_key(key=key, by=by)
    audit.record(by=by, action="sensor.retired", target=sensor, last_day=last_day.isoformat())


@transaction.atomic
def record_heartbeat(*, sensor: Sensor, start: datetime, end: datetime, report: dict[str, Any]) -> tuple[Heartbeat, bool]:
    """Keep the sensor's word that it watched during [start, end); → the heartbeat and whether it is new.

    The same heartbeat again changes nothing; another one with the same start is refused (409).
    """
    _check_span(start, end)
    heartbeat, is_new = Heartbeat.objects.get_or_create(sensor=sensor, start=start, defaults={"end": end, "report": report})
    if not is_new and heartbeat.end != end:
        raise HeartbeatConflictError(_("A heartbeat with this start and another end is on record."))
    note_seen(sensor=sensor)
    return heartbeat, is_new


class HeartbeatConflictError(DomainError):
    status = 409
    code = "heartbeat_conflict"


def _check_span(start: datetime, end: datetime) -> None:
    if not start < end <= start + MAX_HEARTBEAT_SPAN:
        raise ParameterError("end", _("must be after start, by one hour at most"))
    if end > timezone.now() + MAX_CLOCK_AHEAD:
        raise ParameterError("end", _("lies in the future"))


def note_seen(*, sensor: Sensor, newest_packet: datetime | None = None) -> None:
    """Record that the sensor was heard of just now, and the time of the newest packet it has sent (never set back).

    What is on record is true to SEEN_STEP, so that batches in quick succession do not queue for the sensor's row."""
    now = timezone.now()
    news = Q(last_seen_at__isnull=True) | Q(last_seen_at__lt=now - SEEN_STEP)
    changes: dict[str, Any] = {"last_seen_at": now}
    if newest_packet is not None:
        news |= Q(last_packet_at__isnull=True) | Q(last_packet_at__lt=newest_packet - SEEN_STEP)
        changes["last_packet_at"] = Greatest(F("last_packet_at"), newest_packet)  # PostgreSQL's GREATEST ignores NULL
    Sensor.objects.filter(news, pk=sensor.pk).update(**changes)
