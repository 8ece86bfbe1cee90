from datetime import date
from ipaddress import ip_address

import pytest

from apps.common.regions import encode
from apps.common.sourcekeys import from_address
from apps.reference import services
from apps.reference.delegations import Delegation, delegation_of
from apps.reference.models import Registry
from tests.reference.files import file_of

pytestmark = pytest.mark.django_db
DAY = date(2020, 1, 1)


def load(registry: Registry, *ranges: tuple[str, str, str, int, str], day: date = DAY) -> None:
    rows = [(from_address(a), from_address(b), encode(region), status, opaque) for a, b, region, status, opaque in ranges]
    services.load(files=[file_of(registry, rows)], day=day)


def test_the_record_of_an_address_is_found(django_assert_num_queries):
    load(Registry.APNIC, ("192.0.2.0", "192.0.3.1", "JP", 1, "A1"), ("192.0.3.2", "192.0.3.9", "KR", 2, "A2"))
    delegation_of("192.0.2.1", DAY)
    with django_assert_num_queries(2):
        found = delegation_of("192.0.3.1", DAY)
    assert found == Delegation(ip_address("192.0.2.0"), ip_address("192.0.3.1"), "apnic", "JP", "allocated", "A1", DAY)
    assert delegation_of("192.0.3.2", DAY).status == "assigned"
    assert delegation_of("192.0.3.10", DAY) is None


def test_an_ipv6_record_ends_with_its_last_address():
    load(Registry.RIPENCC, ("2001:db8::", "2001:db8:ffff:ffff::", "NL", 1, ""))
    found = delegation_of("2001:db8::1:2", DAY)
    assert (str(found.start), str(found.end)) == ("2001:db8::", "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff")


def test_of_overlapping_records_the_one_that_decides_the_region_is_given():
    load(Registry.APNIC, ("192.0.2.0", "192.0.2.255", "JP", 1, "wide"), ("192.0.2.128", "192.0.2.128", "KR", 2, "narrow"))
    assert delegation_of("192.0.2.128", DAY).opaque_id == "narrow"
    assert delegation_of("192.0.2.129", DAY).opaque_id == "wide"


def test_the_record_is_that_of_the_day():
    load(Registry.RIPENCC, ("192.0.2.0", "192.0.2.255", "NL", 1, "A"))
    load(Registry.RIPENCC, ("192.0.2.0", "192.0.2.255", "GB", 1, "A"), day=date(2020, 12, 17))
    found = [delegation_of("192.0.2.1", day) for day in (date(2013, 1, 1), date(2020, 12, 16), date(2020, 12, 17))]
    assert [(one.region, one.as_of) for one in found] == [("NL", DAY), ("NL", DAY), ("GB", date(2020, 12, 17))]


def test_nonsense_is_a_value_error():
    with pytest.raises(ValueError, match="nonsense"):
        delegation_of("nonsense", DAY)
