"""unload_scenario takes away whatever load_scenario brought, and nothing else. Tried on two sensors and two days of it."""

from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest
from django.db import connection

from apps.common.ports import PortKey
from apps.enrichment.models import Lookup, Network
from apps.observations.counting import recency, rollup
from apps.observations.counting.rerolls import reroll_days
from apps.observations.models import Batch, Recency, Tally
from apps.observations.storage import partitions
from apps.portal.yardstick import land, loading, network, t05, unloading
from apps.portal.yardstick.flows import Span, Stream, flows_of
from apps.reference.models import Delegation, Registry, Snapshot
from apps.sensors.models import Panel, Sensor
from tests.observations import sightings
from tests.processes import wait_until

pytestmark = pytest.mark.django_db
DAYS = 2


@pytest.fixture
def loaded(cast, monkeypatch):
    """A scenario of the maintenance server's point and one beside it, and a sensor that observed one of its days."""
    sightings.watch_days(cast.sensor, t05.FIRST, t05.FIRST)
    points = [replace(network.POINTS[6 + n], spans=(Span(t05.FIRST, DAYS, (n,)),)) for n in range(t05.SSH_SENSOR + 1)]
    stream = Stream(np.array([60, 80]), land.OF_2005.pool("JP"), {PortKey.parse("tcp/135"): 0.7, t05.SSH: 0.3})
    flows = flows_of(stream, Span(t05.FIRST, DAYS, tuple(range(len(points)))), np.random.default_rng(1))
    monkeypatch.setattr(loading, "POINTS", points)
    monkeypatch.setattr(network, "flows", lambda: loading_order(flows))
    monkeypatch.setattr(loading, "_search", lambda say: None)
    loading.load(lambda _what, _done, _total: None)


def loading_order(flows):
    return flows.rows(np.lexsort((flows.minute, flows.sensor)))


@pytest.fixture
def no_flows_stay():
    yield
    with connection.cursor() as cursor:  # no models, so the flush at the end of a test leaves them
        cursor.execute("TRUNCATE observations_flow, observations_sample")


def test_what_was_loaded_is_there(loaded):
    sensors = Sensor.objects.filter(is_scenario=True)
    assert sensors.count() == t05.SSH_SENSOR + 1
    assert not sensors.filter(keys__revoked=False).exists()
    assert Batch.objects.filter(sensor__in=sensors).count() == t05.SSH_SENSOR + 1
    assert Network.objects.filter(registry="scenario").exists()
    assert not any(_has(table, column, [0]) for table, column in _columns())


def test_unloading_leaves_no_trace(loaded, cast):
    ids = list(Sensor.objects.filter(is_scenario=True).values_list("pk", flat=True))
    values = {"sensor_id": ids, "panel": [int(panel) for panel in Panel if panel.is_scenario]}
    assert any(_has(table, column, values[column]) for table, column in _columns())
    assert Tally.objects.filter(network=Panel.SCENARIO_DOMESTIC.half).exists()
    assert unloading.unload() == len(ids)
    assert [table for table, column in _columns() if _has(table, column, values[column])] == []
    scenario = {of for panel in Panel if panel.is_scenario for of in panel.networks}
    assert not Tally.objects.filter(network__in=scenario).exists()
    assert not Snapshot.objects.filter(registry=Registry.SCENARIO).exists()
    assert not Delegation.objects.filter(registry=Registry.SCENARIO).exists()
    assert not Network.objects.exists()
    assert not Lookup.objects.exists()
    assert Batch.objects.filter(sensor=cast.sensor).count() == 1


def test_partitions_go_unless_somebody_elses_flows_are_in_them(loaded, cast):
    others, theirs = t05.FIRST.replace(day=1), t05.FIRST.replace(day=2)
    sightings.see(cast.sensor, sightings.day_bounds(others)[1])  # the evening of that UTC day
    unloading.unload()
    assert others in partitions.existing()
    assert theirs not in partitions.existing()


@pytest.mark.django_db(transaction=True)
def test_a_rollup_that_came_first_ends_and_then_unloading_does(transactional_db, no_flows_stay, loaded, monkeypatch):
    """Both forget recencies first, so neither holds rows that the other wants before it has to wait."""
    list(recency.build())
    assert Recency.objects.exists()
    reroll_days(first=t05.FIRST, last_exclusive=t05.FIRST + timedelta(days=1))
    forget = recency.forget_from
    running: list[Future[int]] = []
    with ThreadPoolExecutor(1) as pool:

        def forget_and_begin_to_unload(cursor, day):
            forget(cursor, day)
            monkeypatch.setattr(recency, "forget_from", forget)
            running.append(pool.submit(_unload_in_its_own_session))
            wait_until(lambda: _somebody_waits_for(cursor))

        monkeypatch.setattr(recency, "forget_from", forget_and_begin_to_unload)
        rollup.roll_day(t05.FIRST)
        assert running[0].result() == t05.SSH_SENSOR + 1
    assert not Sensor.objects.filter(is_scenario=True).exists()


def _unload_in_its_own_session() -> int:
    try:
        return unloading.unload()
    finally:
        connection.close()


def _somebody_waits_for(cursor) -> bool:
    cursor.execute("SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted AND pg_backend_pid() = ANY (pg_blocking_pids(pid)))")
    return cursor.fetchone()[0]


def _columns() -> list[tuple[str, str]]:
    """Every table and column by which a row could belong to the scenario."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT table_name, column_name FROM information_schema.columns JOIN information_schema.tables USING (table_schema, table_name)"
            " WHERE table_schema = current_schema() AND table_type = 'BASE TABLE' AND column_name IN ('sensor_id', 'panel')"
        )
        return cursor.fetchall()


def _has(table: str, column: str, values: list[int]) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT EXISTS (SELECT FROM {table} WHERE {column} = ANY(%s))", [values])
        return cursor.fetchone()[0]
