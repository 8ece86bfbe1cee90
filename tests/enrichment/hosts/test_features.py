import pytest
from django.utils import translation

from apps.common.ports import TCP, UDP
from apps.enrichment.hosts.features import features_of, label
from apps.enrichment.hosts.parsing import ParsedHost, ParsedService

SSH = ParsedService(TCP, 22, module="ssh", product="OpenSSH", version="7.4", banner_hash=-123456)


def features(*services, os="", tags=()):
    return features_of(ParsedHost(None, os, (), tuple(tags), (), tuple(services), False, {}))


def test_a_service_gives_port_product_version_module_and_banner():
    assert features(SSH) == [
        "banner:tcp/22:-123456", "derived:few-services", "module:tcp/22:ssh", "port:tcp/22", "product:tcp/22:OpenSSH",
        "version:tcp/22:OpenSSH 7.4",
    ]  # fmt: skip


def test_what_is_not_known_gives_no_feature():
    assert features(ParsedService(TCP, 22, banner_hash=0, version="7.4")) == ["derived:few-services", "port:tcp/22"]


def test_certificate_tag_and_operating_system():
    found = features(ParsedService(TCP, 443, certificate="a" * 64), os="Linux 3.x", tags=["vpn", "sample-data"])
    assert {f"cert:{'a' * 64}", "os:Linux 3.x", "tag:vpn"} <= set(found)
    assert "tag:sample-data" not in found  # every invented host has it


@pytest.mark.parametrize(("ports", "is_few"), [(1, True), (3, True), (4, False), (0, False)])
def test_few_services_are_one_to_three_tcp_ports(ports, is_few):
    assert ("derived:few-services" in features(*(ParsedService(TCP, port) for port in range(1, ports + 1)))) is is_few


def test_udp_ports_do_not_count_among_the_few():
    assert "derived:few-services" in features(*(ParsedService(TCP, port) for port in (1, 2, 3)), ParsedService(UDP, 123))


@pytest.mark.parametrize(
    ("service", "amplifies"),
    [
        (ParsedService(UDP, 123), True),
        (ParsedService(TCP, 123), False),
        (ParsedService(UDP, 11211), True),
        (ParsedService(UDP, 53, recursion=True), True),
        (ParsedService(UDP, 53), False),
        (ParsedService(UDP, 5060), False),
    ],
)
def test_amplifiers_are_declared_udp_services_and_dns_that_recurses(service, amplifies):
    assert ("derived:udp-amplifier" in features(service)) is amplifies


def test_features_fit_their_column():
    assert {len(feature) for feature in features(ParsedService(TCP, 65535, product="p" * 120, version="v" * 80))} <= set(range(201))


@pytest.mark.parametrize(
    ("feature", "english", "japanese"),
    [
        ("port:tcp/22", "listening on 22/TCP (ssh)", "22/TCP (ssh) を待ち受けている"),
        ("product:tcp/22:OpenSSH", "22/TCP (ssh): OpenSSH", "22/TCP (ssh)：OpenSSH"),
        ("version:tcp/22:OpenSSH 7.4", "22/TCP (ssh): OpenSSH 7.4", "22/TCP (ssh)：OpenSSH 7.4"),
        ("module:tcp/22:ssh", "22/TCP (ssh): answers as ssh", "22/TCP (ssh)：ssh として応答"),
        ("banner:tcp/22:-123456", "22/TCP (ssh): banner hash -123456", "22/TCP (ssh)：バナーのハッシュ値 -123456"),
        (f"cert:{'a' * 64}", "certificate aaaaaaaaaaaaaaaa…", "証明書 aaaaaaaaaaaaaaaa…"),
        ("tag:vpn", "tag vpn", "タグ vpn"),
        ("os:Linux 3.x", "operating system Linux 3.x", "OS Linux 3.x"),
        ("derived:few-services", "few services (at most 3 TCP ports open)", "待ち受けが少ない（TCP 3 ポート以下）"),
        ("derived:udp-amplifier", "UDP service that can be abused for reflection", "リフレクション攻撃に悪用され得る UDP サービス"),
        ("port:nonsense", "port:nonsense", "port:nonsense"),
        ("derived:x", "derived:x", "derived:x"),
        ("", "", ""),
    ],
)
def test_every_form_has_words_in_both_languages(db, feature, english, japanese):
    with translation.override("en"):
        assert label(feature) == english
    with translation.override("ja"):
        assert label(feature) == japanese
