"""The picture of all networks, from their records and the endpoints that exist now. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ..schema.topology import TopologyEndpoint, TopologyNetwork, TopologyPort
from .record import Endpoint, HostPort, Network
from .settings import bridge_options, macvlan_mode


def picture(
    networks: Sequence[Network],
    endpoints: Sequence[Endpoint],
    sharers: Mapping[str, Sequence[str]],
) -> list[TopologyNetwork]:
    """Draw it, by networks' names; `sharers` maps a container to those that use its network namespace."""
    members: dict[str, list[Endpoint]] = {}
    for endpoint in endpoints:
        members.setdefault(endpoint.network_id, []).append(endpoint)
    return [
        _network(network, [_endpoint(one, sharers) for one in members.get(network.id, ())])
        for network in sorted(networks, key=lambda one: one.name)
    ]


def _network(network: Network, members: list[TopologyEndpoint]) -> TopologyNetwork:
    drawn = TopologyNetwork(
        id=network.id,
        name=network.name,
        driver=network.driver,
        link=network.bridge or network.parent,
        subnets=[subnet.subnet for subnet in network.subnets],
        gateways=[subnet.gateway for subnet in network.subnets if subnet.gateway],
        internal=network.internal,
        endpoints=sorted(members, key=lambda one: one.container_name),
    )
    match network.driver:
        case "bridge":
            options = bridge_options(network.options)
            drawn.between_members = options.icc
            drawn.from_host = options.gateway_mode != "isolated"
            drawn.outside = drawn.from_host and not network.internal
            drawn.masqueraded = drawn.outside and options.masquerade and options.gateway_mode != "routed"
            drawn.from_outside = drawn.outside and options.gateway_mode in ("routed", "nat-unprotected")
        case "host":
            drawn.masqueraded, drawn.from_outside = False, True
        case "null":
            drawn.between_members = drawn.from_host = drawn.outside = drawn.masqueraded = False
        case _:
            # Members are stations of the parent's own network; the kernel keeps them from their host.
            drawn.from_host = drawn.masqueraded = False
            drawn.between_members = macvlan_mode(network.options) == "bridge"
            drawn.outside = drawn.from_outside = not network.internal
    return drawn


def _endpoint(endpoint: Endpoint, sharers: Mapping[str, Sequence[str]]) -> TopologyEndpoint:
    return TopologyEndpoint(
        container_id=endpoint.container_id,
        container_name=endpoint.container_name,
        interface=endpoint.interface,
        mac_address=endpoint.mac,
        addresses=[address for address in (endpoint.address4, endpoint.address6) if address],
        dns_names=list(endpoint.names),
        gateway=endpoint.gateway,
        ports=[_port(port) for port in endpoint.ports],
        shared_by=sorted(sharers.get(endpoint.container_id, ())),
    )


def _port(port: HostPort) -> TopologyPort:
    return TopologyPort(
        protocol=port.protocol,
        host_ip=port.host_ip,
        host_port=port.host_port,
        container_port=port.container_port,
        ipv6=":" in port.container_ip,
    )
