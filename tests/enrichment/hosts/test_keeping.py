"""Profiles by the date of their scan."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from apps.enrichment.hosts.keeping import Answer, keep
from apps.enrichment.hosts.parsing import parse_host
from apps.enrichment.hosts.standin_data import recorded_answers
from apps.enrichment.models import HostProvider, HostService, HostSnapshot

pytestmark = pytest.mark.django_db
ADDRESS = "1.1.1.1"
NOW = datetime(2026, 11, 28, tzinfo=UTC)
SHODAN, INTERNETDB = HostProvider.SHODAN, HostProvider.INTERNETDB


def kept(raw: dict[str, Any], provider=SHODAN, now=NOW) -> HostSnapshot:
    keep(ADDRESS, Answer(provider, parse_host(provider, raw, now), raw), now)
    return HostSnapshot.objects.order_by("-fetched_at")[0]


def test_a_profile_has_its_services_features_and_raw_answer():
    raw = recorded_answers()[ADDRESS]
    snapshot = kept(raw)
    assert [(service.protocol, service.port, service.banner_hash) for service in snapshot.services.all()] == [
        (6, 80, -1263747863), (17, 53, 1592421393),
    ]  # fmt: skip
    assert snapshot.scanned_at == datetime(2020, 4, 3, 23, 44, 43, 219809, UTC)
    assert snapshot.raw == raw
    assert {"port:tcp/80", "port:udp/53", "derived:udp-amplifier", "derived:few-services"} <= set(snapshot.features)


def test_the_same_scan_fetched_again_is_the_same_profile():
    first = kept({"data": [{"port": 22, "timestamp": "2026-11-01T00:00:00"}, {"port": 80}]})
    again = kept({"data": [{"port": 22, "timestamp": "2026-11-01T00:00:00"}]}, now=NOW + timedelta(days=1))
    assert again.pk == first.pk
    assert [service.port for service in again.services.all()] == [22]
    assert again.fetched_at == NOW + timedelta(days=1)


def test_a_later_scan_is_a_profile_of_its_own():
    kept({"data": [{"port": 22, "timestamp": "2026-11-01T00:00:00"}]})
    kept({"data": [{"port": 22, "timestamp": "2026-11-02T00:00:00"}]}, now=NOW + timedelta(days=1))
    assert [snapshot.scanned_at.day for snapshot in HostSnapshot.objects.all()] == [2, 1]


def test_a_service_without_times_is_of_the_moment_of_the_answer_until_it_says_something_else():
    first = kept({"ports": [22]}, INTERNETDB)
    assert first.scanned_at == NOW
    assert kept({"ports": [22]}, INTERNETDB, NOW + timedelta(days=1)).pk == first.pk
    assert kept({"ports": [22, 80]}, INTERNETDB, NOW + timedelta(days=2)).scanned_at == NOW + timedelta(days=2)
    assert HostSnapshot.objects.count() == 2


def test_services_are_apart():
    kept({"ports": [22]}, INTERNETDB)
    kept({"ports": [22]}, SHODAN, NOW + timedelta(seconds=1))
    assert HostSnapshot.objects.count() == 2


@pytest.mark.parametrize(
    "text",
    [
        r'{"data": [{"port": 22, "data": "\u0000\ud800\u001b[2J", "product": "\u0000"}], "\u0000": "\udfff", "os": "\u0000"}',
        '{"data": [{"port": 22, "hash": 1e999, "version": NaN}], "x": Infinity}',
        '{"data": [{"port": 22, "ssl": {"cert": {"serial": ' + "9" * 3000 + "}}}]}",
        '{"data": ' + json.dumps([{"port": port % 70000, "data": "x" * 200} for port in range(10_000)]) + "}",
    ],
)
def test_whatever_is_in_an_answer_it_can_be_stored(text):
    snapshot = kept(json.loads(text))
    assert HostService.objects.filter(snapshot=snapshot).exists()
