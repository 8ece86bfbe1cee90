"""One question to Shodan or InternetDB, over real HTTP, in every way it can end."""

import logging
import os
import socket
import threading
import time
from datetime import timedelta

import pytest
import requests

from apps.enrichment.failures import LookupFailedError
from apps.enrichment.hosts import endings, shodan_client, switches, wire
from apps.enrichment.hosts.internetdb import InternetDbProvider
from apps.enrichment.hosts.shodan_client import ShodanProvider
from apps.enrichment.hosts.standin import KEY, Fault
from apps.enrichment.models import HostProvider, State
from apps.enrichment.registries.wire import RefusedError

ADDRESS = "1.1.1.1"  # recorded
FAULTS = [
    (Fault.RATE_LIMITED, State.RATE_LIMITED, "slow down", ""),
    (Fault.FORBIDDEN, State.ERROR, "HTTP status", "403"),
    (Fault.SERVER_ERROR, State.ERROR, "HTTP status", "503"),
    (Fault.HTML, State.ERROR, "not a host profile", "text/html"),
    (Fault.BROKEN, State.ERROR, "not a host profile", "application/json"),
    (Fault.DEEP, State.ERROR, "not a host profile", "application/json"),
    (Fault.SHORT, State.ERROR, "could not be reached", "IncompleteRead"),
    (Fault.HUGE, State.ERROR, "Refused", "the answer is larger than 4 MiB"),
    (Fault.REDIRECT, State.ERROR, "Refused", "the answer leads elsewhere"),
    (Fault.HANG_UP, State.ERROR, "could not be reached", "Remote end closed connection without response"),
]


@pytest.fixture(params=[ShodanProvider(), InternetDbProvider()], ids=["shodan", "internetdb"])
def provider(request, scanner):
    return request.param


def failure(provider, address=ADDRESS):
    with pytest.raises(LookupFailedError) as caught:
        provider.fetch(address)
    return caught.value


def test_a_known_host_comes_as_it_was_sent(scanner):
    answer = ShodanProvider().fetch(ADDRESS)
    assert answer is not None
    assert [banner["port"] for banner in answer["data"]] == [53, 80]
    assert scanner.asked == [ADDRESS]


def test_internetdb_gives_its_summary(scanner):
    answer = InternetDbProvider().fetch(ADDRESS)
    assert answer is not None
    assert answer["ports"] == [53, 80]
    assert "data" not in answer


def test_no_data_is_an_answer(provider, scanner):
    scanner.faults[ADDRESS] = Fault.NO_DATA
    assert provider.fetch(ADDRESS) is None
    assert scanner.asked == [ADDRESS]


@pytest.mark.parametrize(("fault", "state", "words", "detail"), FAULTS)
def test_each_failure_has_its_state_and_is_asked_once(provider, scanner, fault, state, words, detail):
    scanner.faults[ADDRESS] = fault
    error = failure(provider)
    assert error.state is state
    assert words in error.message
    assert error.detail == detail
    assert scanner.asked == [ADDRESS]


def test_another_404_than_no_data_is_an_error(provider, scanner):
    error = failure(provider, "not-an-address")
    assert (error.state, error.detail) == (State.ERROR, "404")


def test_the_services_wish_is_kept(provider, scanner):
    scanner.faults[ADDRESS] = Fault.RATE_LIMITED
    assert failure(provider).retry_after == timedelta(seconds=120)


def test_a_rate_limit_is_answered_429_as_the_service_does(scanner):
    scanner.per_second = 1
    states = set()
    for _number in range(3):
        try:
            ShodanProvider().fetch(ADDRESS)
        except LookupFailedError as error:
            states.add(error.state)
    assert states == {State.RATE_LIMITED}


def test_silence_ends_in_a_timeout(provider, scanner, monkeypatch):
    monkeypatch.setattr(wire, "CONNECT_TIMEOUT_S", 0.2)
    monkeypatch.setattr(scanner, "slow_s", 1.0)
    scanner.faults[ADDRESS] = Fault.SLOW
    assert failure(provider).state is State.TIMEOUT


def test_a_header_without_end_ends_at_the_deadline(provider, scanner, monkeypatch):
    monkeypatch.setattr(wire, "TOTAL_TIMEOUT_S", 0.5)
    scanner.faults[ADDRESS] = Fault.DRIP
    begun = time.monotonic()
    assert failure(provider).state is State.TIMEOUT
    assert time.monotonic() - begun < 5


def test_a_refused_key_is_said_and_not_tried_again(scanner, settings):
    settings.SHODAN_API_KEY = "another-key"
    provider = ShodanProvider()
    assert failure(provider).message == switches.KEY_REFUSED
    assert switches.why_off(HostProvider.SHODAN) == switches.KEY_REFUSED
    error = failure(provider)
    assert (error.message, error.retry_after) == (switches.KEY_REFUSED, timedelta(days=1))
    assert scanner.refused == 1
    settings.SHODAN_API_KEY = KEY  # a new key is tried at once
    assert provider.fetch(ADDRESS) is not None


def test_without_a_key_nobody_is_asked(scanner, settings):
    settings.SHODAN_API_KEY = ""
    assert failure(ShodanProvider()).message == switches.NO_KEY
    assert scanner.asked == []


def test_internetdb_is_off_until_it_is_enabled(scanner, settings):
    settings.INTERNETDB_ENABLED = False
    assert "INTERNETDB_ENABLED" in failure(InternetDbProvider()).message
    assert scanner.asked == []


def test_a_demo_without_stand_in_asks_nobody(provider, settings):
    settings.DEMO, settings.SHODAN_HOST_OVERRIDE, settings.INTERNETDB_HOST_OVERRIDE = True, "", ""
    assert failure(provider).message.startswith("A demo asks no scanning service")


def test_the_key_is_in_no_answer_error_or_log(scanner, caplog):
    caplog.set_level(logging.DEBUG)
    scanner.faults[ADDRESS] = Fault.ECHO
    answer = ShodanProvider().fetch(ADDRESS)
    assert answer["your_key"] == "***"
    for fault, *_rest in FAULTS:
        scanner.faults[ADDRESS] = fault
        error = failure(ShodanProvider())
        assert KEY not in f"{error!r} {error.message} {error.detail} {error.__cause__!r}"
        assert error.__suppress_context__
    assert KEY not in caplog.text


def test_the_environment_decides_nothing(scanner, monkeypatch, tmp_path):
    """Proxies, .netrc and the client's own variable for another server."""
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "SHODAN_API_URL"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
        monkeypatch.setenv(name.lower(), "http://127.0.0.1:1")
    (tmp_path / "netrc").write_text("default login x password y\n")
    monkeypatch.setitem(os.environ, "NETRC", str(tmp_path / "netrc"))
    assert ShodanProvider().fetch(ADDRESS) is not None


@pytest.mark.parametrize("address", ["127.0.0.1", "10.1.2.3", "::1", "64:ff9b::a00:1"])
def test_without_override_only_public_addresses_are_connected_to(monkeypatch, address):
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    monkeypatch.setattr(socket, "getaddrinfo", lambda *args, **kwargs: [(family, socket.SOCK_STREAM, 6, "", (address, 443))])
    gate = wire.Gate(shodan_client.HOST)
    with pytest.raises(RefusedError):
        wire.session(gate).get(f"https://{shodan_client.HOST}/api-info")
    assert endings.failure(gate.trace, ValueError()).message.startswith("Refused")


def test_the_gate_leads_to_one_host_only(scanner):
    gate = wire.Gate(shodan_client.HOST, override=scanner.host)
    with pytest.raises(RefusedError):
        wire.session(gate).get("https://exploits.shodan.io/api/search")
    assert isinstance(gate.trace.problem, RefusedError)


def test_no_clock_is_left_running(scanner):
    ShodanProvider().fetch(ADDRESS)
    assert not [thread for thread in threading.enumerate() if isinstance(thread, threading.Timer) and thread.is_alive()]


def test_the_session_keeps_no_connection(scanner):
    gate = wire.Gate(shodan_client.HOST, override=scanner.host)
    session = wire.session(gate)
    assert isinstance(session, requests.Session)
    assert {type(adapter) for adapter in session.adapters.values()} == {wire.Gate}
