"""`network create`, `ls`, `rm`, `connect` and `disconnect`."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from ...filters import Filters
from ...schema.networks import (
    IPAM,
    EndpointIPAMConfig,
    EndpointSettings,
    IPAMConfig,
    NetworkCreateRequest,
    NetworkInspect,
)
from ...units import parse_timestamp
from .. import render
from ..command import Cli, Command
from ..execute import Each
from ..failure import Failure
from ..flags import Flag, Options
from ..options.environment import pairs
from ..render import Row, safe
from ..rows import labels, local_time, short
from .ps import FILTER, FORMAT, NO_TRUNC

_TITLES = {
    "ID": "NETWORK ID",
    "Name": "NAME",
    "Driver": "DRIVER",
    "Scope": "SCOPE",
    "IPv4": "IPV4",
    "IPv6": "IPV6",
    "Internal": "INTERNAL",
    "Labels": "LABELS",
    "CreatedAt": "CREATED AT",
}


async def _list(cli: Cli, options: Options, arguments: list[str]) -> None:
    async with cli.connect() as client:
        found = await client.networks.list(Filters.from_pairs(options.items("filter")))
    found.sort(key=lambda network: network.name)
    trunc = not options.flag("no-trunc")
    if options.flag("quiet"):
        for network in found:
            render.line(short(network.id) if trunc else network.id)
        return
    rows = [_row(network, trunc) for network in found]
    render.rows(rows, _TITLES, ["ID", "Name", "Driver", "Scope"], options.text("format"))


def _row(network: NetworkInspect, trunc: bool) -> Row:
    return {
        "ID": short(network.id) if trunc else network.id,
        "Name": network.name,
        "Driver": network.driver,
        "Scope": network.scope,
        "IPv4": str(network.enable_ipv4).lower(),
        "IPv6": str(network.enable_ipv6).lower(),
        "Internal": str(network.internal).lower(),
        "Labels": safe(labels(network.labels)),
        "CreatedAt": local_time(parse_timestamp(network.created) / 1e9),
        "Label": lambda key: (network.labels or {}).get(key, ""),
    }


async def _create(cli: Cli, options: Options, arguments: list[str]) -> None:
    request = NetworkCreateRequest(
        name=arguments[0],
        driver=options.text("driver", "bridge"),
        scope=options.text("scope"),
        enable_ipv4=options.flag("ipv4") if options.given("ipv4") else None,
        enable_ipv6=options.flag("ipv6") if options.given("ipv6") else None,
        ipam=_ipam(options),
        internal=options.flag("internal"),
        attachable=options.flag("attachable"),
        ingress=options.flag("ingress"),
        options=pairs(options.items("opt")),
        labels=pairs(options.items("label")),
    )
    async with cli.connect() as client:
        answer = await client.networks.create(request)
    if answer.warning:
        print(f"WARNING: {answer.warning}", file=sys.stderr)
    render.line(answer.id)


def _ipam(options: Options) -> IPAM:
    """Match ranges, gateways and auxiliary addresses with their subnets; raises Failure."""
    configs = [IPAMConfig(subnet=subnet) for subnet in options.items("subnet")]
    ranges, gateways = options.items("ip-range"), options.items("gateway")
    extra = pairs(options.items("aux-address"))
    if not configs and (ranges or gateways or extra):
        raise Failure("every ip-range or gateway must have a corresponding subnet")
    for text in ranges:
        _config_for(configs, text).ip_range = text
    for text in gateways:
        _config_for(configs, text).gateway = text
    for name, text in extra.items():
        _config_for(configs, text).auxiliary_addresses[name] = text
    return IPAM(
        driver=options.text("ipam-driver", "default"),
        options=pairs(options.items("ipam-opt")),
        config=configs,
    )


def _config_for(configs: Sequence[IPAMConfig], text: str) -> IPAMConfig:
    import ipaddress

    try:
        address = ipaddress.ip_interface(text).ip
        for config in configs:
            if address in ipaddress.ip_network(config.subnet, strict=False):
                return config
    except ValueError:
        # What is no address is for the engine to refuse, with its own words.
        return configs[0]
    raise Failure(f"no matching subnet for {text}")


async def _remove(cli: Cli, options: Options, arguments: list[str]) -> int:
    each = Each()
    async with cli.connect() as client:
        for name in arguments:
            with each.of(name):
                await client.networks.remove(name)
                render.line(name)
    if each.status and not options.flag("force"):
        raise Failure(f"exit status {each.status}")
    return 0


async def _connect(cli: Cli, options: Options, arguments: list[str]) -> None:
    network, container = arguments
    addresses = EndpointIPAMConfig(
        ipv4_address=options.text("ip"),
        ipv6_address=options.text("ip6"),
        link_local_ips=options.items("link-local-ip"),
    )
    endpoint = EndpointSettings(
        ipam_config=addresses,
        links=options.items("link") or None,
        aliases=options.items("alias") or None,
        driver_opts=pairs(options.items("driver-opt")) or None,
        gw_priority=options.number("gw-priority") or 0,
    )
    async with cli.connect() as client:
        await client.networks.connect(network, container, endpoint)


async def _disconnect(cli: Cli, options: Options, arguments: list[str]) -> None:
    async with cli.connect() as client:
        await client.networks.disconnect(arguments[0], arguments[1], options.flag("force"))


LIST = Command(
    "network ls",
    "",
    "List networks",
    _list,
    (FILTER, FORMAT, NO_TRUNC, Flag("quiet", "Only display network IDs", short="q")),
    most=0,
)
CREATE = Command(
    "network create",
    "NETWORK",
    "Create a network",
    _create,
    (
        Flag("attachable", "Enable manual container attachment"),
        Flag("aux-address", "Auxiliary IPv4 or IPv6 addresses used by Network driver", "map"),
        Flag("driver", "Driver to manage the Network", "string", "d", '"bridge"'),
        Flag("gateway", "IPv4 or IPv6 Gateway for the master subnet", "list"),
        Flag("ingress", "Create swarm routing-mesh network", hidden=True),
        Flag("internal", "Restrict external access to the network"),
        Flag("ip-range", "Allocate container ip from a sub-range", "list"),
        Flag("ipam-driver", "IP Address Management Driver", "string", default='"default"'),
        Flag("ipam-opt", "Set IPAM driver specific options", "map"),
        Flag("ipv4", "Enable or disable IPv4 address assignment", default="true"),
        Flag("ipv6", "Enable or disable IPv6 address assignment"),
        Flag("label", "Set metadata on a network", "list"),
        Flag("opt", "Set driver specific options", "map", "o"),
        Flag("scope", "Control the network's scope", "string"),
        Flag("subnet", "Subnet in CIDR format that represents a network segment", "list"),
    ),
    least=1,
    most=1,
)
REMOVE = Command(
    "network rm",
    "NETWORK [NETWORK...]",
    "Remove one or more networks",
    _remove,
    (Flag("force", "Do not error if the network does not exist", short="f"),),
    least=1,
)
CONNECT = Command(
    "network connect",
    "NETWORK CONTAINER",
    "Connect a container to a network",
    _connect,
    (
        Flag("alias", "Add network-scoped alias for the container", "list"),
        Flag("driver-opt", "driver options for the network", "list"),
        Flag("gw-priority", "Highest gw-priority provides the default gateway", "int"),
        Flag("ip", 'IPv4 address (e.g., "172.30.100.104")', "string"),
        Flag("ip6", 'IPv6 address (e.g., "2001:db8::33")', "string"),
        Flag("link", "Add link to another container", "list"),
        Flag("link-local-ip", "Add a link-local address for the container", "list"),
    ),
    least=2,
    most=2,
)
DISCONNECT = Command(
    "network disconnect",
    "NETWORK CONTAINER",
    "Disconnect a container from a network",
    _disconnect,
    (Flag("force", "Force the container to disconnect from a network", short="f"),),
    least=2,
    most=2,
)
