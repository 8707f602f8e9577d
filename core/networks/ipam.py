"""Address arithmetic: subnets cut from pools, addresses handed out from a subnet (RFC 4632). Pure."""

from __future__ import annotations

import hashlib
import socket
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from ..config import AddressPool
from ..errors import Conflict, Exhausted, Forbidden, Invalid

IPNetwork = IPv4Network | IPv6Network
IPAddress = IPv4Address | IPv6Address


@dataclass(frozen=True, slots=True)
class Pool:
    """A subnet and the addresses (as numbers) that are not handed out from it.

    Invariant: `reach`, from which addresses are chosen, lies in `subnet`.
    """

    subnet: IPNetwork
    reach: IPNetwork
    taken: frozenset[int] = frozenset()

    def allocate(self, wanted: IPAddress | None = None) -> IPAddress:
        """Return `wanted`, or the lowest free address of `reach`.

        Raises Invalid outside the subnet, Conflict when taken, Exhausted when none is left.
        """
        if wanted is not None:
            if wanted not in self.subnet:
                raise Invalid(f"no configured subnet contains IP address {wanted}")
            if int(wanted) in self.taken or int(wanted) in self._reserved():
                raise Conflict("Address already in use")
            return wanted
        # Numbers, not address objects: a full /16 is searched in milliseconds.
        first = int(self.reach.network_address)
        unusable = self.taken | self._reserved()
        for number in range(first, first + self.reach.num_addresses):
            if number not in unusable:
                return self.reach.network_address + (number - first)
        family = f"IPv{self.subnet.version}"
        raise Exhausted(f"no available {family} addresses on this network's address pools: {self.subnet}")

    def _reserved(self) -> frozenset[int]:
        """The subnet's own address and, in IPv4, its broadcast address (RFC 3021 has neither)."""
        if self.subnet.num_addresses <= 2:
            return frozenset()
        own = int(self.subnet.network_address)
        return frozenset({own} if self.subnet.version == 6 else {own, int(self.subnet.broadcast_address)})


def make_pool(subnet: str, ip_range: str = "", taken: Iterable[str] = ()) -> Pool:
    """Make a pool of a record's texts; `taken` are addresses without prefix length, of any family."""
    whole = ip_network(subnet)
    reach = ip_network(ip_range) if ip_range else whole
    assert reach.network_address in whole
    family = socket.AF_INET if whole.version == 4 else socket.AF_INET6
    same = (text for text in taken if (":" in text) == (whole.version == 6))
    numbers = (int.from_bytes(socket.inet_pton(family, text), "big") for text in same)
    return Pool(whole, reach, frozenset(numbers))


def first_gateway(subnet: IPNetwork) -> IPAddress:
    """Return the address that a bridge takes when none is named: the first one that a host may have."""
    return subnet.network_address if subnet.num_addresses <= 2 else subnet.network_address + 1


def free_subnet(pools: Iterable[AddressPool], used: Collection[IPNetwork]) -> IPv4Network:
    """Cut the first subnet from the pools that overlaps nothing in use; raises Exhausted."""
    for pool in pools:
        base = ip_network(pool.base)
        if not isinstance(base, IPv4Network):
            continue
        for subnet in base.subnets(new_prefix=pool.size):
            if not any(subnet.overlaps(other) for other in used if isinstance(other, IPv4Network)):
                return subnet
    raise Exhausted("all predefined address pools have been fully subnetted")


def unique_local_subnet(identity: str, used: Collection[IPNetwork]) -> IPv6Network:
    """Derive a /64 of the private range from a network's id (RFC 4193): the same id gives the same one."""
    for attempt in range(1000):
        digest = hashlib.sha256(f"{identity}/{attempt}".encode()).digest()
        subnet = IPv6Network((b"\xfd" + digest[:7] + bytes(8), 64))
        if not any(subnet.overlaps(other) for other in used if isinstance(other, IPv6Network)):
            return subnet
    raise Exhausted("no private IPv6 subnet is free")


def parse_subnet(text: str) -> IPNetwork:
    """Read a subnet that a user wrote; host bits must be zero. Raises Invalid."""
    try:
        return ip_network(text)
    except ValueError as err:
        try:
            proper = ip_network(text, strict=False)
        except ValueError:
            message = f"invalid network config:\ninvalid subnet {text}: invalid CIDR block notation"
            raise Invalid(message) from err
        raise Invalid(f"invalid subnet {text}: it should be {proper}") from err


def parse_address(text: str, what: str = "address") -> IPAddress:
    """Read an address that a user wrote; raises Invalid."""
    try:
        return ip_address(text)
    except ValueError as err:
        raise Invalid(f"invalid {what}: {text}") from err


def require_free(subnet: IPNetwork, used: Iterable[IPNetwork]) -> None:
    """Raise Forbidden (Docker's word for it) when a subnet overlaps another network's."""
    if any(subnet.version == other.version and subnet.overlaps(other) for other in used):
        raise Forbidden("invalid pool request: Pool overlaps with other one on this address space")


def mac_of(address: IPAddress) -> str:
    """Derive a MAC address: 02:42 and the IPv4 address, or the last four bytes of an IPv6 one."""
    return "02:42:" + address.packed[-4:].hex(":")
