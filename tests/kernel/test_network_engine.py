"""Networks through the engine: published ports, names on user-defined networks, what inspect shows."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from kernel.engines import BOUND_S, Box, opened
from pydock.core.config import AddressPool, Config
from pydock.core.errors import Conflict, NotFound
from pydock.core.schema.containers import HostConfig, PortBinding
from pydock.core.schema.networks import NetworkCreateRequest

POOLS = (AddressPool("10.213.0.0/16", 24),)
SERVE = "echo hi > /tmp/index.html; echo up; exec httpd -f -p 80 -h /tmp"


@pytest.fixture
async def box(tmp_path: Path) -> AsyncIterator[Box]:
    config = Config(bridge_name="pdktest0", default_address_pools=POOLS)
    async with opened(tmp_path, config) as box:
        try:
            yield box
        finally:
            for container in await box.containers.list(all=True):
                await box.containers.remove(container.id, force=True)
            await box.engine.networks.withdraw()


async def _get(address: str, port: int) -> str:
    reader, writer = await asyncio.open_connection(address, port)
    writer.write(b"GET / HTTP/1.0\r\n\r\n")
    answer = (await asyncio.wait_for(reader.read(), BOUND_S)).decode()
    writer.close()
    await writer.wait_closed()
    return answer.rpartition("\r\n\r\n")[2]


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def test_a_published_port_is_reached_and_given_back(box: Box) -> None:
    port = _free_port()
    host = HostConfig(network_mode="bridge", port_bindings={"80/tcp": [PortBinding(host_port=str(port))]})
    identity = await box.running("sh", "-c", SERVE, host=host)
    await box.until_logged(identity, "up")
    assert await _get("127.0.0.1", port) == "hi\n"
    found = await box.containers.inspect(identity)
    address = found.network_settings.ip_address
    assert await _get(address, 80) == "hi\n"
    assert found.network_settings.ports is not None
    assert found.network_settings.ports["80/tcp"]
    (row,) = await box.containers.list()
    assert port in [shown.public_port for shown in row.ports]
    other = await box.create("true", host=host)
    with pytest.raises(Conflict, match="port is already allocated"):
        await box.containers.start(other)
    state = (await box.containers.inspect(other)).state
    assert (state.status, state.exit_code) == ("created", 128)
    await box.containers.stop(identity, timeout=0)
    assert (await box.containers.inspect(identity)).network_settings.ip_address == ""
    assert await box.finish(other) == 0


async def test_hosts_names_the_container(box: Box) -> None:
    host = HostConfig(network_mode="bridge", extra_hosts=["foo:1.2.3.4"])
    _, text = await box.run("cat", "/etc/hosts", host=host, hostname="myhost", domainname="dom")
    assert text.splitlines()[-2] == "1.2.3.4\tfoo"
    assert text.splitlines()[-1].endswith("\tmyhost.dom myhost")


async def test_containers_find_each_other_by_name(box: Box) -> None:
    await box.engine.networks.create(NetworkCreateRequest(name="net1"))
    web = await box.running("sh", "-c", SERVE, name="web", host=HostConfig(network_mode="net1"))
    await box.until_logged(web, "up")
    script = "cat /etc/resolv.conf | grep nameserver; wget -q -O - http://web/; nslookup web"
    code, text = await box.run("sh", "-c", script, host=HostConfig(network_mode="net1"))
    address = (await box.containers.inspect(web)).network_settings.networks["net1"].ip_address
    assert text.startswith("nameserver 127.0.0.11\nhi\n")
    assert address in text
    assert code == 0


async def test_an_unknown_network_fails_the_start_in_dockers_words(box: Box) -> None:
    identity = await box.create("true", host=HostConfig(network_mode="nosuch"))
    with pytest.raises(NotFound) as failure:
        await box.containers.start(identity)
    assert str(failure.value) == "failed to set up container networking: network nosuch not found"


async def test_network_events_frame_a_run(box: Box) -> None:
    identity = await box.create("true", host=HostConfig(network_mode="bridge"))
    await box.finish(identity)
    await box.containers.remove(identity)
    subscription = box.engine.events.subscribe(since=1, until=1 << 61)
    actions: list[str] = []
    async with asyncio.timeout(BOUND_S):
        async for event in subscription:
            if identity in (event.actor.id, event.actor.attributes.get("container")):
                actions.append(f"{event.type} {event.action}")
            if event.action == "destroy":
                break
    assert actions == [
        "container create",
        "network connect",
        "container start",
        "container die",
        "network disconnect",
        "container destroy",
    ]
