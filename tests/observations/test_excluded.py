"""What an exclusion keeps out stays chartable, equal to the flows; and figures that it touches say so."""

from datetime import UTC, date, timedelta

import pytest
from django.db import connection

from apps.common.errors import ParameterError
from apps.common.periods import Bin, Period
from apps.common.ports import PortKey
from apps.observations import queries
from apps.observations.counting.exclusions import exclude, lift
from apps.observations.figures import Dimension, ExcludedPort, Selection, Unit
from apps.observations.models import Signature
from apps.sensors.queries import scope_for
from tests.observations import sightings
from tests.portal.scene import at

FIRST, LAST = date(2026, 3, 2), date(2026, 3, 8)
GAP = date(2026, 3, 5)
SSH = PortKey.parse("tcp/22")
pytestmark = pytest.mark.django_db


@pytest.fixture
def excluded(cast, settings):
    """A maintenance SSH port at one sensor, tried from two regions from the second day on; the same port elsewhere counts."""
    sightings.delegate("198.51.100.0", "198.51.100.255", "JP")
    for sensor in (cast.sensor, cast.sensor_a):
        sightings.watch_days(sensor, FIRST, GAP - timedelta(days=1))
        sightings.watch_days(sensor, GAP + timedelta(days=1), LAST)
    for n in range(7):
        day = FIRST + timedelta(days=n)
        if day == GAP:
            continue
        for host in range(n + 1):
            sightings.see(cast.sensor, at(day), f"198.51.100.{host}", "tcp/22", packets=100 * (n + 1), signature=Signature(n % 2))
        sightings.see(cast.sensor, at(day, 13), "203.0.113.9", "tcp/22", packets=7)
        sightings.see(cast.sensor, at(day, 13), "203.0.113.9", "tcp/23", packets=5)
        sightings.see(cast.sensor_a, at(day), "203.0.113.9", "tcp/22", packets=3)
    kept = exclude(by=cast.analyst, sensor=cast.sensor, port=SSH, first_day=FIRST + timedelta(days=1), last_day=None, reason="ours")
    sightings.roll_up()
    return cast, kept


def selection(cast, settings, sensors="all", ports=(SSH,), first=FIRST):
    period = Period.of_days(first, LAST + timedelta(days=1), settings.REPORT_TIME_ZONE)
    return Selection(scope_for(cast.analyst, sensors), period, ports=ports)


def flows(cast, what):
    """Straight from the flows: what the exclusion covers, by day."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT (bucket AT TIME ZONE 'Asia/Tokyo')::date, {what} FROM observations_flow"
            " WHERE sensor_id = %s AND protocol = 6 AND port = 22 GROUP BY 1",
            [cast.sensor.pk],
        )
        found = dict(cursor.fetchall())
    days = [FIRST + timedelta(days=n) for n in range(7)]
    return tuple(0 if day == FIRST else None if day == GAP else int(found[day]) for day in days)


@pytest.mark.parametrize(("unit", "what"), [(Unit.PACKETS, "sum(packets)"), (Unit.SOURCES, "count(DISTINCT src)")])
def test_the_excluded_part_equals_the_flows(excluded, settings, unit, what):
    cast, _kept = excluded
    found = queries.excluded_series(selection(cast, settings, str(cast.sensor.pk)), unit=unit)
    assert found.series[0].values == flows(cast, what)
    assert found.meta.filters["excluded"] == "only"


def test_sources_of_the_whole_period_are_distinct_and_regions_add_up(excluded, settings):
    cast, _kept = excluded
    wanted = selection(cast, settings, str(cast.sensor.pk))
    assert queries.excluded_series(wanted, unit=Unit.SOURCES).series[0].total == 8  # seven hosts and one from elsewhere
    by_region = queries.excluded_series(wanted, Dimension.REGION)
    assert [one.key for one in by_region.series] == ["JP", "ZZ"]
    whole = queries.excluded_series(wanted).series[0]
    assert sum(one.total for one in by_region.series) == whole.total == sum(value or 0 for value in whole.values)
    hours = queries.excluded_series(wanted, bin=Bin.HOUR)
    assert sum(value or 0 for value in hours.series[0].values) == whole.total
    assert hours.starts[0].astimezone(UTC).hour == 15


def test_counts_leave_it_out_and_captions_say_so(excluded, settings):
    cast, kept = excluded
    touched = queries.series(selection(cast, settings))
    assert touched.series[0].total == 100 + 7 + 6 * 3  # the first day, and the other sensor
    assert touched.meta.exclusions == (ExcludedPort(SSH, kept.first_day, None),)
    for untouched in (
        selection(cast, settings, str(cast.sensor_a.pk)),
        selection(cast, settings, ports=(PortKey.parse("tcp/23"),)),
    ):
        assert queries.series(untouched).meta.exclusions == ()
    assert queries.ranking(selection(cast, settings, ports=())).meta.exclusions


def test_figures_before_an_exclusion_do_not_mention_it(excluded, settings):
    cast, _kept = excluded
    period = Period.of_days(FIRST, FIRST + timedelta(days=1), settings.REPORT_TIME_ZONE)
    assert queries.series(Selection(scope_for(cast.analyst), period)).meta.exclusions == ()


def test_lifting_brings_everything_back(excluded, settings):
    cast, kept = excluded
    expected = sum(value or 0 for value in flows(cast, "sum(packets)"))
    lift(by=cast.analyst, exclusion=kept)
    sightings.roll_up()
    assert queries.excluded_series(selection(cast, settings, str(cast.sensor.pk))).series[0].total == 0
    assert queries.series(selection(cast, settings)).series[0].total == expected + 107 + 6 * 3


def test_other_units_and_splits_are_refused(excluded, settings):
    cast, _kept = excluded
    with pytest.raises(ParameterError, match="unit"):
        queries.excluded_series(selection(cast, settings), unit=Unit.PACKETS_PER_SOURCE)
    with pytest.raises(ParameterError, match="split"):
        queries.excluded_series(selection(cast, settings), Dimension.SENSOR)
