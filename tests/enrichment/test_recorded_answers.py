"""Every recorded answer against a table that was written by reading the files, not by running the parsers.

Where two readings are possible: a holder is the organisation that an object names, else the first line of its description;
the abuse contact is the first address that is no registry's own mailbox and is registered, or named in a remark, for abuse.
"""

import json
from pathlib import Path

import pytest

from apps.enrichment.failures import UnreadableAnswerError
from apps.enrichment.models import ContactRole
from apps.enrichment.registries import nir_parsing, whois
from apps.enrichment.registries.charsets import decode
from apps.enrichment.registries.parsed import ParsedNetwork
from apps.enrichment.registries.parsing import parse_network
from apps.enrichment.registries.whois_parsing import parse_whois, routes_of

RECORDED = Path(__file__).resolve().parents[3] / "shared" / "data" / "whois-rdap"
pytestmark = pytest.mark.skipif(not RECORDED.is_dir(), reason="no ../shared/data/whois-rdap beside the repository")

# file → (first and last address, holder, region, abuse contact)
RDAP = {
    "afrinic_2001_43f8_7b0__.json": ("2001:43f8:7b0::", "2001:43f8:7b0:ffff:ffff:ffff:ffff:ffff", "ORG-TA38-AFRINIC", "KE", ""),
    "apnic_2001_240_10c_1__ca20_9d1d.json": (
        "2001:240::", "2001:240:ffff:ffff:ffff:ffff:ffff:ffff", "Japan Network Information Center", "JP", "",
    ),
    "apnic_210.107.73.73.json": ("210.107.0.0", "210.107.127.255", "DACOM Corp.", "KR", "abuse@bora.net"),
    "arin_2001_4860_4860__8888.json": (
        "2001:4860::", "2001:4860:ffff:ffff:ffff:ffff:ffff:ffff", "Google Inc.", "", "arin-contact@google.com",
    ),
    "arin_74.125.225.229.json": ("74.125.0.0", "74.125.255.255", "Google Inc.", "", "arin-contact@google.com"),
    "lacnic_2801_10_c000__.json": (
        "2801:10:c000::", "2801:10:c000:ffff:ffff:ffff:ffff:ffff", "Universidad Catolica de Oriente", "CO", "sistemas.red@uco.edu.co",
    ),
    "ripencc_2a00_2381_ffff__1.json": (
        "2a00:2381:ffff::", "2a00:2381:ffff:0:ffff:ffff:ffff:ffff", "BT Corporate Registry", "GB", "zzdnsr@bt.com",
    ),
}  # fmt: skip
NO_NETWORKS = {"arin_entity.json"}  # an answer about a contact
# file → (address asked for, first and last address, holder, region, abuse contact, origin)
WHOIS = {
    "afrinic_196.11.240.215.txt": (
        "196.11.240.215", "196.11.239.0", "196.11.246.255", "MTN SA", "ZA", "abuse@mtnbusiness.co.za", None,
    ),
    "apnic_2001_240_10c_1__ca20_9d1d.txt": (
        "2001:240:10c:1::ca20:9d1d", "2001:240:10c::", "2001:240:10c:ffff:ffff:ffff:ffff:ffff", "Internet Initiative Japan Inc.", "JP", "",
        None,
    ),
    "apnic_210.107.73.73.txt": ("210.107.73.73", "210.107.0.0", "210.107.127.255", "DACOM Corp.", "KR", "abuse@bora.net", None),
    "arin_74.125.225.229.txt": ("74.125.225.229", "74.125.0.0", "74.125.255.255", "Google Inc.", "US", "arin-contact@google.com", None),
    "lacnic_200.57.141.161.txt": (
        "200.57.141.161", "200.57.128.0", "200.57.159.255", "Triara.com, S.A. de C.V.", "MX", "operacion.redes@triara.com", None,
    ),
    "ripencc_2a00_2381_ffff__1.txt": (
        "2a00:2381:ffff::1", "2a00:2381:ffff::", "2a00:2381:ffff:0:ffff:ffff:ffff:ffff", "BT World IPv6 Launch", "GB", "protect@bt.com",
        2856,
    ),
    "ripencc_89.248.167.164_2020-12-19.txt": (
        "89.248.167.164", "89.248.167.0", "89.248.167.255", "IP Volume inc", "NL", "abuse@ipvolume.net", 202425,
    ),
    "webtracker_apnic_220.212.128.1.txt": (
        "220.212.128.1", "220.212.0.0", "220.212.255.255", "SoftBank Telecom Corp.", "JP", "net-abuse@odn.ad.jp", None,
    ),
    "webtracker_apnic_220.224.128.0.txt": (
        "220.224.128.0", "220.224.128.0", "220.224.191.255", "RCOM", "IN", "antiabuse.support@relianceada.com", 18101,
    ),
    "webtracker_apnic_222.208.0.0.txt": (
        "222.208.0.0", "222.208.0.0", "222.215.255.255", "CHINANET Sichuan province network", "CN", "scipadmin2013@189.cn", None,
    ),
    "webtracker_arin_12.100.128.1.txt": ("12.100.128.1", "12.100.128.0", "12.100.131.255", "AT&T Worldnet Services", "", "", None),
    "webtracker_arin_150.212.128.1.txt": ("150.212.128.1", "150.212.0.0", "150.212.255.255", "University of Pittsburgh", "", "", None),
    "webtracker_arin_98.122.128.1.txt": (
        "98.122.128.1", "98.120.0.0", "98.123.255.255", "Time Warner Cable Internet LLC", "US", "abuse@rr.com", None,
    ),
    "webtracker_arin_99.202.128.1.txt": (
        "99.202.128.1", "99.200.0.0", "99.207.255.255", "Sprint Nextel Corporation", "US", "mobileabuse@sprint.com", None,
    ),
    "webtracker_ripe_91.202.128.2.txt": (
        "91.202.128.2", "91.202.128.0", "91.202.131.255", "Kyiv National Taras Shevchenko University", "UA", "", 13032,
    ),
    "webtracker_ripe_94.222.128.2.txt": (
        "94.222.128.2", "94.222.0.0", "94.222.255.255", "ARCOR AG", "DE", "abuse@arcor-ip_address.de", 3209,
    ),
}  # fmt: skip
REFUSALS = {"webtracker_lacnic_200.202.128.1.txt": "200.202.128.1"}
# file → (registry, address asked for, first and last address, holder, region, first mailbox, first handle)
NATIONAL = {
    "jpnic_1.0.16.0_excerpt_2026-10-02.txt": ("jpnic", "1.0.16.0", "1.0.16.0", "1.0.16.255", "i2ts,inc.", "JP", "", "JP00078611"),
    "jpnic_133.1.2.5.html": ("jpnic", "133.1.2.5", "133.1.0.0", "133.1.255.255", "Osaka University", "JP", "", "MY22537JP"),
    "jpnic_192.41.192.0_excerpt.txt": (
        "jpnic", "192.41.192.0", "192.41.192.0", "192.41.192.255", "Japan Network Information Center", "JP", "", "MO5920JP",
    ),
    "jpnic_240b___26_excerpt_2026-10-02.txt": (
        "jpnic", "240b::1", "240b::", "240b:3f:ffff:ffff:ffff:ffff:ffff:ffff", "Japan Internet Xing Co., Ltd.", "JP", "", "",
    ),
    "krnic_115.1.2.3.html": ("krnic", "115.1.2.3", "115.1.2.0", "115.1.2.63", "KT", "KR", "kornet_ip@kt.com", ""),
}  # fmt: skip
# address asked for → (origin, first prefix, number of routes) of its list of routes
ORIGINS = {
    "196.11.240.215": ("12091", "", 0),
    "62.239.237.1": ("2856", "192.151.16.0/20", None),
    "210.107.73.73": ("3786", "211.63.32.0/19", None),
    "2001:4860:4860::8888": ("15169", "66.249.64.0/20", None),
    "2801:10:c000::": ("NA", "", 0),
    "2a00:2381:ffff::1": ("2856", "192.151.16.0/20", None),
    "74.125.225.229": ("15169", "66.249.64.0/20", None),
    "2001:43f8:7b0::": ("37578", "196.6.220.0/24", 2),
    "200.57.141.161": ("19373", "200.57.144.0/20", 1),
    "2001:240:10c:1::ca20:9d1d": ("2497", "132.179.0.0/16", None),
}


def recorded(folder: str, name: str) -> bytes:
    path = RECORDED / folder / name
    if not path.exists():
        pytest.skip(f"{name} is not among the recorded answers here")
    return path.read_bytes()


def said(network: ParsedNetwork) -> tuple[str, str, str, str]:
    return str(network.start), str(network.end), network.holder, network.country


def abuse_of(network: ParsedNetwork) -> str:
    offered = [contact for contact in network.contacts if not contact.is_registry_mailbox and contact.role == ContactRole.ABUSE]
    return offered[0].email if offered else ""


@pytest.mark.parametrize("name", RDAP)
def test_rdap_answers(name):
    network = parse_network(json.loads(recorded("rdap", name)))
    *expected, abuse = RDAP[name]
    assert (said(network), abuse_of(network)) == (tuple(expected), abuse)


@pytest.mark.parametrize("name", WHOIS)
def test_whois_answers(name):
    address, *expected, abuse, origin = WHOIS[name]
    network = parse_whois(decode(recorded("whois", name)), address)
    assert (said(network), abuse_of(network), network.asn) == (tuple(expected), abuse, origin)


@pytest.mark.parametrize("name", NATIONAL)
def test_answers_of_national_registries(name):
    registry, address, *expected, mailbox, handle = NATIONAL[name]
    answer = nir_parsing.parse(registry, decode(recorded("nir", name), registry=registry), address)
    mailboxes = [contact.email for contact in answer.network.contacts] or [""]
    handles = [handle for handle, _role in answer.handles] or [""]
    assert (said(answer.network), mailboxes[0], handles[0]) == (tuple(expected), mailbox, handle)


@pytest.mark.parametrize("name", REFUSALS)
def test_an_answer_that_refuses_says_so(name):
    text = decode(recorded("whois", name))
    with pytest.raises(UnreadableAnswerError):
        parse_whois(text, REFUSALS[name])
    assert "does not let us ask" in whois.failure_of(text).message


def test_an_answer_about_a_contact_is_no_network():
    for name in NO_NETWORKS:
        with pytest.raises(UnreadableAnswerError):
            parse_network(json.loads(recorded("rdap", name)))


def test_the_referral_of_a_provider_is_found():
    referral = whois.referral_of(decode(recorded("whois", "webtracker_arin_98.122.128.1.txt")), is_placeholder=False)
    assert (referral.host, referral.port, referral.provider) == ("ipmt.rr.com", 4321, "whois:referral")


def test_lists_of_routes_name_the_origin_alone():
    lists = json.loads((RECORDED / "asn_origin_lookups.json").read_text())
    for address, (origin, first, count) in ORIGINS.items():
        if address not in lists:
            continue
        routes = routes_of(lists[address]["response"])
        assert {str(asn) for _prefix, asn in routes} <= {origin}, address
        assert [prefix for prefix, _asn in routes[:1]] == ([first] if first else []), address
        assert count is None or len(routes) == count, address


@pytest.mark.parametrize("name", WHOIS)
def test_registries_own_mailboxes_come_last(name):
    flags = [contact.is_registry_mailbox for contact in parse_whois(decode(recorded("whois", name)), WHOIS[name][0]).contacts]
    assert flags == sorted(flags)


def test_the_tables_name_what_is_recorded():
    """A part of the recorded answers is kept elsewhere, so that some of the names may be missing here, but not all."""
    for folder, names in (("rdap", set(RDAP)), ("whois", set(WHOIS) | set(REFUSALS)), ("nir", set(NATIONAL))):
        assert {path.name for path in (RECORDED / folder).iterdir()} & names, folder
