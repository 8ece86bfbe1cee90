"""Whom is asked, in which order, and what is made of several answers; over real sockets to the stand-in."""

import tracemalloc
from datetime import timedelta

import pytest

from apps.enrichment import providers
from apps.enrichment.failures import LookupFailedError
from apps.enrichment.models import ContactRole, Priority, ProviderError, State
from apps.enrichment.providers import NotYetError
from apps.enrichment.registries import asking, whois, wire
from apps.enrichment.registries.whois import Server
from apps.enrichment.standin import Fault
from tests.registries import answer_about

pytestmark = pytest.mark.django_db
GERMANY, JAPAN, KOREA, AMERICA = "2.160.0.1", "1.33.7.9", "210.107.0.9", "74.125.225.229"

FAILING = [Fault.NOT_FOUND, Fault.SERVER_ERROR, Fault.HTML, Fault.BROKEN, Fault.HUGE, Fault.OTHER_RANGE, Fault.HANG_UP]
FAILING_PAGES = [Fault.SERVER_ERROR, Fault.HTML, Fault.HUGE, Fault.HANG_UP, Fault.REDIRECT_PRIVATE, Fault.REDIRECT_ENDLESS]


@pytest.fixture(autouse=True)
def answers(registries):
    registries.answer_about = answer_about
    return registries


def ask(address, registry):
    return asking.ask(address, registry, Priority.PAGE)


def failure(address=GERMANY, registry="ripencc"):
    with pytest.raises(LookupFailedError) as caught:
        ask(address, registry)
    return caught.value


def in_words(error):
    return error.message % {"detail": error.detail}


def test_a_good_answer_by_rdap_asks_nobody_else(registries):
    answer = ask(GERMANY, "ripencc")
    assert (answer.source, answer.registry, answer.is_partial) == ("rdap", "", False)
    assert (registries.asked, registries.whois.asked, registries.nir_asked) == ([GERMANY], [], [])


@pytest.mark.parametrize("fault", FAILING)
def test_whois_is_asked_where_rdap_fails(registries, fault):
    registries.faults[GERMANY] = fault
    answer = ask(GERMANY, "ripencc")
    assert (answer.source, answer.raw) == ("whois", {})
    assert answer.network.cidrs == ("2.160.0.0/12",)
    assert answer.network.holder.startswith("Sample Network ")
    assert answer.network.is_sample
    assert [contact.role for contact in answer.network.contacts] == [ContactRole.ABUSE, ContactRole.TECHNICAL]
    assert "netname:" in answer.raw_whois
    assert registries.whois.asked == [GERMANY]


def test_a_registry_that_says_slow_down_is_not_asked_by_whois_instead(registries):
    registries.faults[GERMANY] = Fault.RATE_LIMITED
    assert failure().state is State.RATE_LIMITED
    assert registries.whois.asked == []


def test_whois_is_asked_where_rdap_names_nobody_to_write_to(registries):
    bare = {"handle": "X", "startAddress": "2.160.0.0", "endAddress": "2.175.255.255", "country": "DE", "name": "BARE"}
    registries.answer_about = lambda address: bare if registries.asked and not registries.whois.asked else answer_about(address)
    answer = ask(GERMANY, "ripencc")
    assert (answer.source, answer.raw) == ("whois", bare)
    assert answer.network.has_contact
    assert answer.network.holder.startswith("Sample Network ")


def test_what_rdap_said_stays_where_whois_fails(registries):
    bare = {"handle": "X", "startAddress": "2.160.0.0", "endAddress": "2.175.255.255", "country": "DE", "name": "BARE"}
    registries.answer_about = lambda _address: bare
    registries.whois.faults[GERMANY] = Fault.HTML
    answer = ask(GERMANY, "ripencc")
    assert (answer.source, answer.network.name, answer.raw_whois, answer.is_partial) == ("rdap", "BARE", "", True)


def test_jpnic_is_asked_for_the_holder_and_then_for_the_contact(registries):
    answer = ask(JAPAN, "apnic")
    assert (answer.source, answer.registry) == ("whois", "jpnic")
    assert registries.nir_asked[0] == JAPAN
    assert len(registries.nir_asked) == 2
    assert answer.network.handle == "1.33.0.0/16"
    assert [contact.role for contact in answer.network.contacts] == [ContactRole.ABUSE]
    assert answer.raw["country"] == "JP"
    assert "[Network Number]" in answer.raw_whois
    assert "[E-Mail]" in answer.raw_whois


def test_the_national_registrys_narrower_range_and_holder_win(registries):
    wide = {"handle": "JP", "startAddress": "133.0.0.0", "endAddress": "133.255.255.255", "country": "JP", "name": "JPNIC-NET",
            "remarks": [{"title": "description", "description": ["Japan Network Information Center"]}]}  # fmt: skip
    registries.answer_about = lambda _address: wide
    answer = ask("133.1.2.5", "apnic")
    assert (answer.network.cidrs, answer.network.holder) == (("133.1.0.0/16",), "Sample Organisation JPNIC")
    assert [contact.email for contact in answer.network.contacts] == ["abuse@net-00001.invalid"]
    assert registries.whois.asked == []


def test_krnic_is_asked_for_koreas_networks(registries):
    answer = ask(KOREA, "apnic")
    assert (answer.registry, answer.network.country) == ("krnic", "KR")
    assert registries.nir_asked == [KOREA]


@pytest.mark.parametrize("fault", FAILING_PAGES)
def test_a_national_registry_that_fails_costs_nothing_of_what_is_known(registries, fault):
    registries.nir_faults[JAPAN] = fault
    answer = ask(JAPAN, "apnic")
    assert (answer.source, answer.registry, answer.is_partial) == ("rdap", "", True)
    assert ProviderError.objects.get().provider_id == "nir:jpnic"


def test_what_is_good_by_itself_does_not_wait_for_a_turn(registries):
    providers.hold_back("nir:jpnic", timedelta(minutes=1))
    assert ask(JAPAN, "apnic").is_partial
    assert registries.nir_asked == []


def test_what_names_nobody_waits_for_a_turn_and_rdap_is_not_asked_again(registries):
    wide = {"handle": "JP", "startAddress": "133.0.0.0", "endAddress": "133.255.255.255", "country": "JP", "name": "JPNIC-NET"}
    registries.answer_about = lambda _address: wide
    providers.hold_back("nir:jpnic", timedelta(minutes=1))
    for _ in range(2):
        with pytest.raises(NotYetError):
            ask("133.1.2.5", "apnic")
    assert registries.asked == ["133.1.2.5"]


@pytest.mark.parametrize(("switch", "kind"), [("WHOIS_ENABLED", "whois"), ("NIR_ENABLED", "nir")])
def test_either_can_be_switched_off(registries, settings, switch, kind):
    setattr(settings, switch, False)
    registries.faults[GERMANY] = Fault.SERVER_ERROR
    if kind == "whois":
        assert failure().state is State.ERROR
        assert registries.whois.asked == []
    else:
        assert ask(JAPAN, "apnic").source == "rdap"
        assert registries.nir_asked == []


def test_a_stand_in_for_rdap_alone_lets_nobody_ask_real_servers(registries, settings):
    settings.WHOIS_HOST_OVERRIDE = settings.NIR_HOST_OVERRIDE = ""
    registries.faults[GERMANY] = Fault.SERVER_ERROR
    assert "HTTP status" in failure().message
    assert ask(JAPAN, "apnic").source == "rdap"


@pytest.mark.parametrize(
    ("fault", "state", "words"),
    [
        (Fault.NOT_FOUND, State.NOT_FOUND, "knows no network"),
        (Fault.RATE_LIMITED, State.RATE_LIMITED, "slow down"),
        (Fault.RATE_NOTICE, State.RATE_LIMITED, "slow down"),
        (Fault.SERVER_ERROR, State.ERROR, "names no network"),
        (Fault.HTML, State.ERROR, "names no network"),
        (Fault.BROKEN, State.ERROR, "names no network"),
        (Fault.HUGE, State.ERROR, "Refused: the answer is larger than 256 KiB"),
        (Fault.REDIRECT_LOOP, State.ERROR, "round in a circle: whois.loop.invalid"),
        (Fault.REDIRECT_ENDLESS, State.ERROR, "than are followed: whois-4.sample.invalid"),
        (Fault.REDIRECT_PRIVATE, State.ERROR, "Refused: 127.0.0.1 is not a public address"),
        (Fault.OTHER_RANGE, State.ERROR, "names no network"),
        (Fault.DENIED, State.ERROR, "does not let us ask"),
        (Fault.HANG_UP, State.ERROR, "names no network"),
    ],
)
def test_each_failure_of_whois_has_its_state_and_reason(registries, fault, state, words):
    registries.faults[GERMANY] = Fault.SERVER_ERROR
    registries.whois.faults[GERMANY] = fault
    error = failure()
    assert error.state is state
    assert words in in_words(error)


def test_a_referral_is_followed(registries):
    registries.faults[GERMANY] = Fault.SERVER_ERROR
    registries.whois.faults[GERMANY] = Fault.REDIRECT
    assert ask(GERMANY, "ripencc").network.cidrs == ("2.160.0.0/12",)
    assert registries.whois.asked == [GERMANY, GERMANY]


def test_what_was_found_before_a_referral_that_leads_nowhere_stays_with_the_reason(registries):
    registries.faults["98.122.128.1"] = Fault.SERVER_ERROR
    answer = ask("98.122.128.1", "arin")  # its recorded answer refers to the provider, where the same is found again
    assert answer.network.holder == "Sample Organisation ARIN"
    assert "was not asked: The WHOIS referrals go round in a circle" in answer.raw_whois


@pytest.mark.parametrize("fault", [Fault.SLOW, Fault.DRIP])
def test_whois_that_does_not_end_is_a_timeout(registries, monkeypatch, fault):
    monkeypatch.setattr(whois, "TOTAL_TIMEOUT_S", 0.4)
    monkeypatch.setattr(registries.whois, "slow_s", 1.0)
    registries.faults[GERMANY] = Fault.SERVER_ERROR
    registries.whois.faults[GERMANY] = fault
    assert failure().state is State.TIMEOUT


def test_rdap_that_drips_is_a_timeout(registries, settings, monkeypatch):
    settings.WHOIS_ENABLED = False
    monkeypatch.setattr(wire, "TOTAL_TIMEOUT_S", 0.4)
    registries.faults[GERMANY] = Fault.DRIP
    assert failure().state is State.TIMEOUT


@pytest.mark.parametrize("of", ["rdap", "whois"])
def test_a_hundred_megabytes_are_stopped_at_the_cap(registries, settings, of):
    registries.faults[GERMANY] = Fault.HUGE if of == "rdap" else Fault.SERVER_ERROR
    registries.whois.faults[GERMANY] = Fault.HUGE
    tracemalloc.start()
    try:
        assert "Refused: the answer is larger than" in in_words(failure())
        assert tracemalloc.get_traced_memory()[1] < 12 * 2**20
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    ("fault", "words"),
    [(Fault.REDIRECT_PRIVATE, "Refused: 127.0.0.1 is not a public address"), (Fault.REDIRECT_ENDLESS, "HTTP status 302"),
     (Fault.REDIRECT_LOOP, "HTTP status 302"), (Fault.DENIED, "HTTP status 403")],
)  # fmt: skip
def test_redirects_of_rdap_that_lead_nowhere_are_named(registries, settings, fault, words):
    settings.WHOIS_ENABLED = False
    registries.faults[GERMANY] = fault
    assert words in in_words(failure())


def test_letters_in_another_charset_do_no_harm(registries):
    registries.faults[GERMANY] = Fault.CHARSET
    answer = ask(GERMANY, "ripencc")
    assert answer.network.name.startswith("Organizaci")
    registries.faults[GERMANY] = Fault.SERVER_ERROR
    registries.whois.faults[GERMANY] = Fault.CHARSET
    assert ask(GERMANY, "ripencc").network.holder == "サンプル組織"


def test_names_keep_no_control_characters(registries):
    registries.faults[GERMANY] = Fault.SCRIPT
    network = ask(GERMANY, "ripencc").network
    assert network.name == "<script>alert(1)</script> [31m"
    assert [contact.email for contact in network.contacts] == ["abuse@sample.invalid"]


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "10.1.2.3", "[::1]", "localhost", "2130706433", "127.1", "0x7f.1", "db.internal", "169.254.169.254"]
)
def test_referrals_into_private_space_are_refused_whatever_the_settings(settings, host):
    settings.WHOIS_HOST_OVERRIDE = ""
    with pytest.raises(LookupFailedError) as caught:
        whois.fetch(AMERICA, Server(host))
    assert "is not a public address" in caught.value.detail


def test_referrals_to_another_port_are_refused(settings):
    settings.WHOIS_HOST_OVERRIDE = ""
    with pytest.raises(LookupFailedError) as caught:
        whois.fetch(AMERICA, Server("whois.sample.invalid", 25))
    assert caught.value.detail == "whois.sample.invalid is named with port 25"
