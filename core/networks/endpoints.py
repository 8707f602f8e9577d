"""A container's wishes for its networks -> endpoints with names, addresses and gateways. Pure."""

from __future__ import annotations

import itertools
import re
import time
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from ipaddress import ip_interface

from msgspec.structs import replace

from ..errors import Exhausted, Forbidden, Invalid
from ..ids import short
from ..runtime import records
from ..schema.networks import EndpointSettings
from .ipam import IPAddress, mac_of, make_pool, parse_address
from .record import Endpoint, Network, Subnet
from .settings import bridge_options, macvlan_mode

INTERFACE_NAME = "com.docker.network.endpoint.ifname"
_MAC = re.compile(r"[0-9a-f]{2}(:[0-9a-f]{2}){5}")
_LONGEST_LINK_NAME = 15
_NUMBER = re.compile(r"[0-9]+$")
_LINK_NAME = re.compile(r"[^\s/:]{1,15}")


@dataclass(frozen=True, slots=True, eq=False)
class Place:
    """A container on one network: what was asked for. `given` is the name that the request used."""

    given: str
    network: Network
    asked: EndpointSettings


@dataclass(frozen=True, slots=True)
class Who:
    """The container that joins."""

    id: str
    name: str
    hostname: str = ""


def check(places: Sequence[Place]) -> None:
    """Raise Invalid for a combination of networks or addresses that cannot be."""
    alone = next((place for place in places if place.network.driver in ("host", "null")), None)
    if alone is not None and len(places) > 1:
        kind = "host" if alone.network.driver == "host" else "private (none)"
        raise Invalid(
            f"container cannot be connected to multiple networks with one of the networks in {kind} mode"
        )
    for place in places:
        _check_addresses(place)


def _check_addresses(place: Place) -> None:
    config = place.asked.ipam_config
    for address, version in (
        (config.ipv4_address if config else "", 4),
        (config.ipv6_address if config else "", 6),
    ):
        if not address:
            continue
        if place.network.default:
            raise Invalid("user specified IP address is supported on user defined networks only")
        if parse_address(address).version != version:
            raise Invalid(f"invalid IPv{version} address: {address}")
        if not any(subnet.chosen for subnet in place.network.subnets_of(version)):
            raise Invalid(
                "user specified IP address is supported only when connecting to networks "
                "with user configured subnets"
            )
    if place.network.default and place.asked.aliases:
        raise Invalid("network-scoped aliases are only supported for user-defined networks")


def new_endpoint(
    place: Place, identity: str, container: Who, number: int, taken: Collection[str], mark: str = "pdk"
) -> Endpoint:
    """Give a container its place; `number` counts its interfaces, `mark` begins its link's name on the host.

    `taken` are addresses that other endpoints of the network have. Raises Conflict, Exhausted, Invalid.
    """
    network, asked = place.network, place.asked
    endpoint = Endpoint(
        id=identity,
        network_id=network.id,
        container_id=container.id,
        container_name=container.name,
        created=time.time_ns(),
    )
    if not network.has_links:
        return endpoint
    config = asked.ipam_config
    address4 = _allocate(network, 4, config.ipv4_address if config else "", taken)
    address6 = _allocate(network, 6, config.ipv6_address if config else "", taken)
    first = ip_interface(address4 or address6).ip
    return replace(
        endpoint,
        interface=_interface_name(place, number),
        host_interface=(mark + identity)[:_LONGEST_LINK_NAME] if network.bridge else "",
        mac=_mac(asked.mac_address) or mac_of(first),
        address4=address4,
        address6=address6,
        names=[] if network.default else _names(place, container),
        reverse_name=f"{container.name}.{network.name}",
    )


def _interface_name(place: Place, number: int) -> str:
    wanted = (place.asked.driver_opts or {}).get(INTERFACE_NAME, "")
    if wanted and (_LINK_NAME.fullmatch(wanted) is None or wanted in (".", "..", "lo")):
        raise Invalid(f"invalid interface name: {wanted!r}")
    return wanted or f"{bridge_options(place.network.options).interface_prefix}{number}"


def free_number(interfaces: Iterable[str]) -> int:
    """The lowest number that no interface's name ends with."""
    used = {int(found[0]) for name in interfaces if (found := _NUMBER.search(name))}
    return next(number for number in itertools.count() if number not in used)


def _allocate(network: Network, version: int, wanted: str, taken: Collection[str]) -> str:
    """An address with its prefix length, "" when the network has none of this family."""
    subnets = list(network.subnets_of(version))
    if not subnets:
        return ""
    address = parse_address(wanted) if wanted else None
    if address is not None:
        subnets = [subnet for subnet in subnets if _holds(subnet, address)] or subnets[:1]
    used = {
        *taken,
        *(reserved for subnet in subnets for reserved in (subnet.gateway, *subnet.auxiliary.values())),
    }
    for subnet in subnets:
        pool = make_pool(subnet.subnet, subnet.ip_range, (text for text in used if text))
        try:
            return f"{pool.allocate(address)}/{pool.subnet.prefixlen}"
        except Exhausted:
            if subnet is subnets[-1]:
                raise
    raise AssertionError("the loop returns or raises")


def _holds(subnet: Subnet, address: IPAddress) -> bool:
    return address in make_pool(subnet.subnet, "", ()).subnet


def _mac(text: str) -> str:
    mac = text.lower().replace("-", ":")
    if not mac:
        return ""
    if _MAC.fullmatch(mac) is None or int(mac[:2], 16) & 1:
        raise Invalid(f"invalid MAC address: {text}")
    return mac


def order(places: Iterable[Place]) -> list[Place]:
    """The order of interfaces: highest gateway priority first, else as they were named."""
    return sorted(places, key=lambda place: -place.asked.gw_priority)


def gateway_place(places: Sequence[Place]) -> Place | None:
    """The network that the default route goes through, and that ports are published on."""
    candidates = [place for place in places if place.network.has_links and _leads_out(place.network)]
    if not candidates:
        return None
    return min(
        candidates,
        key=lambda place: (-place.asked.gw_priority, not place.network.enable_ipv4, place.network.name),
    )


def _leads_out(network: Network) -> bool:
    return not network.internal and bridge_options(network.options).gateway_mode != "isolated"


def gateways(network: Network, endpoint: Endpoint) -> tuple[str, str]:
    """The IPv4 and IPv6 gateway of an endpoint, "" where there is none."""
    if not _leads_out(network):
        return "", ""
    return _gateway(network, 4, endpoint.ip4), _gateway(network, 6, endpoint.ip6)


def _gateway(network: Network, version: int, address: str) -> str:
    if not address:
        return ""
    own = parse_address(address)
    return next((subnet.gateway for subnet in network.subnets_of(version) if _holds(subnet, own)), "")


def interface(network: Network, endpoint: Endpoint, default_route: bool) -> records.Interface:
    """What the shim needs to make the endpoint's veth pair, and the container to configure it."""
    gateway4, gateway6 = gateways(network, endpoint) if default_route else ("", "")
    options = bridge_options(network.options)
    return records.Interface(
        host_name=endpoint.host_interface,
        bridge=network.bridge,
        name=endpoint.interface,
        mac=endpoint.mac,
        addresses=tuple(address for address in (endpoint.address4, endpoint.address6) if address),
        gateway4=gateway4,
        gateway6=gateway6,
        mtu=options.mtu,
        isolated=not options.icc,
        parent=network.parent,
        parent_mode=macvlan_mode(network.options) if network.parent else "",
    )


def settings(place: Place, endpoint: Endpoint) -> EndpointSettings:
    """What `docker inspect` shows of the endpoint: what was asked for with what it got."""
    gateway4, gateway6 = gateways(place.network, endpoint) if endpoint.interface else ("", "")
    address4 = ip_interface(endpoint.address4) if endpoint.address4 else None
    address6 = ip_interface(endpoint.address6) if endpoint.address6 else None
    return replace(
        place.asked,
        network_id=endpoint.network_id,
        endpoint_id=endpoint.id,
        mac_address=endpoint.mac,
        gateway=gateway4,
        ip_address=str(address4.ip) if address4 else "",
        ip_prefix_len=address4.network.prefixlen if address4 else 0,
        ipv6_gateway=gateway6,
        global_ipv6_address=str(address6.ip) if address6 else "",
        global_ipv6_prefix_len=address6.network.prefixlen if address6 else 0,
        dns_names=endpoint.names or None,
    )


def renamed(endpoint: Endpoint, network: Network, old: str, new: str) -> Endpoint:
    """Return an endpoint of a container that has another name now."""
    return replace(
        endpoint,
        container_name=new,
        names=[new if name == old else name for name in endpoint.names],
        reverse_name=f"{new}.{network.name}",
    )


def _names(place: Place, container: Who) -> list[str]:
    names = [container.name, *(place.asked.aliases or []), short(container.id), container.hostname]
    return [name for name in dict.fromkeys(names) if name]


def find(name: str, networks: Sequence[Network]) -> Network | None:
    """A network by its id, its name, or the beginning of an id that only one has."""
    exact = [network for network in networks if network.id == name] or [
        network for network in networks if network.name == name
    ]
    if exact:
        return exact[0]
    beginning = [network for network in networks if name and network.id.startswith(name)]
    if len(beginning) > 1:
        raise Invalid(f"network {name} is ambiguous ({len(beginning)} matches found based on ID prefix)")
    return beginning[0] if beginning else None


def require_unused(network: Network, endpoints: Sequence[Endpoint]) -> None:
    """Raise Forbidden when a network may not be removed."""
    if network.default:
        raise Forbidden(f"{network.name} is a pre-defined network and cannot be removed")
    if endpoints:
        users = " ".join(f'(name:"{one.container_name}" id:"{short(one.id)}")' for one in endpoints)
        raise Forbidden(f"error while removing network: network {network.name} has active endpoints {users}")


def asked_of(mode: str, endpoints: Mapping[str, EndpointSettings]) -> dict[str, EndpointSettings]:
    """All networks that a container asks for, its mode's own first.

    One that was taken off that stays off it, unless no other is left: then it is back there, as in Docker.
    """
    renamed = {_plain(name): asked for name, asked in endpoints.items()}
    first = _plain(mode)
    if renamed and first not in renamed:
        return renamed
    return {first: renamed.pop(first, None) or EndpointSettings(), **renamed}


def _plain(name: str) -> str:
    return "bridge" if name in ("", "default") else name
