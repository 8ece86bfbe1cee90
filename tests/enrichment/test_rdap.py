"""One query, over real HTTP, in every way it can end."""

import gzip
import socket
from datetime import timedelta
from email.message import Message
from email.utils import format_datetime
from io import BytesIO
from urllib.request import Request

import pytest
from django.utils import timezone

from apps.enrichment.failures import LookupFailedError
from apps.enrichment.models import State
from apps.enrichment.registries import wire
from apps.enrichment.registries.rdap import fetch
from apps.enrichment.registries.wire import RefusedError, RegistryOpener, read_retry_after
from apps.enrichment.standin import Fault

ADDRESS = "74.125.225.229"  # recorded, so no delegation is needed


class ClosedBody(BytesIO):
    """Reads as nothing after close(), like http.client's response."""

    def close(self):
        self.seek(0, 2)


def failure(address=ADDRESS, registry="arin"):
    with pytest.raises(LookupFailedError) as caught:
        fetch(address, registry)
    return caught.value


@pytest.mark.parametrize("name", ["arin", "ripencc", "apnic", "lacnic", "afrinic", "iana", ""])
def test_every_registrys_path_reaches_the_override(registry, name):
    assert fetch(ADDRESS, name)["startAddress"] == "074.125.000.000"
    assert registry.asked == [ADDRESS]


@pytest.mark.parametrize(
    ("fault", "state", "words"),
    [
        (Fault.NOT_FOUND, State.NOT_FOUND, "knows no network"),
        (Fault.RATE_LIMITED, State.RATE_LIMITED, "slow down"),
        (Fault.RATE_NOTICE, State.RATE_LIMITED, "slow down"),
        (Fault.SERVER_ERROR, State.ERROR, "HTTP status"),
        (Fault.HTML, State.ERROR, "not RDAP"),
        (Fault.BROKEN, State.ERROR, "not RDAP"),
        (Fault.HUGE, State.ERROR, "Refused"),
        (Fault.REDIRECT_LOOP, State.ERROR, "HTTP status"),
        (Fault.HANG_UP, State.ERROR, "could not be reached"),
    ],
)
def test_each_failure_has_its_state_and_is_asked_once(registry, fault, state, words):
    registry.faults[ADDRESS] = fault
    error = failure()
    assert error.state is state
    assert words in error.message
    assert len(registry.asked) <= (3 if fault is Fault.REDIRECT_LOOP else 1)


def test_details_name_what_came(registry):
    registry.faults[ADDRESS] = Fault.HTML
    assert failure().detail == "text/html"
    registry.faults[ADDRESS] = Fault.SERVER_ERROR
    assert failure().detail == "503"
    registry.faults[ADDRESS] = Fault.HUGE
    assert failure().detail == "the answer is larger than 2 MiB"


def test_the_registrys_wish_is_kept(registry):
    registry.faults[ADDRESS] = Fault.RATE_LIMITED
    assert failure().retry_after == timedelta(seconds=120)


def test_silence_ends_in_a_timeout(registry, monkeypatch):
    monkeypatch.setattr(wire, "CONNECT_TIMEOUT_S", 0.2)
    monkeypatch.setattr(registry, "slow_s", 1.0)
    registry.faults[ADDRESS] = Fault.SLOW
    assert failure().state is State.TIMEOUT


def test_a_body_that_drips_ends_in_a_timeout(registry, monkeypatch):
    monkeypatch.setattr(wire, "TOTAL_TIMEOUT_S", -1)
    assert failure().state is State.TIMEOUT


def test_nobody_listening_is_an_error(settings):
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        settings.RDAP_HOST_OVERRIDE = f"127.0.0.1:{closed.getsockname()[1]}"
        assert failure().state is State.ERROR


def test_redirects_are_followed_through_the_override(registry):
    registry.faults[ADDRESS] = Fault.REDIRECT
    assert fetch(ADDRESS, "arin")["ipVersion"] == "v4"
    assert registry.asked == [ADDRESS, ADDRESS]


@pytest.mark.parametrize(
    "url",
    [
        "http://rdap.arin.net/registry/ip/8.8.8.8",
        "https://rdap.arin.net:8443/registry/ip/8.8.8.8",
        "https://127.0.0.1/",
        "https://localhost/",
        "https://10.0.0.1/",
        "https://[::1]/",
        "https://169.254.169.254/latest/meta-data/",
        "https://[::ffff:127.0.0.1]/",
        "https://[::127.0.0.1]/",
        "https://[64:ff9b::127.0.0.1]/",
        "https://[64:ff9b::a00:1]/",
        "https://[2002:7f00:1::]/",
        "https://[fe80::1%25lo]/",
        "https://[ff02::1]/",
        "https://0.0.0.0/",
        "https://0/",
        "https://2130706433/",
        "https://127.1/",
        "https://224.0.0.251/",
        "https://100.64.0.1/",
        "https://rdap.arin.net:99999/",
    ],
)
def test_without_override_only_public_addresses_are_asked_and_only_by_https(url):
    with pytest.raises((RefusedError, OSError)) as caught:
        RegistryOpener().open(Request(url), timeout=1)
    assert "public address" in str(caught.value) or "only HTTPS" in str(caught.value)


@pytest.mark.parametrize(
    ("address", "is_reachable"),
    [("8.8.8.8", True), ("2001:4860:4860::8888", True), ("64:ff9b::8.8.8.8", True), ("::1", False), ("64:ff9b::192.168.0.1", False)],
)
def test_addresses_are_public_through_translators_too(address, is_reachable):
    assert wire._is_reachable(address) is is_reachable


def test_a_compressed_answer_is_not_unpacked():
    bomb = gzip.compress(b"x" * 20 * 2**20)
    assert wire.CappedResponse(BytesIO(bomb), RegistryOpener()).read() == bomb


@pytest.mark.parametrize("target", ["http://127.0.0.1/", "https://192.168.0.1/ip/8.8.8.8", "file:///etc/passwd", "ftp://127.0.0.1/"])
def test_a_redirect_into_private_space_is_refused(target):
    opener = RegistryOpener()
    redirects = wire._Redirects()
    redirects.add_parent(opener)
    headers = Message()
    headers["Location"] = target
    request = Request("https://rdap.arin.net/registry/ip/8.8.8.8")
    request.timeout = 1
    with pytest.raises(OSError, match="only HTTPS|public address|not allowed"):
        redirects.http_error_302(request, ClosedBody(), 302, "Found", headers)


def test_a_name_that_resolves_to_a_private_address_is_refused(monkeypatch):
    def resolve(host, port, **_options):
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in ("93.184.215.14", "127.0.0.1")]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    with pytest.raises(RefusedError, match="rdap.example is not a public address"):
        wire.connect_public(("rdap.example", 443))


def test_proxies_of_the_environment_are_not_used(registry, monkeypatch):
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    assert fetch(ADDRESS, "arin")["ipVersion"] == "v4"


def test_an_override_elsewhere_is_asked_by_https():
    assert [wire.override_scheme(host) for host in ("127.0.0.1:8043", "[::1]:8043", "localhost:80", "rdap.example:443")] == [
        "http", "http", "http", "https",
    ]  # fmt: skip


def test_a_demo_without_stand_in_asks_nobody(settings, monkeypatch):
    settings.DEMO, settings.RDAP_HOST_OVERRIDE = True, ""
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_args, **_options: pytest.fail("a name was resolved"))
    assert "demo" in failure().message


@pytest.mark.parametrize(
    ("value", "expected"),
    [(None, None), ("", None), ("soon", None), ("60", 60), ("0", 1), ("9" * 20, None), ("-5", None)],
)
def test_retry_after_in_seconds(value, expected):
    assert read_retry_after(value) == (timedelta(seconds=expected) if expected else None)


def test_retry_after_as_a_date():
    wait = read_retry_after(format_datetime(timezone.now() + timedelta(minutes=5), usegmt=True))
    assert wait is not None
    assert timedelta(minutes=4) < wait <= timedelta(minutes=5)
    assert read_retry_after("Fri, 31 Dec 1999 23:59:59 GMT") == timedelta(seconds=1)
