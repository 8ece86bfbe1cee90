"""The shapes in which WHOIS servers and national registries answer, anonymised, and what nobody should send."""

import pytest

from apps.enrichment.failures import UnreadableAnswerError
from apps.enrichment.models import ContactRole
from apps.enrichment.registries import nir, nir_parsing, whois
from apps.enrichment.registries.charsets import decode
from apps.enrichment.registries.mailboxes import is_placeholder
from apps.enrichment.registries.parsed import find_emails, more_specific, read_asn, read_country, read_email, read_range
from apps.enrichment.registries.parsing import parse_network
from apps.enrichment.registries.whois_parsing import origin_of, parse_whois
from apps.enrichment.standin_texts import recorded_texts

ABUSE, TECHNICAL, ADMINISTRATIVE, OTHER = ContactRole
# address asked for → first prefix, holder, its handle, region, origin, best contact (address, role, level)
WHOIS = {
    "196.11.240.215": (
        "196.11.239.0/24", "Sample Organisation AFRINIC", "ORG-SMP1-AFRINIC", "ZA", None, ("abuse1@sample-afrinic.invalid", ABUSE, 1),
    ),
    "2001:240:10c:1::ca20:9d1d": ("2001:240:10c::/48", "Sample Network APNIC", "", "JP", None, None),
    "210.107.73.73": ("210.107.0.0/17", "Sample Network APNIC", "", "KR", None, ("abuse3@sample-apnic.invalid", ABUSE, 0)),
    "220.224.128.0": ("220.224.128.0/18", "Sample Network APNIC", "", "IN", 18101, ("abuse1@sample-apnic.invalid", ABUSE, 0)),
    "74.125.225.229": ("74.125.0.0/16", "Sample Organisation ARIN", "SMP1", "US", None, ("contact1@sample-arin.invalid", ABUSE, 1)),
    "12.100.128.1": ("12.100.128.0/22", "Sample Organisation ARIN 2", "", "", None, None),
    "98.122.128.1": ("98.120.0.0/14", "Sample Organisation ARIN", "SMP1", "US", None, ("abuse1@sample-arin.invalid", ABUSE, 1)),
    "99.202.128.1": ("99.200.0.0/13", "Sample Organisation ARIN", "SMP1", "US", None, ("abuse2@sample-arin.invalid", ABUSE, 1)),
    "200.57.141.161": ("200.57.128.0/19", "Sample Organisation LACNIC", "SMP1", "MX", None, ("contact1@sample-lacnic.invalid", ABUSE, 0)),
    "2a00:2381:ffff::1": ("2a00:2381:ffff::/64", "Sample Network RIPENCC", "", "GB", 2856, ("contact1@sample-ripencc.invalid", ABUSE, 0)),
    "89.248.167.164": (
        "89.248.167.0/24", "Sample Organisation RIPENCC", "ORG-SMP1-RIPE", "NL", 202425, ("abuse1@sample-ripencc.invalid", ABUSE, 0),
    ),
    "91.202.128.2": ("91.202.128.0/22", "Sample Organisation RIPENCC", "ORG-SMP1-RIPE", "UA", 13032, None),
}  # fmt: skip
REFUSED = {"200.202.128.1"}
NATIONAL = {
    ("jpnic", "133.1.2.5"): ("133.1.0.0/16", "Sample Organisation JPNIC", "SAMPLE-JPNIC-NET", [], ["SMP00001JP", "SMP00001JP"]),
    ("jpnic", "1.0.16.0"): ("1.0.16.0/24", "Sample Organisation JPNIC 2", "SAMPLE-JPNIC-2", [], ["SMP00002JP"]),
    ("krnic", "115.1.2.3"): (
        "115.1.2.0/26", "Sample Organisation KRNIC 2", "SAMPLE-KRNIC", [("contact1@sample-krnic.invalid", TECHNICAL, 0)], [],
    ),
}  # fmt: skip


def short(contact):
    return contact.email, contact.role, contact.level


@pytest.mark.parametrize("address", WHOIS)
def test_shapes_of_whois(address):
    network = parse_whois(decode(recorded_texts("whois")[address]), address)
    best = short(network.contacts[0]) if network.has_contact else None
    assert (network.cidrs[0], network.holder, network.holder_handle, network.country, network.asn, best) == WHOIS[address]
    assert network.is_sample


@pytest.mark.parametrize("address", REFUSED)
def test_a_refusal_is_told_from_an_answer(address):
    text = decode(recorded_texts("whois")[address])
    with pytest.raises(UnreadableAnswerError):
        parse_whois(text, address)
    assert whois.failure_of(text).message == "The WHOIS server does not let us ask."


@pytest.mark.parametrize(("registry", "address"), NATIONAL)
def test_shapes_of_national_registries(registry, address):
    answer = nir_parsing.parse(registry, decode(recorded_texts(registry)[address]), address)
    network = answer.network
    found = [short(contact) for contact in network.contacts], [handle for handle, _role in answer.handles]
    assert (network.cidrs[0], network.holder, network.name, *found) == NATIONAL[registry, address]
    assert network.is_sample


def test_the_tables_hold_every_shape():
    assert set(recorded_texts("whois")) == set(WHOIS) | REFUSED
    assert {(kind, address) for kind in ("jpnic", "krnic") for address in recorded_texts(kind)} == set(NATIONAL)


def test_krnics_answer_in_korean_is_read_as_well():
    text = """[ 네트워크 할당 정보 ]
IPv4주소           : 115.1.0.0 - 115.1.255.255 (/16)
기관명             : 샘플 기관
서비스명           : SAMPLE
전자우편           : ip@sample.invalid

IPv4주소           : 115.1.2.0 - 115.1.2.63 (/26)
기관명             : 샘플 이용자
전자우편           : abuse@sample.invalid
"""
    for body in (text.encode(), text.encode("cp949")):
        network = nir_parsing.parse("krnic", decode(body, registry="krnic"), "115.1.2.3").network
        assert (network.holder, network.name, network.country) == ("샘플 이용자", "SAMPLE", "KR")
        assert [short(contact) for contact in network.contacts] == [("abuse@sample.invalid", ABUSE, 0), ("ip@sample.invalid", TECHNICAL, 1)]


def test_jpnics_contacts_are_read_from_their_own_page():
    page = "[グループ名]  サンプル\n[電子メール]  noc@sample.invalid\n[返信アドレス]  <abuse@sample.invalid>\n"
    contacts = nir_parsing.jpnic_contacts(page, "SMP1JP", TECHNICAL)
    assert [(contact.email, contact.role, contact.entity, contact.organisation) for contact in contacts] == [
        ("noc@sample.invalid", TECHNICAL, "SMP1JP", "サンプル"), ("abuse@sample.invalid", ABUSE, "SMP1JP", "サンプル"),
    ]  # fmt: skip


def test_a_persons_name_is_not_kept():
    page = "[JPNIC Handle]  SMP2JP\n[Last, First]  Sample, Person\n[E-Mail]  person@sample.invalid\n[Organization]  Sample\n"
    assert "Person" not in str(nir_parsing.jpnic_contacts(page, "SMP2JP", TECHNICAL))


def test_jpnics_own_abuse_field_comes_first():
    text = "a. [Network Number]  133.1.0.0/16\nm. [Administrative Contact]  SMP1JP\no. [Abuse]  abuse@sample.invalid\n"
    answer = nir_parsing.parse("jpnic", text, "133.1.2.5")
    assert [short(contact) for contact in answer.network.contacts] == [("abuse@sample.invalid", ABUSE, 0)]


@pytest.mark.parametrize("registry", ["jpnic", "krnic"])
@pytest.mark.parametrize(
    "text", ["", "<html>", "No match!!", "a. [Network Number] x", "IPv4 Address : 1 - 2", "<script>" * 50, "a. [Network Number] 9.0.0.0/8"]
)
def test_a_page_without_the_network_is_refused_in_words(registry, text):
    with pytest.raises(UnreadableAnswerError):
        nir_parsing.parse(registry, text, "133.1.2.5")


def test_a_page_that_knows_nothing_says_not_found():
    assert nir.failure_of("<PRE>No match!!</PRE>", "jpnic", "x").state == "not_found"
    assert nir.failure_of("KRNIC is not an ISP", "krnic", "x").state == "not_found"
    assert nir.failure_of("<html>", "krnic", "x").message == "x"


def test_pages_lose_scripts_and_tags_and_keep_addresses():
    assert nir_parsing.plain("<b>x</b><script>alert(1)</script> <abuse@sample.invalid> &amp; <SCRIPT>never closed") == (
        "x <abuse@sample.invalid> & "
    )


@pytest.mark.parametrize(
    "text",
    ["", "\x00\xff", "%", "inetnum:", "inetnum: x", "inetnum: 1.33.0.255 - 1.33.0.0", "inetnum: 1.33.0.0 - 2001:db8::1", "NetRange: 1 - 2",
     "network:IP-Network:", "x (NET-1) 9 - 8", ":" * 5000, "a:b\n" * 20000, "inetnum: 9.0.0.0 - 9.255.255.255"],
)  # fmt: skip
def test_whois_without_the_network_is_refused_in_words(text):
    with pytest.raises(UnreadableAnswerError, match="names no network"):
        parse_whois(text, "1.33.7.9")


def test_objects_that_name_one_another_in_a_circle_are_read_once():
    network = "inetnum: 1.33.0.0 - 1.33.255.255\norg: O\ntech-c: T\n\n"
    text = f"{network}organisation: O\ntech-c: T\norg: O\n\nrole: R\nnic-hdl: T\ntech-c: T\ne-mail: t@x.invalid\n"
    assert [short(contact) for contact in parse_whois(text, "1.33.7.9").contacts] == [("t@x.invalid", TECHNICAL, 0)]


def test_rwhois_is_read():
    text = """%rwhois V-1.5
network:Auth-Area:98.120.0.0/14
network:Network-Name:SAMPLE
network:IP-Network:98.122.128.0/24
network:Org-Name;I:Sample Customer
network:Country-Code:US
network:Abuse-Contact;I:<abuse@sample.invalid>
"""
    network = parse_whois(text, "98.122.128.1")
    assert (network.cidrs, network.holder, network.country) == (("98.122.128.0/24",), "Sample Customer", "US")
    assert [short(contact) for contact in network.contacts] == [("abuse@sample.invalid", ABUSE, 0)]


def test_the_narrowest_route_names_the_origin():
    text = "route: 1.33.0.0/16\norigin: AS64500\n\nroute: 1.33.7.0/24\norigin: AS64501\n\nroute: 9.0.0.0/8\norigin: AS64502\n"
    assert (origin_of(text, "1.33.7.9"), origin_of(text, "1.33.8.9"), origin_of(text, "2.0.0.1")) == (64501, 64500, None)


@pytest.mark.parametrize(
    ("text", "is_placeholder", "expected"),
    [
        ("ReferralServer: whois://whois.ripe.net", False, ("whois.ripe.net", 43, "whois:ripencc")),
        ("ReferralServer:  rwhois://rwhois.x.invalid:4321/", False, ("rwhois.x.invalid", 4321, "whois:referral")),
        ("ReferralServer: rwhois://rwhois.x.invalid", False, ("rwhois.x.invalid", 4321, "whois:referral")),
        ("refer:        whois.apnic.net\n", False, ("whois.apnic.net", 43, "whois:apnic")),
        ("remarks: see whois.ripe.net", True, ("whois.ripe.net", 43, "whois:ripencc")),
        ("remarks: see whois.ripe.net", False, None),
        ("% [whois.apnic.net]\nremarks: transferred", True, None),
        ("Comment: ReferralServer: whois://x.invalid", False, None),
    ],
)
def test_referrals(text, is_placeholder, expected):
    found = whois.referral_of(text, is_placeholder=is_placeholder)
    assert (found and (found.host, found.port, found.provider)) == expected


@pytest.mark.parametrize(
    ("body", "declared", "registry", "expected"),
    [
        ("組織名".encode("iso2022_jp"), "", "jpnic", "組織名"),
        ("組織名".encode(), "shift_jis", "jpnic", "組織名"),
        ("組織名".encode("cp932"), "shift_jis", "jpnic", "組織名"),
        ("組織名".encode("euc_jp"), "", "jpnic", "組織名"),
        ("기관명".encode("cp949"), "", "krnic", "기관명"),
        ("기관명".encode("cp949"), "us-ascii", "krnic", "기관명"),
        ("Muñoz".encode("latin-1"), "utf-8", "lacnic", "Muñoz"),
        ("Muñoz".encode("latin-1"), "no-such-charset", "", "Muñoz"),
        (b"abc", "zip", "", "abc"),
        (b"\xff\xfe\x00", "idna", "", "ÿþ\x00"),
        (b"\x1b$B\xff\xff", "", "", None),
        (b"\xef\xbb\xbfabc", "", "", "abc"),
    ],
)
def test_text_is_read_whatever_charset_it_states(body, declared, registry, expected):
    text = decode(body, declared=declared, registry=registry)
    assert text == expected or (expected is None and isinstance(text, str))


@pytest.mark.parametrize(
    ("value", "expected"),
    [("mailto:Abuse%20Desk", ""), ("MAILTO:a@X.invalid?subject=hi", "a@x.invalid"), ('"Desk" <a@x.invalid>', "a@x.invalid"),
     ("'a@x.invalid'", "a@x.invalid"), ("<mailto:a@x.invalid>", "a@x.invalid"), ("a@x.invalid\x00", "a@x.invalid"),
     ("<a@x.invalid", "a@x.invalid"),
     ("a@x_y.invalid", "a@x_y.invalid"), ("a@x.invalid <b@x.invalid>", "b@x.invalid"), ("x" * 300 + "@x.invalid", "")],
)  # fmt: skip
def test_one_address_in_any_wrapping(value, expected):
    assert read_email(value) == expected


def test_addresses_are_found_in_running_text():
    text = 'Send to <a@x.invalid>, "mailto:b@x.invalid" or c@x.invalid. Not to @x.invalid, d@x or e@.'
    assert find_emails(text) == ["a@x.invalid", "b@x.invalid", "c@x.invalid"]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("AS64500", 64500),
        (64500, 64500),
        ("as64500, AS64501", 64500),
        ("N/A", None),
        ("0", None),
        ("", None),
        (None, None),
        ("4294967296", None),
    ],
)
def test_origins_are_read(value, expected):
    assert read_asn(value) == expected


@pytest.mark.parametrize(("value", "expected"), [("jp", "JP"), ("EU # Europe", "EU"), ("Germany", ""), ("", ""), (5, ""), ("ZZ", "")])
def test_regions_are_read(value, expected):
    assert read_country(value) == expected


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [("1.33.0.0 - 1.33.0.9", "1.33.0.0", "1.33.0.9"), ("200.57.128/19", "200.57.128.0", "200.57.159.255"),
     ("115.0.0.0 - 115.23.255.255 (/12+/13)", "115.0.0.0", "115.23.255.255"), ("2001:db8::/124 x", "2001:db8::", "2001:db8::f")],
)  # fmt: skip
def test_ranges_are_read(text, first, last):
    assert tuple(map(str, read_range(text))) == (first, last)


def rdap(**changes):
    return parse_network({"handle": "H", "startAddress": "1.33.0.0", "endAddress": "1.33.255.255", "name": "WIDE", **changes})


def test_the_narrower_of_two_networks_wins_and_the_wider_fills_what_it_leaves_open():
    wide = rdap(country="JP", arin_originas0_originautnums=[64500], remarks=[{"title": "description", "description": ["Wide holder"]}])
    narrow = rdap(startAddress="1.33.7.0", endAddress="1.33.7.255", name="NARROW")
    for both in (more_specific(wide, narrow), more_specific(narrow, wide)):
        assert (both.cidrs, both.name, both.holder, both.country, both.asn) == (("1.33.7.0/24",), "NARROW", "Wide holder", "JP", 64500)


def test_a_registry_is_no_holder_where_somebody_else_is_named():
    named = [{"title": "description", "description": ["Sample Company"]}]
    registry = [{"title": "description", "description": ["Japan Network Information Center"]}]
    assert (
        more_specific(rdap(remarks=named), rdap(startAddress="1.33.7.0", endAddress="1.33.7.255", remarks=registry)).holder
        == "Sample Company"
    )
    assert rdap(remarks=registry).is_wanting


@pytest.mark.parametrize(
    ("name", "holder", "expected"),
    [("NON-RIPE-NCC-MANAGED-ADDRESS-BLOCK", "", True), ("X", "RIPE Network Coordination Centre", True), ("X", "Ripe Fruit Ltd.", False)],
)
def test_blocks_of_registries_are_known(name, holder, expected):
    assert is_placeholder(name, holder) is expected
