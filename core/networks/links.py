"""Bridges and the firewall of networks in the kernel: a few netlink messages each, under a millisecond."""

from __future__ import annotations

import contextlib
import hashlib
import logging
import os
import socket
from collections.abc import Iterable
from pathlib import Path

from ..errors import Forbidden, Internal
from ..linux import netlink, nftables
from .record import Network
from .settings import bridge_options

_log = logging.getLogger(__name__)
_SETTINGS = Path("/proc/sys/net")


def exists(name: str) -> bool:
    """Tell whether there is a link of this name."""
    try:
        socket.if_nametoindex(name)
    except OSError:
        return False
    return True


def is_whole(network: Network) -> bool:
    """Tell whether a network's bridge is there with all its addresses."""
    try:
        index = socket.if_nametoindex(network.bridge)
    except OSError:
        return False
    present = {address.address for address in netlink.addresses() if address.index == index}
    return present.issuperset(bridge_addresses(network))


def make_bridge(network: Network) -> None:
    """Make a network's bridge with its addresses and settings, or complete the one that is there.

    Raises Forbidden without the privilege, Internal when the kernel refuses otherwise.
    """
    try:
        _make_bridge(network)
    except PermissionError as err:
        raise Forbidden(f"cannot create bridge {network.bridge}: root is needed for networks") from err
    except OSError as err:
        raise Internal(f"cannot set up network {network.name}: {err.strerror or err}") from err


def remove_bridge(network: Network) -> None:
    """Delete a network's bridge. Blocking: the kernel takes some 10 ms."""
    if network.bridge:
        netlink.delete_link(network.bridge)


def ensure_firewall(networks: Iterable[Network]) -> None:
    """Make our table say what these networks want, and let other programs' forward chains pass them.

    Only networks whose bridge exists count. Raises Internal when the kernel refuses.
    """
    present = [network for network in networks if network.bridge and exists(network.bridge)]
    try:
        nftables.ensure_table([_firewall_bridge(network) for network in present])
        admission = nftables.admit([network.bridge for network in present])
    except OSError as err:
        raise Internal(f"cannot set up the firewall: {err.strerror or err}") from err
    for chain in admission.closed if present else ():
        _log.warning("containers may have no network: nftables chain %s drops what is forwarded", chain)


def remove_firewall() -> None:
    """Take our table and our accepts in other programs' chains away."""
    nftables.delete_table()
    nftables.admit([])


def stable_mac(identity: str) -> str:
    """A bridge's MAC address, the same after a reboot, so that neighbours' caches stay right."""
    return "02:42:" + hashlib.sha256(identity.encode()).digest()[:4].hex(":")


def _make_bridge(network: Network) -> None:
    options = bridge_options(network.options)
    with contextlib.suppress(FileExistsError):  # another engine was faster
        netlink.create_bridge(network.bridge, stable_mac(network.id), options.mtu)
    settings = f"conf/{network.bridge}"
    # Ports published on 127.0.0.1 need this; the firewall closes what else it would open.
    netlink.write_sysctl(f"net/ipv4/{settings}/route_localnet", "1")
    _forward("ipv4/ip_forward")
    if (_SETTINGS / "ipv6" / settings).exists():
        netlink.write_sysctl(f"net/ipv6/{settings}/disable_ipv6", "0" if network.enable_ipv6 else "1")
    for address in bridge_addresses(network):
        netlink.add_address(network.bridge, address)
    if network.enable_ipv6:
        _accept_routes_still()
        _forward("ipv6/conf/all/forwarding")


def bridge_addresses(network: Network) -> list[str]:
    """The addresses that a network's bridge has itself."""
    options = bridge_options(network.options)
    if options.gateway_mode == "isolated":
        return []
    addresses = [
        subnet.gateway_address for subnet in network.subnets if not (subnet.version == 4 and options.inhibit)
    ]
    if network.enable_ipv6:
        # Neighbours are asked from a link-local address, and the kernel's own is valid only a second later.
        addresses.append("fe80::1/64")
    return addresses


def _firewall_bridge(network: Network) -> nftables.Bridge:
    options = bridge_options(network.options)
    return nftables.Bridge(
        name=network.bridge,
        subnets=tuple(subnet.subnet for subnet in network.subnets),
        masquerade=options.masquerade and options.gateway_mode in ("nat", "nat-unprotected"),
        internal=network.internal or options.gateway_mode == "isolated",
        icc=options.icc,
        routed=options.gateway_mode in ("routed", "nat-unprotected"),
    )


def _forward(name: str) -> None:
    """Turn forwarding on, unless it is (writing it again would reset other settings)."""
    if (_SETTINGS / name).read_text().strip() == "0":
        netlink.write_sysctl(f"net/{name}", "1")
        _log.info("turned on net.%s: containers are reached through it", name.replace("/", "."))


def _accept_routes_still() -> None:
    """Keep this machine's own IPv6 routes: a kernel that forwards ignores routers unless told otherwise."""
    if (_SETTINGS / "ipv6/conf/all/forwarding").read_text().strip() != "0":
        return
    for entry in os.scandir(_SETTINGS / "ipv6/conf"):
        setting = Path(entry.path, "accept_ra")
        if setting.read_text().strip() == "1":
            setting.write_text("2")
