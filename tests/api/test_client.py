"""The typed client and the api together, over each transport: one suite, the same behaviour."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, cast

import pytest

from api.engines import FakeEngine
from pydock.core.api import Api
from pydock.core.client import Client, DirectTransport
from pydock.core.client.connect import transport_for
from pydock.core.daemon.server import Server
from pydock.core.errors import Conflict, Invalid, NotFound, NotModified, StartFailed
from pydock.core.schema.containers import CreateRequest
from pydock.core.schema.exec import ExecConfig


@pytest.fixture
def engine() -> FakeEngine:
    return FakeEngine()


@pytest.fixture(params=["direct", "unix"])
async def client(request: pytest.FixtureRequest, engine: FakeEngine, tmp_path: Path) -> AsyncIterator[Client]:
    handle = Api(cast(Any, engine)).handle
    if request.param == "direct":
        async with Client(DirectTransport(handle)) as made:
            yield made
        return
    path = tmp_path / "sock"
    async with Server(handle) as server:
        await server.listen_unix(path)
        async with Client(transport_for(f"unix://{path}")) as made:
            yield made


async def test_create_start_list(client: Client, engine: FakeEngine) -> None:
    made = await client.containers.create(CreateRequest(image="busybox"), "web")
    assert (made.id, made.warnings) == ("web", ["a warning"])
    await client.containers.start("web")
    rows = await client.containers.list(all=True, filters={"label": ["a=b"]}, limit=3)
    assert [row.names for row in rows] == [["/web"]]
    assert engine.containers.calls == [("list", (True, 3, False, {"label": ("a=b",)}))]


async def test_errors_are_the_same_kinds_as_inside(client: Client) -> None:
    with pytest.raises(NotFound) as missing:
        await client.containers.inspect("nosuch")
    assert missing.value.message == "No such container: nosuch"
    await client.containers.create(CreateRequest(image="busybox", cmd=["nosuchcmd"]), "web")
    with pytest.raises(Conflict):
        await client.containers.create(CreateRequest(image="busybox"), "web")
    with pytest.raises(StartFailed) as caught:
        await client.containers.start("web")
    assert caught.value.exit_code == 127
    with pytest.raises(Invalid):
        await client.containers.create(CreateRequest(), "empty")
    await client.containers.create(CreateRequest(image="busybox"), "other")
    await client.containers.start("other")
    with pytest.raises(NotModified):
        await client.containers.start("other")


async def test_attach_carries_both_ways_and_half_closes(client: Client) -> None:
    await client.containers.create(CreateRequest(image="busybox"), "web")
    async with await client.containers.attach("web") as attachment:
        assert not attachment.tty
        await attachment.write(b"hello")
        frames = attachment.frames()
        assert await anext(frames) == (1, b"HELLO")
        await attachment.close_write()
        assert [part async for part in frames] == []


async def test_much_is_carried_whole(client: Client) -> None:
    await client.containers.create(CreateRequest(image="busybox", tty=True), "web")
    received = bytearray()
    async with await client.containers.attach("web") as attachment:
        assert attachment.tty
        for _ in range(40):
            await attachment.write(b"x" * 50_000)
            while len(received) < 50_000 * (_ + 1):
                received += await attachment.read()
        await attachment.close_write()
        assert await attachment.read() == b""
    assert bytes(received) == b"X" * 2_000_000


async def test_wait_is_registered_before_its_answer(client: Client, engine: FakeEngine) -> None:
    await client.containers.create(CreateRequest(image="busybox"), "web")
    async with client.containers.waiting("web", "next-exit") as waiting:
        assert engine.containers.calls == [("wait", ("web", "next-exit"))]
        engine.containers.ended["web"].set_result(7)
        assert (await waiting.result()).status_code == 7


async def test_logs_of_pipes_and_of_terminals(client: Client, engine: FakeEngine) -> None:
    engine.containers.log = [b"one\n", b"two\n"]
    await client.containers.create(CreateRequest(image="busybox"), "pipes")
    await client.containers.create(CreateRequest(image="busybox", tty=True), "terminal")
    for name in ("pipes", "terminal"):
        parts = [part async for part in client.containers.logs(name, tail=2, since="1.5")]
        assert b"".join(data for _, data in parts) == b"one\ntwo\n"
        assert {stream for stream, _ in parts} == {1}
    wanted = cast(dict[str, object], engine.containers.calls[0][1])
    assert (wanted["tail"], wanted["since"], wanted["follow"]) == (2, 1_500_000_000, False)


async def test_exec(client: Client) -> None:
    await client.containers.create(CreateRequest(image="busybox"), "web")
    identity = await client.exec.create("web", ExecConfig(cmd=["echo", "hi"]))
    async with await client.exec.start(identity, tty=False) as attachment:
        assert [part async for part in attachment.frames()] == [(2, b"echo hi")]
    assert (await client.exec.inspect(identity)).exit_code == 5
    async with await client.exec.start(identity, tty=False, detach=True) as attachment:
        assert await attachment.read() == b""


async def test_an_exec_that_can_t_start_says_so_in_its_stream(client: Client) -> None:
    await client.containers.create(CreateRequest(image="busybox"), "web")
    identity = await client.exec.create("web", ExecConfig(cmd=["nosuchcmd"]))
    async with await client.exec.start(identity, tty=False) as attachment:
        assert [part async for part in attachment.frames()] == [(1, b"OCI runtime exec failed\r\n")]


async def test_streams_of_records(client: Client) -> None:
    await client.containers.create(CreateRequest(image="busybox"), "web")
    assert [event.action async for event in client.system.events()] == ["start", "die"]
    assert [stats.num_procs async for stats in client.containers.stats("web")] == [0, 1, 2]
    assert [stats.num_procs async for stats in client.containers.stats("web", stream=False)] == [0]
    await client.containers.start("web")
    assert list(await client.containers.stats_all(["web", "nosuch"])) == ["web"]


async def test_archives_go_in_and_out_in_chunks(client: Client, engine: FakeEngine) -> None:
    async def archive() -> AsyncIterator[bytes]:
        for _ in range(10):
            yield b"a" * 10_000

    steps = [step.stream async for step in client.images.load(archive())]
    assert steps == ["Loaded image: 100000\n"]
    assert b"".join([chunk async for chunk in client.images.save(["busybox"])]) == b"x" * 3000
    with pytest.raises(NotFound):
        await anext(client.images.save(["nosuch"]))


async def test_names_with_slashes_and_odd_characters_arrive_as_they_are(client: Client) -> None:
    name = "localhost:5000/a b/ü%2f?x#y"
    assert [item.untagged for item in await client.images.remove(name)] == [name]


async def test_an_event_stream_that_is_left_early_is_closed(client: Client) -> None:
    events = client.system.events()
    assert (await anext(events)).action == "start"
    await events.aclose()
    assert (await client.system.ping()).api_version == "1.51"
