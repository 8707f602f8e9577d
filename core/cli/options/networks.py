"""`--network` and what belongs to it: aliases, links, addresses."""

from __future__ import annotations

from ...schema.networks import EndpointIPAMConfig, EndpointSettings
from ..failure import Failure
from ..flags import USAGE_STATUS, Options
from .environment import pairs

_SPECIAL = ("bridge", "host", "none", "default")
Endpoints = dict[str, EndpointSettings]


def networks(options: Options) -> tuple[str, Endpoints]:
    """Return the network mode and the endpoints asked for; raises Failure."""
    specs = [*options.items("network"), *options.items("net")]
    endpoints: Endpoints = {}
    mode = "default"
    for position, spec in enumerate(specs):
        name, endpoint = _long(spec) if "=" in spec else (spec, EndpointSettings())
        if position == 0:
            mode = name
            _apply_flags(name, endpoint, options)
        if name in endpoints:
            raise Failure(f'network "{name}" is specified multiple times', USAGE_STATUS)
        if not name.startswith("container:"):
            endpoints[name] = endpoint
    if not specs:
        endpoint = EndpointSettings()
        _apply_flags(mode, endpoint, options)
        if endpoint != EndpointSettings():
            endpoints[mode] = endpoint
    return mode, endpoints


def _long(spec: str) -> tuple[str, EndpointSettings]:
    """Read `name=net,alias=a,ip=…`."""
    name, endpoint, driver = "", EndpointSettings(), []
    for field in spec.split(","):
        key, _, value = field.partition("=")
        match key:
            case "name":
                name = value
            case "alias":
                endpoint.aliases = [*(endpoint.aliases or []), value]
            case "ip":
                _addresses(endpoint).ipv4_address = value
            case "ip6":
                _addresses(endpoint).ipv6_address = value
            case "link-local-ip":
                _addresses(endpoint).link_local_ips = [*_addresses(endpoint).link_local_ips, value]
            case "mac-address":
                endpoint.mac_address = value
            case "driver-opt":
                driver.append(value)
            case "gw-priority":
                endpoint.gw_priority = int(value)
            case _:
                raise Failure(f"invalid field {key}", USAGE_STATUS)
    endpoint.driver_opts = pairs(driver) or None
    return name, endpoint


def _apply_flags(name: str, endpoint: EndpointSettings, options: Options) -> None:
    aliases = [*options.items("network-alias"), *options.items("net-alias")]
    if aliases and name in _SPECIAL:
        raise Failure("network-scoped aliases are only supported for user-defined networks", USAGE_STATUS)
    if aliases:
        endpoint.aliases = [*(endpoint.aliases or []), *aliases]
    if options.items("link") and name not in _SPECIAL:
        endpoint.links = options.items("link")
    if options.given("ip"):
        _addresses(endpoint).ipv4_address = options.text("ip")
    if options.given("ip6"):
        _addresses(endpoint).ipv6_address = options.text("ip6")
    if options.items("link-local-ip"):
        _addresses(endpoint).link_local_ips = options.items("link-local-ip")
    if options.given("mac-address"):
        endpoint.mac_address = options.text("mac-address")


def _addresses(endpoint: EndpointSettings) -> EndpointIPAMConfig:
    endpoint.ipam_config = endpoint.ipam_config or EndpointIPAMConfig()
    return endpoint.ipam_config
