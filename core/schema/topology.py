"""The picture of the networks (pydock's own, `/pydock/topology`): who is attached, and what reaches what."""

from __future__ import annotations

from .wire import Wire, always, names


class TopologyPort(Wire, rename=names(host_ip="HostIP")):
    """A host port that leads to a container. `host_ip` "" stands for all addresses of its family."""

    protocol: str = always("tcp")
    host_ip: str = always("")
    host_port: int = always(0)
    container_port: int = always(0)
    ipv6: bool = always(False)


class TopologyEndpoint(Wire, rename=names(container_id="ContainerID", dns_names="DNSNames")):
    """A running container on a network.

    `addresses` have prefix lengths. By `dns_names` the network's other members find it. `shared_by` are
    containers (by id) that use its network namespace. `gateway` tells that its way out leads through here.
    """

    container_id: str = always("")
    container_name: str = always("")
    interface: str = always("")
    mac_address: str = always("")
    addresses: list[str] = always([])
    dns_names: list[str] = always([])
    gateway: bool = always(False)
    ports: list[TopologyPort] = always([])
    shared_by: list[str] = always([])


class TopologyNetwork(Wire):
    """A network and its running members.

    `between_members`: they reach each other, on every port. `from_host`: this machine reaches them.
    `outside`: they reach what is outside, by this machine's address (`masqueraded`) or their own.
    `from_outside`: others reach all their ports; else only those that are published.
    Members of two networks never reach each other but by ports published on the host.
    """

    id: str = always("")
    name: str = always("")
    driver: str = always("")
    link: str = always("")
    subnets: list[str] = always([])
    gateways: list[str] = always([])
    internal: bool = always(False)
    between_members: bool = always(True)
    from_host: bool = always(True)
    outside: bool = always(True)
    masqueraded: bool = always(True)
    from_outside: bool = always(False)
    endpoints: list[TopologyEndpoint] = always([])


class Topology(Wire):
    networks: list[TopologyNetwork] = always([])
