"""Answers as services send them, and as nobody should."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.common.ports import TCP, UDP
from apps.enrichment.hosts import parsing
from apps.enrichment.hosts.features import features_of
from apps.enrichment.hosts.parsing import ParsedHost, parse_host
from apps.enrichment.hosts.standin_data import recorded_answers
from apps.enrichment.models import HostProvider

NOW = datetime(2026, 11, 28, tzinfo=UTC)
RECORDED = sorted((Path(__file__).resolve().parents[4] / "shared" / "data" / "shodan").glob("*.json"))
SHODAN, INTERNETDB = HostProvider.SHODAN, HostProvider.INTERNETDB


def shodan(**fields) -> ParsedHost:
    return parse_host(SHODAN, fields, NOW)


def one(**banner):
    """The only service of an answer with one banner, and what was left out of it."""
    host = shodan(data=[{"port": 22, "transport": "tcp", **banner}])
    return host.services[0], host.left_out


def test_a_recorded_host():
    host = parse_host(SHODAN, recorded_answers()["1.1.1.1"], NOW)
    assert [(service.protocol, service.port, service.module) for service in host.services] == [(TCP, 80, "http"), (UDP, 53, "dns-udp")]
    assert host.scanned_at == datetime(2020, 4, 3, 23, 44, 43, 219809, UTC)
    assert host.services[0].seen_at == datetime(2020, 4, 3, 23, 15, 43, 261979, UTC)
    assert host.services[1].recursion
    assert (host.hostnames, host.tags, host.os, host.cves, host.left_out) == (("resolver.sample.invalid",), (), "", (), {})


def test_a_recorded_banner():
    host = parse_host(SHODAN, recorded_answers()["5.9.111.213"], NOW)
    service = host.services[0]
    assert (service.port, service.product, service.version, service.banner_hash) == (80, "nginx", "1.9.4", 4674193)
    assert service.cpes == ("cpe:2.3:a:igor_sysoev:nginx:1.9.4", "cpe:/a:igor_sysoev:nginx:1.9.4")
    assert host.scanned_at == service.seen_at == datetime(2023, 5, 16, 13, 23, 58, 464783, UTC)
    assert host.hostnames == ("www.sample.invalid",)


@pytest.mark.skipif(not RECORDED, reason="no ../shared/data beside the repository")
@pytest.mark.parametrize("path", RECORDED, ids=lambda path: path.stem)
def test_every_recorded_answer_beside_the_repository(path: Path):
    answer = json.loads(path.read_text())
    host = parse_host(SHODAN, answer, NOW)
    assert {service.port for service in host.services} == {banner["port"] for banner in answer["data"]}
    assert host.scanned_at.replace(tzinfo=None).isoformat() == max(banner["timestamp"] for banner in answer["data"])
    assert host.left_out == {}


def test_an_answer_of_internetdb_has_ports_and_no_times():
    answer = {"ip": "192.0.2.1", "ports": [443, 22], "cpes": [], "hostnames": ["A.example"], "tags": ["vpn"], "vulns": ["CVE-2023-48795"]}
    host = parse_host(INTERNETDB, answer, NOW)
    assert [(service.protocol, service.port, service.seen_at) for service in host.services] == [(TCP, 22, None), (TCP, 443, None)]
    assert (host.scanned_at, host.hostnames, host.tags, host.cves) == (None, ("a.example",), ("vpn",), ("CVE-2023-48795",))


def test_certificate_in_any_writing():
    digest = "AB" * 32
    assert one(ssl={"cert": {"fingerprint": {"sha256": ":".join(["AB"] * 32)}}})[0].certificate == digest.lower()
    assert one(ssl={"cert": {"fingerprint": {"sha256": "short"}}}) == (one()[0], {parsing.ODD_VALUE: 1})


def test_guesses_at_cves_come_from_host_and_banners_without_those_tested_absent():
    host = shodan(vulns=["CVE-2020-1234", "!CVE-2014-0160", "x"], data=[{"port": 1, "vulns": {"CVE-2021-12345": {"verified": False}}}])
    assert host.cves == ("CVE-2020-1234", "CVE-2021-12345")


def test_a_port_named_twice_is_one_service_as_last_seen():
    old = {"port": 443, "timestamp": "2026-11-01T00:00:00", "product": "old", "ssl": {"cert": {"fingerprint": {"sha256": "a" * 64}}}}
    host = shodan(data=[{"port": 443, "timestamp": "2026-11-02T00:00:00", "product": "new"}, old])
    assert [(service.product, service.certificate) for service in host.services] == [("new", "a" * 64)]


def test_an_answer_without_banners_still_names_its_ports():
    assert [service.port for service in shodan(ports=[22, 80]).services] == [22, 80]


def test_the_stand_ins_tag_makes_a_sample():
    assert shodan(tags=["sample-data"]).is_sample
    assert not shodan(tags=["cloud"]).is_sample


@pytest.mark.parametrize("port", [70000, -1, "22", 22.0, True, None, [22], 10**400])
def test_impossible_ports_are_left_out_and_counted(port):
    host = shodan(data=[{"port": port}, {"port": 80}])
    assert [service.port for service in host.services] == [80]
    assert host.left_out == {parsing.NO_PORT: 1}


@pytest.mark.parametrize("transport", ["sctp", 6, None, {}])
def test_unknown_protocols_are_left_out_and_counted(transport):
    assert shodan(data=[{"port": 22, "transport": transport}]).left_out == {parsing.NO_PORT: 1}


def test_more_services_than_reason_allows_are_cut_and_counted():
    host = shodan(data=[{"port": port, "data": "x"} for port in range(1, 10_001)])
    assert len(host.services) == 500
    assert host.left_out == {parsing.TOO_MANY: 9500}
    assert len(features_of(host)) == 500


@pytest.mark.parametrize("at", ["2099-01-01T00:00:00", "1970-01-01T00:00:00", "yesterday", 5, [], "0001-01-01T00:00:00+14:00", "\ud800"])
def test_times_that_cannot_be_are_left_out_and_counted(at):
    service, left_out = one(timestamp=at)
    assert (service.seen_at, left_out) == (None, {parsing.NO_TIME: 1})
    assert shodan(last_update=at).scanned_at is None


def test_a_time_with_its_own_zone_is_turned_to_utc():
    assert one(timestamp="2026-11-01T09:00:00+09:00")[0].seen_at == datetime(2026, 11, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("banner", "kept"),
    [
        ("SSH-2.0-x\r\n", "SSH-2.0-x"),
        ("\x1b]0;owned\x07\x1b[2J", "\ufffd]0;owned\ufffd\ufffd[2J"),
        ("a\x00b", "a\ufffdb"),
        ("\ud800", "\ufffd"),
        ("a\u202egnp.exe", "a\ufffdgnp.exe"),
        ("<script>alert(1)</script>", "<script>alert(1)</script>"),
        ("x" * 5000, "x" * 1000),
    ],
)
def test_banners_are_neutralised_and_cut(banner, kept):
    assert one(data=banner)[0].banner == kept


@pytest.mark.parametrize("value", [5, ["x"], {"x": 1}, True])
def test_values_of_a_wrong_type_are_left_out_and_counted(value):
    service, left_out = one(product=value, version=value, data=value, os=value)
    assert (service.product, service.version, service.banner, service.os) == ("", "", "", "")
    assert left_out == {parsing.ODD_VALUE: 4}


def test_texts_are_cut_to_what_is_kept():
    service, _left_out = one(product="p" * 999, version="v" * 999, _shodan={"module": "m" * 999}, cpe=["c" * 999] * 3)
    assert [len(text) for text in (service.product, service.version, service.module, *service.cpes)] == [120, 80, 60, 200]
    host = shodan(os="o" * 999, tags=["t" * 999], hostnames=[f"{number}" + "h" * 999 for number in range(99)])
    assert (len(host.os), len(host.tags[0]), len(host.hostnames), max(map(len, host.hostnames))) == (100, 60, 50, 255)


@pytest.mark.parametrize("value", [2**63, -(2**63) - 1, "1", 1.5, True])
def test_hashes_beyond_reason_are_left_out(value):
    assert one(hash=value)[0].banner_hash is None


def test_nothing_known_is_a_host_without_services():
    assert shodan() == ParsedHost(None, "", (), (), (), (), False, {})


scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | st.just("2026-11-01T00:00:00")
values = scalars | st.lists(scalars, max_size=3) | st.dictionaries(st.text(max_size=8), scalars, max_size=3)
OF_BANNERS = ["transport", "product", "version", "hash", "timestamp", "ssl", "_shodan", "cpe", "data", "vulns", "tags", "os", "dns"]
banners = st.fixed_dictionaries({"port": values | st.integers(0, 65535)}, optional=dict.fromkeys(OF_BANNERS, values))
answers = st.fixed_dictionaries(
    {"data": st.lists(banners | scalars, max_size=3)},
    optional=dict.fromkeys(["ports", "last_update", "hostnames", "tags", "vulns"], values),
)


@given(answers, st.sampled_from(HostProvider))
def test_whatever_comes_ends_with_a_host_that_can_be_kept(answer, provider):
    host = parse_host(provider, answer, NOW)
    assert len(host.services) <= parsing.MOST_SERVICES
    for service in host.services:
        assert 0 <= service.port <= 65535
        assert service.seen_at is None or service.seen_at <= NOW + parsing.CLOCK_SKEW
        f"{service.product}{service.version}{service.banner}{service.module}".encode()
        assert "\x00" not in service.product + service.version + service.banner + service.module
    assert all(0 < len(feature) <= 200 for feature in features_of(host))
