"""What people know better: it comes first everywhere, survives every new answer, and can be withdrawn."""

import pytest
from django.utils import timezone

from apps.accounts.models import AuditEntry
from apps.common.errors import DomainError
from apps.coordination import contacting, lookups
from apps.coordination.models import Contact
from apps.enrichment import holder_services as services
from apps.enrichment.holders.behind import holders_of_networks
from apps.enrichment.models import Holder
from apps.enrichment.queries import address_info, contacts_of, holders_of
from tests.enrichment.holders.scenes import looked_up, told

ADDRESS = "192.0.2.7"
pytestmark = pytest.mark.django_db


@pytest.fixture
def network():
    made = told(country="JP", asn=64496)
    looked_up(ADDRESS, made)
    return made


@pytest.mark.parametrize(
    ("field", "value", "read"),
    [
        ("holder", "Better Co.", lambda info: info.holder),
        ("name", "BETTER-NET", lambda info: info.name),
        ("country", "kr", lambda info: info.country),
        ("asn", "AS64500", lambda info: info.asn),
    ],
)
def test_a_correction_holds_through_new_answers_until_withdrawn(network, cast, field, value, read):
    before = read(address_info(ADDRESS))
    made = services.correct(network=network, field=field, value=value, reason="their own page", by=cast.analyst)
    expected = {"country": "KR", "asn": 64500}.get(field, value)
    for _answer in range(2):
        assert read(address_info(ADDRESS)) == expected
        assert address_info(ADDRESS).corrected == {field}
        told(country="JP", asn=64496)
    network.refresh_from_db()
    assert (network.holder, network.name, network.country, network.asn) == ("Sample Co., Ltd.", "NET", "JP", 64496)
    services.withdraw_correction(correction=made, by=cast.coordinator)
    assert read(address_info(ADDRESS)) == before
    assert list(AuditEntry.objects.filter(action__startswith="network.").order_by("pk").values_list("action", "actor_name")) == [
        ("network.corrected", "analyst"),
        ("network.correction_withdrawn", "coordinator"),
    ]


def test_a_corrected_holder_is_the_known_one_of_that_name(network, cast):
    known = told("198.51.100.0/24", handle="ORG-2", holder="Known Ltd").administered_by
    services.correct(network=network, field="holder", value="known ltd", reason="r", by=cast.analyst)
    assert holders_of_networks([network.pk])[network.pk].id == known.pk
    assert holders_of([ADDRESS]) == {ADDRESS: "Known Ltd"}
    services.describe(holder=Holder.objects.get(pk=known.pk), name="Renamed", note="", by=cast.analyst)
    told()
    assert holders_of([ADDRESS]) == {ADDRESS: "Renamed"}


def test_a_second_correction_takes_the_place_of_the_first(network, cast):
    first = services.correct(network=network, field="name", value="ONE", reason="r", by=cast.analyst)
    services.correct(network=network, field="name", value="TWO", reason="r", by=cast.analyst)
    first.refresh_from_db()
    assert first.withdrawn_by == cast.analyst
    assert address_info(ADDRESS).name == "TWO"
    with pytest.raises(DomainError):
        services.withdraw_correction(correction=first, by=cast.analyst)


def test_the_ticket_reads_what_holds(network, cast):
    services.correct(network=network, field="asn", value="64500", reason="r", by=cast.analyst)
    services.correct(network=network, field="country", value="DE", reason="r", by=cast.analyst)
    assert set(lookups.asns_of(ADDRESS, [timezone.now()]).values()) == {"64500"}
    info = lookups.info_of(ADDRESS)
    assert contacting.choice_of(ADDRESS, info.contacts[0], info).region == "DE"


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"field": "colour"}, "field"),
        ({"value": "  "}, "value"),
        ({"reason": ""}, "reason"),
        ({"value": "x" * 301}, "value"),
        ({"field": "country", "value": "Japan"}, "value"),
        ({"field": "country", "value": "QQ"}, "value"),
        ({"field": "asn", "value": "0"}, "value"),
        ({"field": "asn", "value": "4294967296"}, "value"),
        ({"field": "asn", "value": "٣"}, "value"),
        ({"value": "a\x00b"}, "value"),
    ],
)
def test_absurd_corrections_are_refused_by_field(network, cast, change, field):
    with pytest.raises(DomainError) as refused:
        services.correct(**({"network": network, "field": "holder", "value": "v", "reason": "r", "by": cast.analyst} | change))
    assert set(refused.value.fields) == {field}


def test_added_contacts_come_first_and_those_of_the_network_before_its_holders(network, cast):
    def emails():
        return [contact.email for contact in contacts_of(told())]

    holder = network.administered_by
    of_holder = services.add_contact(holder=holder, email="desk@holder.invalid", role="1", reason="a call", by=cast.coordinator)
    of_network = services.add_contact(network=network, email="noc@network.invalid", role="2", reason="a mail", by=cast.analyst)
    assert emails() == ["noc@network.invalid", "desk@holder.invalid", "abuse@sample.invalid"]
    services.withdraw_contact(contact=of_network, by=cast.analyst)
    assert emails() == ["desk@holder.invalid", "abuse@sample.invalid"]
    services.withdraw_contact(contact=of_holder, by=cast.analyst)
    assert emails() == ["abuse@sample.invalid"]
    with pytest.raises(DomainError):
        services.withdraw_contact(contact=of_holder, by=cast.analyst)


def test_a_ticket_is_addressed_to_an_added_contact_unless_it_bounced(network, cast):
    services.add_contact(network=network, email="noc@network.invalid", role="9", reason="a mail", by=cast.analyst)
    known = [(ADDRESS, lookups.info_of(ADDRESS))]
    best = contacting.best(known)
    assert (best.email, best.source) == ("noc@network.invalid", "manual")
    Contact.objects.create(email="noc@network.invalid", bounced_at=timezone.now())
    assert contacting.best(known).email == "abuse@sample.invalid"


def test_contacts_of_a_merged_holder_serve_the_networks_of_both(network, cast):
    other = told("198.51.100.0/24", handle="ORG-2")
    services.add_contact(holder=other.administered_by, email="desk@other.invalid", role="1", reason="r", by=cast.analyst)
    kept, absorbed = (Holder.objects.get(networks=one) for one in (network, other))
    made = services.merge(kept=kept, absorbed=[absorbed], reason="r", by=cast.analyst)[0]
    assert contacts_of(told())[0].email == "desk@other.invalid"
    services.undo_merge(merge=made, by=cast.analyst)
    assert contacts_of(told())[0].email == "abuse@sample.invalid"
    assert contacts_of(told("198.51.100.0/24", handle="ORG-2"))[0].email == "desk@other.invalid"


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"email": "nobody"}, "email"),
        ({"email": "helpdesk@apnic.net"}, "email"),
        ({"role": "5"}, "role"),
        ({"role": "٣"}, "role"),
        ({"reason": " "}, "reason"),
    ],
)
def test_absurd_contacts_are_refused_by_field(network, cast, change, field):
    with pytest.raises(DomainError) as refused:
        services.add_contact(**({"network": network, "email": "a@b.invalid", "role": "1", "reason": "r", "by": cast.analyst} | change))
    assert set(refused.value.fields) == {field}


def test_what_is_known_of_an_address_takes_four_queries(network, cast, django_assert_max_num_queries):
    services.correct(network=network, field="asn", value="64500", reason="r", by=cast.analyst)
    with django_assert_max_num_queries(4):
        address_info(ADDRESS)
