"""Keeping flows of one sensor and port out of every count, and letting them in again. The days are rolled up anew."""

from datetime import date, timedelta

from django.db import transaction
from django.utils.translation import gettext as _

from apps.accounts import audit
from apps.accounts.models import User
from apps.common.errors import ParameterError
from apps.common.ports import PortKey
from apps.observations.counting.rerolls import reroll_days
from apps.sensors.models import Exclusion, Sensor

EARLIEST, LATEST = date(1990, 1, 1), date(2200, 1, 1)
MAX_REASON = 2000


@transaction.atomic
def exclude(*, by: User | None, sensor: Sensor, port: PortKey, first_day: date, last_day: date | None, reason: str) -> Exclusion:
    """Exclude a sensor's port on the reporting days first_day to last_day, both included (None: until lifted)."""
    _check(first_day, last_day, reason)
    exclusion = Exclusion.objects.create(
        sensor=sensor, protocol=port.protocol, port=port.port, first_day=first_day, last_day=last_day, reason=reason
    )
    audit.record(by=by, action="exclusion.added", target=sensor, port=str(port), first_day=str(first_day), last_day=str(last_day or ""))
    _reroll(exclusion)
    return exclusion


def _check(first_day: date, last_day: date | None, reason: str) -> None:
    if last_day is not None and last_day < first_day:
        raise ParameterError("last_day", _("lies before the first day"))
    if not EARLIEST <= first_day <= LATEST or (last_day or first_day) > LATEST:
        raise ParameterError("first_day", _("must lie between %(first)s and %(last)s") % {"first": EARLIEST, "last": LATEST})
    if not reason.strip() or len(reason) > MAX_REASON or "\x00" in reason:
        raise ParameterError("reason", _("needs 1 to %(max)d characters") % {"max": MAX_REASON})


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
