"""The scenario into the database: by the services that take in what real sensors send, and out again without a trace."""

from collections.abc import Callable
from datetime import date, timedelta

import numpy as np
from django.conf import settings
from django.db import transaction

from apps.accounts import audit
from apps.accounts import services as accounts
from apps.accounts.models import Organisation
from apps.analysis.changes import runs
from apps.common.errors import DomainError
from apps.observations import services as observations
from apps.observations.counting import exclusions, months
from apps.observations.counting.rollup import roll_day
from apps.observations.intake import wire
from apps.observations.models import Batch
from apps.observations.storage import partitions
from apps.portal.yardstick import delivery, holders, hosts, j20, j23, land, network, t05
from apps.portal.yardstick.network import POINTS, Point
from apps.reference import services as reference
from apps.sensors import services as sensors
from apps.sensors.models import Sensor, SensorKey

ZONE = "Asia/Tokyo"
Say = Callable[[str, int, int], None]  # what is being done, how much of it is done, how much there is


class ScenarioError(DomainError):
    """Why the scenario was not loaded."""

    code = "scenario"


def require_loadable(*, beside_observations: bool) -> None:
    """Refuse where figures would not come out, where it is loaded already, and, unless wanted, beside observations."""
    if settings.REPORT_TIME_ZONE.key != ZONE:
        raise ScenarioError(f"The scenario's days are those of {ZONE}; REPORT_TIME_ZONE is {settings.REPORT_TIME_ZONE.key}.")
    if Sensor.objects.filter(is_scenario=True).exists():
        raise ScenarioError("A scenario is loaded already, whole or in part; take it out with `manage.py unload_scenario yardstick`.")
    if not beside_observations and Batch.objects.filter(sensor__is_scenario=False).exists():
        raise ScenarioError("This installation holds observations. The scenario never mixes with them; to load it beside them add --yes.")


def load(say: Say) -> int:
    """Load the scenario and count it; → how many flows. Takes about a minute on two cores."""
    say("Generating", 0, 1)
    flows = network.flows()
    keys = _enrol()
    partitions.ensure(utc_days())
    for number, (point, key) in enumerate(zip(POINTS, keys, strict=True)):
        say("Sending", number, len(POINTS))
        first, last = np.searchsorted(flows.sensor, [number, number + 1])
        _send(point, key, flows.rows(slice(int(first), int(last))))
        sensors.revoke_key(key=key)  # nobody sends for a scenario once it is loaded
    hosts.add(flows)
    _exclude()
    _count(say)
    _search(say)
    return len(flows)


@transaction.atomic
def _enrol() -> list[SensorKey]:
    """Organisation, delegations, sensors, and a key for each."""
    for snapshot in land.SNAPSHOTS:
        reference.load(files=[snapshot.file()], day=snapshot.day)
    holders.add()
    owner = Organisation.objects.filter(name=network.OWNER).first()
    owner = owner or accounts.add_organisation(name=network.OWNER, kind=Organisation.Kind.SENSOR_HOST)
    audit.record(by=None, action="scenario.loaded", target=owner, sensors=len(POINTS))
    return [_key(point, owner) for point in POINTS]


def _key(point: Point, owner: Organisation) -> SensorKey:
    sensor = sensors.enrol_sensor(
        name=point.name, organisation=owner, country=point.country, is_overseas=point.country != "JP", is_scenario=True,
        line_type=Sensor.LineType.HOME if point.is_home_line else Sensor.LineType.HOSTING, active_from=point.first,
    )  # fmt: skip
    Sensor.objects.filter(pk=sensor.pk).update(active_to=point.last)
    return sensors.add_key(sensor=sensor, name="scenario", may_import=True)[0]


def _send(point: Point, key: SensorKey, flows: delivery.Flows) -> None:
    for batch in delivery.batches(point, flows):
        observations.ingest_batch(key=key, uuid=batch.uuid, body=batch.body, media_type=wire.ARROW, encoding="zstd")


def _exclude() -> None:
    """The maintenance server's port, as T05 leaves it out of all its statistics."""
    sensor = Sensor.objects.get(name=f"yardstick-home-{t05.SSH_SENSOR + 1}")
    last = t05.FIRST + timedelta(days=t05.DAYS - 1)
    exclusions.exclude(by=None, sensor=sensor, port=t05.SSH, first_day=t05.FIRST, last_day=last, reason=t05.SSH_REASON)


def _count(say: Say) -> None:
    days = reporting_days()
    for number, day in enumerate(days):
        say("Counting days", number, len(days))
        roll_day(day)
    ours = sorted({day.replace(day=1) for day in days})
    for number, month in enumerate(ours):
        say("Closing months", number, len(ours))
        months.close_month(month)


def _search(say: Say) -> None:
    """For notable changes, as the last day of each report would have told them, and when US had begun to rise."""
    days = (j20.US_RISES + timedelta(days=14), j20.LAST, j23.LAST)
    for number, day in enumerate(days):
        say("Searching for changes", number, len(days))
        list(runs.search_span("scenario", day, day))


def reporting_days() -> list[date]:
    """Every day on which some sensor of the scenario watches."""
    spans = {(span.first, span.days) for point in POINTS for span in point.spans}
    return sorted(first + timedelta(days=offset) for first, days in spans for offset in range(days))


def utc_days() -> list[date]:
    """A day of Japan begins on the UTC day before."""
    days = reporting_days()
    return sorted({*days, *(day - timedelta(days=1) for day in days)})
