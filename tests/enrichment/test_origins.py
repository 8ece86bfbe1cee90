"""The AS number of an address: what a person corrected, else the table of routes of the day, else the registration."""

from datetime import UTC, date, datetime

import pytest
from django.utils import timezone

from apps.enrichment.models import CorrectedField, Correction, Lookup, Network, State
from apps.enrichment.origins import AddressOrigin, Evidence, asn_of, asns_of, routed_on
from tests.reference import tables

pytestmark = pytest.mark.django_db
ADDRESS = "192.0.2.7"
DAY, LATER = date(2026, 11, 1), date(2026, 11, 9)


@pytest.fixture
def network() -> Network:
    """The registration of 192.0.2.0/24 names AS64500, as asked late in the evening (UTC) of 9 November."""
    at = datetime(2026, 11, 9, 20, tzinfo=UTC)
    found = Network.objects.create(
        start="192.0.2.0", end="192.0.2.255", cidrs=["192.0.2.0/24"], handle="N", registry="arin", asn=64500, raw={}, fetched_at=at
    )
    Lookup.objects.create(address=ADDRESS, block="192.0.2.0/24", state=State.DONE, network=found, fetched_at=at)
    return found


def test_nothing_known_is_nothing_said():
    assert asn_of(ADDRESS, DAY) is None


def test_the_registration_answers_where_no_table_covers_the_address(network):
    tables.load(DAY, {"198.51.100.0/24": "64501"})
    assert asn_of(ADDRESS, DAY) == AddressOrigin("64500", ("192.0.2.0/24",), Evidence.REGISTRY, date(2026, 11, 10), "ARIN")


def test_a_registration_without_an_as_says_nothing(network):
    Network.objects.update(asn=None)
    assert asn_of(ADDRESS, DAY) is None


def test_the_table_of_the_day_comes_before_the_registration(network):
    tables.load(DAY, {"192.0.2.0/24": "64501"})
    tables.load(LATER, {"192.0.2.0/25": "64502_64503"})
    found = asns_of(ADDRESS, [DAY, LATER])
    assert found == {
        DAY: AddressOrigin("64501", ("192.0.2.0/24",), Evidence.ROUTING, DAY, "2026-11-01.dat"),
        LATER: AddressOrigin("64502_64503", ("192.0.2.0/25",), Evidence.ROUTING, LATER, "2026-11-09.dat"),
    }
    later = found[LATER]
    assert later and later.asns == (64502, 64503)


def test_what_a_person_corrected_beats_both_until_it_is_withdrawn(network):
    tables.load(DAY, {"192.0.2.0/24": "64501"})
    correction = Correction.objects.create(network=network, field=CorrectedField.ASN, value=" AS64511 ", reason="told by the operator")
    corrected = asn_of(ADDRESS, DAY)
    assert corrected and (corrected.text, corrected.evidence) == ("64511", Evidence.CORRECTION)
    routed = routed_on(ADDRESS, DAY)
    assert routed and routed.text == "64501"
    correction.withdrawn_at = timezone.now()
    correction.save()
    withdrawn = asn_of(ADDRESS, DAY)
    assert withdrawn and withdrawn.text == "64501"


def test_a_correction_that_is_no_number_is_passed_over(network):
    Correction.objects.create(network=network, field=CorrectedField.ASN, value="none", reason="typed by mistake")
    found = asn_of(ADDRESS, DAY)
    assert found and found.evidence is Evidence.REGISTRY


def test_an_ipv6_source_is_looked_up_by_its_prefix():
    tables.load(DAY, {"2001:db8::/32": "65536"})
    found = asn_of("2001:db8:1:2::/64", DAY)
    assert found and (found.asns, found.prefixes) == ((65536,), ("2001:db8::/32",))


def test_days_cost_a_query_each(network, django_assert_num_queries):
    with django_assert_num_queries(4):
        asns_of(ADDRESS, [DAY, LATER])
