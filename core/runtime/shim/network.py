"""A container's links, published ports and name server, made and unmade by its shim."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial

from ...linux import netlink, nftables
from ...linux.namespace import in_network_of
from ..dns.forward import Upstream
from ..dns.names import Names
from ..dns.server import Server
from ..launch import LaunchHooks
from ..records import Interface, Network, PublishedPort
from .loop import Loop


class Sandbox:
    """What a container has of the network, over all its runs.

    Invariant: while it runs in a namespace of its own, that has what `network` says.
    """

    def __init__(self, loop: Loop, network: Network) -> None:
        self._loop = loop
        self.network = network
        self._process = 0
        self._server: Server | None = None

    def hooks(self, meanwhile: Callable[[], None]) -> LaunchHooks:
        """What a launch has to do: but for `meanwhile` nothing when the namespace is somebody else's."""
        if self.network.mode != "private":
            return LaunchHooks(network=lambda process: meanwhile())

        def connect(process: int) -> None:
            meanwhile()
            self._connect(process)

        interfaces = self.network.interfaces
        return LaunchHooks(network=connect, configure=lambda: netlink.configure(interfaces))

    def down(self) -> None:
        """Stop leading ports here and answering names. The links go with their namespace. Raises OSError."""
        self._process = 0
        if self._server is not None:
            self._server.close()
            self._server = None
        if self.network.mode == "private" and self.network.ports:
            nftables.remove_ports(self.network.ports)

    def change(self, network: Network) -> None:
        """Make the network this one, now and for the next runs.

        Raises OSError when a link can't be made; then nothing has changed.
        """
        before = self.network
        if self._process:
            made = _without(network.interfaces, before.interfaces)
            self._make(made)
            self._lead_out(before, network, made)
            for link in _without(before.interfaces, network.interfaces):
                self._delete(link)
            # First away, then anew: a host port may lead to another address now.
            nftables.remove_ports(port for port in before.ports if port not in network.ports)
            nftables.add_ports(port for port in network.ports if port not in before.ports)
        self.network = network
        if self._process:
            self._serve()

    def _connect(self, process: int) -> None:
        """Called while the child, already in its namespace, waits to go on."""
        self._process = process
        for link in self.network.interfaces:
            _create(link, process)
        nftables.add_ports(self.network.ports)
        self._serve()

    def _make(self, links: tuple[Interface, ...]) -> None:
        """Add links to the running container: all or none."""
        made: list[Interface] = []
        try:
            for link in links:
                _create(link, self._process)
                made.append(link)
            still = [replace(link, gateway4="", gateway6="") for link in links]
            if still:
                # Not in a child: a process with one thread may go there and back, which forks nothing.
                in_network_of(self._process, partial(netlink.configure, still))
        except OSError:
            for link in made:
                self._delete(link)
            raise

    def _delete(self, link: Interface) -> None:
        if link.parent:
            in_network_of(self._process, partial(netlink.delete_link, link.name))
        else:
            netlink.delete_link(link.host_name)

    def _lead_out(self, before: Network, after: Network, made: tuple[Interface, ...]) -> None:
        if _gateways(before) == _gateways(after):
            return
        try:
            in_network_of(self._process, partial(netlink.replace_default_routes, after.interfaces))
        except OSError:
            for link in made:
                self._delete(link)
            in_network_of(self._process, partial(netlink.replace_default_routes, before.interfaces))
            raise

    def _serve(self) -> None:
        """Let the name server know what there is now; it is there once it has anything to know."""
        wanted = self.network.name_server
        if wanted is None:
            return
        names = Names(wanted.files, dict(wanted.aliases))
        upstreams = [Upstream(address, on_host) for address, on_host in wanted.upstreams]
        if self._server is None:
            self._server = Server(self._loop, self._process, names, upstreams)
        else:
            self._server.change(names, upstreams)


def unpublish_if_ours(network: Network) -> None:
    """Stop leading ports for a shim that is dead: they may lead to another container by now."""
    if network.mode != "private" or not network.ports:
        return
    present = set(nftables.ports())
    stale = [port for port in network.ports if _as_listed(port) in present]
    nftables.remove_ports(stale)


def _create(link: Interface, process: int) -> None:
    if link.parent:
        netlink.create_macvlan(link.parent, link.name, process, link.mac, link.mtu, link.parent_mode)
        return
    netlink.create_veth(
        link.host_name, link.bridge, link.name, process, link.mac, link.mtu, isolated=link.isolated
    )


def _without(links: tuple[Interface, ...], others: tuple[Interface, ...]) -> tuple[Interface, ...]:
    known = {(link.host_name, link.name) for link in others}
    return tuple(link for link in links if (link.host_name, link.name) not in known)


def _gateways(network: Network) -> list[tuple[str, str, str]]:
    return [
        (one.name, one.gateway4, one.gateway6) for one in network.interfaces if one.gateway4 or one.gateway6
    ]


def _as_listed(port: PublishedPort) -> nftables.Port:
    host_ip = "" if port.host_ip in ("0.0.0.0", "::") else port.host_ip
    return nftables.Port(port.protocol, host_ip, port.host_port, port.container_ip, port.container_port)
