from datetime import date

import numpy as np
import pytest

from apps.common.regions import encode
from apps.common.sourcekeys import from_address
from apps.reference import regions, services, snapshots
from apps.reference.models import Registry
from apps.reference.regions import region_map_for
from tests.reference.files import file_of, keys

pytestmark = pytest.mark.django_db

DAY = date(2020, 1, 1)
ZZ, JP, NL, GB = (encode(code) for code in ("ZZ", "JP", "NL", "GB"))


@pytest.fixture(autouse=True)
def empty_cache():
    regions.maps.forget()


def load(registry: Registry, day: date, *rows: tuple[int, int, int]) -> None:
    services.load(files=[file_of(registry, [(*row, 1, "") for row in rows])], day=day)


def test_nothing_loaded_is_unknown_everywhere():
    unknown = region_map_for(DAY)
    assert (unknown.as_of, unknown.is_exact) == (None, False)
    assert unknown.lookup(keys(0, 1, 2**64 - 1)).tolist() == [ZZ, ZZ, ZZ]


def test_both_ends_of_a_range_belong_to_it():
    load(Registry.APNIC, DAY, (10, 20, JP))
    assert region_map_for(DAY).lookup(keys(9, 10, 20, 21)).tolist() == [ZZ, JP, JP, ZZ]


def test_ipv4_and_ipv6_do_not_meet():
    v6 = from_address("2001:db8::")
    load(Registry.APNIC, DAY, (2**32 - 1, 2**32 - 1, JP), (v6, v6, NL))
    wanted = np.array([2**32 - 1, 2**32, v6, from_address("::1"), from_address("::ffff:255.255.255.255")], np.uint64)
    assert region_map_for(DAY).lookup(wanted).tolist() == [JP, ZZ, NL, ZZ, ZZ]


def test_before_the_oldest_snapshot_the_oldest_applies_and_is_not_exact():
    load(Registry.APNIC, date(2018, 10, 13), (0, 9, JP))
    earlier = region_map_for(date(2013, 3, 3))
    assert earlier.lookup(keys(5)).tolist() == [JP]
    assert (earlier.as_of, earlier.is_exact) == (date(2018, 10, 13), False)
    assert region_map_for(date(2018, 10, 13)).is_exact


def test_a_label_move_shows_on_its_day():
    """Five real blocks were NL, GB from 17 December 2020 and NL again from 21 January 2023."""
    first, last = from_address("80.82.64.0"), from_address("80.82.79.255")
    for day, region in ((date(2018, 10, 13), NL), (date(2020, 12, 17), GB), (date(2023, 1, 21), NL)):
        load(Registry.RIPENCC, day, (first, last, region))
    days = [date(2020, 12, 16), date(2020, 12, 17), date(2023, 1, 20), date(2023, 1, 21)]
    assert [int(region_map_for(day).lookup(keys(first))[0]) for day in days] == [NL, GB, GB, NL]


def test_the_narrower_of_two_ranges_decides():
    load(Registry.APNIC, DAY, (0, 99, JP), (10, 10, NL), (20, 29, GB))
    assert region_map_for(DAY).lookup(keys(9, 10, 11, 20, 29, 30)).tolist() == [JP, NL, JP, GB, GB, JP]


def test_the_map_is_kept_until_something_is_loaded(django_assert_num_queries):
    load(Registry.APNIC, DAY, (0, 9, JP))
    first = region_map_for(DAY)
    with django_assert_num_queries(1):
        assert region_map_for(date(2021, 1, 1)) is first
    load(Registry.APNIC, DAY, (0, 9, NL))
    assert region_map_for(DAY).lookup(keys(5)).tolist() == [NL]


def test_the_process_keeps_a_limited_number_of_maps():
    for year in range(2000, 2015):
        load(Registry.APNIC, date(year, 1, 1), (0, year, JP))
        region_map_for(date(year, 1, 1))
    assert regions.maps.total == regions.maps.limit


def test_a_snapshot_loaded_while_the_map_is_read_is_not_missed(monkeypatch):
    load(Registry.APNIC, DAY, (0, 9, JP))
    regions.maps.forget()
    corrections = iter([file_of(Registry.APNIC, [(0, 9, NL, 1, "")]).rows])
    read = snapshots.rows

    def load_after_reading(sources):
        found = read(sources)
        for correction in corrections:
            snapshots.put(Registry.APNIC, DAY, correction)
        return found

    monkeypatch.setattr(snapshots, "rows", load_after_reading)
    assert region_map_for(DAY).lookup(keys(5)).tolist() == [NL]
    assert region_map_for(DAY).lookup(keys(5)).tolist() == [NL]


def test_the_scenarios_delegations_are_for_the_scenario_alone():
    load(Registry.SCENARIO, date(2023, 1, 21), (0, 9, NL))
    assert region_map_for(date(2024, 1, 1)).as_of is None
    load(Registry.APNIC, DAY, (0, 19, JP))
    assert region_map_for(date(2024, 1, 1)).lookup(keys(5, 15)).tolist() == [JP, JP]
    generated = region_map_for(date(2024, 1, 1), is_scenario=True)
    assert (generated.lookup(keys(5, 15)).tolist(), generated.as_of) == ([NL, ZZ], date(2023, 1, 21))
