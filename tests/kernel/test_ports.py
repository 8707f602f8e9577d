"""Published ports and networks of real containers; the engine has a network namespace of the test's own."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import pytest

from kernel.engines import Box, opened
from kernel.netns import Namespace
from pydock.core.errors import PydockError
from pydock.core.linux import netlink, nftables
from pydock.core.schema.containers import HostConfig, PortBinding
from pydock.core.schema.networks import NetworkCreateRequest

SERVE = ("sh", "-c", "mkdir /www; echo hello > /www/index.html; echo ready; exec httpd -f -p 80 -h /www")

BRIDGE = HostConfig(network_mode="bridge")


@pytest.fixture
def host() -> Iterator[Namespace]:
    space = Namespace()
    yield space
    space.close()


def published(number: int, address: str = "") -> HostConfig:
    return HostConfig(
        network_mode="bridge",
        port_bindings={"80/tcp": [PortBinding(host_ip=address, host_port=str(number))]},
    )


async def fetch(address: str, number: int) -> bytes:
    """What a web server answers; OSError when it can't be reached."""
    async with asyncio.timeout(5):
        reader, writer = await asyncio.open_connection(address, number)
        writer.write(b"GET / HTTP/1.0\r\n\r\n")
        answer = await reader.read()
        writer.close()
        await writer.wait_closed()
        return answer


def on(host: Namespace, place: Path, work: Callable[[Box], Awaitable[None]]) -> None:
    """Run a coroutine with an engine that lives on `host`."""

    async def main() -> None:
        async with opened(place) as box:
            await work(box)

    host._thread.submit(asyncio.run, main()).result(timeout=100)


def test_container_is_reached_until_it_stops(host: Namespace, tmp_path: Path) -> None:
    async def work(box: Box) -> None:
        web = await box.running(*SERVE, host=published(8080), name="web")
        await box.until_logged(web, "ready")
        assert b"hello" in await fetch("127.0.0.1", 8080)
        with pytest.raises(PydockError, match=r"Bind for 0\.0\.0\.0:8080 failed: port is already allocated"):
            await box.running(*SERVE, host=published(8080))
        await box.containers.stop(web, timeout=0)
        assert nftables.ports() == []
        with pytest.raises(OSError):
            await fetch("127.0.0.1", 8080)
        await box.containers.start(web)

    on(host, tmp_path, work)


def test_containers_reach_each_other_and_the_world(host: Namespace, tmp_path: Path) -> None:
    async def work(box: Box) -> None:
        netlink.create_bridge("up0")
        netlink.add_address("up0", "192.0.2.1/24")
        web = await box.running(*SERVE, host=published(8080), name="web")
        await box.until_logged(web, "ready")
        address = (await box.containers.inspect(web)).network_settings.networks["bridge"].ip_address
        for target in (f"{address} 80", "192.0.2.1 8080"):
            ask = f"printf 'GET / HTTP/1.0\\r\\n\\r\\n' | nc -w 5 {target}"
            code, text = await box.run("sh", "-c", ask, host=BRIDGE)
            assert (code, text.endswith("hello\n")) == (0, True)
        world = await asyncio.start_server(_greet, "192.0.2.1", 9000)
        async with world:
            code, text = await box.run("nc", "-w", "5", "192.0.2.1", "9000", host=BRIDGE)
            assert (code, text.startswith("172.17.0.")) == (0, True)

    on(host, tmp_path, work)


async def _greet(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Tell a client its address. The host itself is one hop away, so nothing is masqueraded."""
    writer.write(writer.get_extra_info("peername")[0].encode() + b"\n")
    writer.close()
    await writer.wait_closed()


def test_network_shows_its_containers_and_frees_them(host: Namespace, tmp_path: Path) -> None:
    async def work(box: Box) -> None:
        networks = box.engine.networks
        await networks.create(NetworkCreateRequest(name="back"))
        web = await box.running("sleep", "100", host=HostConfig(network_mode="back"), name="web")
        (shown,) = (await networks.inspect("back")).containers.values()
        assert shown.name == "web"
        assert shown.ipv4_address.endswith(".2/16")
        await box.containers.remove(web, force=True)
        await networks.remove("back")
        assert {link.name for link in netlink.links()} == {"lo"}

    on(host, tmp_path, work)
