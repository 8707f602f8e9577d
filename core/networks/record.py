"""What an engine remembers of networks and endpoints: documents of the state store."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import ip_network

import msgspec

VERSION = 1


class Subnet(msgspec.Struct, frozen=True, kw_only=True):
    """One subnet of a network, as text. `gateway` is the bridge's own address, without a prefix length.

    `ip_range` limits what is handed out on its own; `chosen` tells that a user named the subnet.
    """

    subnet: str
    gateway: str = ""
    ip_range: str = ""
    auxiliary: dict[str, str] = {}
    chosen: bool = False

    @property
    def version(self) -> int:
        return 6 if ":" in self.subnet else 4

    @property
    def gateway_address(self) -> str:
        """The gateway with the subnet's prefix length."""
        return f"{self.gateway}/{ip_network(self.subnet).prefixlen}"


class Network(msgspec.Struct, frozen=True, kw_only=True):
    """A network. `bridge` is its link's name, "" for a driver without one. `created` is in nanoseconds."""

    record_version: int = VERSION
    id: str
    name: str
    driver: str
    created: int
    bridge: str = ""
    enable_ipv4: bool = True
    enable_ipv6: bool = False
    internal: bool = False
    attachable: bool = False
    subnets: list[Subnet] = []
    options: dict[str, str] = {}
    labels: dict[str, str] = {}
    ipam_options: dict[str, str] | None = None
    default: bool = False

    @property
    def parent(self) -> str:
        """The link that a macvlan network is on, "" for other drivers."""
        return self.options.get("parent", "") if self.driver == "macvlan" else ""

    @property
    def has_links(self) -> bool:
        """Tell whether its members have an interface of their own on it."""
        return self.driver in ("bridge", "macvlan")

    def subnets_of(self, version: int) -> Iterator[Subnet]:
        return (subnet for subnet in self.subnets if subnet.version == version)


class HostPort(msgspec.Struct, frozen=True, kw_only=True):
    """A published port of an endpoint; the fields are those of `runtime.records.PublishedPort`."""

    protocol: str
    host_ip: str
    host_port: int
    container_ip: str
    container_port: int


class Endpoint(msgspec.Struct, frozen=True, kw_only=True):
    """A container's place on a network, from before its start until after its end.

    `address4` and `address6` have prefix lengths; "" where the network has no such family or no addresses.
    `created` is in nanoseconds since the epoch. By `names` the network's other containers find it (none on
    the default network); `reverse_name` is what its address is called. `gateway` tells that the container's
    default route and published ports lead through here.
    """

    record_version: int = VERSION
    id: str
    network_id: str
    container_id: str
    container_name: str
    created: int = 0
    interface: str = ""
    host_interface: str = ""
    mac: str = ""
    address4: str = ""
    address6: str = ""
    ports: list[HostPort] = []
    names: list[str] = []
    reverse_name: str = ""
    gateway: bool = False

    @property
    def ip4(self) -> str:
        return self.address4.partition("/")[0]

    @property
    def ip6(self) -> str:
        return self.address6.partition("/")[0]
