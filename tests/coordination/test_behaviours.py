"""Behaviours as keys of incidents, as words on pages, and as what people type."""

import pytest
from django.utils import translation

from apps.common.ports import PortKey
from apps.coordination import behaviours

CASES = [
    ("tcp/445", "445/TCP (microsoft-ds)", "445/TCP (microsoft-ds)"),
    ("icmp/8", "Ping (ICMP)", "Ping (ICMP)"),
    ("tcp/23,tcp/2323 mirai", "23/TCP (telnet), 2323/TCP (3d-nfsd), Mirai-type packets", None),
    ("tcp/1,tcp/2,tcp/3,tcp/4+3", None, None),
    ("any port", "any port", "すべてのポート"),
    ("any port mirai", "any port, Mirai-type packets", None),
    ("a campaign with a name", "a campaign with a name", "a campaign with a name"),
]


@pytest.mark.django_db
@pytest.mark.parametrize(("key", "english", "japanese"), CASES)
def test_a_behaviour_is_read_in_words(key, english, japanese):
    for language, words in (("en", english), ("ja", japanese)):
        with translation.override(language):
            assert words in (None, behaviours.label(key))


@pytest.mark.django_db
def test_ports_beyond_the_named_ones_are_counted():
    ports = [PortKey.parse(f"tcp/{number}") for number in (7, 6, 5, 4, 3, 2, 1)]
    key = behaviours.key_of(ports, is_mirai=True)
    assert key == "tcp/1,tcp/2,tcp/3,tcp/4+3 mirai"
    with translation.override("en"):
        assert behaviours.label(key).endswith("3 more ports, Mirai-type packets")
    with translation.override("ja"):
        assert "ほか 3 ポート" in behaviours.label(key)


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("445/TCP", "tcp/445"),
        ("445/tcp (microsoft-ds) 192.0.2.7", "tcp/445 192.0.2.7"),
        ("tcp/445", "tcp/445"),
        ("2026-000002", "2026-000002"),
        ("192.0.2.0/24", "192.0.2.0/24"),
    ],
)
def test_a_port_is_found_as_pages_write_it(typed, found):
    assert behaviours.as_in_keys(typed) == found
