"""What the kernel has against what the records say: found out as a plan, then put right.

Causes: a killed engine or shim, a reboot, `nft flush ruleset`, a deleted bridge, a firewall loaded anew.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from ipaddress import ip_address, ip_network

from ..linux import netlink, nftables
from . import links
from .record import Endpoint, HostPort, Network

# An endpoint exists before its container's shim does: one so young may belong to a start that another engine
# is in the middle of.
GRACE_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Kernel:
    """What is there: links by name, whether our table is, and the ports that it publishes."""

    links: dict[str, netlink.Link]
    table: bool
    ports: tuple[nftables.Port, ...]


@dataclass(frozen=True, slots=True)
class Mending:
    """What should be: all records, and which containers live. Our links' names begin with `mark`."""

    networks: Sequence[Network]
    endpoints: Sequence[Endpoint]
    live: frozenset[str]
    mark: str = "pdk"

    def stale_endpoints(self) -> list[Endpoint]:
        """Endpoints of containers that are gone."""
        return [endpoint for endpoint in self.endpoints if not self._counts(endpoint)]

    def live_endpoints(self) -> list[Endpoint]:
        return [endpoint for endpoint in self.endpoints if self._counts(endpoint)]

    def _counts(self, endpoint: Endpoint) -> bool:
        return endpoint.container_id in self.live or _is_young(endpoint)


@dataclass(frozen=True, slots=True)
class Plan:
    """What has to be done, in this order. `firewall` tells that table and accepts are to be ensured."""

    bridges: tuple[Network, ...]
    masters: tuple[tuple[str, str], ...]
    firewall: bool
    withdraw: tuple[nftables.Port, ...]
    publish: tuple[nftables.Port, ...]
    stale_links: tuple[str, ...]


def plan(wanted: Mending, kernel: Kernel) -> Plan:
    """Compare; what belongs to nobody known to us (another state root's) is left alone."""
    ours = {network.id: network for network in wanted.networks if network.bridge}
    living = wanted.live_endpoints()
    needed = {endpoint.network_id for endpoint in living} & set(ours)
    published = set(_published(living))
    present = any(network.bridge in kernel.links for network in ours.values())
    return Plan(
        bridges=tuple(ours[one] for one in sorted(needed) if ours[one].bridge not in kernel.links),
        masters=tuple(_lost_ports(living, ours, kernel)),
        firewall=bool(needed) or (present and bool(ours)),
        withdraw=tuple(
            port for port in kernel.ports if port not in published and _is_inside(port, ours.values())
        ),
        publish=tuple(sorted(published - set(kernel.ports))),
        stale_links=tuple(_stale_links(wanted.mark, living, kernel)),
    )


def look() -> Kernel:
    """Read what is there."""
    table = nftables.table_exists()
    found = {link.name: link for link in netlink.links()}
    return Kernel(found, table, tuple(nftables.ports()) if table else ())


def mend(wanted: Mending) -> tuple[list[str], tuple[str, ...]]:
    """Put right what is quickly done; returns what was done, and the links still to be deleted (slow)."""
    kernel = look()
    todo = plan(wanted, kernel)
    for network in todo.bridges:
        links.make_bridge(network)
    for link, bridge in todo.masters:
        netlink.set_master(link, bridge)
    if todo.firewall:
        links.ensure_firewall(wanted.networks)
    nftables.remove_ports(todo.withdraw)
    nftables.add_ports(todo.publish)
    return _tell(wanted, kernel, todo), todo.stale_links


def missing(wanted: Mending) -> list[str]:
    """Say what `mend` would put right, and change nothing."""
    kernel = look()
    todo = plan(wanted, kernel)
    found = [f"bridge {network.bridge} of network {network.name} is missing" for network in todo.bridges]
    found += [f"{link} has left bridge {bridge}" for link, bridge in todo.masters]
    if todo.firewall and not kernel.table:
        found.append("the firewall table pydock is missing")
    found += [f"port {_shown(port)} is published for a container that is gone" for port in todo.withdraw]
    found += [f"port {_shown(port)} is not published" for port in todo.publish]
    known = {endpoint.host_interface for endpoint in wanted.stale_endpoints()}
    found += [f"link {link} is left over" for link in todo.stale_links if link in known]
    return found + [
        f"{endpoint.address4 or endpoint.id[:12]} is kept for {endpoint.container_name}, which is down"
        for endpoint in wanted.stale_endpoints()
    ]


def _tell(wanted: Mending, kernel: Kernel, todo: Plan) -> list[str]:
    told = [f"made bridge {network.bridge} of network {network.name} again" for network in todo.bridges]
    told += [f"put {link} back into bridge {bridge}" for link, bridge in todo.masters]
    if todo.firewall and not kernel.table:
        told.append("made the firewall table pydock again")
    told += [f"withdrew port {_shown(port)}: its container is gone" for port in todo.withdraw]
    told += [f"published port {_shown(port)} again" for port in todo.publish]
    # A link that no endpoint knows may be one whose namespace is just dying: nothing to tell.
    known = {endpoint.host_interface for endpoint in wanted.stale_endpoints()}
    told += [f"deleted the left-over link {link}" for link in todo.stale_links if link in known]
    told += [
        f"freed {endpoint.address4 or endpoint.id[:12]} of container {endpoint.container_name}"
        for endpoint in wanted.stale_endpoints()
    ]
    return told


def _published(living: Sequence[Endpoint]) -> Iterable[nftables.Port]:
    """All ports that should be published; the youngest endpoint has it where two claim one.

    That happens when a shim was killed: its socket let the port go, and a new container took it.
    """
    claims: dict[tuple[str, str, int, bool], nftables.Port] = {}
    for endpoint in sorted(living, key=lambda one: one.created):
        for port in map(_kernel_port, endpoint.ports):
            claims[port.protocol, port.host_ip, port.host_port, ":" in port.container_ip] = port
    return claims.values()


def _lost_ports(
    living: Iterable[Endpoint], ours: dict[str, Network], kernel: Kernel
) -> Iterable[tuple[str, str]]:
    """Links of living containers that are in no bridge: theirs was deleted."""
    for endpoint in living:
        link = kernel.links.get(endpoint.host_interface)
        if link is not None and link.master == 0 and endpoint.network_id in ours:
            yield link.name, ours[endpoint.network_id].bridge


def _stale_links(mark: str, living: Iterable[Endpoint], kernel: Kernel) -> Iterable[str]:
    """Veths of ours that no living container has. One whose namespace dies goes by itself; these do not."""
    wanted = {endpoint.host_interface for endpoint in living}
    for name, link in sorted(kernel.links.items()):
        if name.startswith(mark) and link.kind == "veth" and name not in wanted:
            yield name


def _is_inside(port: nftables.Port, networks: Iterable[Network]) -> bool:
    address = ip_address(port.container_ip)
    return any(address in ip_network(subnet.subnet) for network in networks for subnet in network.subnets)


def _kernel_port(port: HostPort) -> nftables.Port:
    return nftables.Port(port.protocol, port.host_ip, port.host_port, port.container_ip, port.container_port)


def _shown(port: nftables.Port) -> str:
    return f"{port.host_ip or '*'}:{port.host_port}/{port.protocol}"


def _is_young(endpoint: Endpoint) -> bool:
    age = (time.time_ns() - endpoint.created) / 1e9
    return age < min(GRACE_SECONDS, time.clock_gettime(time.CLOCK_BOOTTIME))
