"""Who reaches a container: by family, by the way its port is published, and from where."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from kernel.engines import Box
from kernel.netns import BRIEFLY, Namespace
from kernel.test_ports import on
from pydock.core.linux import netlink
from pydock.core.linux.namespace import CLONE_NEWNET, setns
from pydock.core.schema.containers import HostConfig, PortBinding
from pydock.core.schema.networks import IPAM, IPAMConfig, NetworkCreateRequest

SERVE = ("sh", "-c", "mkdir /www; echo ready; exec httpd -f -p 80 -h /www")
LAN = {4: "192.0.2.1", 6: "2001:db8::1"}
FAR = {4: "192.0.2.9", 6: "2001:db8::9"}
# How port 80 is published: on which host address, on which port; "plain" is not published.
WAYS = {"any": ("", 8001), "loopback": ("127.0.0.1", 8002), "lan": (LAN[4], 8003), "plain": ("", 0)}
ALL = frozenset(WAYS)
# From where, to which address, over which family: the ways that lead to the container.
REACHED = {
    ("host", "loopback", 4): {"any", "loopback"},
    # There is no route_localnet in IPv6: what ::1 sends never leaves lo.
    ("host", "loopback", 6): set(),
    ("host", "lan", 4): {"any", "lan"},
    ("host", "lan", 6): {"any"},
    ("host", "own", 4): ALL,
    ("host", "own", 6): ALL,
    ("far", "lan", 4): {"any", "lan"},
    ("far", "lan", 6): {"any"},
    ("far", "own", 4): set(),
    ("far", "own", 6): set(),
    ("member", "lan", 4): {"any", "lan"},
    ("member", "lan", 6): {"any"},
    ("member", "own", 4): ALL,
    ("member", "own", 6): ALL,
    ("other", "lan", 4): {"any", "lan"},
    ("other", "lan", 6): {"any"},
    ("other", "own", 4): set(),
    ("other", "own", 6): set(),
    ("itself", "lan", 4): {"any", "lan"},
    ("itself", "lan", 6): {"any"},
    ("itself", "own", 4): ALL,
}


@pytest.fixture
def lan() -> Iterator[tuple[Namespace, Namespace]]:
    """This machine, and a neighbour that routes the containers' subnets to it."""
    host, far = Namespace(), Namespace()
    host.run(netlink.create_bridge, "lan0")
    for family, length in ((4, 24), (6, 64)):
        host.run(netlink.add_address, "lan0", f"{LAN[family]}/{length}")
    host.run(netlink.create_veth, "up0", "lan0", "eth0", far.task, "02:00:00:00:00:99")
    far.run(netlink.configure, [_Station()])
    yield host, far
    host.close()
    far.close()


class _Station:
    """The neighbour's interface, with this machine as its gateway."""

    name = "eth0"
    addresses = (f"{FAR[4]}/24", f"{FAR[6]}/64")
    gateway4, gateway6 = LAN[4], LAN[6]


class Inside:
    """A thread in the network namespace of a process."""

    def __init__(self, process: int) -> None:
        self._pool = ThreadPoolExecutor(1, initializer=self._enter, initargs=(process,))

    def _enter(self, process: int) -> None:
        descriptor = os.open(f"/proc/{process}/ns/net", os.O_RDONLY | os.O_CLOEXEC)
        setns(descriptor, CLONE_NEWNET)
        os.close(descriptor)

    def reaches(self, address: str, port: int, patience: float) -> bool:
        return self._pool.submit(_connects, address, port, patience).result()

    def close(self) -> None:
        self._pool.shutdown()


def _connects(address: str, port: int, patience: float) -> bool:
    try:
        with socket.create_connection((address, port), timeout=patience):
            return True
    except OSError:
        return False


def test_who_reaches_a_container(lan: tuple[Namespace, Namespace], tmp_path: Path) -> None:
    host, far = lan

    async def work(box: Box) -> None:
        for name, number in (("back", 1), ("apart", 2)):
            pools = [IPAMConfig(subnet=f"10.9{number}.0.0/24"), IPAMConfig(subnet=f"fd00:{number}::/64")]
            request = NetworkCreateRequest(name=name, enable_ipv6=True, ipam=IPAM(config=pools))
            await box.engine.networks.create(request)
        servers = {way: await _server(box, way) for way in WAYS}
        watchers = {
            place: await box.running("sleep", "1000", host=HostConfig(network_mode=network))
            for place, network in (("member", "back"), ("other", "apart"))
        }
        places = {place: Inside(await _process(box, one)) for place, one in watchers.items()}
        places["host"], places["far"] = Inside(host.task), Inside(far.task)
        try:
            found = {
                cell: {way for way in WAYS if await _reaches(box, places, cell, way, servers[way])}
                for cell in REACHED
            }
        finally:
            for place in places.values():
                place.close()
        assert found == REACHED

    on(host, tmp_path, work)


async def _server(box: Box, way: str) -> str:
    address, port = WAYS[way]
    bindings = {"80/tcp": [PortBinding(host_ip=address, host_port=str(port))]} if port else None
    identity = await box.running(*SERVE, host=HostConfig(network_mode="back", port_bindings=bindings))
    await box.until_logged(identity, "ready")
    return identity


async def _process(box: Box, identity: str) -> int:
    return (await box.containers.inspect(identity)).state.pid


async def _reaches(
    box: Box, places: dict[str, Inside], cell: tuple[str, str, int], way: str, server: str
) -> bool:
    place, target, family = cell
    endpoint = (await box.containers.inspect(server)).network_settings.networks["back"]
    own = endpoint.ip_address if family == 4 else endpoint.global_ipv6_address
    address = {"own": own, "lan": LAN[family], "loopback": "127.0.0.1" if family == 4 else "::1"}[target]
    port = 80 if target == "own" else WAYS[way][1]
    if not port:
        return False
    # That something is dropped is only known by waiting.
    patience = 3 if way in REACHED[cell] else BRIEFLY
    if place != "itself":
        return await asyncio.to_thread(places[place].reaches, address, port, patience)
    inside = Inside(await _process(box, server))
    try:
        return await asyncio.to_thread(inside.reaches, address, port, patience)
    finally:
        inside.close()
