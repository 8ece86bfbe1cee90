"""What an answer leaves behind: the newest beside every earlier one that said something else."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from apps.enrichment import keeping
from apps.enrichment.models import ContactRole, Network, NetworkVersion
from apps.enrichment.registries.asking import Answer
from apps.enrichment.registries.parsing import parse_network
from apps.enrichment.standin_data import recorded_answers

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 1, tzinfo=UTC)
RAW = recorded_answers()["74.125.225.229"]
ANSWER = Answer(parse_network(RAW), "rdap", RAW)
OTHER = replace(ANSWER, network=replace(ANSWER.network, holder="Another holder"), raw={"later": True})


def day(number):
    return NOW + timedelta(days=number)


def test_the_first_answer_is_the_first_version():
    network = keeping.keep(ANSWER, "arin", NOW)
    version = network.versions.get()
    assert (version.holder, version.first_fetched_at, version.last_fetched_at) == (network.holder, NOW, NOW)
    assert version.raw == RAW
    assert [contact["role"] for contact in version.contacts] == ["abuse"]


def test_an_answer_that_says_the_same_renews_the_date_alone():
    contacts = list(keeping.keep(ANSWER, "arin", NOW).contacts.values_list("pk", flat=True))
    network = keeping.keep(ANSWER, "arin", day(30))
    version = network.versions.get()
    assert (version.first_fetched_at, version.last_fetched_at) == (NOW, day(30))
    assert network.fetched_at == day(30)
    assert list(network.contacts.values_list("pk", flat=True)) == contacts


def test_an_answer_that_changed_is_another_version_and_so_is_one_that_changed_back():
    keeping.keep(ANSWER, "arin", NOW)
    keeping.keep(OTHER, "arin", day(30))
    network = keeping.keep(ANSWER, "arin", day(60))
    assert [version.holder for version in network.versions.all()] == [ANSWER.network.holder, "Another holder", ANSWER.network.holder]
    assert [version.raw == RAW for version in network.versions.all()] == [True, False, True]
    assert Network.objects.get().holder == ANSWER.network.holder


def test_two_answers_at_one_moment_are_one_version():
    keeping.keep(ANSWER, "arin", NOW)
    keeping.keep(OTHER, "arin", NOW)
    assert NetworkVersion.objects.get().holder == "Another holder"


def test_contacts_are_those_of_the_newest_answer():
    keeping.keep(ANSWER, "arin", NOW)
    contact = replace(ANSWER.network.contacts[0], email="new@sample.invalid", role=ContactRole.TECHNICAL)
    network = keeping.keep(replace(ANSWER, network=replace(ANSWER.network, contacts=(contact,))), "arin", day(1))
    assert [row.email for row in network.contacts.all()] == ["new@sample.invalid"]


def test_the_origin_and_whoever_said_it_are_kept():
    said = replace(ANSWER, network=replace(ANSWER.network, asn=64500), source="whois", registry="jpnic", raw_whois="text")
    network = keeping.keep(said, "apnic", NOW)
    assert (network.asn, network.source, network.registry, network.raw_whois) == (64500, "whois", "jpnic", "text")


def test_a_partial_answer_does_not_replace_a_whole_one():
    keeping.keep(replace(OTHER, raw_whois="what the national registry said"), "apnic", NOW)
    network = keeping.keep(replace(ANSWER, is_partial=True), "apnic", day(10))
    assert (network.holder, network.fetched_at) == ("Another holder", NOW)
    assert keeping.keep(ANSWER, "apnic", day(20)).holder == ANSWER.network.holder


def test_an_answer_costs_few_queries(django_assert_max_num_queries):
    keeping.keep(ANSWER, "arin", NOW)
    with django_assert_max_num_queries(7):
        keeping.keep(ANSWER, "arin", day(1))
