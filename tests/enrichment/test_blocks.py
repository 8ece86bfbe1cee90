import pytest

from apps.enrichment.blocks import block_of, is_public, read_address


@pytest.mark.parametrize(
    ("written", "address", "block"),
    [
        ("1.33.7.9", "1.33.7.9", "1.33.7.0/24"),
        ("2001:240:1:2:3::4", "2001:240:1:2:3::4", "2001:240:1::/48"),
        ("2001:0240:0001:0002::/64", "2001:240:1:2::", "2001:240:1::/48"),
        ("::ffff:1.33.7.9", "1.33.7.9", "1.33.7.0/24"),
    ],
)
def test_an_address_is_read_in_one_form_and_belongs_to_one_block(written, address, block):
    assert str(read_address(written)) == address
    assert block_of(read_address(written)) == block


@pytest.mark.parametrize(
    "written", ["", "x", "1.33.7", "1.33.7.0/24", "2001:240::/48", "2001:240::1/64", "fe80::1%eth0", "1.33.7.9 ", "0x1.1.1.1"]
)
def test_what_is_no_address_is_refused(written):
    with pytest.raises(ValueError, match="."):
        read_address(written)


@pytest.mark.parametrize(
    ("address", "expected"),
    [("8.8.8.8", True), ("2001:4860::1", True), ("10.1.1.1", False), ("100.64.0.1", False), ("224.0.0.5", False), ("ff0e::1", False),
     ("192.0.2.1", False), ("::1", False), ("0.0.0.0", False), ("255.255.255.255", False), ("::ffff:10.0.0.1", False)],
)  # fmt: skip
def test_only_global_unicast_is_public(address, expected):
    assert is_public(read_address(address)) is expected
