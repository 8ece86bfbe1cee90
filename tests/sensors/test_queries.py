from datetime import date, timedelta

import pytest
from django.utils import timezone, translation

from apps.common.errors import ParameterError
from apps.sensors.models import Heartbeat, Panel
from apps.sensors.queries import Health, scope_for, sensor_label, sensor_labels, sensor_list
from tests.factories import SensorFactory

STAFF = ["analyst", "coordinator", "approver", "auditor", "admin"]


@pytest.mark.parametrize("name", STAFF)
def test_own_staff_draw_on_the_whole_network_by_name(cast, name):
    scope = scope_for(cast.people[name], "all")
    assert scope.sensor_ids == (cast.sensor.pk, cast.sensor_a.pk, cast.sensor_b.pk)
    assert scope.panels == (Panel.DOMESTIC, Panel.OVERSEAS)
    assert scope.may_name_sensors
    assert not scope.is_aggregate_only


def test_a_panel_is_half_of_the_network(cast):
    assert scope_for(cast.analyst, "domestic").sensor_ids == (cast.sensor.pk, cast.sensor_a.pk)
    assert scope_for(cast.analyst, "overseas").panels == (Panel.OVERSEAS,)


def test_chosen_sensors_never_use_network_counts(cast):
    everything = f"{cast.sensor.pk}, {cast.sensor_a.pk},{cast.sensor_b.pk}"
    scope = scope_for(cast.analyst, everything)
    assert (len(scope.sensor_ids), scope.panels, scope.label) == (3, (), "chosen")


def test_a_partner_asking_for_all_gets_its_own_sensor(cast):
    scope = scope_for(cast.partner_a, "all")
    assert scope.sensor_ids == (cast.sensor_a.pk,)
    assert scope.panels == ()
    assert not scope.may_name_sensors
    assert scope_for(cast.partner_a, "overseas").sensor_ids == ()


def test_a_partner_with_the_right_reads_the_network_as_sums_only(cast):
    cast.organisation_a.sees_network_counts = True
    scope = scope_for(cast.partner_a, "all")
    assert len(scope.sensor_ids) == 3
    assert scope.panels == (Panel.DOMESTIC, Panel.OVERSEAS)
    assert scope.is_aggregate_only
    assert not scope.may_name_sensors
    assert not scope_for(cast.partner_a, str(cast.sensor_a.pk)).is_aggregate_only


def test_a_stranger_draws_on_nothing(cast):
    assert scope_for(cast.anonymous, "all").sensor_ids == ()


def test_another_partners_sensor_and_one_that_does_not_exist_read_the_same(cast):
    for chosen in (cast.sensor_b.pk, 999_999):
        with pytest.raises(ParameterError, match=f"sensors: there is no sensor {chosen} that you may see"), translation.override("en"):
            scope_for(cast.partner_a, str(chosen))


@pytest.mark.parametrize("chosen", ["tokyo", "1;2", "-1", "1,", "²", "1" * 30, ",".join("1" * 2000), "1\x00"])
def test_nonsense_names_the_parameter(cast, chosen):
    with pytest.raises(ParameterError) as caught:
        scope_for(cast.analyst, chosen)
    assert caught.value.name == "sensors"


def test_scopes_of_different_rights_share_no_cache_key(cast):
    cast.organisation_a.sees_network_counts = True
    keys = {scope_for(user, "all").cache_key for user in (cast.analyst, cast.partner_a, cast.partner_b, cast.anonymous)}
    assert len(keys) == 4


def test_only_own_staff_and_the_owner_see_a_sensors_name(cast):
    with translation.override("en"):
        assert sensor_label(cast.sensor_a, cast.auditor) == "host-osaka"
        assert sensor_label(cast.sensor_a, cast.partner_a) == "host-osaka"
        assert sensor_label(cast.sensor_a, cast.partner_b) == "Domestic sensor 2"
        assert sensor_label(cast.sensor_b, cast.anonymous) == "Overseas sensor 1"


def test_a_public_number_stays_when_sensors_come_and_retire(cast):
    with translation.override("en"):
        SensorFactory(name="aaa-first-by-name")
        cast.sensor.active_to = date(2020, 1, 1)
        cast.sensor.save()
        assert sensor_label(cast.sensor_a, cast.partner_b) == "Domestic sensor 2"


def test_labels_of_many_sensors_cost_one_query(cast, django_assert_max_num_queries):
    sensors = [cast.sensor, cast.sensor_a, cast.sensor_b]
    with django_assert_max_num_queries(1):
        assert len(sensor_labels(sensors, cast.partner_a)) == 3


def test_the_list_shows_who_was_heard_of(cast, django_assert_max_num_queries):
    now = timezone.now()
    cast.sensor.last_seen_at, cast.sensor.last_packet_at = now, now - timedelta(minutes=2)
    cast.sensor.save()
    cast.sensor_a.last_seen_at = now - timedelta(hours=1)
    cast.sensor_a.save()
    SensorFactory(name="retired", active_to=date(2014, 1, 1))
    with django_assert_max_num_queries(1):
        rows = {row.label: row for row in sensor_list(cast.analyst)}
    assert rows["own-tokyo"].health is Health.REPORTING
    lag = rows["own-tokyo"].lag
    assert lag is not None
    assert timedelta(minutes=2) <= lag < timedelta(minutes=3)
    assert rows["host-osaka"].health is Health.SILENT
    assert rows["host-frankfurt"].health is Health.NEVER_SEEN
    assert rows["retired"].health is Health.RETIRED


def test_what_was_imported_long_after_it_was_recorded_is_an_archive(cast):
    now = timezone.now()
    for sensor in (cast.sensor, cast.sensor_a):
        sensor.last_seen_at, sensor.last_packet_at = now, now - timedelta(days=4000)
        sensor.save()
    Heartbeat.objects.create(sensor=cast.sensor_a, start=now - timedelta(minutes=5), end=now)
    rows = {row.label: row.health for row in sensor_list(cast.analyst)}
    assert rows["own-tokyo"] is Health.ARCHIVE
    assert rows["host-osaka"] is Health.REPORTING  # watching, though nothing came for long


def test_a_partners_list_holds_its_own_sensor_only(cast):
    assert [row.label for row in sensor_list(cast.partner_b)] == ["host-frankfurt"]
    assert sensor_list(cast.anonymous) == []


@pytest.fixture
def generated(cast):
    """A domestic and an overseas sensor of a scenario."""
    return [SensorFactory(name=f"generated-{n}", is_scenario=True, is_overseas=bool(n)) for n in range(2)]


def test_sensors_of_a_scenario_are_a_set_of_their_own(cast, generated):
    ids = tuple(sensor.pk for sensor in generated)
    for name in ("all", "domestic", "overseas"):
        scope = scope_for(cast.analyst, name)
        assert not scope.is_scenario
        assert not set(scope.sensor_ids) & set(ids)
    scope = scope_for(cast.analyst, "scenario")
    assert (scope.sensor_ids, scope.panels, scope.is_scenario) == (ids, (Panel.SCENARIO_DOMESTIC, Panel.SCENARIO_OVERSEAS), True)
    assert scope_for(cast.analyst, "scenario-overseas").sensor_ids == ids[1:]


def test_a_scenario_is_never_counted_together_with_observations(cast, generated):
    with pytest.raises(ParameterError, match="cannot be counted together"), translation.override("en"):
        scope_for(cast.analyst, f"{cast.sensor.pk},{generated[0].pk}")
    chosen = scope_for(cast.analyst, str(generated[0].pk))
    assert (chosen.label, chosen.is_scenario) == ("scenario-chosen", True)


def test_a_scenario_is_own_staffs_and_there_only_when_it_is_loaded(cast):
    for user in (cast.analyst, cast.partner_a, cast.anonymous):
        with pytest.raises(ParameterError, match="no scenario"), translation.override("en"):
            scope_for(user, "scenario")
    SensorFactory(is_scenario=True)
    cast.organisation_a.sees_network_counts = True
    with pytest.raises(ParameterError, match="no scenario"), translation.override("en"):
        scope_for(cast.partner_a, "scenario")


def test_a_scenario_takes_no_number_from_sensors_that_observe(cast, generated):
    later = SensorFactory(name="later", organisation=cast.organisation_a)
    with translation.override("en"):
        assert sensor_label(later, cast.anonymous) == "Domestic sensor 3"
        assert sensor_label(generated[0], cast.anonymous) == "generated-0"
