import pytest

from apps.portal.search import destination


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("192.0.2.1", "/sources/192.0.2.1/"),
        (" 2001:DB8::1 ", "/sources/2001:db8::1/"),
        ("2001:db8:1:2::/64", "/sources/2001:db8:1:2::/"),
        ("192.0.2.1/32", "/sources/192.0.2.1/"),
        ("2001:db8::1/128", "/sources/2001:db8::1/"),
        ("198.51.100.0/24", "/sources/?prefix=198.51.100.0/24"),
        (" 2001:DB8::/32 ", "/sources/?prefix=2001:db8::/32"),
        ("198.51.100.7/24", "/sources/?prefix=198.51.100.0/24"),
        ("2001:db8::/96", "/sources/?prefix=2001:db8::/96"),  # whose page says why not
        ("tcp/23", "/ports/tcp/23/"),
        ("23/TCP", "/ports/tcp/23/"),
        ("23/TCP (telnet)", "/ports/tcp/23/"),
        ("port 445", "/ports/tcp/445/"),
        ("445", "/ports/tcp/445/"),
        ("icmp/8", "/ports/icmp/8/"),
        ("64500", "/ports/tcp/64500/"),  # a number alone is a port, not an AS
        ("AS64500", "/as/64500/"),
        ("as 64500", "/as/64500/"),
        ("ASN64500", "/as/64500/"),
        ("AS1.0", "/as/65536/"),
        ("jp", "/regions/JP/"),
        ("日本", "/regions/JP/"),
        ("Netherlands", "/regions/NL/"),
        ("2026-000123", "/tickets/2026-000123/"),
        ("[CSIRT-XX #2026-000123]", "/tickets/2026-000123/"),
    ],
)
def test_the_search_box_understands(cast, text, path):
    assert destination(text, cast.coordinator) == path


@pytest.mark.parametrize(
    "text",
    ["", "tcp/70000", "bananas", "192.0.2.300", "192.0.2.0/33", "10/8", "XX", "2026-1", "AS0", "AS4294967296", "70000", "//evil.example"],
)
def test_the_search_box_does_not_guess(cast, text):
    assert destination(text, cast.coordinator) is None


def test_partners_are_not_led_to_tickets(cast):
    assert destination("2026-000123", cast.partner_a) is None


def test_a_hit_redirects_and_a_miss_explains(cast, visit):
    assert visit(cast.analyst, "/search/", q="23/tcp")["Location"] == "/ports/tcp/23/"
    page = visit(cast.analyst, "/search/", q="<b>bananas").content.decode()
    assert "&lt;b&gt;bananas" in page and "tcp/23" in page
