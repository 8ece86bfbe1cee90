"""The card of a host on a source's page, and the API beside it."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from apps.enrichment.hosts.keeping import Answer, keep
from apps.enrichment.hosts.parsing import parse_host
from apps.enrichment.models import FeatureSet, HostLookup, HostProvider, State
from tests.cast import api_client_for, client_for, statuses

ADDRESS = "49.212.1.1"
CARD = f"{reverse('enrichment:host')}?address={ADDRESS}"
LOOKUP = reverse("enrichment:host-lookup")
API = f"/api/v1/hosts/{ADDRESS}/"
STAFF = {"analyst", "coordinator", "approver", "auditor", "admin"}
NOW = datetime(2026, 11, 28, tzinfo=UTC)
HOSTILE = "<script>alert(1)</script>"


@pytest.fixture(autouse=True)
def on(queued, settings):
    settings.SHODAN_API_KEY, settings.SHODAN_HOST_OVERRIDE = "a key", "127.0.0.1:9"


def known(day: int = 1, **answer) -> HostLookup:
    """The host was scanned on that day of November and looked up."""
    for banner in answer.get("data", []):
        banner.setdefault("timestamp", f"2026-11-{day:02}T01:00:00")
    snapshot = keep(ADDRESS, Answer(HostProvider.SHODAN, parse_host(HostProvider.SHODAN, answer, NOW), answer), NOW)
    return HostLookup.objects.update_or_create(
        address=ADDRESS, provider="shodan", defaults={"state": State.DONE, "snapshot": snapshot, "fetched_at": NOW}
    )[0]


def card(user, language="en", **query) -> str:
    headers = {"accept-language": language, "hx-request": "true"}
    answer = client_for(user).get(reverse("enrichment:host"), {"address": ADDRESS} | query, headers=headers)
    return re.sub(r"\s+", " ", answer.content.decode())


def test_only_own_staff_sees_hosts(cast):
    known(data=[{"port": 22, "product": "OpenSSH"}])
    seen = statuses(cast, "get", CARD)
    assert seen == {name: 200 if name in STAFF else 302 if name == "anonymous" else 404 for name in seen}
    seen = statuses(cast, "get", API, api=True)
    assert seen == {name: 200 if name in STAFF else 401 if name == "anonymous" else 404 for name in seen}


@pytest.mark.parametrize("who", ["partner_a", "partner_b"])
def test_the_page_of_a_source_tells_partners_nothing_of_its_host(cast, who):
    known(data=[{"port": 22, "product": "OpenSSH"}], vulns=["CVE-2020-12345"])
    page = client_for(cast.people[who]).get(reverse("portal:source", args=[ADDRESS])).content.decode()
    assert 'id="host"' not in page and CARD not in page
    assert "OpenSSH" not in page and "CVE-2020" not in page


def test_who_may_ask(cast):
    seen = statuses(cast, "post", LOOKUP, data={"address": ADDRESS})
    assert {name for name, status in seen.items() if status == 302} == {"analyst", "coordinator", "approver", "anonymous"}
    assert {seen[name] for name in ("auditor", "admin", "partner_a", "partner_b")} == {404}
    assert HostLookup.objects.get().state == State.QUEUED
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(cast.analyst)
    assert strict.post(LOOKUP, {"address": ADDRESS}).status_code == 403


def test_the_card_shows_what_a_scan_says(cast):
    known(
        data=[
            {"port": 22, "product": "OpenSSH", "version": "7.4", "data": "SSH-2.0-OpenSSH_7.4"},
            {"port": 123, "transport": "udp", "_shodan": {"module": "ntp"}},
        ],
        os="Linux 3.x", hostnames=["a.example"], tags=["vpn", "sample-data"], vulns=["CVE-2020-12345"],
    )  # fmt: skip
    page = card(cast.auditor)
    for text in ("22/TCP (ssh)", "OpenSSH", "7.4", "123/UDP (ntp)", "Linux 3.x", "a.example", "vpn", "CVE-2020-12345", "2026-11-01 10:00",
                 "data-sample", "data-guess", "Never in mail", "SSH-2.0-OpenSSH_7.4"):  # fmt: skip
        assert text in page, text
    assert "<button" not in page  # auditors read
    assert "Look up now at Shodan" in card(cast.analyst)
    assert "every 2s" not in page


def test_no_data_is_not_the_same_as_not_listening(cast):
    HostLookup.objects.create(address=ADDRESS, provider="shodan", state=State.DONE, fetched_at=NOW)
    assert "SHODAN にデータなし" in card(cast.analyst, "ja")
    assert "待ち受けなし" not in card(cast.analyst, "ja")
    assert "no data at Shodan" in card(cast.analyst)
    known(data=[], last_update="2026-11-01T00:00:00")
    assert "待ち受けなし" in card(cast.analyst, "ja")
    assert "データなし" not in card(cast.analyst, "ja")
    assert "Not listening" in card(cast.analyst)


def test_before_anybody_asks_the_card_says_so_and_offers_to(cast):
    page = card(cast.analyst)
    assert "Nobody has asked about this address yet." in page
    assert "Look up now at Shodan" in page
    assert "InternetDB" not in page  # which is off


def test_a_service_that_is_off_says_how_to_switch_it_on(cast, settings):
    settings.SHODAN_API_KEY = ""
    page = card(cast.analyst)
    assert "SHODAN_API_KEY switches Shodan on" in page
    assert "<button" not in page
    settings.INTERNETDB_ENABLED = True
    assert "Look up now at InternetDB" in card(cast.analyst)


def test_a_click_queues_and_the_card_refreshes_itself(cast):
    page = client_for(cast.analyst).post(LOOKUP, {"address": ADDRESS, "service": "shodan"}, headers={"hx-request": "true"}).content.decode()
    for text in (page, card(cast.analyst)):
        assert 'hx-trigger="every 2s"' in text
        assert 'data-state="queued"' in text
    assert 'value="shodan"' not in page  # not twice
    assert HostLookup.objects.get().reason == "asked for by a person"


def test_a_failure_shows_reason_and_next_try(cast):
    row = known(data=[{"port": 22, "product": "OpenSSH"}])
    HostLookup.objects.filter(pk=row.pk).update(
        state=State.ERROR, error="The scanning service answered with HTTP status %(detail)s.", error_detail="503",
        next_try_at=NOW + timedelta(hours=1),
    )  # fmt: skip
    page = card(cast.analyst)
    assert "HTTP status 503" in page and "Next try:" in page
    assert "OpenSSH" in page  # what was known stays


def test_the_history_tells_what_changed_and_shows_each_scan(cast):
    known(1, data=[{"port": 22, "product": "OpenSSH"}, {"port": 80, "product": "nginx"}])
    known(9, data=[{"port": 22, "product": "Dropbear"}, {"port": 25565}])
    page = card(cast.analyst)
    assert "2 scans" in page
    assert "new: 25565/TCP" in page and "no longer: 80/TCP (http)" in page
    assert "Dropbear" in page and "nginx" not in page
    number = HostLookup.objects.get().snapshot.pk - 1
    older = card(cast.analyst, scan=number)
    assert "nginx" in older and "Dropbear" not in older


def test_without_htmx_the_card_is_a_page_to_which_the_source_links(cast):
    known(data=[{"port": 22, "product": "OpenSSH"}])
    client = client_for(cast.analyst)
    assert CARD in client.get(reverse("portal:source", args=[ADDRESS])).content.decode()
    answer = client.get(CARD)
    page = answer.content.decode()
    assert "<!DOCTYPE html>" in page and "OpenSSH" in page and reverse("portal:source", args=[ADDRESS]) in page
    assert "HX-Request" in answer["Vary"]


@pytest.mark.parametrize("scan", ["x", "-1", "99999999999999999999", "٣", ""])
def test_a_scan_that_is_none_of_the_hosts_shows_the_newest(cast, scan):
    known(data=[{"port": 22, "product": "OpenSSH"}])
    assert "OpenSSH" in card(cast.analyst, scan=scan)


def test_what_was_left_out_is_said(cast):
    known(data=[{"port": 22}, {"port": 70000}, {"port": 80, "timestamp": "2099-01-01T00:00:00"}])
    page = card(cast.analyst)
    assert "Services without a possible port or protocol, left out: 1" in page
    assert "Scan times that cannot be, left out: 1" in page


def test_what_hosts_say_is_shown_escaped(cast):
    known(
        data=[{"port": 22, "product": HOSTILE, "version": HOSTILE, "data": f"\x1b[2J{HOSTILE}"}],
        os=HOSTILE,
        tags=[HOSTILE],
        hostnames=[HOSTILE],
    )
    page = card(cast.analyst)
    assert "<script" not in page and "\x1b" not in page
    assert page.count("&lt;script&gt;") >= 5


@pytest.mark.parametrize("address", ["", "x", "<script>", "49.212.1.1/24", "49.212.1.1\x00"])
def test_nonsense_is_404_for_the_card_and_a_message_for_the_button(cast, address):
    client = client_for(cast.analyst)
    assert client.get(reverse("enrichment:host"), {"address": address}).status_code == 404
    assert client.post(LOOKUP, {"address": address}, headers={"hx-request": "true"}).status_code == 400
    assert client.post(LOOKUP, {"address": ADDRESS, "service": HOSTILE}, headers={"hx-request": "true"}).status_code == 400
    assert not HostLookup.objects.exists()


def test_private_sources_are_not_asked_about(cast):
    page = card(cast.analyst, address="192.168.0.1")
    assert "<button" not in page
    assert 'data-state="none"' in page


def test_the_card_takes_five_queries_however_much_is_known(cast):
    for day in range(1, 20):
        known(day, data=[{"port": port} for port in range(1, 40)])
    client = client_for(cast.analyst)
    client.get(CARD, headers={"hx-request": "true"})
    with CaptureQueriesContext(connection) as captured:
        client.get(CARD, headers={"hx-request": "true"})
    assert len(captured) <= 5 + 2  # the session and its user


def test_saved_feature_sets_that_the_profile_matches_are_named(cast):
    known(1, data=[{"port": 22, "product": "OpenSSH"}], tags=["vpn"])
    matching = FeatureSet.objects.create(name="ssh behind a vpn", wants_all=["product:tcp/22:OpenSSH"], wants_any=["tag:vpn"])
    FeatureSet.objects.create(name="not on a vpn", wants_all=["port:tcp/22"], wants_none=["tag:vpn"])
    text = card(cast.analyst)
    assert f'href="/feature-sets/{matching.pk}/">ssh behind a vpn</a>' in text
    assert "not on a vpn" not in text


def test_the_api_tells_the_same(cast):
    known(1, data=[{"port": 22, "product": "OpenSSH", "version": "7.4", "hash": -5}], vulns=["CVE-2020-12345"], tags=["vpn"])
    known(2, data=[{"port": 123, "transport": "udp"}])
    client = api_client_for(cast.auditor)
    with CaptureQueriesContext(connection) as captured:
        answer = client.get(API)
    assert len(captured) <= 3
    body = answer.json()
    assert body["address"] == ADDRESS
    assert body["lookups"] == [
        {
            "service": "shodan",
            "state": "done",
            "has_data": True,
            "fetched_at": "2026-11-28T09:00:00+09:00",
            "next_try_at": None,
            "error": "",
        }
    ]
    assert [profile["services"][0]["port"] for profile in body["profiles"]] == ["udp/123", "tcp/22"]
    older = body["profiles"][1]
    assert (older["guessed_cves"], older["tags"], older["service"]) == (["CVE-2020-12345"], ["vpn"], "shodan")
    assert older["services"][0]["banner_hash"] == -5
    assert "version:tcp/22:OpenSSH 7.4" in older["features"]
    assert "raw" not in older


def test_the_api_knows_nothing_of_an_unknown_host_and_404_is_for_no_address(cast):
    client = api_client_for(cast.auditor)
    assert client.get(API).json() == {"address": ADDRESS, "lookups": [], "profiles": []}
    assert client.get("/api/v1/hosts/nonsense/").status_code == 404
