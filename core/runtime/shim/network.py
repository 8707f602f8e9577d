"""A container's links and published ports, made and unmade by its shim."""

from __future__ import annotations

from collections.abc import Callable

from ...linux import netlink, nftables
from ..dns.forward import Upstream
from ..dns.names import Names
from ..dns.server import Server
from ..launch import LaunchHooks
from ..records import Network, PublishedPort
from .loop import Loop


def hooks(network: Network, serve_names: Callable[[int], None]) -> LaunchHooks:
    """What a launch has to do for this network: nothing when the namespace is somebody else's.

    `serve_names` gets a process inside the new namespace before the program runs.
    """
    if network.mode != "private":
        return LaunchHooks()

    def connect(pid: int) -> None:
        for link in network.interfaces:
            netlink.create_veth(link.host_name, link.bridge, link.name, pid, link.mac, link.mtu)
        serve_names(pid)
        nftables.add_ports(network.ports)

    def configure() -> None:
        netlink.configure(network.interfaces)

    return LaunchHooks(network=connect, configure=configure)


def name_server(loop: Loop, network: Network, pid: int) -> Server | None:
    """Answer at 127.0.0.11 in the namespace of process `pid`, if the network has names."""
    wanted = network.name_server
    if wanted is None:
        return None
    upstreams = [Upstream(address, on_host) for address, on_host in wanted.upstreams]
    return Server(loop, pid, Names(wanted.files), upstreams)


def unpublish(network: Network) -> None:
    """Stop leading the host's ports to this container. Its links go with its namespace."""
    if network.mode == "private" and network.ports:
        nftables.remove_ports(network.ports)


def unpublish_if_ours(network: Network) -> None:
    """The same for a shim that is dead: its ports may lead to another container by now."""
    if network.mode != "private" or not network.ports:
        return
    present = set(nftables.ports())
    stale = [port for port in network.ports if _as_listed(port) in present]
    nftables.remove_ports(stale)


def _as_listed(port: PublishedPort) -> nftables.Port:
    host_ip = "" if port.host_ip in ("0.0.0.0", "::") else port.host_ip
    return nftables.Port(port.protocol, host_ip, port.host_port, port.container_ip, port.container_port)
