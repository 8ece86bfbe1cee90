"""The planner's sources of numbers agree: months, days, hours and segments, for every filter and group, in zones with odd clocks."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from django.conf import settings
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.common.errors import ParameterError
from apps.common.periods import Bin, Period, bins
from apps.common.ports import PortKey
from apps.observations import queries
from apps.observations.counting import counts, recencypairs
from apps.observations.figures import Dimension, Origin, Selection, Unit
from apps.observations.models import Signature
from apps.observations.planning import countreads, planner, segmentcache, segmentreads, sensordaycounts, sensordays, smallreads
from apps.observations.planning.asks import Ask
from apps.observations.planning.reading import TooMuchError, reading
from apps.observations.planning.spans import cut, edges
from apps.observations.planning.watch import sensor_days
from apps.sensors.queries import scope_for
from tests.cast import make_cast
from tests.observations import sightings

BERLIN = ZoneInfo("Europe/Berlin")
FIRST = date(2025, 9, 28)  # October 2025 has 25 hours on the 26th
pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def _rows_and_small_cells():
    """So little traffic makes rows of some cells, and leaves others small; of two ports it is known when sources came back."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(counts, "KEPT_SOURCES", 2)
        patch.setattr(counts, "KEPT_PACKETS", 4)
        patch.setattr(recencypairs, "TRACKED", 2)
        yield


@pytest.fixture(scope="module")
def seen(django_db_setup, django_db_blocker, _rows_and_small_cells):
    """Forty days of random traffic of three sensors; October is closed."""
    kept, settings.REPORT_TIME_ZONE = settings.REPORT_TIME_ZONE, BERLIN
    chance = np.random.default_rng(7)
    with sightings.kept(django_db_blocker):
        cast = make_cast()
        sightings.delegate("198.51.100.0", "198.51.100.115", "JP")
        sightings.delegate("198.51.100.116", "198.51.100.119", "NL")
        sightings.delegate("198.51.100.120", "198.51.100.131", "CN")
        sightings.delegate("198.51.100.116", "198.51.100.119", "JP", since=date(2025, 10, 20))
        sensors = [cast.sensor, cast.sensor_a, cast.sensor_b]
        start, end = (
            Period.of_days(FIRST, FIRST + timedelta(days=40), BERLIN).start,
            Period.of_days(FIRST, FIRST + timedelta(days=40), BERLIN).end,
        )
        for sensor in sensors:
            sightings.watch(sensor, start, end - timedelta(days=int(chance.integers(0, 5))))
        for _ in range(400):
            sightings.see(
                sensors[chance.integers(3)],
                start + timedelta(minutes=int(chance.integers(40 * 24 * 60))),
                f"198.51.100.{chance.integers(100, 140)}" if chance.random() < 0.9 else f"2001:db8:{chance.integers(3)}::1",
                str(chance.choice(["tcp/23", "tcp/445", "udp/53", "icmp/8"])),
                int(chance.integers(1, 4)),
                Signature(int(chance.choice([0, 0, 0, 1, 2, 4]))),
            )
        sightings.roll_up()
        yield cast
    settings.REPORT_TIME_ZONE = kept


def periods():
    yield Period.of_days(FIRST, FIRST + timedelta(days=40), BERLIN), Bin.MONTH
    yield Period.of_days(FIRST, FIRST + timedelta(days=40), BERLIN), Bin.WEEK
    yield Period.of_days(date(2025, 10, 20), date(2025, 11, 3), BERLIN), Bin.DAY
    yield Period.of_days(date(2025, 10, 25), date(2025, 10, 28), BERLIN), Bin.HOUR
    yield Period.of_days(date(2025, 10, 20), date(2025, 11, 3), ZoneInfo("America/New_York")), Bin.DAY


FILTERS: tuple[dict[str, Any], ...] = (
    {},
    {"ports": (PortKey.parse("tcp/23"), PortKey.parse("icmp/8"))},
    {"regions": ("JP",)},
    {"ports": (PortKey.parse("tcp/445"),), "regions": ("JP", "ZZ")},
    {"ports": (PortKey.parse("udp/53"),), "regions": ("JP",)},
    {"regions": ("JP", "ZZ")},
    {"origin": Origin.FOREIGN},
    {"signatures": (Signature.MIRAI, Signature.BACKSCATTER)},
)


def cells(frame, *names):
    """Values by (key, bin), zeros left out."""
    rows = zip(*(frame[name].tolist() for name in ("key", "bin", *names)), strict=True)
    return {(key, number): tuple(values) for key, number, *values in rows if any(values)}


@pytest.mark.parametrize("sensors", ["all", "domestic", "chosen"])
@pytest.mark.parametrize("filters", FILTERS, ids=str)
def test_counts_say_what_segments_say(seen, sensors, filters):
    chosen = f"{seen.sensor.pk},{seen.sensor_b.pk}" if sensors == "chosen" else sensors
    for period, size in periods():
        for dimension in Dimension:
            selected = Selection(scope_for(seen.analyst, chosen), period, **filters)
            ask = Ask(selected, dimension, tuple(edges(period, bins(period, size))))
            rows = segmentreads.rows(ask, cut(ask.spans, BERLIN, ()))
            expected = segmentreads.numbers(rows)
            assert cells(planner.packets(ask), "packets") == cells(expected, "packets"), (period, dimension)
            assert cells(planner.sources(ask), "sources") == cells(expected, "sources"), (period, dimension)


@pytest.mark.parametrize("dimension", Dimension)
@pytest.mark.parametrize("filters", FILTERS, ids=str)
def test_sensor_days_count_alike_in_counts_and_segments(seen, dimension, filters):
    period, size = next(periods())
    ask = Ask(Selection(scope_for(seen.analyst), period, **filters), dimension, tuple(edges(period, bins(period, size))))
    days = sensor_days(ask.sensors, period)
    assert not days.is_covered.all()
    naive = sensordays.sources_of_segments(ask, cut(ask.spans, BERLIN, ()), days)
    assert cells(sensordays.sources(ask, days), "value") == cells(naive, "value")


@pytest.mark.parametrize("filters", [{}, {"regions": ("JP",)}, {"regions": ("JP", "ZZ")}, {"origin": Origin.FOREIGN}], ids=str)
def test_bounds_hold_the_number_of_sources_between_them(seen, filters):
    period, _size = next(periods())
    ask = Ask(Selection(scope_for(seen.analyst), period, **filters), Dimension.PORT)
    known, exact = planner.bounds(ask), planner.sources(ask)
    found = dict(zip(exact["key"].tolist(), exact["sources"].tolist(), strict=True))
    for key, lower, upper in zip(known.key.tolist(), known.lower.tolist(), known.upper.tolist(), strict=True):
        assert lower <= found[key] <= upper
    assert (known.lower < known.upper).any()


@pytest.mark.parametrize("filters", FILTERS, ids=str)
@pytest.mark.parametrize("dimension", [Dimension.PORT, Dimension.REGION, Dimension.KIND, Dimension.ORIGIN, Dimension.PANEL])
def test_whole_days_of_panels_need_no_segment_whatever_is_asked_of_ports_and_regions(seen, dimension, filters):
    period, size = next(periods())
    ask = Ask(Selection(scope_for(seen.analyst), period, **filters), dimension, tuple(edges(period, bins(period, size))))
    assert planner.plan(ask, sources=True).read == ()
    assert planner.plan(ask, sources=False).read == ()


@pytest.mark.parametrize("filters", [{"regions": ("JP",)}, {"regions": ("JP", "ZZ")}, {"origin": Origin.FOREIGN}], ids=str)
@pytest.mark.parametrize(("first", "last"), [(1, 14), (0, 40), (3, 34)], ids=["days", "days and a month", "a month"])
@pytest.mark.parametrize("unit", Unit)
def test_the_ports_of_a_region_rank_as_segments_rank_them(seen, unit, first, last, filters):
    period = Period.of_days(FIRST + timedelta(days=first), FIRST + timedelta(days=last), BERLIN)
    selected = Selection(scope_for(seen.analyst), period, **filters)
    found = queries.ranking(selected, Dimension.PORT, unit, limit=3, previous=True)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(countreads, "store_for", lambda ask: None)
        patch.setattr(sensordaycounts, "adds_up", lambda ask: False)
        patch.setattr("apps.observations.planning.remembering.cache.get", lambda key: None)
        expected = queries.ranking(selected, Dimension.PORT, unit, limit=3, previous=True)
    assert found.rows
    assert (found.rows, found.total) == (expected.rows, expected.total)


@pytest.mark.parametrize("unit", Unit)
@pytest.mark.parametrize("dimension", [Dimension.PORT, Dimension.REGION, Dimension.KIND])
def test_a_key_asked_for_by_name_has_the_line_it_has_in_the_whole_ranking(seen, dimension, unit):
    period = Period.of_days(FIRST + timedelta(days=7), FIRST + timedelta(days=14), BERLIN)
    selected = Selection(scope_for(seen.analyst), period)
    whole = queries.ranking(selected, dimension, unit, limit=100, previous=True)
    assert whole.rows and whole.has_previous
    for row in whole.rows:
        found = queries.ranking(selected, dimension, unit, previous=True, keys=(row.key,))
        assert (found.rows, found.total, found.has_previous) == ((row,), whole.total, True)
    unseen = {Dimension.REGION: "AQ"}.get(dimension, "tcp/9")
    assert queries.ranking(selected, dimension, unit, previous=True, keys=(unseen,)).rows == ()


@pytest.mark.parametrize("dimension", [Dimension.NONE, Dimension.PORT, Dimension.SIGNATURE])
def test_ports_are_told_alike_whether_all_small_ones_were_read_before_or_not(seen, dimension):
    period = Period.of_days(FIRST + timedelta(days=1), FIRST + timedelta(days=14), BERLIN)
    chosen = Selection(scope_for(seen.analyst), period, ports=(PortKey.parse("tcp/23"), PortKey.parse("udp/53"), PortKey.parse("tcp/9")))
    ask = Ask(chosen, dimension)
    alone = [cells(planner.packets(ask), "packets"), cells(planner.sources(ask), "sources"), planner.contributions(ask)]
    with reading():
        planner.bounds(Ask(Selection(scope_for(seen.analyst), period), Dimension.PORT))
        beside = [cells(planner.packets(ask), "packets"), cells(planner.sources(ask), "sources"), planner.contributions(ask)]
    assert alone[:2] == beside[:2] and alone[0]
    assert {name: column.tolist() for name, column in alone[2].items()} == {name: column.tolist() for name, column in beside[2].items()}


def test_small_cells_are_read_once_for_all_figures_of_a_page(seen):
    period = Period.of_days(date(2025, 10, 25), date(2025, 11, 7), BERLIN)
    ask = Ask(Selection(scope_for(seen.analyst), period, regions=("JP",)), Dimension.PORT)
    with reading():
        planner.packets(ask)
        with CaptureQueriesContext(connection) as captured:
            planner.bounds(ask)
    assert not any("smallcells" in query["sql"] for query in captured)


def test_closed_months_are_read_as_months(seen):
    period = Period.of_days(date(2025, 10, 1), date(2025, 11, 1), BERLIN)
    chosen = planner.plan(Ask(Selection(scope_for(seen.analyst), period), Dimension.PORT), sources=True)
    assert [piece.grain.name for piece in chosen.counted] == ["MONTH"]
    assert countreads.closed_months() >= {date(2025, 10, 1)}


def test_a_month_that_loses_its_rows_is_read_from_its_days(seen):
    period = Period.of_days(date(2025, 10, 1), date(2025, 11, 1), BERLIN)
    selected = Selection(scope_for(seen.analyst), period)
    before = queries.ranking(selected, Dimension.PORT, Unit.SOURCES)
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM observations_networkcount WHERE grain = 3")
        cursor.execute("DELETE FROM observations_sensorcount WHERE grain = 3")
    ask = Ask(selected, Dimension.PORT)
    assert {piece.grain.name for piece in planner.plan(ask, sources=True).counted} == {"DAY"}
    after = planner.sources(ask)
    assert sorted(after["sources"].tolist(), reverse=True) == [row.value for row in before.rows]


def test_views_that_need_too_many_rows_are_refused(seen, monkeypatch):
    period, _size = next(periods())
    monkeypatch.setattr(segmentcache, "MAX_ROWS", 10)
    with pytest.raises(ParameterError, match="^from: "):
        queries.sources(Selection(scope_for(seen.analyst), period))


def test_too_many_sensor_days_without_coverage_are_refused_before_they_are_read(seen, monkeypatch):
    monkeypatch.setattr(segmentcache, "MAX_ROWS", 10)
    monkeypatch.setattr(segmentcache, "UNCOUNTED_SENSOR_DAYS", 5)
    period, _size = next(periods())
    with pytest.raises(ParameterError, match="^from: "):
        queries.ranking(Selection(scope_for(seen.analyst), period), Dimension.PORT, Unit.PACKETS_PER_SENSOR_DAY)


@pytest.mark.parametrize("part", [1, 7])
@pytest.mark.parametrize("bin_", [None, Bin.DAY])
def test_small_cells_are_the_same_in_parts(seen, part, bin_, monkeypatch):
    period, _size = next(periods())
    ask = Ask(Selection(scope_for(seen.analyst), period, regions=("JP",)), Dimension.PORT)
    ask = ask if bin_ is None else replace(ask, spans=tuple(edges(period, bins(period, bin_))))
    whole, bounds, sources = planner.packets(ask), planner.bounds(replace(ask, spans=())), planner.sources(replace(ask, spans=()))
    monkeypatch.setattr(smallreads, "_PART", part)
    parts, bounds_of_parts = planner.packets(ask), planner.bounds(replace(ask, spans=()))
    assert {name: column.tolist() for name, column in parts.items()} == {name: column.tolist() for name, column in whole.items()}
    true = dict(zip(sources["key"].tolist(), sources["sources"].tolist(), strict=True))
    assert bounds_of_parts.key.tolist() == bounds.key.tolist() == sorted(true)
    assert bounds_of_parts.upper.tolist() == bounds.upper.tolist()
    assert all(1 <= least <= true[key] for key, least in zip(bounds.key.tolist(), bounds_of_parts.lower.tolist(), strict=True))


@pytest.mark.parametrize("since", [60, 10])
def test_days_that_nobody_has_rolled_up_are_not_looked_at(seen, since):
    period = Period.of_days(FIRST - timedelta(days=since), FIRST + timedelta(days=39), BERLIN)
    days = sensor_days(Ask(Selection(scope_for(seen.analyst), period)).sensors, period)
    assert np.all(days.day[days.is_lost] >= np.datetime64(FIRST))
    assert np.all(days.is_covered[~days.is_lost & (days.day >= np.datetime64(FIRST))])


def test_a_statement_that_takes_too_long_ends_in_words(seen, monkeypatch):
    monkeypatch.setattr("apps.observations.planning.reading.STATEMENT_TIMEOUT_MS", 50)
    with pytest.raises(TooMuchError), reading(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_sleep(5)")


@pytest.mark.parametrize("dimension", [Dimension.PANEL, Dimension.REGION, Dimension.ORIGIN, Dimension.PORT])
@pytest.mark.parametrize("sensors", ["all", "chosen"])
def test_who_contributed_is_told_alike_of_periods_that_begin_and_end_within_days(seen, dimension, sensors):
    chosen = f"{seen.sensor.pk},{seen.sensor_b.pk}" if sensors == "chosen" else sensors
    period = Period.of_days(FIRST + timedelta(days=7), FIRST + timedelta(days=14), ZoneInfo("America/New_York"))
    ask = Ask(Selection(scope_for(seen.analyst, chosen), period), dimension)
    found, expected = planner.contributions(ask), segmentreads.contributions(segmentreads.rows(ask, cut(ask.spans, BERLIN, ())))
    assert len(expected["key"]) > 1
    assert {name: column.tolist() for name, column in found.items()} == {name: column.tolist() for name, column in expected.items()}
