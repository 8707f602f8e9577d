"""Who reaches whom through our firewall: packets on the real kernel, in namespaces of the test's own.

outside 192.0.2.9 ── up0 192.0.2.1 host ── pydock0 172.17.0.1 ── web 172.17.0.2, peer 172.17.0.3
                                      └─── other0  172.18.0.1 ── far 172.18.0.2
"""

from __future__ import annotations

import socket
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from kernel.netns import BRIEFLY, Interface, Namespace, connect, listen, reaches
from pydock.core.linux import netlink, nftables
from pydock.core.linux.nftables import Bridge, Port

POLICY_DROP = "{ type filter hook forward priority 0; policy drop; }"
BRIDGES = (Bridge("pydock0", ("172.17.0.0/16", "fd00:17::/64")), Bridge("other0", ("172.18.0.0/16",)))


@dataclass(frozen=True)
class World:
    """The picture above, with our table in the host's namespace and nothing published."""

    host: Namespace
    outside: Namespace
    web: Namespace
    peer: Namespace
    far: Namespace

    def publish(self, *ports: Port) -> None:
        self.host.run(nftables.add_ports, ports)


@pytest.fixture
def world() -> Iterator[World]:
    spaces = [Namespace() for _ in range(5)]
    world = World(*spaces)
    try:
        _build(world)
        yield world
    finally:
        for space in spaces:
            space.close()


def _build(world: World) -> None:
    host = world.host
    host.run(netlink.write_sysctl, "net/ipv4/ip_forward", "1")
    host.run(netlink.write_sysctl, "net/ipv6/conf/all/forwarding", "1")
    # fe80::1: neighbours are asked from a link-local address, and the kernel's own is valid a second later.
    # `outside` hangs on a bridge that is not ours: to the firewall it is any network card.
    for bridge, *addresses in (
        ("up0", "192.0.2.1/24", "2001:db8::1/64", "fe80::1/64"),
        ("pydock0", "172.17.0.1/16", "fd00:17::1/64", "fe80::1/64"),
        ("other0", "172.18.0.1/16"),
    ):
        host.run(netlink.create_bridge, bridge)
        host.run(netlink.write_sysctl, f"net/ipv4/conf/{bridge}/route_localnet", "1")
        for address in addresses:
            host.run(netlink.add_address, bridge, address)
    # The neighbour routes everything by the host, also what is addressed to containers.
    outside = Interface("eth0", ("192.0.2.9/24", "2001:db8::9/64"), "192.0.2.1", "2001:db8::1")
    world.outside.attach(host, "up0", outside, "pdk1")
    web = Interface("eth0", ("172.17.0.2/16", "fd00:17::2/64"), "172.17.0.1", "fd00:17::1")
    world.web.attach(host, "pydock0", web, "pdk2")
    world.peer.attach(host, "pydock0", Interface("eth0", ("172.17.0.3/16",), "172.17.0.1"), "pdk3")
    world.far.attach(host, "other0", Interface("eth0", ("172.18.0.2/16",), "172.18.0.1"), "pdk4")
    host.run(nftables.ensure_table, BRIDGES)


# From where, to which address; the source that the container sees, "" for unreachable.
ALL_ADDRESSES = [
    ("host", "127.0.0.1", "172.17.0.1"),
    ("host", "172.17.0.1", "172.17.0.1"),
    ("host", "192.0.2.1", "192.0.2.1"),
    ("outside", "192.0.2.1", "192.0.2.9"),
    ("outside", "172.17.0.2", ""),
    ("web", "192.0.2.1", "172.17.0.1"),
    ("web", "172.17.0.1", "172.17.0.1"),
    ("peer", "192.0.2.1", "172.17.0.1"),
    ("far", "192.0.2.1", "172.17.0.1"),
    ("far", "172.18.0.1", "172.17.0.1"),
    ("far", "172.17.0.2", ""),
]


@pytest.mark.parametrize(("where", "address", "seen"), ALL_ADDRESSES)
def test_port_published_on_all_addresses(world: World, where: str, address: str, seen: str) -> None:
    world.publish(Port("tcp", "", 8080, "172.17.0.2", 80))
    with listen(world.web, "0.0.0.0", 80) as server:
        assert reaches(getattr(world, where), address, 8080, server, 3 if seen else BRIEFLY) == seen


@pytest.mark.parametrize(
    ("where", "address", "seen"),
    [
        ("host", "127.0.0.1", "172.17.0.1"),
        ("host", "192.0.2.1", ""),
        ("outside", "192.0.2.1", ""),
        ("outside", "172.17.0.2", ""),
        ("outside", "127.0.0.1", ""),
        ("peer", "172.17.0.1", ""),
        ("far", "172.18.0.1", ""),
    ],
)
def test_port_published_on_loopback_only(world: World, where: str, address: str, seen: str) -> None:
    world.publish(Port("tcp", "127.0.0.1", 8080, "172.17.0.2", 80))
    with listen(world.web, "0.0.0.0", 80) as server:
        assert reaches(getattr(world, where), address, 8080, server, 3 if seen else BRIEFLY) == seen


@pytest.mark.parametrize(
    ("where", "address", "seen"),
    [("outside", "192.0.2.1", "192.0.2.9"), ("host", "127.0.0.1", ""), ("host", "192.0.2.1", "192.0.2.1")],
)
def test_port_published_on_one_address(world: World, where: str, address: str, seen: str) -> None:
    world.publish(Port("tcp", "192.0.2.1", 8080, "172.17.0.2", 80))
    with listen(world.web, "0.0.0.0", 80) as server:
        assert reaches(getattr(world, where), address, 8080, server, 3 if seen else BRIEFLY) == seen


@pytest.mark.parametrize(
    ("where", "address", "seen"),
    [
        ("host", "172.17.0.2", "172.17.0.1"),
        ("peer", "172.17.0.2", "172.17.0.3"),
        ("far", "172.17.0.2", ""),
        ("outside", "172.17.0.2", ""),
        ("outside", "fd00:17::2", ""),
        ("host", "fd00:17::2", "fd00:17::1"),
    ],
)
@pytest.mark.parametrize("published", [False, True])
def test_containers_own_address(world: World, published: bool, where: str, address: str, seen: str) -> None:
    if published:
        world.publish(Port("tcp", "127.0.0.1", 80, "172.17.0.2", 80))
    with listen(world.web, "::" if ":" in address else "0.0.0.0", 80) as server:
        assert reaches(getattr(world, where), address, 80, server, 3 if seen else BRIEFLY) == seen


def test_container_gets_out_masqueraded(world: World) -> None:
    with listen(world.outside, "0.0.0.0", 80) as server:
        assert reaches(world.web, "192.0.2.9", 80, server) == "192.0.2.1"
    with listen(world.outside, "::", 80) as server:
        assert reaches(world.web, "2001:db8::9", 80, server) == "2001:db8::1"


def test_ipv6_port_is_led_to_the_container(world: World) -> None:
    world.publish(Port("tcp", "", 8080, "fd00:17::2", 80), Port("tcp", "2001:db8::1", 8081, "fd00:17::2", 80))
    with listen(world.web, "::", 80) as server:
        assert reaches(world.outside, "2001:db8::1", 8080, server) == "2001:db8::9"
        assert reaches(world.outside, "2001:db8::1", 8081, server) == "2001:db8::9"
        assert reaches(world.host, "2001:db8::1", 8080, server) == "2001:db8::1"
        assert reaches(world.web, "2001:db8::1", 8080, server) == "fd00:17::1"


@pytest.mark.parametrize(
    ("where", "address"), [("host", "127.0.0.1"), ("outside", "192.0.2.1"), ("web", "192.0.2.1")]
)
def test_udp_goes_there_and_back(world: World, where: str, address: str) -> None:
    world.publish(Port("udp", "", 5353, "172.17.0.2", 53))
    space: Namespace = getattr(world, where)
    client = space.run(socket.socket, socket.AF_INET, socket.SOCK_DGRAM)
    with client, listen(world.web, "0.0.0.0", 53, socket.SOCK_DGRAM) as server:
        client.settimeout(2)
        client.connect((address, 5353))
        client.send(b"ping")
        data, source = server.recvfrom(64)
        server.sendto(data + b" pong", source)
        assert client.recv(64) == b"ping pong"


def test_udp_flow_that_goes_on_follows_the_port(world: World) -> None:
    """A client that keeps sending from one port: before, while and after the container has the port."""
    port = Port("udp", "", 5353, "172.17.0.2", 53)
    client = world.outside.run(socket.socket, socket.AF_INET, socket.SOCK_DGRAM)
    on_host = listen(world.host, "192.0.2.1", 5353, socket.SOCK_DGRAM)
    in_web = listen(world.web, "0.0.0.0", 53, socket.SOCK_DGRAM)
    with client, on_host, in_web:
        client.connect(("192.0.2.1", 5353))
        for server, data in ((on_host, b"before"), (in_web, b"while"), (on_host, b"after")):
            client.send(data)
            assert server.recv(64) == data
            if data == b"before":
                world.publish(port)
            else:
                world.host.run(nftables.remove_ports, [port])


def test_withdrawn_port_leads_nowhere(world: World) -> None:
    port = Port("tcp", "", 8080, "172.17.0.2", 80)
    world.publish(port)
    world.host.run(nftables.remove_ports, [port])
    world.host.run(nftables.remove_ports, [port])
    with listen(world.web, "0.0.0.0", 80) as server:
        assert reaches(world.outside, "192.0.2.1", 8080, server, BRIEFLY) == ""


def test_bridge_cannot_reach_the_hosts_loopback(world: World) -> None:
    """route_localnet, needed for ports on 127.0.0.1, must not open the host's own services to containers."""
    world.web.run(netlink.write_sysctl, "net/ipv4/conf/all/route_localnet", "1")
    world.web.run(netlink.delete_address, "lo", "127.0.0.1/8")
    with listen(world.host, "127.0.0.1", 80) as server:
        subnet_route = Interface("eth0", ("127.0.0.5/8",))
        world.web.run(netlink.configure, [subnet_route])
        assert reaches(world.web, "127.0.0.1", 80, server, BRIEFLY) == ""


def test_internal_bridge_goes_nowhere(world: World) -> None:
    internal = (BRIDGES[0], BRIDGES[1]._replace(internal=True))
    world.host.run(nftables.ensure_table, internal)
    world.publish(Port("tcp", "", 8080, "172.17.0.2", 80))
    with listen(world.outside, "0.0.0.0", 80) as out, listen(world.web, "0.0.0.0", 80) as web:
        assert reaches(world.far, "192.0.2.9", 80, out, BRIEFLY) == ""
        assert reaches(world.far, "172.18.0.1", 8080, web, BRIEFLY) == ""


def test_routed_network_is_open_to_neighbours_and_not_masqueraded(world: World) -> None:
    routed = (BRIDGES[0]._replace(routed=True, masquerade=False), BRIDGES[1])
    world.host.run(nftables.ensure_table, routed)
    with listen(world.web, "0.0.0.0", 80) as web, listen(world.outside, "0.0.0.0", 80) as out:
        assert reaches(world.outside, "172.17.0.2", 80, web) == "192.0.2.9"
        assert reaches(world.web, "192.0.2.9", 80, out) == "172.17.0.2"
        assert reaches(world.far, "172.17.0.2", 80, web, BRIEFLY) == ""


def test_ensure_keeps_ports_and_connections(world: World) -> None:
    world.publish(Port("tcp", "", 8080, "172.17.0.2", 80))
    with listen(world.web, "0.0.0.0", 80) as server, connect(world.outside, "192.0.2.1", 8080) as client:
        peer, _source = server.accept()
        world.host.run(nftables.ensure_table, BRIDGES)
        client.sendall(b"still here")
        assert peer.recv(64) == b"still here"
        peer.close()
    assert len(world.host.run(nftables.ports)) == 1


def test_lost_table_is_told_and_put_back(world: World) -> None:
    port = Port("tcp", "127.0.0.1", 8080, "172.17.0.2", 80)
    world.publish(port)
    world.host.run(nftables.delete_table)
    assert not world.host.run(nftables.table_exists)
    assert world.host.run(nftables.ports) == []
    assert not world.host.run(nftables.add_ports, [port])
    world.host.run(nftables.ensure_table, BRIDGES)
    world.publish(port)
    with listen(world.web, "0.0.0.0", 80) as server:
        assert reaches(world.host, "127.0.0.1", 8080, server)
        assert not reaches(world.outside, "172.17.0.2", 80, server, BRIEFLY)


def test_port_that_led_elsewhere_is_led_anew(world: World) -> None:
    world.publish(Port("tcp", "", 8080, "172.17.0.9", 80))
    world.publish(Port("tcp", "", 8080, "172.17.0.2", 80), Port("tcp", "", 8081, "172.17.0.2", 81))
    assert sorted(world.host.run(nftables.ports)) == [
        Port("tcp", "", 8080, "172.17.0.2", 80),
        Port("tcp", "", 8081, "172.17.0.2", 81),
    ]


def test_every_kind_of_port_is_read_back(world: World) -> None:
    ports = [
        Port("tcp", "", 80, "172.17.0.2", 8080),
        Port("udp", "127.0.0.1", 53, "172.17.0.2", 53),
        Port("sctp", "", 65535, "172.17.0.2", 1),
        Port("tcp", "::1", 80, "fd00:17::2", 80),
        Port("udp", "", 1, "fd00:17::2", 65535),
    ]
    world.publish(*ports)
    assert sorted(world.host.run(nftables.ports)) == sorted(ports)
    world.host.run(nftables.remove_ports, ports)
    assert world.host.run(nftables.ports) == []


def test_ten_thousand_ports_at_once(world: World) -> None:
    ports = [Port("tcp", "", number, "172.17.0.2", number) for number in range(1, 10_001)]
    world.publish(*ports)
    assert len(world.host.run(nftables.ports)) == 10_000
    world.host.run(nftables.remove_ports, ports)
    assert world.host.run(nftables.ports) == []


def test_users_chain_is_asked_first_and_kept(world: World) -> None:
    _nft(world, "add rule inet pydock user ip saddr 192.0.2.9 tcp dport 80 drop")
    world.host.run(nftables.ensure_table, BRIDGES)
    world.publish(Port("tcp", "", 8080, "172.17.0.2", 80))
    with listen(world.web, "0.0.0.0", 80) as server:
        assert reaches(world.outside, "192.0.2.1", 8080, server, BRIEFLY) == ""
        assert reaches(world.far, "192.0.2.1", 8080, server)


def test_nft_reads_back_what_it_lists(world: World) -> None:
    world.publish(Port("tcp", "", 8080, "172.17.0.2", 80), Port("tcp", "", 80, "fd00:17::2", 80))
    listed = _nft(world, "list ruleset")
    _nft(world, "flush ruleset\n" + listed)
    assert _nft(world, "list ruleset") == listed


FORWARD_DROPS = (
    "add table ip filter; add chain ip filter FORWARD { type filter hook forward priority 0; policy drop; }"
)


def test_dropping_forward_chain_lets_our_bridges_pass(world: World) -> None:
    _nft(world, f"add table ip filter; add chain ip filter FORWARD {POLICY_DROP}")
    before = _nft(world, "list table ip filter")
    world.publish(Port("tcp", "", 8080, "172.17.0.2", 80))
    with listen(world.web, "0.0.0.0", 80) as server:
        assert reaches(world.outside, "192.0.2.1", 8080, server, BRIEFLY) == ""
        admission = world.host.run(nftables.admit, ["pydock0", "other0"])
        assert admission.opened == ("ip filter FORWARD",)
        assert reaches(world.outside, "192.0.2.1", 8080, server) == "192.0.2.9"
        assert reaches(world.outside, "172.17.0.2", 80, server, BRIEFLY) == ""
    once = _nft(world, "list table ip filter")
    world.host.run(nftables.admit, ["pydock0", "other0"])
    assert _nft(world, "list table ip filter") == once
    world.host.run(nftables.admit, [])
    assert _nft(world, "list table ip filter") == before


def test_other_dropping_chains_are_told_and_left_alone(world: World) -> None:
    _nft(
        world,
        "add table inet mine; add chain inet mine f { type filter hook forward priority 0; policy drop; }",
    )
    before = _nft(world, "list table inet mine")
    admission = world.host.run(nftables.admit, ["pydock0"])
    assert (admission.opened, admission.closed) == ((), ("inet mine f",))
    assert _nft(world, "list table inet mine") == before


def _nft(world: World, script: str) -> str:
    """nft(8), here only to look at what we made and to play another program."""
    command = ["nft", "-s", "-f", "-"]
    return world.host.run(
        subprocess.run, command, input=script, text=True, check=True, capture_output=True
    ).stdout
