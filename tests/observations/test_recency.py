"""When sources were last seen before: sums of it are the distinct sources of any period, and no row outlives what it was made of."""

from collections.abc import Iterable
from datetime import date, timedelta

import numpy as np
import pytest
from django.conf import settings
from django.db import connection

from apps.common.periods import Bin, Period, bins
from apps.common.ports import PortKey
from apps.common.sourcekeys import from_address
from apps.observations.counting import recency, recencypairs, rollup, verification
from apps.observations.figures import Dimension, Origin, Selection
from apps.observations.models import COUNTED, LastSeen, Recency, Signature
from apps.observations.planning import countreads, derived, planner
from apps.observations.planning.asks import Ask
from apps.observations.planning.spans import edges
from apps.observations.storage import recencies
from apps.observations.storage.hours import day_bounds
from apps.observations.storage.marks import raise_marks
from apps.reference import portgroups
from apps.reference.models import PortGroup
from apps.sensors.models import Network
from apps.sensors.queries import scope_for
from tests.cast import Cast, make_cast
from tests.observations import sightings

pytestmark = pytest.mark.django_db
FIRST = date(2025, 1, 20)
PORTS = ("tcp/23", "tcp/445", "udp/53", "icmp/8")
Seen = tuple[date, int, str, str, int]  # day, sensor, source, port, signature


@pytest.fixture
def cast() -> Cast:
    sightings.delegate("198.51.100.0", "198.51.100.63", "JP")
    return make_cast()


def sensors_of(cast: Cast) -> list:
    return [cast.sensor, cast.sensor_a, cast.sensor_b]


def see(cast: Cast, seen: Iterable[Seen]) -> None:
    for day, sensor, source, port, signature in seen:
        sightings.see(sensors_of(cast)[sensor], day_bounds(day)[0] + timedelta(hours=12), source, port, 1, Signature(signature))


def random_traffic(days: int, of_a_day: int = 6) -> list[Seen]:
    """Few sources, most of which come back; some by IPv6, some under signatures that do not count."""
    chance, seen = np.random.default_rng(3), []
    for number in range(days * of_a_day):
        source = f"198.51.100.{chance.integers(40, 90)}" if chance.random() < 0.8 else f"2001:db8:{chance.integers(5)}::1"
        day = FIRST + timedelta(days=number // of_a_day)
        seen.append((day, int(chance.integers(3)), source, str(chance.choice(PORTS)), int(chance.choice([0, 0, 1, 2, 4]))))
    return seen


def asked(cast: Cast, first: date, end: date, group: Dimension = Dimension.NONE, size: Bin | None = None, **filters) -> Ask:
    selection = Selection(scope_for(cast.analyst), Period.of_days(first, end, settings.REPORT_TIME_ZONE), **filters)
    return Ask(selection, group, tuple(edges(selection.period, bins(selection.period, size))) if size else ())


def sources(ask: Ask) -> dict[tuple[int, int], int]:
    found = planner.sources(ask)
    return {
        (key, number): count
        for key, number, count in zip(*(found[name].tolist() for name in ("key", "bin", "sources")), strict=True)
        if count
    }


@pytest.fixture
def no_sets(monkeypatch):
    """Nothing may be united."""

    def united(*_arguments):
        raise AssertionError("a source set was read")

    monkeypatch.setattr(countreads, "source_sets", united)


def distinct(seen: Iterable[Seen], first: date, end: date) -> set[int]:
    return {from_address(source) for day, _sensor, source, _port, signature in seen if first <= day < end and signature in COUNTED}


def rows_of(model) -> list[tuple]:
    """All rows, as they are."""
    names = [field.attname for field in model._meta.concrete_fields]
    return sorted(
        tuple(bytes(value) if isinstance(value, memoryview) else value for value in row) for row in model.objects.values_list(*names)
    )


RANGES = [(0, 90), (0, 1), (3, 4), (5, 45), (11, 12), (12, 71), (40, 90), (30, 33)]  # days after FIRST


@pytest.mark.parametrize(("start", "end"), RANGES)
def test_sums_are_the_distinct_sources_of_any_days(cast, no_sets, start, end):
    seen = random_traffic(90)
    see(cast, seen)
    sightings.roll_up()
    first, last = FIRST + timedelta(days=start), FIRST + timedelta(days=end)
    assert sources(asked(cast, first, last)) == {(0, 0): len(distinct(seen, first, last))}
    for port in PORTS:
        own = distinct((row for row in seen if row[3] == port), first, last)
        code = PortKey.parse(port)
        key = code.protocol << 16 | code.port
        found = sources(asked(cast, first, last, ports=(code,)))
        assert found == ({(0, 0): len(own)} if own else {})
        assert sources(asked(cast, first, last, Dimension.PORT).for_keys((key,))) == ({(key, 0): len(own)} if own else {})
    for signature in (Signature.NONE, Signature.MIRAI, Signature.BACKSCATTER):
        addresses = {row[2] for row in seen if first <= row[0] < last and row[4] == signature}
        assert sources(asked(cast, first, last, signatures=(signature,))) == ({(0, 0): len(addresses)} if addresses else {})


def test_regions_origins_and_sides_by_week(cast, no_sets):
    seen = random_traffic(60)
    see(cast, seen)
    sightings.roll_up()
    end = FIRST + timedelta(days=60)
    weeks = asked(cast, FIRST, end, size=Bin.WEEK).spans
    starts = [span[0].astimezone(settings.REPORT_TIME_ZONE).date() for span in weeks]
    home = lambda source: "JP" if source.startswith("198.51.100.") and int(source.rsplit(".")[-1]) < 64 else "ZZ"  # noqa: E731
    for number, (first, last) in enumerate(zip(starts, [*starts[1:], end], strict=True)):
        own = distinct((row for row in seen if home(row[2]) == "JP"), first, last)
        by_region = sources(asked(cast, FIRST, end, Dimension.REGION, Bin.WEEK))
        by_origin = sources(asked(cast, FIRST, end, Dimension.ORIGIN, Bin.WEEK))
        assert by_origin.get((1, number), 0) == len(own)
        assert by_region[max(key for key, _bin in by_region), number] == len(distinct(seen, first, last)) - len(own)
        assert sum(count for (_key, bin_), count in by_origin.items() if bin_ == number) == len(distinct(seen, first, last))
    overseas = {row[2] for row in seen if sensors_of(cast)[row[1]].is_overseas and row[4] in COUNTED}
    assert sources(asked(cast, FIRST, end, Dimension.PANEL)).get((2, 0), 0) == len(overseas)


def test_a_source_that_changed_its_region_is_counted_once(cast):
    see(cast, [(FIRST, 0, "198.51.100.7", "tcp/23", 0), (FIRST, 0, "203.0.113.5", "tcp/23", 0)])
    sightings.roll_up()
    sightings.delegate("198.51.100.0", "198.51.100.63", "NL", FIRST + timedelta(days=1))
    moved = FIRST + timedelta(days=1)
    see(cast, [(moved, 0, "198.51.100.7", "tcp/23", 0)])
    sightings.roll_up()
    whole = (cast, FIRST, FIRST + timedelta(days=2))
    assert sources(asked(*whole)) == {(0, 0): 2}
    assert sum(sources(asked(*whole, Dimension.REGION)).values()) == 3
    assert sources(asked(*whole, origin=Origin.FOREIGN)).get((0, 0), 0) <= 2
    assert sources(asked(*whole, Dimension.ORIGIN)) == sources_by_sets(asked(*whole, Dimension.ORIGIN))


def sources_by_sets(ask: Ask) -> dict[tuple[int, int], int]:
    found = planner._united(planner.plan(ask, sources=True))
    return {(key, number): count for key, number, count in zip(*(found[name].tolist() for name in ("key", "bin", "sources")), strict=True)}


def test_days_that_are_added_one_by_one_make_the_rows_of_a_whole_month(cast):
    see(cast, random_traffic(60))
    for day in range(60):
        rollup.roll_day(FIRST + timedelta(days=day))
    for day in range(75):
        list(recency.build(now=day_bounds(FIRST + timedelta(days=day))[1] + timedelta(hours=2)))
    one_by_one = rows_of(Recency), rows_of(LastSeen)
    assert len({row[3] for row in one_by_one[0]}) > 60
    with connection.cursor() as cursor:
        recency.forget_from(cursor, FIRST)
    assert rows_of(Recency) == []
    list(recency.build(now=day_bounds(FIRST + timedelta(days=75))[1]))
    # The ports of the first month are chosen by its first day, or by all; here there are few enough for all.
    assert (rows_of(Recency), rows_of(LastSeen)) == one_by_one


def test_verification_agrees_and_finds_what_does_not(cast):
    see(cast, random_traffic(45))
    sightings.roll_up()
    end = FIRST + timedelta(days=44)
    assert list(verification.problems(FIRST, end)) == []
    row = Recency.objects.get(
        network=Network.OWN, grain=2, axis=recency.TallyAxis.TOTAL, bucket=day_bounds(FIRST + timedelta(days=30))[0], part=0
    )
    ages = recencies.decode([bytes(row.body)])
    wrong = recencies.encode(recencies.coded(ages.key, ages.age), ages.sources + (ages.age == ages.age.max()))
    Recency.objects.filter(pk=row.pk).update(body=wrong)
    (problem,) = verification.problems(FIRST, end)
    assert problem.startswith(f"{FIRST + timedelta(days=30)}: recencies disagree in 1 cells")


def test_a_day_is_counted_once_it_is_over_and_waits_for_nothing(cast):
    see(cast, random_traffic(5))
    for day in range(4):
        rollup.roll_day(FIRST + timedelta(days=day))
    end = day_bounds(FIRST + timedelta(days=2))[1]
    assert [built.last for built in recency.build(now=end + timedelta(minutes=59))] == [FIRST + timedelta(days=1)]
    assert [built.last for built in recency.build(now=end + timedelta(minutes=61))] == [FIRST + timedelta(days=2)]
    assert [built.last for built in recency.build(now=end + timedelta(days=9))] == [FIRST + timedelta(days=3)]
    assert list(recency.build(now=end + timedelta(days=9))) == []  # the fifth day waits to be rolled
    rollup.roll_day(FIRST + timedelta(days=4))
    (built,) = recency.build(now=day_bounds(FIRST + timedelta(days=4))[1] + timedelta(hours=1))
    assert (built.first, built.last) == (FIRST + timedelta(days=4),) * 2


def test_late_packets_take_back_what_they_change_and_no_more(cast):
    seen = random_traffic(70)
    see(cast, seen)
    sightings.roll_up()
    before = rows_of(Recency)
    late = FIRST + timedelta(days=40)
    start = day_bounds(late)[0]
    more = [(late, 1, f"198.51.100.{number}", "tcp/23", 0) for number in range(41, 60)]
    see(cast, more)
    rollup.roll_day(late)
    kept = [row for row in before if row[3] < start and not (row[1] == 3 and row[3] >= day_bounds(late.replace(day=1))[0])]
    assert rows_of(Recency) == kept
    end = FIRST + timedelta(days=70)
    assert sources(asked(cast, FIRST, end)) == {(0, 0): len(distinct([*seen, *more], FIRST, end))}  # from sets
    weeks = asked(cast, FIRST, end, size=Bin.WEEK)
    assert sources(weeks) == sources_by_sets(weeks)  # those before from recencies, those after from sets
    list(recency.build())
    assert sources(asked(cast, late, end)) == {(0, 0): len(distinct([*seen, *more], late, end))}
    with connection.cursor() as cursor:
        rebuilt = rows_of(Recency)
        recency.forget_from(cursor, FIRST)
    list(recency.build())
    assert rows_of(Recency) == rebuilt


def test_nothing_is_written_of_days_that_were_rolled_meanwhile(cast, monkeypatch):
    see(cast, random_traffic(10))
    for day in range(10):
        rollup.roll_day(FIRST + timedelta(days=day))
    count = recency._count

    def count_while_a_day_is_rolled(batch, network, made):
        count(batch, network, made)
        if network is Network.OWN:
            with connection.cursor() as cursor:
                raise_marks(cursor, [(cast.sensor.pk, FIRST)])
            rollup.roll_day(FIRST)

    monkeypatch.setattr(recency, "_count", count_while_a_day_is_rolled)
    assert list(recency.build()) == []
    assert not Recency.objects.exists() and not LastSeen.objects.exists()


def test_a_month_without_data_that_gets_some_meanwhile_comes_first(cast, monkeypatch):
    see(cast, [(FIRST, 0, "198.51.100.1", "tcp/23", 0), (date(2025, 3, 5), 0, "198.51.100.1", "tcp/23", 0)])
    for day in (FIRST, date(2025, 3, 5)):
        rollup.roll_day(day)
    (january,) = [built for built in recency.build(now=day_bounds(date(2025, 2, 10))[0]) if built.first.month == 1]
    assert january.rows
    count = recency._count

    def count_while_february_gets_a_day(batch, network, made):
        count(batch, network, made)
        if batch.month == date(2025, 3, 1) and network is Network.OWN:
            see(cast, [(date(2025, 2, 7), 0, "198.51.100.1", "tcp/23", 0)])
            rollup.roll_day(date(2025, 2, 7))

    monkeypatch.setattr(recency, "_count", count_while_february_gets_a_day)
    list(recency.build())
    assert not LastSeen.objects.filter(month=date(2025, 3, 1)).exists()
    monkeypatch.setattr(recency, "_count", count)
    list(recency.build())
    for first in (FIRST, date(2025, 2, 7), date(2025, 2, 8)):
        assert sources(asked(cast, first, date(2025, 3, 6))) == {(0, 0): 1}


@pytest.mark.parametrize("days", [recencies.LOOKBACK, recencies.LOOKBACK + 1])
def test_what_was_seen_longer_ago_is_left_to_sets(cast, days):
    last = FIRST + timedelta(days=days)
    see(cast, [(FIRST, 0, "198.51.100.1", "tcp/23", 0), (last, 0, "198.51.100.1", "tcp/23", 0), (last, 0, "198.51.100.2", "tcp/23", 0)])
    sightings.roll_up()
    code = PortKey.parse("tcp/23")
    for filters in ({}, {"ports": (code,)}):
        ask = asked(cast, FIRST, last + timedelta(days=1), **filters)
        assert sources(ask) == {(0, 0): 2}
        assert sources(asked(cast, FIRST + timedelta(days=1), last + timedelta(days=1), **filters)) == {(0, 0): 2}


def test_a_port_is_known_since_the_month_that_tracks_it(cast, monkeypatch):
    monkeypatch.setattr(recencypairs, "TRACKED", 1)
    january = [(FIRST, 0, f"198.51.100.{number}", "tcp/23", 0) for number in range(1, 9)]
    later = [
        (FIRST + timedelta(days=days), 0, f"198.51.100.{number}", "udp/53", 0) for days in (0, 20, 40, 60, 61) for number in (1, days + 2)
    ]
    see(cast, [*january, *later])
    sightings.roll_up()
    tracked = dict(LastSeen.objects.filter(axis=recency.TallyAxis.PORT, network=Network.OWN).values_list("month", "keys"))
    telnet, dns = 6 << 16 | 23, 17 << 16 | 53
    assert [tracked[date(2025, month, 1)] for month in (1, 2, 3)] == [[telnet], [telnet], [dns]]
    for first in (FIRST, date(2025, 3, 1), FIRST + timedelta(days=60)):
        for key in (telnet, dns):
            ask = asked(cast, first, FIRST + timedelta(days=62), Dimension.PORT).for_keys((telnet, dns))
            assert sources(ask).get((key, 0)) == sources_by_sets(ask).get((key, 0))
        known = planner.bounds(asked(cast, first, FIRST + timedelta(days=62), Dimension.PORT))
        exact = sources_by_sets(ask)
        for key, lower, upper in zip(known.key.tolist(), known.lower.tolist(), known.upper.tolist(), strict=True):
            assert lower <= exact[key, 0] <= upper


@pytest.mark.parametrize("tracked", [1, 2, 4])
def test_a_group_of_ports_is_known_by_no_port_of_it_alone(cast, monkeypatch, tracked):
    monkeypatch.setattr(recencypairs, "TRACKED", tracked)
    PortGroup.objects.create(slug="telnet-and-dns", name_en="Telnet and DNS", name_ja="Telnet と DNS", pattern="tcp/23,udp/53")
    portgroups.forget()
    see(cast, random_traffic(30))
    sightings.roll_up()
    by_kind = asked(cast, FIRST, FIRST + timedelta(days=30), Dimension.KIND)
    exact = sources_by_sets(by_kind)
    assert any(key >= derived.GROUP for key, _bin in exact)
    known = planner.bounds(by_kind)
    for key, lower, upper in zip(known.key.tolist(), known.lower.tolist(), known.upper.tolist(), strict=True):
        assert lower <= exact[key, 0] <= upper
    keys = tuple(key for key, _bin in exact)
    assert sources(by_kind.for_keys(keys)) == exact
    weeks = asked(cast, FIRST, FIRST + timedelta(days=30), Dimension.KIND, Bin.WEEK).for_keys(keys)
    assert sources(weeks) == sources_by_sets(weeks)
    portgroups.forget()
