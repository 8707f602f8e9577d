"""Network records as the API shows them. Pure."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence

from ..errors import Invalid
from ..filters import Filters
from ..schema.networks import IPAM, EndpointResource, IPAMConfig, NetworkInspect
from ..units import rfc3339
from .record import Endpoint, Network, Subnet

FILTERS = ("dangling", "driver", "id", "label", "name", "scope", "type")


def inspect(network: Network, endpoints: Iterable[Endpoint] = ()) -> NetworkInspect:
    """Return what `docker network inspect` prints; with no endpoints, what a list has."""
    return NetworkInspect(
        name=network.name,
        id=network.id,
        created=rfc3339(network.created),
        driver=network.driver,
        enable_ipv4=network.enable_ipv4,
        enable_ipv6=network.enable_ipv6,
        ipam=IPAM(options=network.ipam_options, config=[_config(subnet) for subnet in network.subnets]),
        internal=network.internal,
        attachable=network.attachable,
        containers={endpoint.container_id: _resource(endpoint) for endpoint in endpoints},
        options=dict(network.options),
        labels=dict(network.labels),
    )


def select(networks: Sequence[Network], used: Collection[str], filters: Filters) -> list[Network]:
    """Return the networks that pass Docker's filters; `used` are ids of networks with a container."""
    filters.require_known(FILTERS)
    for kind in filters.get("type"):
        if kind not in ("builtin", "custom"):
            raise Invalid(f"invalid filter: 'type'='{kind}'")
    return [network for network in networks if _passes(network, network.id in used, filters)]


def _passes(network: Network, in_use: bool, filters: Filters) -> bool:
    kind = "builtin" if network.default else "custom"
    if filters.get("dangling") and filters.flag("dangling") == (in_use or network.default):
        return False
    return (
        _any(filters.get("driver"), lambda wanted: network.driver == wanted)
        and _any(filters.get("id"), network.id.startswith)
        and _any(filters.get("name"), lambda wanted: wanted in network.name)
        and _any(filters.get("scope"), lambda wanted: wanted == "local")
        and _any(filters.get("type"), lambda wanted: wanted == kind)
        and filters.matches_labels(network.labels)
    )


def _config(subnet: Subnet) -> IPAMConfig:
    return IPAMConfig(
        subnet=subnet.subnet,
        ip_range=subnet.ip_range,
        gateway=subnet.gateway,
        auxiliary_addresses=dict(subnet.auxiliary),
    )


def _resource(endpoint: Endpoint) -> EndpointResource:
    return EndpointResource(
        name=endpoint.container_name,
        endpoint_id=endpoint.id,
        mac_address=endpoint.mac,
        ipv4_address=endpoint.address4,
        ipv6_address=endpoint.address6,
    )


def _any(wanted: Sequence[str], matches: Callable[[str], bool]) -> bool:
    return not wanted or any(matches(one) for one in wanted)
