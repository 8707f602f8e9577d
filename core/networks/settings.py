"""What a user asked of a network -> its record; driver options read and checked. Pure.

https://docs.docker.com/engine/network/drivers/bridge/#options
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from ipaddress import ip_address, ip_network

from ..config import AddressPool
from ..errors import Conflict, Forbidden, Invalid, NotFound, Unsupported
from ..schema.networks import IPAMConfig, NetworkCreateRequest
from .ipam import (
    IPNetwork,
    first_gateway,
    free_subnet,
    parse_address,
    parse_subnet,
    require_free,
    unique_local_subnet,
)
from .record import Network, Subnet

PREDEFINED = ("bridge", "host", "none")
BRIDGE_NAME = "com.docker.network.bridge.name"
MASQUERADE = "com.docker.network.bridge.enable_ip_masquerade"
ICC = "com.docker.network.bridge.enable_icc"
HOST_BINDING = "com.docker.network.bridge.host_binding_ipv4"
INHIBIT = "com.docker.network.bridge.inhibit_ipv4"
GATEWAY_MODE4 = "com.docker.network.bridge.gateway_mode_ipv4"
GATEWAY_MODE6 = "com.docker.network.bridge.gateway_mode_ipv6"
MTU = "com.docker.network.driver.mtu"
INTERFACE_PREFIX = "com.docker.network.container_iface_prefix"
DEFAULT_BRIDGE = "com.docker.network.bridge.default_bridge"

_NAME = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9_. -]*")
_LINK_NAME = re.compile(r"[^\s/:]{1,15}")
PARENT = "parent"
MACVLAN_MODE = "macvlan_mode"
_MACVLAN_MODES = ("bridge", "private", "vepa", "passthru")
_UNAVAILABLE = {
    "ipvlan": "use macvlan",
    "overlay": "it spans the machines of a swarm, which pydock is not part of",
}
_GATEWAY_MODES = ("nat", "nat-unprotected", "routed", "isolated")
_LARGEST_MTU = 65535
_SMALLEST_MTU = 68


@dataclass(frozen=True, slots=True)
class BridgeOptions:
    """A bridge network's driver options. `host_binding` is where ports are published by default."""

    masquerade: bool = True
    icc: bool = True
    host_binding: str = ""
    inhibit: bool = False
    gateway_mode: str = "nat"
    mtu: int = 1500
    interface_prefix: str = "eth"


def bridge_options(options: Mapping[str, str]) -> BridgeOptions:
    """Read a bridge network's options; unknown ones mean nothing, as in Docker. Raises Invalid."""
    mode = options.get(GATEWAY_MODE4) or "nat"
    if mode not in _GATEWAY_MODES:
        raise Invalid(f"unknown gateway mode: {mode}")
    binding = options.get(HOST_BINDING, "")
    if binding:
        parse_address(binding, "host binding address")
    prefix = options.get(INTERFACE_PREFIX) or "eth"
    if _LINK_NAME.fullmatch(prefix + "00") is None:
        raise Invalid(f"invalid interface prefix: {prefix}")
    return BridgeOptions(
        masquerade=_flag(options, MASQUERADE, True),
        icc=_flag(options, ICC, True),
        host_binding="" if binding == "0.0.0.0" else binding,
        inhibit=_flag(options, INHIBIT, False),
        gateway_mode=mode,
        mtu=_mtu(options),
        interface_prefix=prefix,
    )


def new_network(
    request: NetworkCreateRequest,
    identity: str,
    created: int,
    pools: Sequence[AddressPool],
    others: Sequence[Network],
    routes: Sequence[IPNetwork],
) -> Network:
    """Make the record of a new network; `routes` are subnets that this machine already reaches elsewhere.

    Raises Invalid, Forbidden (a predefined name, an overlapping subnet), Conflict (a name or bridge in use),
    Exhausted, Unsupported (a driver that is not built).
    """
    _check_name(request.name, others)
    driver = request.driver or "bridge"
    if driver in ("host", "null"):
        raise Forbidden(f'only one instance of "{driver}" network is allowed')
    if driver not in ("bridge", "macvlan"):
        if driver not in _UNAVAILABLE:
            raise NotFound(f'plugin "{driver}" not found')
        raise Unsupported(f"network driver not available: {driver}: {_UNAVAILABLE[driver]}")
    if request.config_only or (request.config_from and request.config_from.network):
        raise Unsupported("config-only networks are not available")
    if request.ipam is not None and request.ipam.driver not in ("", "default"):
        raise Unsupported(f"IPAM driver not available: {request.ipam.driver}")
    options = dict(request.options or {})
    bridge_options(options)
    bridge = ""
    if driver == "bridge":
        bridge = options.get(BRIDGE_NAME) or f"pdb-{identity[:11]}"
        _check_bridge(bridge, others)
    else:
        _check_macvlan(options)
    ipv4, ipv6 = request.enable_ipv4 is not False, request.enable_ipv6 is True
    configs = (request.ipam.config if request.ipam else None) or []
    return Network(
        id=identity,
        name=request.name,
        driver=driver,
        created=created,
        bridge=bridge,
        enable_ipv4=ipv4,
        enable_ipv6=ipv6,
        internal=request.internal,
        attachable=request.attachable,
        subnets=_subnets(configs, ipv4, ipv6, identity, pools, others, routes),
        options=options,
        labels=dict(request.labels or {}),
        ipam_options=request.ipam.options if request.ipam else None,
    )


def predefined(
    name: str,
    identity: str,
    created: int,
    bridge: str,
    pools: Sequence[AddressPool],
    others: Sequence[Network],
    routes: Sequence[IPNetwork],
) -> Network:
    """Make the record of one of the networks that every engine has."""
    if name != "bridge":
        driver = "null" if name == "none" else name
        return Network(id=identity, name=name, driver=driver, created=created, default=True)
    options = {
        DEFAULT_BRIDGE: "true",
        ICC: "true",
        MASQUERADE: "true",
        HOST_BINDING: "0.0.0.0",
        BRIDGE_NAME: bridge,
        MTU: "1500",
    }
    subnet = free_subnet(pools, [*_used(others), *routes])
    return Network(
        id=identity,
        name=name,
        driver="bridge",
        created=created,
        bridge=bridge,
        subnets=[Subnet(subnet=str(subnet), gateway=str(first_gateway(subnet)))],
        options=options,
        default=True,
    )


def _check_name(name: str, others: Sequence[Network]) -> None:
    if name in (*PREDEFINED, "default"):
        raise Forbidden(f"operation is not permitted on predefined {name} network")
    if _NAME.fullmatch(name) is None or not name.strip():
        raise Invalid(f"invalid network name: {name!r}")
    if name.startswith("container:") or any(other.name == name for other in others):
        raise Conflict(f"network with name {name} already exists")


def _check_bridge(bridge: str, others: Sequence[Network]) -> None:
    if _LINK_NAME.fullmatch(bridge) is None or bridge in (".", ".."):
        raise Invalid(f"invalid bridge name: {bridge!r}")
    holder = next((other for other in others if other.bridge == bridge), None)
    if holder is not None:
        raise Forbidden(f"cannot create network: bridge name {bridge} is in use by network {holder.name}")


def macvlan_mode(options: Mapping[str, str]) -> str:
    """Read how a macvlan network's members reach each other."""
    return options.get(MACVLAN_MODE) or _MACVLAN_MODES[0]


def _check_macvlan(options: Mapping[str, str]) -> None:
    if not options.get(PARENT):
        raise Invalid(f"a macvlan network needs the link that it is on: -o {PARENT}=eth0")
    if macvlan_mode(options) not in _MACVLAN_MODES:
        raise Invalid(f"unknown macvlan mode: {macvlan_mode(options)}")


def _subnets(
    configs: Sequence[IPAMConfig],
    ipv4: bool,
    ipv6: bool,
    identity: str,
    pools: Sequence[AddressPool],
    others: Sequence[Network],
    routes: Sequence[IPNetwork],
) -> list[Subnet]:
    used = list(_used(others))
    subnets = []
    for config in configs:
        if not config.subnet:
            continue
        subnet = _chosen(config, used)
        used.append(ip_network(subnet.subnet))
        if subnet.version == 4 and not ipv4:
            raise Invalid("IPv4 subnet given for a network without IPv4")
        # Docker takes an IPv6 subnet for a network without IPv6, and ignores it.
        if subnet.version == 4 or ipv6:
            subnets.append(subnet)
    versions = {subnet.version for subnet in subnets}
    automatic: list[IPNetwork] = []
    if ipv4 and 4 not in versions:
        automatic.append(free_subnet(pools, [*used, *routes]))
    if ipv6 and 6 not in versions:
        automatic.append(unique_local_subnet(identity, [*used, *routes]))
    for one in automatic:
        subnets.append(Subnet(subnet=str(one), gateway=str(first_gateway(one))))
    return subnets


def _chosen(config: IPAMConfig, used: Sequence[IPNetwork]) -> Subnet:
    """One subnet as a user described it."""
    subnet = parse_subnet(config.subnet)
    require_free(subnet, used)
    if config.ip_range and not _inside(parse_subnet(config.ip_range), subnet):
        raise Invalid(f"invalid ip-range {config.ip_range}: outside subnet {subnet}")
    named = {"gateway": config.gateway, **config.auxiliary_addresses}
    for what, address in named.items():
        if address and parse_address(address, what) not in subnet:
            raise Invalid(f"invalid {what} address {address}: outside subnet {subnet}")
    return Subnet(
        subnet=str(subnet),
        gateway=str(ip_address(config.gateway)) if config.gateway else str(first_gateway(subnet)),
        ip_range=config.ip_range,
        auxiliary=dict(config.auxiliary_addresses),
        chosen=True,
    )


def _inside(inner: IPNetwork, outer: IPNetwork) -> bool:
    return inner.version == outer.version and inner.subnet_of(outer)  # type: ignore[arg-type]  # versions are equal


def _used(networks: Sequence[Network]) -> list[IPNetwork]:
    return [ip_network(subnet.subnet) for network in networks for subnet in network.subnets]


def _flag(options: Mapping[str, str], name: str, default: bool) -> bool:
    value = options.get(name, "")
    if value.lower() in ("1", "t", "true"):
        return True
    if value.lower() in ("0", "f", "false"):
        return False
    if value:
        raise Invalid(f"invalid value for {name}: {value}")
    return default


def _mtu(options: Mapping[str, str]) -> int:
    text = options.get(MTU, "")
    if not text or text == "0":
        return 1500
    if not text.isdecimal() or not _SMALLEST_MTU <= int(text) <= _LARGEST_MTU:
        raise Invalid(f"invalid value for {MTU}: {text}")
    return int(text)
