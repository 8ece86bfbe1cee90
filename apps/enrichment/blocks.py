"""Addresses and the blocks of neighbours that share one answer of a registry."""

from ipaddress import IPv4Address, IPv6Address, ip_address, ip_interface, ip_network

Address = IPv4Address | IPv6Address


def read_address(text: str) -> Address:
    """An address, or the first of an IPv6 source's /64 ('2001:db8::/64'); ValueError for anything else."""
    if "/" in text:
        network = ip_network(text)
        if network.version != 6 or network.prefixlen != 64:
            raise ValueError(f"{text!r} is neither an address nor an IPv6 /64")
        return network.network_address
    if "%" in text:  # zone ids name an interface of this machine
        raise ValueError(f"{text!r} has a zone")
    address = ip_address(text)
    return getattr(address, "ipv4_mapped", None) or address  # ::ffff:192.0.2.1 is 192.0.2.1


def block_of(address: Address) -> str:
    """The /24 or IPv6 /48 around an address."""
    return str(ip_interface(f"{address}/{24 if address.version == 4 else 48}").network)


def is_public(address: Address) -> bool:
    """Whether a registry can know the address: globally reachable unicast."""
    return address.is_global and not address.is_multicast
