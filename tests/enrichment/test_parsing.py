"""The shapes of the five registries, and what no registry should send but somebody will."""

import pytest

from apps.enrichment.failures import UnreadableAnswerError
from apps.enrichment.models import ContactRole
from apps.enrichment.registries.mailboxes import is_registry_mailbox
from apps.enrichment.registries.parsed import MAX_CONTACTS
from apps.enrichment.registries.parsing import parse_network
from apps.enrichment.standin_data import recorded_answers

ABUSE, TECHNICAL, ADMINISTRATIVE, OTHER = ContactRole
# address asked for → first CIDR, holder, holder's handle, country, best contact (address, role, level)
EXPECTED = {
    "2001:43f8:7b0::": (
        "2001:43f8:7b0::/48", "Sample Organisation AFRINIC 2", "ORG-SMP2-AFRINIC", "KE", ("contact1@sample-afrinic.invalid", OTHER, 0),
    ),
    "2001:240:10c:1::ca20:9d1d": (
        "2001:240::/32", "Japan Network Information Center", "", "JP", ("hostmaster@nic.ad.jp", TECHNICAL, 0),
    ),
    "210.107.73.73": ("210.107.0.0/17", "Sample Telecom Corp.", "", "KR", ("abuse2@sample-apnic.invalid", ABUSE, 0)),
    "2001:4860:4860::8888": (
        "2001:4860::/32", "Sample Organisation ARIN 1", "SMP1", "", ("contact1@sample-arin.invalid", ABUSE, 0),
    ),
    "74.125.225.229": ("74.125.0.0/16", "Sample Organisation ARIN 1", "SMP1", "", ("contact1@sample-arin.invalid", ABUSE, 1)),
    "2801:10:c000::": (
        "2801:10:c000::/48", "Sample Organisation LACNIC 2", "SMP2-LACNIC", "CO", ("CONTACT1@sample-lacnic.invalid", ABUSE, 0),
    ),
    "2a00:2381:ffff::1": (
        "2a00:2381:ffff::/64", "Sample Network Desk RIPENCC 1", "SMP1-RIPE", "GB", ("contact1@sample-ripencc.invalid", ABUSE, 0),
    ),
}  # fmt: skip


@pytest.mark.parametrize("address", EXPECTED)
def test_each_registrys_shape_yields_range_holder_and_contact(address):
    network = parse_network(recorded_answers()[address])
    best = network.contacts[0]
    assert (network.cidrs[0], network.holder, network.holder_handle, network.country, (best.email, best.role, best.level)) == EXPECTED[
        address
    ]


def test_the_table_covers_every_recorded_answer():
    assert set(EXPECTED) == set(recorded_answers())


def test_registry_mailboxes_are_flagged_and_come_last():
    korea = parse_network(recorded_answers()["210.107.73.73"]).contacts
    assert [contact.email for contact in korea if contact.is_registry_mailbox] == ["hostmaster@nic.or.kr"]
    assert korea[-1].is_registry_mailbox
    assert korea[-1].role is ABUSE
    assert all(contact.is_registry_mailbox for contact in parse_network(recorded_answers()["2001:240:10c:1::ca20:9d1d"]).contacts)


def test_no_persons_name_is_kept():
    for answer in recorded_answers().values():
        network = parse_network(answer)
        assert "Person" not in str([network.holder, *(contact.organisation for contact in network.contacts)])


@pytest.mark.parametrize(
    ("email", "expected"),
    [("hostmaster@apnic.net", True), ("abuse@x.ripe.net", True), ("abuse@NIC.AD.JP", True), ("abuse@stripe.net", False),
     ("abuse@ripe.net.example", False), ("abuse@jp", False)],
)  # fmt: skip
def test_registry_mailboxes_are_known_by_domain(email, expected):
    assert is_registry_mailbox(email) is expected


def network(**changes):
    return {"handle": "X", "startAddress": "1.33.0.0", "endAddress": "1.33.0.255", **changes}


def entity(email, roles=("abuse",), **more):
    return {
        "handle": "E",
        "roles": list(roles),
        "vcardArray": ["vcard", [["kind", {}, "text", "group"], ["email", {}, "text", email]]],
        **more,
    }


@pytest.mark.parametrize(
    "answer",
    [None, [], "text", 5, {}, {"startAddress": "1.33.0.0"}, network(startAddress="x"), network(endAddress=None),
     network(endAddress="1.32.0.0"),
     network(endAddress="2001:db8::1"), network(startAddress="1.33.0.999"),
     network(startAddress=["1.33.0.0"])],
)  # fmt: skip
def test_what_is_no_network_is_refused_in_words(answer):
    with pytest.raises(UnreadableAnswerError):
        parse_network(answer)


@pytest.mark.parametrize(
    ("written", "read"),
    [("mailto:noc@x.invalid", "noc@x.invalid"), ('"noc@x.invalid"', "noc@x.invalid"), ("<noc@X.Invalid>", "noc@x.invalid"),
     (" noc@x.invalid\r\n", "noc@x.invalid")],
)  # fmt: skip
def test_addresses_are_freed_of_their_wrapping(written, read):
    assert [contact.email for contact in parse_network(network(entities=[entity(written)])).contacts] == [read]


@pytest.mark.parametrize(
    "written", ["", "none", "a b@x.invalid", "a@x.invalid, b@x.invalid", "a@b\nBcc: c@d.invalid", None, 5, ["a@b.invalid"]]
)
def test_what_is_no_address_is_no_contact(written):
    assert parse_network(network(entities=[entity(written)])).contacts == ()


@pytest.mark.parametrize(
    "entities",
    [None, "x", [None], [5], [{}], [{"vcardArray": None}], [{"vcardArray": ["vcard"]}],
     [{"vcardArray": ["vcard", [[], ["email"], None, [1, 2, 3, 4]]]}],
     [{"roles": "abuse", "handle": 5}], [{"roles": [1, None], "entities": "x"}]],
)  # fmt: skip
def test_malformed_entities_are_passed_over(entities):
    assert parse_network(network(entities=entities)).contacts == ()


def test_abuse_comes_before_technical_before_administrative_and_near_before_deep():
    deep = entity("deep@x.invalid", entities=[])
    answer = network(entities=[
        entity("admin@x.invalid", ["administrative"]), entity("tech@x.invalid", ["technical"]),
        entity("holder@x.invalid", ["registrant"], entities=[deep]), entity("abuse@x.invalid"),
    ])  # fmt: skip
    assert [contact.email for contact in parse_network(answer).contacts] == [
        "abuse@x.invalid", "deep@x.invalid", "tech@x.invalid", "admin@x.invalid", "holder@x.invalid",
    ]  # fmt: skip


def test_an_endless_nest_of_entities_ends():
    inner = entity("bottom@x.invalid")
    for _ in range(200):
        inner = {"handle": "E", "roles": [], "entities": [inner]}
    assert parse_network(network(entities=[inner])).contacts == ()


def test_thousands_of_contacts_are_cut():
    answer = network(entities=[entity(f"c{number}@x.invalid") for number in range(2000)])
    assert len(parse_network(answer).contacts) == MAX_CONTACTS


def test_control_characters_do_not_survive():
    parsed = parse_network(network(name="A\x00B\x1b[31m\u202eC", handle="  H\n1 "))
    assert parsed.name == "A B [31m C"
    assert parsed.handle == "H 1"


def test_a_range_that_is_no_prefix_becomes_several():
    assert parse_network(network(startAddress="1.33.0.0", endAddress="1.33.2.255")).cidrs == ("1.33.0.0/23", "1.33.2.0/24")
