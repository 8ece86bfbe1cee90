"""Snapshots are stored as differences; whatever is loaded in whatever order, a day has one answer."""

from datetime import date, timedelta

import numpy as np
import pytest
from django.db import connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from apps.common.regions import encode
from apps.reference import snapshots
from apps.reference.models import FOREVER, Delegation, Registry, Snapshot
from apps.reference.regions import region_map_for
from tests.reference.files import Row, keys, table_of

pytestmark = pytest.mark.django_db

DAYS = [date(2020, 1, 1) + timedelta(days=10 * step) for step in range(5)]
BETWEEN = sorted({day + timedelta(days=step) for day in DAYS for step in (-1, 0, 1)})
KEYS = range(24)
ZZ = encode("ZZ")
JP, US, NL, GB = (encode(code) for code in ("JP", "US", "NL", "GB"))

Loads = list[tuple[Registry, date, frozenset[Row]]]

ranges = st.tuples(st.integers(0, 20), st.integers(0, 3)).map(lambda pair: (pair[0], pair[0] + pair[1]))
rows = st.builds(lambda span, region, status, opaque: (*span, region, status, opaque), ranges, st.sampled_from([JP, US, NL]),
                 st.sampled_from([1, 2]), st.sampled_from(["", "a,\"b\"", "c"]))  # fmt: skip
loads = st.lists(
    st.tuples(st.sampled_from([Registry.APNIC, Registry.RIPENCC]), st.sampled_from(DAYS), st.frozensets(rows, max_size=6)), max_size=8
)


def put(registry: Registry, day: date, said: frozenset[Row] | list[Row]) -> snapshots.Difference | None:
    with transaction.atomic():
        return snapshots.put(registry, day, table_of(sorted(said)))


def forget_everything() -> None:
    Snapshot.objects.all().delete()
    Delegation.objects.all().delete()


def in_force(known: dict[tuple[Registry, date], frozenset[Row]], registry: Registry, day: date) -> date | None:
    dates = sorted(when for who, when in known if who is registry)
    return max((when for when in dates if when <= day), default=min(dates, default=None))


def naive_region(known: dict[tuple[Registry, date], frozenset[Row]], key: int, day: date) -> int:
    """Straight from the snapshots: the newer, then the narrower, then the registry first by name, then the region."""
    candidates = [
        (when, start - end, -registry, region)
        for registry in Registry
        if (when := in_force(known, registry, day))
        for start, end, region, _status, _opaque in known[registry, when]
        if start <= key <= end
    ]
    return max(candidates)[3] if candidates else ZZ


def stored() -> list[tuple]:
    names = ("registry", "start_key", "end_key", "region", "status", "opaque_id", "valid_from", "valid_to")
    return sorted(Delegation.objects.values_list(*names))


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(loads)
def test_a_day_has_the_answer_of_the_snapshot_in_force(sequence: Loads):
    forget_everything()
    known: dict[tuple[Registry, date], frozenset[Row]] = {}
    for registry, day, said in sequence:
        put(registry, day, said)
        known[registry, day] = said
    for day in BETWEEN:
        regions = region_map_for(day)
        assert regions.lookup(keys(*KEYS)).tolist() == [naive_region(known, key, day) for key in KEYS]
        dates = [when for who, _ in known if (when := in_force(known, who, day))]
        assert regions.as_of == max(dates, default=None)
        assert regions.is_exact == (bool(dates) and all(when <= day for when in dates))


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(loads, st.randoms(use_true_random=False))
def test_the_table_is_the_same_whatever_the_order(sequence: Loads, random):
    last = {(registry, day): said for registry, day, said in sequence}
    tables = []
    for order in (sequence, sorted(last_items := [(*key, said) for key, said in last.items()]), random.sample(last_items, len(last_items))):
        forget_everything()
        for registry, day, said in order:
            put(registry, day, said)
        tables.append(stored())
    assert tables[0] == tables[1] == tables[2]


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(loads.filter(bool))
def test_loading_the_same_again_changes_nothing(sequence: Loads):
    forget_everything()
    for registry, day, said in sequence:
        put(registry, day, said)
    before, latest = stored(), {(registry, day): said for registry, day, said in sequence}
    assert [put(registry, day, said) for (registry, day), said in latest.items()] == [None] * len(latest)
    assert stored() == before


def test_only_differences_are_stored():
    same = (0, 9, JP, 1, "a")
    put(Registry.APNIC, DAYS[0], [same, (10, 19, US, 1, "b")])
    put(Registry.APNIC, DAYS[1], [same, (10, 19, NL, 1, "b")])
    assert stored() == [
        (Registry.APNIC, *same, DAYS[0], FOREVER),
        (Registry.APNIC, 10, 19, NL, 1, "b", DAYS[1], FOREVER),
        (Registry.APNIC, 10, 19, US, 1, "b", DAYS[0], DAYS[1]),
    ]


def test_a_snapshot_between_two_others_cuts_what_it_does_not_say():
    row = (0, 9, JP, 1, "a")
    put(Registry.APNIC, DAYS[0], [row])
    put(Registry.APNIC, DAYS[4], [row])
    assert put(Registry.APNIC, DAYS[2], []) == snapshots.Difference(added=0, removed=1, first=DAYS[2], last=DAYS[4])
    assert stored() == [(Registry.APNIC, *row, DAYS[0], DAYS[2]), (Registry.APNIC, *row, DAYS[4], FOREVER)]


def test_a_corrected_snapshot_heals_the_cut():
    row = (0, 9, JP, 1, "a")
    for day in (DAYS[0], DAYS[4]):
        put(Registry.APNIC, day, [row])
    put(Registry.APNIC, DAYS[2], [])
    assert put(Registry.APNIC, DAYS[2], [row]) == snapshots.Difference(added=1, removed=0, first=DAYS[2], last=DAYS[4])
    assert stored() == [(Registry.APNIC, *row, DAYS[0], FOREVER)]


def test_a_first_or_oldest_snapshot_changes_all_days_before_it():
    assert put(Registry.APNIC, DAYS[2], [(0, 9, JP, 1, "")]).first == date.min
    older = put(Registry.APNIC, DAYS[1], [(0, 9, US, 1, "")])
    assert (older.first, older.last) == (date.min, DAYS[2])
    newer = put(Registry.APNIC, DAYS[3], [(0, 9, US, 1, "")])
    assert (newer.first, newer.last) == (DAYS[3], date.max)


def test_the_other_registries_carry_over():
    put(Registry.APNIC, DAYS[0], [(0, 9, JP, 1, "")])
    put(Registry.RIPENCC, DAYS[1], [(10, 19, NL, 1, "")])
    assert region_map_for(DAYS[1]).lookup(keys(5, 15)).tolist() == [JP, NL]


def test_a_block_that_moved_between_registries_follows_the_newer_snapshot():
    put(Registry.RIPENCC, DAYS[0], [(0, 9, NL, 1, "")])
    put(Registry.APNIC, DAYS[1], [(0, 19, JP, 1, "")])
    assert region_map_for(DAYS[1]).lookup(keys(5)).tolist() == [JP]


def test_a_split_block_with_the_same_regions_answers_the_same():
    put(Registry.APNIC, DAYS[0], [(0, 15, JP, 1, "a")])
    before = region_map_for(DAYS[0])
    put(Registry.APNIC, DAYS[1], [(0, 4, JP, 1, "a"), (5, 7, JP, 2, "b"), (8, 15, JP, 1, "a")])
    after = region_map_for(DAYS[1])
    assert after.regions.bounds.tolist() == before.regions.bounds.tolist() == [0, 16]
    assert after.row_of(6) != after.row_of(4)


def test_the_highest_ipv6_key_is_stored():
    top = (0x3FFF << 48) | 0xFFFF_FFFF_FFFF
    put(Registry.ARIN, DAYS[0], [(top - 1, top, US, 1, "")])
    assert region_map_for(DAYS[0]).lookup(np.array([top - 2, top, top + 1, 2**64 - 1], np.uint64)).tolist() == [ZZ, US, ZZ, ZZ]


def test_storing_leaves_nothing_behind_in_the_session():
    put(Registry.ARIN, DAYS[0], [(0, 1, US, 1, "")])
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_regclass('pg_temp.said')")
        assert cursor.fetchone() == (None,)
