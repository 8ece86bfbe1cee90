"""The whole way from packets to kept changes, on ten weeks of three ports with one event each."""

from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest
from django.core.management import call_command

from apps.analysis.changes import curves, runs
from apps.analysis.models import Change, ChangeKind, ChangeSearch, ChangeState
from apps.analysis.tasks import find_changes
from apps.common.errors import ParameterError
from apps.observations.counting import rollup
from apps.observations.figures import Unit
from apps.observations.models import Fill, Mark
from apps.observations.planning.reading import TooMuchError
from tests.cast import make_cast
from tests.observations import sightings

DAYS = 70
LAST = date(2026, 3, 15)
FIRST = LAST - timedelta(days=DAYS - 1)
GAP = 50
pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def observed(django_db_setup, django_db_blocker):
    """tcp/23: a spike five days before the end; tcp/22: a step three weeks before it; udp/53: one sensor's flood on the last day.
    Nobody watched on day GAP."""
    with sightings.kept(django_db_blocker):
        cast = make_cast()
        sightings.delegate("198.51.0.0", "198.51.255.255", "JP")
        rng, sensors = np.random.default_rng(1), (cast.sensor, cast.sensor_a)
        for day in set(range(DAYS)) - {GAP}:
            at = datetime.combine(FIRST + timedelta(days=day), datetime.min.time(), UTC)
            for sensor in sensors:
                sightings.watch_days(sensor, FIRST + timedelta(days=day), FIRST + timedelta(days=day))
                sightings.see(sensor, at, "198.51.1.1", "tcp/23", int(rng.poisson(400 if day == DAYS - 5 else 60)))
                for source in ("2.1", "2.2", "2.3"):
                    if day in (DAYS - 5, DAYS - 14):
                        sightings.see(sensor, at, f"198.51.{source}", "tcp/23" if day == DAYS - 5 else "tcp/22", 1)
                sightings.see(sensor, at, "198.51.1.2", "tcp/22", int(rng.poisson(100 if day >= DAYS - 20 else 30)))
        sightings.see(cast.sensor, datetime.combine(LAST, datetime.min.time(), UTC), "198.51.9.9", "udp/53", 3000)
        sightings.roll_up()
        yield cast


def found() -> dict[tuple[str, str], Change]:
    return {(change.kind, change.subject): change for change in Change.objects.all()}


def test_a_search_finds_what_there_is(observed):
    runs.search_if_due("all")
    changes = found()
    spike = changes[ChangeKind.SPIKE, "tcp/23"]
    assert (spike.first, spike.last, spike.numbers["narrow"]) == (LAST - timedelta(days=4), LAST - timedelta(days=4), False)
    assert spike.numbers["usual"] == pytest.approx(60, rel=0.15) and spike.numbers["factor"] == pytest.approx(400 / 60, rel=0.2)
    assert (spike.numbers["sources"], spike.numbers["seen_by"]) == (4, 2)
    step = changes[ChangeKind.STEP, "tcp/22"]
    assert abs((step.first - (FIRST + timedelta(days=DAYS - 20))).days) <= 1 and step.direction == 1
    assert step.numbers["after"] == pytest.approx(100, rel=0.15)
    assert step.numbers["curve"]["values"][GAP - DAYS] is None
    assert {subject for _kind, subject in changes} >= {"tcp/23", "tcp/22", "udp/53"}


@pytest.mark.parametrize("error", [TooMuchError(), ParameterError("from", "more rows than one question may read")])
def test_the_search_does_without_the_exact_unit_where_that_takes_too_long(observed, monkeypatch, error):
    exact, asked = curves.load, []

    def load(scope, dimension, as_of, unit):
        asked.append(unit)
        if unit is Unit.PACKETS_PER_SENSOR_DAY:
            raise error
        return exact(scope, dimension, as_of, unit)

    monkeypatch.setattr(curves, "load", load)
    runs.search_if_due("all")
    assert asked == [Unit.PACKETS_PER_SENSOR_DAY, Unit.PACKETS, Unit.PACKETS]
    assert found()[ChangeKind.SPIKE, "tcp/23"].numbers["usual"] == pytest.approx(60, rel=0.15)


def test_what_one_sensor_and_one_source_made_weighs_a_quarter(observed):
    runs.search_if_due("all")
    flood = found()[ChangeKind.SPIKE, "udp/53"]
    assert flood.numbers["narrow"] and (flood.numbers["sources"], flood.numbers["seen_by"]) == (1, 1)
    assert flood.score == 25


def test_a_search_of_the_same_counts_is_not_made_again(observed):
    assert runs.search_if_due("all").added > 0
    assert ChangeSearch.objects.get().as_of == LAST
    assert runs.search_if_due("all") is None
    assert runs.search_if_due("scenario") is None


def test_new_counts_are_searched_again_and_add_nothing(observed):
    find_changes()
    Change.objects.filter(subject="tcp/23").update(state=ChangeState.DISMISSED)
    before = sorted(Change.objects.values_list("pk", "state"))
    sightings.see(observed.sensor, datetime.combine(LAST, datetime.min.time(), UTC), "198.51.1.1", "tcp/23", 1)
    sightings.roll_up()
    find_changes()
    assert sorted(Change.objects.values_list("pk", "state")) == before


def test_nothing_is_searched_while_days_have_yet_to_be_counted(observed):
    """As after an upgrade that makes all counts anew: changes found before stay as they are."""
    runs.search_if_due("all")
    before = sorted(Change.objects.values_list("pk", "first", "state"))
    Fill.objects.all().delete()
    Mark.objects.update(rolled_version=0)
    assert runs.search_if_due("all") is None
    rollup.roll_day(LAST)
    assert runs.search_if_due("all") is None
    assert sorted(Change.objects.values_list("pk", "first", "state")) == before
    sightings.roll_up()
    assert runs.search_if_due("all") is not None
    assert sorted(Change.objects.values_list("pk", "first", "state")) == before


def test_a_past_span_is_searched_week_by_week(observed, capsys):
    call_command("find_changes", "--from", str(LAST - timedelta(days=13)), "--to", str(LAST))
    told = capsys.readouterr().out.splitlines()
    assert [line.split(":")[0] for line in told] == [str(LAST - timedelta(days=7)), str(LAST)]
    assert (ChangeKind.SPIKE, "tcp/23") in found()


def test_an_empty_portal_has_nothing_to_search(db):
    assert runs.search_if_due("scenario") is None
