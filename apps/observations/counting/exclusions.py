"""Keeping flows of one sensor and port out of every count, and letting them in again. The days are rolled up anew."""

from datetime import date, timedelta

from django.db import transaction

from apps.accounts import audit
from apps.accounts.models import User
from apps.common.errors import DomainError
from apps.common.ports import PortKey
from apps.observations.counting.rerolls import reroll_days
from apps.sensors.models import Exclusion, Sensor


@transaction.atomic
def exclude(*, by: User | None, sensor: Sensor, port: PortKey, first_day: date, last_day: date | None, reason: str) -> Exclusion:
    """Exclude a sensor's port on the reporting days first_day to last_day, both included (None: until lifted)."""
    if last_day is not None and last_day < first_day:
        raise DomainError(f"{last_day} is before {first_day}", fields={"last_day": str(last_day)})
    exclusion = Exclusion.objects.create(
        sensor=sensor, protocol=port.protocol, port=port.port, first_day=first_day, last_day=last_day, reason=reason
    )
    audit.record(by=by, action="exclusion.added", target=sensor, port=str(port), first_day=str(first_day), last_day=str(last_day or ""))
    _reroll(exclusion)
    return exclusion


@transaction.atomic
def lift(*, by: User | None, exclusion: Exclusion) -> None:
    """Count again what an exclusion kept out, on all of its days."""
    port = PortKey(exclusion.protocol, exclusion.port)
    audit.record(by=by, action="exclusion.lifted", target=exclusion.sensor, port=str(port), first_day=str(exclusion.first_day))
    Exclusion.objects.filter(pk=exclusion.pk).delete()
    _reroll(exclusion)


def _reroll(exclusion: Exclusion) -> None:
    end = date.max if exclusion.last_day is None else exclusion.last_day + timedelta(days=1)
    reroll_days(first=exclusion.first_day, last_exclusive=end, sensor=exclusion.sensor)
