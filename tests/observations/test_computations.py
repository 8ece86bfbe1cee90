"""Views that need more segment rows than a page may read are read ahead by a worker; what they say then is what they said."""

from dataclasses import replace
from datetime import date, timedelta
from functools import partial
from ipaddress import ip_network
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from django.core.cache import cache
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from apps.common.errors import ParameterError
from apps.common.periods import Bin, Period
from apps.common.ports import PortKey
from apps.observations import computations, computing, queries
from apps.observations.counting.rollup import roll_day
from apps.observations.figures import Dimension, Origin, Scanners, Selection, Unit
from apps.observations.models import Computation, KeptRows, Signature
from apps.observations.planning import longreads, planner, segmentcache
from apps.observations.planning.asks import Ask
from apps.observations.planning.needed import NeedsComputationError
from apps.observations.planning.together import together
from apps.sensors.queries import scope_for
from tests.cast import make_cast
from tests.observations import sightings

TOKYO = ZoneInfo("Asia/Tokyo")
FIRST, DAYS = date(2025, 9, 20), 45
PERIOD = Period.of_days(FIRST, FIRST + timedelta(days=DAYS), TOKYO)
pytestmark = pytest.mark.django_db


def see_traffic():
    """Forty-five days of random traffic of three sensors."""
    chance = np.random.default_rng(11)
    cast = make_cast()
    sensors = [cast.sensor, cast.sensor_a, cast.sensor_b]
    for sensor in sensors:
        sightings.watch(sensor, PERIOD.start, PERIOD.end)
    for _ in range(300):
        sightings.see(
            sensors[chance.integers(3)],
            PERIOD.start + timedelta(minutes=int(chance.integers(DAYS * 24 * 60))),
            f"198.51.100.{chance.integers(100, 130)}",
            str(chance.choice(["tcp/23", "tcp/445", "udp/1026", "icmp/8"])),
            int(chance.integers(1, 4)),
            Signature(int(chance.choice([0, 0, 1]))),
        )
    sightings.roll_up()
    return cast


@pytest.fixture(scope="module")
def seen(django_db_setup, django_db_blocker):
    with sightings.kept(django_db_blocker):
        yield see_traffic()


@pytest.fixture
def narrow(monkeypatch):
    """A page may read ten rows; a worker has forty in memory."""
    monkeypatch.setattr(longreads, "PAGE_ROWS", 10)
    monkeypatch.setattr(longreads, "CHUNK_ROWS", 40)


def of_two(cast, **filters):
    """Two of three sensors, which no counts of the network answer."""
    return Selection(scope_for(cast.analyst, f"{cast.sensor.pk},{cast.sensor_a.pk}"), PERIOD, **filters)


def asked(question):
    """The answer where it may be given later, None where it is to be."""
    with longreads.offered():
        try:
            return question()
        except NeedsComputationError as error:
            return error


def computed(user, question):
    """The answer after as many computations as it takes."""
    for _step in range(3):
        found = asked(question)
        if not isinstance(found, NeedsComputationError):
            return found
        for computation in computations.start(user, found.reads):
            computing.advance(computation.pk, 60)
            computation.refresh_from_db()
            assert (computation.state, computation.done) == (Computation.State.DONE, computation.total), computation.error
    raise AssertionError("it never ends")


PORT_23 = (PortKey(6, 23),)
FILTERS = [
    {},
    {"ports": PORT_23},
    {"prefix": ip_network("198.51.100.96/28")},
    {"signatures": (Signature.MIRAI,)},
    {"scanners": Scanners.EXCLUDE},
    {"origin": Origin.UNKNOWN},
]


UNITS = [Unit.PACKETS, Unit.SOURCES, Unit.SOURCES, Unit.PACKETS_PER_SOURCE, Unit.PACKETS_PER_SENSOR_DAY, Unit.SOURCES]


@pytest.mark.parametrize(("filters", "unit"), list(zip(FILTERS, UNITS, strict=True)), ids=str)
def test_what_is_computed_is_what_a_page_would_have_read(seen, narrow, filters, unit):
    selection = replace(of_two(seen, **filters), scanners=Scanners.EXCLUDE)  # what no count keeps apart
    for question in (
        lambda: queries.series(selection, Dimension.PORT, Bin.DAY, unit).series,
        lambda: queries.series(selection, Dimension.KIND, Bin.WEEK, unit).series,
        lambda: queries.ranking(selection, Dimension.PANEL, unit).rows,
        lambda: queries.ranking(selection, Dimension.ORIGIN, unit).rows,
    ):
        expected = question()
        _forget()
        assert computed(seen.analyst, question) == expected
    assert KeptRows.objects.exists()


@pytest.mark.parametrize("prefix", ["198.51.100.112/28", "2001:db8::/32", "::/0"])
def test_sources_of_a_prefix_are_computed_like_any_others(seen, narrow, prefix):
    question = partial(queries.sources, of_two(seen, prefix=ip_network(prefix)))
    expected = question()
    _forget()
    assert computed(seen.analyst, question) == expected
    assert bool(expected.rows) == prefix.startswith("198")


def _forget():
    """No figure from the cache."""
    cache.clear()
    segmentcache.forget()


def test_days_too_large_for_memory_are_read_by_sensor(seen, narrow, monkeypatch):
    question = partial(planner.sources, Ask(of_two(seen, scanners=Scanners.EXCLUDE), Dimension.PORT))
    expected = question()
    monkeypatch.setattr(longreads, "CHUNK_ROWS", 1)
    found = computed(seen.analyst, question)
    assert all(np.array_equal(found[name], expected[name]) for name in expected)


def test_questions_asked_together_tell_at_once_what_all_of_them_need(seen, narrow):
    selection = of_two(seen, scanners=Scanners.EXCLUDE)
    _forget()
    questions = [partial(queries.series, selection, split, Bin.DAY) for split in (Dimension.NONE, Dimension.REGION)]
    found = asked(lambda: together(*questions))
    assert isinstance(found, NeedsComputationError)
    assert {read.spec.group for read in found.reads} >= {Dimension.NONE, Dimension.REGION}


def test_two_periods_share_the_months_they_share(seen, narrow):
    selection = of_two(seen, scanners=Scanners.EXCLUDE)
    computed(seen.analyst, lambda: planner.packets(Ask(selection)))
    kept = set(map(bytes, KeptRows.objects.values_list("digest", flat=True)))
    later = replace(selection, period=Period.of_days(FIRST + timedelta(days=2), FIRST + timedelta(days=DAYS), TOKYO))
    computed(seen.analyst, lambda: planner.packets(Ask(later)))
    assert kept & {chunk.digest for chunk in longreads.chunks(_read(later))}


def _read(selection):
    with pytest.MonkeyPatch.context() as patch, longreads.offered():
        patch.setattr(longreads, "PAGE_ROWS", 0)
        KeptRows.objects.update(stamp=0)
        with pytest.raises(NeedsComputationError) as error:
            planner.packets(Ask(selection))
    return error.value.reads[0]


def test_a_day_rolled_up_anew_is_read_anew(seen, narrow):
    selection = of_two(seen, scanners=Scanners.EXCLUDE)
    question = partial(planner.packets, Ask(selection))
    before = computed(seen.analyst, question)["packets"].sum()
    sightings.see(seen.sensor, PERIOD.start + timedelta(days=3), packets=1000)
    roll_day(FIRST + timedelta(days=3))
    kept = KeptRows.objects.count()
    with CaptureQueriesContext(connection) as caught:
        assert computed(seen.analyst, question)["packets"].sum() == before + 1000
    assert sum("INSERT INTO observations_keptrows" in query["sql"] for query in caught) < kept  # other months stay
    sightings.see(seen.sensor, PERIOD.start + timedelta(days=3), packets=1000)
    assert computed(seen.analyst, question)["packets"].sum() == before + 1000  # not rolled up yet, as everywhere else


def test_a_job_that_runs_twice_or_in_slices_changes_nothing(seen, narrow):
    question = partial(planner.packets, Ask(of_two(seen, scanners=Scanners.EXCLUDE)))
    (computation,) = computations.start(seen.analyst, asked(question).reads)
    assert computations.start(seen.analyst, asked(question).reads) == [computation]
    slices = 0
    while computing.advance(computation.pk, 0.001):
        slices += 1
        assert slices < 100
    kept = list(KeptRows.objects.order_by("digest").values_list("digest", "body"))
    assert len(kept) > 3
    Computation.objects.update(state=Computation.State.QUEUED)
    assert not computing.advance(computation.pk, 60)
    assert list(KeptRows.objects.order_by("digest").values_list("digest", "body")) == kept
    assert not computing.advance(computation.pk, 60)


def test_a_cancelled_job_does_no_more(seen, narrow):
    (computation,) = computations.start(seen.analyst, asked(partial(planner.packets, Ask(of_two(seen, scanners=Scanners.EXCLUDE)))).reads)
    assert not computations.cancel(seen.partner_a, computation.pk)
    assert computations.cancel(seen.analyst, computation.pk)
    assert not computing.advance(computation.pk, 60)
    assert not KeptRows.objects.exists()


def test_limits_are_told_in_words(seen, narrow, monkeypatch):
    question = partial(planner.packets, Ask(of_two(seen, scanners=Scanners.EXCLUDE), Dimension.PORT))
    monkeypatch.setattr(longreads, "KEPT_ROWS", 2)
    (computation,) = computations.start(seen.analyst, asked(question).reads)
    computing.advance(computation.pk, 60)
    computation.refresh_from_db()
    assert (computation.state, computation.error) == (Computation.State.FAILED, "too_many")
    with pytest.raises(ParameterError, match="^from: "):  # nor does anybody else start it again
        asked(question)
    monkeypatch.setattr(longreads, "JOB_ROWS", 20)
    with pytest.raises(ParameterError, match="^from: "):
        asked(question)


def test_a_person_has_only_so_many(seen, narrow, monkeypatch):
    monkeypatch.setattr(computations, "MOST", 1)
    reads = [
        asked(partial(planner.packets, Ask(of_two(seen, scanners=Scanners.EXCLUDE), group))).reads[0]
        for group in (Dimension.PORT, Dimension.REGION)
    ]
    with pytest.raises(computations.TooManyComputationsError):
        computations.start(seen.analyst, reads)
    assert not Computation.objects.exists()


def test_what_is_old_goes_and_what_lost_its_worker_goes_on(seen, narrow):
    question = partial(planner.packets, Ask(of_two(seen, scanners=Scanners.EXCLUDE)))
    (computation,) = computations.start(seen.analyst, asked(question).reads)
    Computation.objects.update(touched_at=timezone.now() - timedelta(hours=1))
    assert computing.silent() == [computation.pk]
    computing.advance(computation.pk, 60)
    assert computing.silent() == []
    ago = timezone.now() - timedelta(days=8)
    KeptRows.objects.update(made_at=ago)
    Computation.objects.update(finished_at=ago)
    computing.expire()
    computation.refresh_from_db()
    assert (computation.state, KeptRows.objects.count()) == (Computation.State.EXPIRED, 0)
    assert computed(seen.analyst, question)["packets"].sum() > 0
