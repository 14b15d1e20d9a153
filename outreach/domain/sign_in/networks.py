"""From which network a request comes: what one visitor can choose of an address does not count as somebody else."""

from ipaddress import IPv6Address, IPv6Network, ip_address

OWN_BITS = 64  # of an IPv6 address: whoever has one connection has all addresses with the same first half


def network_of(address: str) -> str:
    """Return an IPv4 address as it is, of an IPv6 address its network, and an IPv4 address written as IPv6 as IPv4."""
    try:
        read = ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if not isinstance(read, IPv6Address):
        return str(read)
    return str(read.ipv4_mapped or IPv6Network((read, OWN_BITS), strict=False))
