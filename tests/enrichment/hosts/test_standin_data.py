"""The invented hosts: what holds of many of them."""

from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address

import pytest

from apps.enrichment.hosts import standin_data
from apps.enrichment.hosts.features import features_of
from apps.enrichment.hosts.parsing import parse_host
from apps.enrichment.hosts.standin_data import Sent, invented_answer
from apps.enrichment.models import HostProvider
from apps.enrichment.sampleholders import sample_holder
from apps.reference.delegations import Delegation

NOW = datetime(2026, 11, 28, tzinfo=UTC)
PACKET = datetime(2013, 5, 1, 12, tzinfo=UTC)
ADDRESSES = [str(IPv4Address("49.212.0.0") + 37 * number) for number in range(1000)]
SHARED = {"port:tcp/22", "product:tcp/25565:Minecraft", "derived:few-services", "derived:udp-amplifier"}


def hosts(*ports: int, is_hosting=False, at=PACKET):
    sent = [Sent(port, at) for port in ports]
    answers = [invented_answer(address, sent, is_hosting=is_hosting, now=NOW) for address in ADDRESSES]
    return [parse_host(HostProvider.SHODAN, answer, NOW) if answer else None for answer in answers]


def share(found, of):
    return len(found) / len(of)


@pytest.mark.parametrize("port", [445, 22, 3389])
@pytest.mark.parametrize("is_hosting", [True, False])
def test_nearly_all_listen_on_the_port_they_sent_to_within_30_days(port, is_hosting):
    known = [host for host in hosts(port, is_hosting=is_hosting) if host]
    near = [host for host in known if any(one.port == port and abs(one.seen_at - PACKET) < timedelta(days=30) for one in host.services)]
    assert 0.9 < share(near, known) <= 1
    assert all(abs(host.scanned_at - PACKET) < timedelta(days=30) for host in known)


@pytest.mark.parametrize("port", [445, 3389])
def test_some_were_not_seen_listening_and_of_some_there_is_no_data(port):
    found = hosts(port)
    without = [host for host in found if host and all(one.port != port for one in host.services)]
    assert 0.05 < found.count(None) / len(found) < 0.12
    assert 0.03 < share(without, found) < 0.1


@pytest.mark.parametrize("port", [445, 22, 3389])
def test_three_in_ten_of_a_hosting_provider_share_features_that_others_lack(port):
    hosting = [set(features_of(host)) for host in hosts(port, is_hosting=True) if host]
    others = [set(features_of(host)) for host in hosts(port) if host]
    assert 0.25 < share([one for one in hosting if one >= SHARED], hosting) < 0.35
    assert not [one for one in others if one >= SHARED]
    assert not [one for one in others if "port:tcp/25565" in one or "derived:udp-amplifier" in one]


def test_a_host_is_always_the_same_and_labelled():
    assert hosts(445) == hosts(445)
    assert all(host.is_sample for host in hosts(445) if host)
    assert not [host for host in hosts(445, 22, is_hosting=True) if host and host.left_out]


def test_no_scan_lies_in_the_future():
    assert max(host.scanned_at for host in hosts(445, at=NOW) if host) <= NOW


def test_a_host_that_sent_nothing_has_a_profile_too():
    assert share([host for host in hosts() if host and host.services], ADDRESSES) > 0.85


def test_half_of_the_small_blocks_of_a_region_are_one_hosting_provider():
    def holder(start: str, size: int, region="JP"):
        first = IPv4Address(start)
        return sample_holder(Delegation(first, first + size - 1, "apnic", region, "allocated", "", PACKET.date()))

    small = [holder(f"49.{number}.0.0", 65536) for number in range(200)]
    names = {one.name for one in small if one.is_hosting}
    assert names == {"Sample Hosting (JP)"}
    assert 60 < sum(one.is_hosting for one in small) < 140
    assert len({one.name for one in small}) > 60
    assert not any(holder(f"{number}.0.0.0", 2**24).is_hosting for number in range(1, 100))


@pytest.mark.django_db
def test_recorded_answers_are_replayed_with_the_sample_tag():
    answer = standin_data.answer_about("1.1.1.1")
    assert (answer["data"], answer["tags"]) == (standin_data.recorded_answers()["1.1.1.1"]["data"], ["sample-data"])
