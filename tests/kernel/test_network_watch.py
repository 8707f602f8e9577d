"""A lasting engine puts back what other programs take from its networks while containers run."""

from __future__ import annotations

import asyncio
import socket
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from kernel.engines import BOUND_S, Box, clean, make_paths, opened
from pydock.core.config import Config
from pydock.core.engine import Engine
from pydock.core.linux import netlink, nftables
from pydock.core.networks.watch import deleted_tables, is_loss
from pydock.core.schema.containers import HostConfig, PortBinding

BRIDGE = "pdkwatch0"
SERVE = "mkdir /www; echo hi > /www/index.html; echo up; exec httpd -f -p 80 -h /www"


@pytest.fixture
async def box(tmp_path: Path) -> AsyncIterator[Box]:
    config = Config(bridge_name=BRIDGE)
    async with opened(tmp_path, config):
        pass
    async with Engine(make_paths(tmp_path), config, lasting=True) as engine:
        try:
            yield Box(engine)
        finally:
            await clean(engine)
            await engine.networks.withdraw()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def serving(box: Box) -> tuple[str, int]:
    """A web server; its address and published port."""
    port = free_port()
    host = HostConfig(network_mode="bridge", port_bindings={"80/tcp": [PortBinding(host_port=str(port))]})
    identity = await box.running("sh", "-c", SERVE, host=host)
    await box.until_logged(identity, "up")
    return (await box.containers.inspect(identity)).network_settings.ip_address, port


async def fetched(address: str, port: int) -> str:
    reader, writer = await asyncio.open_connection(address, port)
    writer.write(b"GET / HTTP/1.0\r\n\r\n")
    answer = (await reader.read()).decode()
    writer.close()
    return answer.rpartition("\r\n\r\n")[2]


async def until_reached(address: str, port: int) -> str:
    """Ask again until there is an answer: what brings it back happens beside this test."""
    async with asyncio.timeout(BOUND_S):
        while True:
            try:
                async with asyncio.timeout(1):
                    return await fetched(address, port)
            except (OSError, TimeoutError):
                await asyncio.sleep(0.02)


@pytest.mark.parametrize(
    "taken",
    [
        f"ip link del {BRIDGE}",
        f"ip addr flush dev {BRIDGE}",
        f"ip link set {BRIDGE} down",
        "nft flush ruleset",
    ],
)
async def test_what_is_taken_away_comes_back(box: Box, taken: str) -> None:
    address, port = await serving(box)
    assert await until_reached(address, 80) == await until_reached("127.0.0.1", port) == "hi\n"
    _take(taken)
    assert await until_reached(address, 80) == "hi\n"
    assert await until_reached("127.0.0.1", port) == "hi\n"


def _take(command: str) -> None:
    """Do what another program might; without its tools by netlink."""
    if command.startswith("nft"):
        nftables.delete_table()
    elif " del " in command:
        netlink.delete_link(BRIDGE)
    else:
        subprocess.run(command.split(), check=True)


async def test_an_engine_that_is_left_at_once_ends_its_watch(tmp_path: Path) -> None:
    async with asyncio.timeout(10), Engine(make_paths(tmp_path), Config(bridge_name=BRIDGE), lasting=True):
        pass


@pytest.mark.parametrize(
    ("event", "lost"),
    [
        (("RTM_DELLINK", "ours", 0), True),
        (("RTM_DELLINK", "theirs", 0), False),
        (("RTM_NEWLINK", "ours", 0), True),
        (("RTM_NEWLINK", "ours", 1), False),
        (("RTM_DELADDR", "ours", 0), True),
        (("RTM_DELADDR", "", 0), False),
        (("RTM_NEWROUTE", "", 0), False),
    ],
)
def test_what_counts_as_a_loss(event: tuple[str, str, int], lost: bool) -> None:
    assert is_loss(event, lambda name: name == "ours") is lost


def test_garbage_names_no_table() -> None:
    assert deleted_tables(b"\x05\0\0\0" * 9) == []
    assert deleted_tables(b"\xff" * 40) == []
