"""Takes out all that a scenario brought: flows, counts, sensors, delegations. The audit log keeps that it was there."""

from datetime import date, timedelta

from django.db import connection, transaction

from apps.accounts import audit
from apps.accounts.models import Organisation
from apps.analysis.models import Change, ChangeSearch
from apps.observations.counting import recency
from apps.observations.storage import monthstamps, partitions
from apps.portal.yardstick import holders, hosts, loading, network
from apps.reference.models import Delegation, Registry, Snapshot
from apps.sensors.models import Panel, Sensor

# Tables keyed by sensor, those first that nothing refers to; flows and samples go by day.
_BY_SENSOR = (
    "observations_sensorcount", "observations_sensorhours", "observations_segment", "observations_coverage", "observations_fill",
    "observations_mark", "observations_batch", "sensors_heartbeat", "sensors_exclusion", "sensors_sensorkey",
)  # fmt: skip


def unload() -> int:
    """Remove the scenario; → how many sensors it had. Cut short, it is finished by running it again; a load that was cut
    short is removed as well."""
    ids = list(Sensor.objects.filter(is_scenario=True).values_list("pk", flat=True))
    there = set(partitions.existing())
    for day in (day for day in loading.utc_days() if day in there):
        _remove_flows(day, ids)
    _remove_rest(ids)
    return len(ids)


@transaction.atomic
def _remove_flows(day: date, ids: list[int]) -> None:
    """Of one day; its partition goes too where nobody else's flows are in it."""
    with connection.cursor() as cursor:
        for table in partitions.TABLES:
            cursor.execute(f"DELETE FROM {partitions.partition_name(table, day)} WHERE sensor_id = ANY(%s)", [ids])  # noqa: S608
        cursor.execute(f"SELECT EXISTS (SELECT FROM {partitions.partition_name('observations_flow', day)})")  # noqa: S608
        if not cursor.fetchone()[0]:
            partitions.drop(cursor, day)


@transaction.atomic
def _remove_rest(ids: list[int]) -> None:
    with connection.cursor() as cursor:
        recency.forget_from(cursor, min(loading.utc_days()) - timedelta(days=1))  # first, as rollup does
        for table in _BY_SENSOR:
            cursor.execute(f"DELETE FROM {table} WHERE sensor_id = ANY(%s)", [ids])  # noqa: S608  # names above
        panels = [int(panel) for panel in Panel if panel.is_scenario]
        for table in ("observations_networkcount", "observations_networkhours", "observations_smallcells"):
            cursor.execute(f"DELETE FROM {table} WHERE panel = ANY(%s)", [panels])  # noqa: S608
        networks = {int(network) for panel in Panel if panel.is_scenario for network in panel.networks}
        cursor.execute("DELETE FROM observations_tally WHERE network = ANY(%s)", [sorted(networks)])
    Change.objects.filter(sensors="scenario").delete()
    ChangeSearch.objects.filter(sensors="scenario").delete()
    Sensor.objects.filter(pk__in=ids).delete()
    hosts.remove()
    holders.remove()
    Delegation.objects.filter(registry=Registry.SCENARIO).delete()
    Snapshot.objects.filter(registry=Registry.SCENARIO).delete()
    Organisation.objects.filter(name=network.OWNER, sensors=None).delete()
    audit.record(by=None, action="scenario.unloaded", target=network.OWNER, sensors=len(ids))
    with connection.cursor() as cursor:
        monthstamps.renew(cursor, sorted({day.replace(day=1) for day in loading.utc_days()}))
