from datetime import date, timedelta

import pytest

from apps.common.sourcekeys import from_address
from apps.reference.models import ScannerRange
from apps.reference.scanners import scanner_mask
from tests.reference.factories import ScannerRangeFactory
from tests.reference.files import keys

pytestmark = pytest.mark.django_db
DAY = date(2024, 6, 15)


@pytest.fixture
def listed():
    return from_address("192.0.2.10"), ScannerRangeFactory(
        start_key=from_address("192.0.2.8"), end_key=from_address("192.0.2.15"), list__list_date=DAY
    )


def test_sources_on_a_list_are_marked(listed, django_assert_num_queries):
    with django_assert_num_queries(1):
        mask = scanner_mask(keys(*(from_address(f"192.0.2.{last}") for last in (16, 15, 7, 8))), DAY)
    assert mask.tolist() == [False, True, False, True]


@pytest.mark.parametrize(("days", "holds"), [(-31, False), (-30, True), (0, True), (30, True), (31, False)])
def test_a_list_holds_for_30_days_around_its_date(listed, days, holds):
    assert scanner_mask(keys(listed[0]), DAY + timedelta(days=days)).tolist() == [holds]


def test_ranges_of_several_lists_may_overlap(listed):
    wide = ScannerRangeFactory(start_key=from_address("192.0.2.0"), end_key=from_address("192.0.2.255"), list__list_date=DAY)
    ScannerRangeFactory(start_key=from_address("2001:db8::"), end_key=from_address("2001:db8::"), list=wide.list)
    wanted = keys(*(from_address(text) for text in ("192.0.2.200", "192.0.2.9", "192.0.3.0", "2001:db8::7", "2001:db8:0:1::")))
    assert scanner_mask(wanted, DAY).tolist() == [True, True, False, True, False]


def test_without_lists_nobody_is_a_scanner():
    assert not ScannerRange.objects.exists()
    assert scanner_mask(keys(1, 2, 3), DAY).tolist() == [False, False, False]
    assert scanner_mask(keys(), DAY).tolist() == []
