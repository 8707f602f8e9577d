from __future__ import annotations

import socket

import pytest

from pydock.core.errors import Conflict, Invalid, Unsupported
from pydock.core.networks.ports import Reservation, Wanted, moved, port_map, same_place, wanted_ports
from pydock.core.networks.record import HostPort
from pydock.core.schema.containers import PortBinding

ADDRESS = "172.17.0.2"


def nobody(protocol: str, host_ip: str, number: int) -> str:
    return ""


def free_port(kind: int = socket.SOCK_STREAM) -> int:
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_bindings_are_read_fixed_ones_first() -> None:
    wanted = wanted_ports(
        {
            "80/tcp": [PortBinding(host_port=""), PortBinding(host_ip="127.0.0.1", host_port="8080")],
            "53/udp": [PortBinding(host_port="5300-5310")],
            "9/sctp": None,
        }
    )
    assert wanted == [
        Wanted(80, "tcp", "127.0.0.1", 8080, 8080),
        Wanted(53, "udp", "", 5300, 5310),
        Wanted(9, "sctp"),
        Wanted(80, "tcp"),
    ]


def test_publish_all_adds_the_exposed_ports_that_are_not_bound() -> None:
    wanted = wanted_ports({"80/tcp": [PortBinding(host_port="8080")]}, ["80/tcp", "81/udp"], publish_all=True)
    assert [one.key for one in wanted] == ["80/tcp", "81/udp"]


def test_default_address_stands_where_none_is_named() -> None:
    bindings = {"80/tcp": [PortBinding(), PortBinding(host_ip="0.0.0.0")]}
    assert [one.host_ip for one in wanted_ports(bindings, default_ip="127.0.0.1")] == ["127.0.0.1", "0.0.0.0"]


@pytest.mark.parametrize(
    ("port", "binding"),
    [
        ("x/tcp", PortBinding()),
        ("0/tcp", PortBinding()),
        ("70000/tcp", PortBinding()),
        ("80/icmp", PortBinding()),
        ("80/tcp", PortBinding(host_port="90-80")),
        ("80/tcp", PortBinding(host_port="-1")),
        ("80/tcp", PortBinding(host_port="٨٠")),
        ("80/tcp", PortBinding(host_ip="here")),
    ],
)
def test_malformed_ports_are_refused(port: str, binding: PortBinding) -> None:
    with pytest.raises(Invalid):
        wanted_ports({port: [binding]})


@pytest.mark.parametrize(("protocol", "kind"), [("tcp", socket.SOCK_STREAM), ("udp", socket.SOCK_DGRAM)])
def test_taken_port_is_held_until_it_is_let_go(protocol: str, kind: int) -> None:
    number = free_port(kind)
    wanted = Wanted(80, protocol, "127.0.0.1", number, number)
    with Reservation() as first, Reservation() as second:
        first.take(wanted, ADDRESS, "", nobody)
        assert first.ports == [
            HostPort(
                protocol=protocol,
                host_ip="127.0.0.1",
                host_port=number,
                container_ip=ADDRESS,
                container_port=80,
            )
        ]
        with pytest.raises(Conflict):
            second.take(wanted, ADDRESS, "", nobody)
        first.close()
        second.take(wanted, ADDRESS, "", nobody)
        second.close()


def test_holder_of_a_taken_port_is_named() -> None:
    number = free_port()
    wanted = Wanted(80, "tcp", "", number, number)
    with Reservation() as first, Reservation() as second:
        first.take(wanted, ADDRESS, "", nobody)
        message = f"^Bind for 0.0.0.0:{number} failed: port is already allocated by container web$"
        with pytest.raises(Conflict, match=message):
            second.take(wanted, ADDRESS, "", lambda *_: "web")
        first.close()


def test_range_gives_its_next_free_port() -> None:
    number = free_port()
    wanted = Wanted(80, "tcp", "127.0.0.1", number, min(number + 20, 65535))
    with Reservation() as held:
        held.take(wanted, ADDRESS, "", nobody)
        held.take(wanted, ADDRESS, "", nobody)
        first, second = (port.host_port for port in held.ports)
        assert number <= first < second
        held.close()


def test_free_port_is_the_same_in_both_families() -> None:
    with Reservation() as held:
        held.take(Wanted(80, "tcp"), ADDRESS, "fd00::2", nobody)
        assert len(held.sockets) == 2
        assert {port.container_ip for port in held.ports} == {ADDRESS, "fd00::2"}
        assert len({port.host_port for port in held.ports}) == 1
        held.close()


def test_foreign_address_and_missing_family_are_told() -> None:
    with Reservation() as held:
        with pytest.raises(Invalid, match=r"192\.0\.2\.77:80/tcp: cannot assign requested address"):
            held.take(Wanted(80, "tcp", "192.0.2.77", 80, 80), ADDRESS, "", nobody)
        with pytest.raises(Unsupported, match="no IPv6"):
            held.take(Wanted(80, "tcp", "::1", 80, 80), ADDRESS, "", nobody)
        assert held.sockets == []


def test_error_in_the_block_lets_ports_go() -> None:
    number = free_port()
    wanted = Wanted(80, "tcp", "127.0.0.1", number, number)
    with pytest.raises(ZeroDivisionError), Reservation() as held:
        _take_and_fail(held, wanted)
    with Reservation() as again:
        again.take(wanted, ADDRESS, "", nobody)
        again.close()


def test_port_map_shows_exposed_ports_too() -> None:
    port = HostPort(protocol="tcp", host_ip="", host_port=8080, container_ip=ADDRESS, container_port=80)
    six = HostPort(protocol="tcp", host_ip="", host_port=8080, container_ip="fd00::2", container_port=80)
    assert port_map([port, six], ["443/tcp", "80/tcp"]) == {
        "443/tcp": None,
        "80/tcp": [
            PortBinding(host_ip="0.0.0.0", host_port="8080"),
            PortBinding(host_ip="::", host_port="8080"),
        ],
    }


@pytest.mark.parametrize(
    ("held", "asked", "same"),
    [("", "127.0.0.1", True), ("127.0.0.1", "0.0.0.0", True), ("127.0.0.1", "127.0.0.2", False)],
)
def test_addresses_in_each_others_way(held: str, asked: str, same: bool) -> None:
    port = HostPort(protocol="tcp", host_ip=held, host_port=80, container_ip=ADDRESS, container_port=80)
    assert same_place(port, "tcp", asked, 80) is same
    assert not same_place(port, "udp", asked, 80)


def _take_and_fail(held: Reservation, wanted: Wanted) -> None:
    held.take(wanted, ADDRESS, "", nobody)
    raise ZeroDivisionError


def test_ports_move_with_the_gateway_where_the_family_is_there() -> None:
    four = HostPort(protocol="tcp", host_ip="", host_port=80, container_ip="10.0.0.2", container_port=80)
    six = HostPort(protocol="tcp", host_ip="", host_port=80, container_ip="fd00::2", container_port=80)
    assert [one.container_ip for one in moved([four, six], "10.1.0.2", "fd01::2")] == ["10.1.0.2", "fd01::2"]
    assert [one.container_ip for one in moved([four, six], "10.1.0.2", "")] == ["10.1.0.2"]
