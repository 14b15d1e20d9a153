"""Addresses that one visitor can choose count as one."""

import pytest

from outreach.domain.sign_in.networks import network_of


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.7", "192.0.2.7"), ("::ffff:192.0.2.7", "192.0.2.7"), ("2001:db8::1", "2001:db8::/64"),
        ("2001:db8:0:0:ffff:ffff:ffff:ffff", "2001:db8::/64"), ("2001:db8:0:1::1", "2001:db8:0:1::/64"),
        ("fe80::1%eth0", "fe80::/64"), ("", ""), ("unknown", "unknown"),
    ],
)  # fmt: skip
def test_an_ipv6_address_counts_as_its_network(address: str, network: str):
    assert network_of(address) == network
