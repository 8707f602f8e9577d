from __future__ import annotations

from ipaddress import ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pydock.core.config import AddressPool
from pydock.core.errors import Conflict, Exhausted, Forbidden, Invalid
from pydock.core.networks import ipam


def test_lowest_free_address_is_handed_out() -> None:
    pool = ipam.make_pool("172.17.0.0/16", "", ["172.17.0.1", "172.17.0.2", "172.17.0.4"])
    assert str(pool.allocate()) == "172.17.0.3"


def test_ip_range_limits_what_is_handed_out_but_not_what_is_asked_for() -> None:
    pool = ipam.make_pool("172.28.0.0/16", "172.28.5.0/24", [])
    assert str(pool.allocate()) == "172.28.5.0"
    assert str(pool.allocate(ip_address("172.28.9.9"))) == "172.28.9.9"


@pytest.mark.parametrize(
    ("wanted", "error"),
    [
        ("172.18.0.5", Invalid),
        ("172.17.0.2", Conflict),
        ("172.17.0.0", Conflict),
        ("172.17.255.255", Conflict),
        ("fd00::1", Invalid),
    ],
)
def test_address_that_cannot_be_had(wanted: str, error: type[Exception]) -> None:
    pool = ipam.make_pool("172.17.0.0/16", "", ["172.17.0.2"])
    with pytest.raises(error):
        pool.allocate(ip_address(wanted))


def test_exhaustion_names_the_subnet() -> None:
    pool = ipam.make_pool("10.0.0.0/30", "", ["10.0.0.1", "10.0.0.2"])
    with pytest.raises(Exhausted, match=r"10\.0\.0\.0/30"):
        pool.allocate()


@pytest.mark.parametrize(("subnet", "usable"), [("10.0.0.0/31", 2), ("10.0.0.0/32", 1), ("10.0.0.0/29", 6)])
def test_small_subnets_are_used_up_to_the_last_address(subnet: str, usable: int) -> None:
    taken: list[str] = []
    for _ in range(usable):
        taken.append(str(ipam.make_pool(subnet, "", taken).allocate()))
    with pytest.raises(Exhausted):
        ipam.make_pool(subnet, "", taken).allocate()


@given(st.sets(st.integers(1, 253), max_size=60), st.integers(24, 28))
def test_what_is_handed_out_is_free_and_in_the_subnet(taken: set[int], bits: int) -> None:
    subnet = ip_network(f"10.9.8.0/{bits}")
    used = [str(subnet.network_address + number) for number in taken if number < subnet.num_addresses]
    pool = ipam.make_pool(str(subnet), "", used)
    try:
        address = pool.allocate()
    except Exhausted:
        assert {str(host) for host in subnet.hosts()} <= set(used)
    else:
        assert address in subnet
        assert str(address) not in used


def test_addresses_of_the_other_family_are_ignored() -> None:
    assert str(ipam.make_pool("fd00::/64", "", ["172.17.0.2", "fd00::1"]).allocate()) == "fd00::2"


POOLS = (
    AddressPool("172.17.0.0/16", 16),
    AddressPool("172.18.0.0/16", 16),
    AddressPool("192.168.0.0/16", 20),
)


def test_pools_give_the_first_subnet_that_nothing_overlaps() -> None:
    used = [ip_network("172.17.5.0/24"), ip_network("172.18.0.0/16"), ip_network("192.168.0.0/24")]
    assert str(ipam.free_subnet(POOLS, [])) == "172.17.0.0/16"
    assert str(ipam.free_subnet(POOLS, used)) == "192.168.16.0/20"


def test_empty_pools_are_told() -> None:
    with pytest.raises(Exhausted, match="fully subnetted"):
        ipam.free_subnet(POOLS, [ip_network("0.0.0.0/0")])


def test_private_ipv6_subnet_is_stable_and_unique() -> None:
    first = ipam.unique_local_subnet("a" * 64, [])
    assert first == ipam.unique_local_subnet("a" * 64, [])
    assert first.prefixlen == 64
    assert first.subnet_of(ip_network("fd00::/8"))
    assert ipam.unique_local_subnet("a" * 64, [first]) != first


def test_host_bits_in_a_subnet_are_explained() -> None:
    with pytest.raises(Invalid, match=r"it should be 10\.1\.0\.0/16"):
        ipam.parse_subnet("10.1.2.3/16")
    with pytest.raises(Invalid):
        ipam.parse_subnet("elsewhere")


def test_overlap_is_refused_only_within_a_family() -> None:
    with pytest.raises(Forbidden, match="overlaps"):
        ipam.require_free(ip_network("10.0.0.0/8"), [ip_network("10.1.0.0/16")])
    ipam.require_free(ip_network("fd00::/64"), [ip_network("10.1.0.0/16")])


def test_mac_is_derived_from_the_address() -> None:
    assert ipam.mac_of(ip_address("172.17.0.2")) == "02:42:ac:11:00:02"
