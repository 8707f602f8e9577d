"""Links, addresses and routes on the real kernel, in namespaces of the test's own."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest

from kernel.netns import Interface, Namespace
from pydock.core.linux import netlink


@pytest.fixture
def host() -> Iterator[Namespace]:
    space = Namespace()
    yield space
    space.close()


@pytest.fixture
def container() -> Iterator[Namespace]:
    space = Namespace()
    yield space
    space.close()


def test_bridge_keeps_the_mac_it_was_given(host: Namespace, container: Namespace) -> None:
    host.run(netlink.create_bridge, "pydock0", "02:42:11:22:33:44", 1400)
    host.run(netlink.create_veth, "pdk1", "pydock0", "eth0", container.task, "02:42:00:00:00:01", 1400)
    links = {link.name: link for link in host.run(netlink.links)}
    bridge = links["pydock0"]
    assert (bridge.kind, bridge.mac, bridge.mtu, bridge.up) == ("bridge", "02:42:11:22:33:44", 1400, True)
    assert (links["pdk1"].kind, links["pdk1"].master, links["pdk1"].up) == ("veth", bridge.index, True)


def test_peer_has_name_mac_and_mtu_in_its_own_namespace(host: Namespace, container: Namespace) -> None:
    host.run(netlink.create_bridge, "pydock0")
    host.run(netlink.create_veth, "pdk1", "pydock0", "eth0", container.task, "02:42:ac:11:00:02", 1450)
    link = next(link for link in container.run(netlink.links) if link.name == "eth0")
    assert (link.mac, link.mtu, link.up) == ("02:42:ac:11:00:02", 1450, False)


def test_configure_makes_a_container_reachable_at_once(host: Namespace, container: Namespace) -> None:
    host.run(netlink.create_bridge, "pydock0")
    host.run(netlink.add_address, "pydock0", "172.17.0.1/16")
    host.run(netlink.add_address, "pydock0", "fd00:17::1/64")
    eth0 = Interface("eth0", ("172.17.0.2/16", "fd00:17::2/64"), "172.17.0.1", "fd00:17::1")
    container.attach(host, "pydock0", eth0, "pdk1")
    assert {"172.17.0.2/16", "fd00:17::2/64", "127.0.0.1/8"} <= {
        address.address for address in container.run(netlink.addresses)
    }
    defaults = {route.gateway for route in container.run(netlink.routes) if route.destination.endswith("/0")}
    assert defaults == {"172.17.0.1", "fd00:17::1"}
    for address in ("172.17.0.2", "fd00:17::2"):
        server = container.run(socket.create_server, (address, 80), family=_family(address))
        with server, host.run(socket.create_connection, (address, 80), 5):
            pass


def test_interface_without_ipv6_addresses_has_none_at_all(host: Namespace, container: Namespace) -> None:
    host.run(netlink.create_bridge, "pydock0")
    container.attach(host, "pydock0", Interface("eth0", ("172.17.0.2/16",)), "pdk1")
    index = next(link.index for link in container.run(netlink.links) if link.name == "eth0")
    own = [address.address for address in container.run(netlink.addresses) if address.index == index]
    assert own == ["172.17.0.2/16"]


def test_two_interfaces_in_one_call(host: Namespace, container: Namespace) -> None:
    for number in (0, 1):
        host.run(netlink.create_bridge, f"b{number}")
        host.run(
            netlink.create_veth,
            f"pdk{number}",
            f"b{number}",
            f"eth{number}",
            container.task,
            f"02:42:00:00:00:0{number}",
        )
    container.run(
        netlink.configure,
        [Interface("eth0", ("172.17.0.2/16",), "172.17.0.1"), Interface("eth1", ("172.18.0.2/16",))],
    )
    found = {address.address for address in container.run(netlink.addresses)}
    assert {"172.17.0.2/16", "172.18.0.2/16"} <= found


def test_veth_goes_with_the_containers_namespace(host: Namespace) -> None:
    host.run(netlink.create_bridge, "pydock0")
    events = host.run(_link_events)
    container = Namespace()
    host.run(netlink.create_veth, "pdk1", "pydock0", "eth0", container.task, "02:42:00:00:00:01")
    container.close()
    with events:
        events.settimeout(10)
        while b"pdk1\0" in _names(host):
            events.recv(65536)


@pytest.mark.parametrize(("bridge", "error"), [("pydock0", ProcessLookupError), ("nobridge", OSError)])
def test_refused_veth_leaves_no_link(host: Namespace, bridge: str, error: type[OSError]) -> None:
    host.run(netlink.create_bridge, "pydock0")
    nobody = 2**22
    with pytest.raises(error):
        host.run(netlink.create_veth, "pdk1", bridge, "eth0", nobody, "02:42:00:00:00:01")
    assert b"pdk1\0" not in _names(host)


def test_taken_name_is_told(host: Namespace) -> None:
    host.run(netlink.create_bridge, "pydock0")
    with pytest.raises(FileExistsError, match="pydock0"):
        host.run(netlink.create_bridge, "pydock0")


def test_addresses_are_added_and_deleted(host: Namespace) -> None:
    host.run(netlink.create_bridge, "pydock0")
    host.run(netlink.add_address, "pydock0", "172.17.0.1/16")
    host.run(netlink.add_address, "pydock0", "172.17.0.1/16")
    host.run(netlink.delete_address, "pydock0", "172.17.0.1/16")
    assert "172.17.0.1/16" not in {address.address for address in host.run(netlink.addresses)}


def test_deleting_what_is_gone_is_no_error_unless_asked_for(host: Namespace) -> None:
    host.run(netlink.delete_link, "pydock9")
    with pytest.raises(OSError, match="pydock9"):
        host.run(netlink.delete_link, "pydock9", missing_ok=False)


def test_many_links_are_all_listed(host: Namespace) -> None:
    for number in range(150):
        host.run(netlink.create_bridge, f"b{number}")
    assert len(host.run(netlink.links)) >= 151


def test_sysctl_is_written_in_the_namespace_of_the_caller(host: Namespace, container: Namespace) -> None:
    host.run(netlink.create_bridge, "pydock0")
    host.run(netlink.write_sysctl, "net/ipv4/conf/pydock0/route_localnet", "1")
    with pytest.raises(FileNotFoundError):
        container.run(netlink.write_sysctl, "net/ipv4/conf/pydock0/route_localnet", "1")


def _family(address: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in address else socket.AF_INET


def _names(host: Namespace) -> set[bytes]:
    return {link.name.encode() + b"\0" for link in host.run(netlink.links)}


def _link_events() -> socket.socket:
    """A socket that the kernel tells of links (RTMGRP_LINK)."""
    events = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0)
    events.bind((0, 1))
    return events
