"""Kinds suggested from words, each with its reason in both languages."""

import pytest
from django.utils import translation

from apps.enrichment import holder_services as services
from apps.enrichment import jobs
from apps.enrichment.holders import kinds
from apps.enrichment.holders.kindrules import REASONS
from apps.enrichment.models import Holder, HolderKind
from tests.enrichment.holders.scenes import told


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("PPP-POOL-TOKYO", HolderKind.ISP_DYNAMIC),
        ("xDSL Customers", HolderKind.ISP_DYNAMIC),
        ("FTTH_7", HolderKind.ISP_DYNAMIC),
        ("動的割り当て", HolderKind.ISP_DYNAMIC),
        ("KORNET", HolderKind.ISP_DYNAMIC),
        ("유동 IP", HolderKind.ISP_DYNAMIC),
        ("CGN-OUT", HolderKind.SHARED),
        ("OCN", HolderKind.SHARED),
        ("MAP-E BR", HolderKind.SHARED),
        ("モバイル網", HolderKind.SHARED),
        ("STATIC-CUSTOMERS", HolderKind.ISP_FIXED),
        ("固定IPサービス", HolderKind.ISP_FIXED),
        ("Sample Hosting", HolderKind.HOSTING),
        ("VPS-1", HolderKind.HOSTING),
        ("サンプルクラウド", HolderKind.HOSTING),
        ("IDC 데이터센터", HolderKind.HOSTING),
        ("Université de X", HolderKind.ACADEMIC),
        ("Universität X", HolderKind.ACADEMIC),
        ("Example University", HolderKind.ACADEMIC),
        ("東西大学", HolderKind.ACADEMIC),
        ("서울대학교", HolderKind.ACADEMIC),
        ("Ministry of X", HolderKind.GOVERNMENT),
        ("東西市役所", HolderKind.GOVERNMENT),
        ("東西銀行", HolderKind.ENTERPRISE),
        ("Deutsche Telekom AG", HolderKind.ISP_DYNAMIC),
        ("ACME", HolderKind.UNKNOWN),
        ("Homeland", HolderKind.UNKNOWN),
        ("Whirlpool", HolderKind.UNKNOWN),
        ("Observer", HolderKind.UNKNOWN),
    ],
)
def test_words_of_names_suggest_a_kind(name, kind):
    assert kinds.suggest(kinds.Known((name,), ())).kind is kind


def test_what_most_addresses_are_decides_and_the_holders_own_name_weighs_as_all():
    pools, servers = [(256, ("POOL",))], [(64, ("SERVERS",))] * 2
    assert kinds.suggest(kinds.Known(("ACME",), (*pools, *servers))).kind is HolderKind.ISP_DYNAMIC
    assert kinds.suggest(kinds.Known(("ACME Hosting",), (*pools, *servers))).kind is HolderKind.HOSTING


@pytest.mark.parametrize(
    ("domains", "kind"),
    [
        ({"sample.ac.jp"}, HolderKind.ACADEMIC),
        ({"mit.edu"}, HolderKind.ACADEMIC),
        ({"sample.go.jp"}, HolderKind.GOVERNMENT),
        ({"x.gov.uk"}, HolderKind.GOVERNMENT),
        ({"sample.ac.jp", "isp.example", "net.example"}, HolderKind.UNKNOWN),
        ({"ac.example"}, HolderKind.UNKNOWN),
    ],
)
def test_domains_of_mailboxes_tell_where_most_agree(domains, kind):
    assert kinds.suggest(kinds.Known(("ACME",), (), frozenset(domains))).kind is kind


@pytest.mark.parametrize(
    ("sources", "daily", "kind"),
    [(400, 20.0, HolderKind.ISP_DYNAMIC), (400, 200.0, HolderKind.UNKNOWN), (20, 1.0, HolderKind.UNKNOWN), (0, None, HolderKind.UNKNOWN)],
)
def test_addresses_that_change_hands_are_a_pool(sources, daily, kind):
    assert kinds.suggest_by_turnover(sources, daily).kind is kind


@pytest.mark.django_db
def test_remarks_and_descriptions_are_read_and_the_rest_is_not():
    holder = told(remarks=["Cloud service of the sample", "University Road 5"], whois="remarks: dynamic\nsource: server").administered_by
    assert (holder.kind, holder.kind_reason) == ("hosting", "hosting|cloud")
    holder = told("198.51.100.0/24", handle="ORG-2", whois="% whois server\ndescr:   Residential customers").administered_by
    assert holder.kind == "isp_dynamic"
    holder = told("203.0.113.0/24", handle="ORG-3", whois="b. [ネットワーク名]                SAMPLE-UNIV").administered_by
    assert holder.kind == "academic"


@pytest.mark.parametrize("remarks", ["text", 7, [None, {"description": "text"}, {"description": [7]}]])
@pytest.mark.django_db
def test_malformed_remarks_suggest_nothing(remarks):
    network = told()
    network.raw = {"remarks": remarks}
    network.save()
    assert kinds.suggest(kinds.known_of(network.administered_by, network.administered_by.networks.all())).kind is HolderKind.UNKNOWN


@pytest.mark.parametrize("key", REASONS)
def test_every_reason_is_told_in_both_languages(key):
    with translation.override("en"):
        english = kinds.reason_of(f"{key}|word")
    with translation.override("ja"):
        japanese = kinds.reason_of(f"{key}|word")
    assert "word" in english and "word" in japanese and english != japanese


def test_a_reason_of_no_rule_is_left_out():
    assert kinds.reason_of("gone|x") == kinds.reason_of("") == ""


@pytest.mark.django_db
def test_networks_of_before_get_their_kinds_by_the_daily_job(cast):
    holder, chosen = told(name="VPS").administered_by, told("198.51.100.0/24", handle="ORG-2", name="VPS").administered_by
    services.choose_kind(holder=chosen, kind="enterprise", reason="r", by=cast.analyst)
    Holder.objects.filter(pk=holder.pk).update(kind="unknown", kind_reason="")
    jobs.renew_kinds()
    assert dict(Holder.objects.values_list("pk", "kind")) == {holder.pk: "hosting", chosen.pk: "enterprise"}
