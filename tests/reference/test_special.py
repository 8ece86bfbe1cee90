import csv
from ipaddress import ip_address, ip_network

import numpy as np
import pytest

from apps.common.sourcekeys import from_address
from apps.reference import special
from apps.reference.special import bogon_mask

BOGON = """
    0.0.0.0 0.255.255.255 10.0.0.0 10.255.255.255 100.64.0.0 100.127.255.255 127.0.0.1 169.254.1.1 172.16.0.0 172.31.255.255
    192.0.0.0 192.0.0.8 192.0.0.11 192.0.0.170 192.0.2.1 192.88.99.2 192.168.255.255 198.18.0.0 198.19.255.255 198.51.100.1
    203.0.113.255 224.0.0.0 239.255.255.255 240.0.0.0 254.1.2.3 255.255.255.255
    :: ::1 ::ffff:8.8.8.8 ::2 0:1:: 64:ff9b:1::1 100:: 100:0:0:1:: 1fff:: 2001:2:0:1:: 2001:10:: 2001:1ff:: 2001:db8:ffff::
    3fff:: 3fff:fff:: 4000:: 5f00::1 8000:: 8000:0:5:: fc00:: fdff:: fe00:: fe80::1 fec0:: ff02::1 ffff:ffff:ffff:ffff::
"""
PUBLIC = """
    1.0.0.0 8.8.8.8 9.255.255.255 11.0.0.0 100.63.255.255 100.128.0.0 126.255.255.255 128.0.0.0 172.15.255.255 172.32.0.0
    191.255.255.255 192.0.0.9 192.0.0.10 192.0.1.0 192.31.196.1 192.52.193.1 192.88.99.1 192.175.48.1 198.17.255.255 198.20.0.0
    223.255.255.255
    64:ff9b::808:808 2000:: 2001::1 2001:3:: 2001:4:112:: 2001:20:: 2001:30:: 2001:200:: 2001:db7:: 2001:db9:: 2002::
    2620:4f:8000:: 3ffe:: 3fff:1000::
"""


@pytest.mark.parametrize(("addresses", "expected"), [(BOGON.split(), True), (PUBLIC.split(), False)])
def test_special_addresses_are_told_from_public_ones(addresses, expected):
    mask = bogon_mask(np.array([from_address(address) for address in addresses], np.uint64))
    assert [address for address, found in zip(addresses, mask, strict=True) if found != expected] == []


def test_no_sources_give_an_empty_mask():
    assert bogon_mask(np.array([], np.uint64)).tolist() == []


def test_every_block_decides_the_addresses_at_its_ends_unless_a_narrower_one_does():
    with special.RANGES.open(newline="") as file:
        blocks = {ip_network(row["block"]): row["reachable"] == "yes" for row in csv.DictReader(line for line in file if line[0] != "#")}
    for block in blocks:
        for address in (block[0], block[-1]):
            if address.version == 6 and block.prefixlen > 64:
                continue  # counted as the /64 they lie in
            holders = [other for other in blocks if other.version == address.version and address in other and other.prefixlen <= 64]
            narrowest = max(holders, key=lambda other: other.prefixlen)
            anycast = address in ip_network("2001:1::/64") if address.version == 6 else False
            mask = bogon_mask(np.array([from_address(str(address))], np.uint64))
            assert bool(mask[0]) is not (blocks[narrowest] or anycast), address


def test_a_64_with_a_reachable_address_is_no_bogon():
    """The port control anycast address 2001:1::1 is reachable, and sources are counted by /64."""
    assert not bogon_mask(np.array([from_address(str(ip_address("2001:1::5")))], np.uint64))[0]


def test_python_agrees_about_a_sample_of_ipv4():
    keys = np.random.default_rng(7).integers(0, 2**32, 5000, dtype=np.uint64)
    expected = [not ip_address(int(key)).is_global or ip_address(int(key)).is_multicast for key in keys]
    assert bogon_mask(keys).tolist() == expected
