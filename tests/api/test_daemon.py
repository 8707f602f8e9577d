"""The daemon's connections, byte by byte: what Docker's clients send, and what nobody should."""

from __future__ import annotations

import asyncio
import contextlib
import json
import stat
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, cast

import pytest

from api.engines import FakeEngine
from pydock.core.api import Api
from pydock.core.client.stdcopy import frame
from pydock.core.daemon.server import Server
from pydock.core.errors import Conflict
from pydock.core.schema.containers import CreateRequest


@pytest.fixture
def engine() -> FakeEngine:
    return FakeEngine()


@pytest.fixture
async def path(engine: FakeEngine, tmp_path: Path) -> AsyncIterator[Path]:
    path = tmp_path / "sock"
    async with Server(Api(cast(Any, engine)).handle) as server:
        await server.listen_unix(path)
        yield path


class Wire:
    """A client that speaks bytes."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    @classmethod
    async def connect(cls, path: Path) -> Wire:
        return cls(*await asyncio.open_unix_connection(str(path)))

    def send(self, text: str) -> None:
        self.writer.write(text.replace("\n", "\r\n").encode())

    async def head(self) -> tuple[int, dict[str, str]]:
        lines = (await self.reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        headers = dict(line.lower().split(": ", 1) for line in lines[1:] if line)
        return int(lines[0].split()[1]), headers

    async def body(self, headers: dict[str, str]) -> bytes:
        return await self.reader.readexactly(int(headers["content-length"]))

    async def close(self) -> None:
        self.writer.close()
        await self.writer.wait_closed()


async def test_a_connection_is_kept_for_further_requests(path: Path) -> None:
    wire = await Wire.connect(path)
    for _ in range(3):
        wire.send("GET /_ping HTTP/1.1\nHost: d\n\n")
        status, headers = await wire.head()
        assert (status, await wire.body(headers)) == (200, b"OK")
        assert headers["api-version"] == "1.51"
    wire.send("HEAD /_ping HTTP/1.1\nHost: d\n\nGET /v1.41/nosuch HTTP/1.1\nHost: d\n\n")
    assert (await wire.head())[0] == 200
    status, headers = await wire.head()
    assert (status, json.loads(await wire.body(headers))) == (404, {"message": "page not found"})
    await wire.close()


@pytest.mark.parametrize(
    ("target", "status", "message"),
    [
        ("/v9.99/info", 400, "client version 9.99 is too new. Maximum supported API version is 1.51"),
        ("/v1.41/containers/nosuch/json", 404, "No such container: nosuch"),
        ("/containers/..%2fx/json/y", 404, "page not found"),
        ("/%ff", 400, "invalid request target"),
        ("*", 400, "invalid request target"),
    ],
)
async def test_targets(path: Path, target: str, status: int, message: str) -> None:
    wire = await Wire.connect(path)
    wire.send(f"GET {target} HTTP/1.1\nHost: d\n\n")
    found, headers = await wire.head()
    assert found == status
    assert json.loads(await wire.body(headers))["message"].startswith(message)
    await wire.close()


@pytest.mark.parametrize("upgrade", [True, False])
async def test_attach_takes_the_connection_over_and_half_closes(
    path: Path, engine: FakeEngine, upgrade: bool
) -> None:
    await engine.containers.create("web", CreateRequest(image="busybox"))
    wire = await Wire.connect(path)
    extra = "Connection: Upgrade\nUpgrade: tcp\n" if upgrade else ""
    wire.send(
        f"POST /v1.41/containers/web/attach?stream=1&stdin=1&stdout=1 HTTP/1.1\nHost: d\n{extra}\nearly"
    )
    status, headers = await wire.head()
    assert status == (101 if upgrade else 200)
    assert headers["content-type"] == "application/vnd.docker.raw-stream"
    assert "transfer-encoding" not in headers
    assert await wire.reader.readexactly(13) == frame(1, b"EARLY")
    wire.send("late")
    wire.writer.write_eof()
    assert await wire.reader.read() == frame(1, b"LATE")
    await wire.close()


async def test_a_client_that_waits_for_100_continue_gets_it(path: Path, engine: FakeEngine) -> None:
    wire = await Wire.connect(path)
    wire.send("POST /images/load HTTP/1.1\nHost: d\nContent-Length: 5\nExpect: 100-continue\n\n")
    assert (await wire.head())[0] == 100
    wire.send("12345")
    assert (await wire.head())[0] == 200
    await wire.close()
    assert engine.images.loaded == b"12345"


async def test_a_chunked_body_is_read(path: Path, engine: FakeEngine) -> None:
    wire = await Wire.connect(path)
    wire.send("POST /images/load HTTP/1.1\nHost: d\nTransfer-Encoding: chunked\n\n3\nabc\n2\nde\n0\n\n")
    assert (await wire.head())[0] == 200
    await wire.close()
    assert engine.images.loaded == b"abcde"


async def test_what_is_no_http_is_refused(path: Path) -> None:
    wire = await Wire.connect(path)
    wire.send("SSH-2.0-OpenSSH_9.2\n\n")
    assert (await wire.head())[0] == 400
    assert await wire.reader.read() != b""
    await wire.close()


async def test_two_lengths_are_refused(path: Path) -> None:
    wire = await Wire.connect(path)
    wire.send("POST /images/load HTTP/1.1\nHost: d\nContent-Length: 5\nContent-Length: 6\n\n12345")
    assert (await wire.head())[0] == 400
    await wire.close()


@pytest.mark.parametrize(
    "head",
    [
        "Content-Length: 5\nTransfer-Encoding: chunked",
        "Transfer-Encoding: chunked\nTransfer-Encoding: identity",
        "Transfer-Encoding: gzip, chunked",
        "Transfer-Encoding : chunked",
        "Content-Length: +5",
        "Content-Length: 5\n Content-Length: 6",
        "Content-Length: -1",
    ],
)
async def test_a_request_that_two_readers_may_read_differently_is_refused(
    path: Path, engine: FakeEngine, head: str
) -> None:
    wire = await Wire.connect(path)
    wire.send(
        f"POST /images/load HTTP/1.1\nHost: d\n{head}\n\n0\n\nGET /containers/json HTTP/1.1\nHost: d\n\n"
    )
    status, headers = await wire.head()
    assert status in (400, 501)
    assert headers["connection"] == "close"
    await wire.body(headers)
    assert await wire.reader.read() == b""
    assert engine.containers.calls == []
    await wire.close()


async def test_a_body_larger_than_any_json_is_refused_and_not_kept(path: Path) -> None:
    wire = await Wire.connect(path)
    size = 64 << 20
    wire.send(f"POST /containers/create HTTP/1.1\nHost: d\nContent-Length: {size}\n\n")

    async def pour() -> None:
        with contextlib.suppress(ConnectionError):
            for _ in range(size >> 16):
                wire.writer.write(b" " * 65536)
                await wire.writer.drain()

    pouring = asyncio.ensure_future(pour())
    status, headers = await wire.head()
    assert (status, json.loads(await wire.body(headers))) == (400, {"message": "request body too large"})
    await pouring
    with contextlib.suppress(ConnectionError):
        assert await wire.reader.read() == b""
    wire.writer.close()


async def test_chunks_that_are_none_end_the_connection(path: Path, engine: FakeEngine) -> None:
    wire = await Wire.connect(path)
    wire.send("POST /images/load HTTP/1.1\nHost: d\nTransfer-Encoding: chunked\n\n3\nabc\nZZ\n")
    answer = await wire.reader.read()
    assert b"200 OK" not in answer
    await wire.close()


async def test_a_head_without_end_is_refused(path: Path) -> None:
    wire = await Wire.connect(path)
    wire.send("GET / HTTP/1.1\nX: " + "x" * 200_000)
    assert (await wire.head())[0] in (400, 431)
    await wire.close()


async def test_a_client_that_leaves_a_silent_stream_ends_it(path: Path, engine: FakeEngine) -> None:
    closed = asyncio.Event()

    async def silent(*_: object) -> AsyncIterator[object]:
        try:
            await asyncio.Event().wait()
            yield None
        finally:
            closed.set()

    engine.events.subscribe = silent  # type: ignore[method-assign,assignment]
    wire = await Wire.connect(path)
    wire.send("GET /events HTTP/1.1\nHost: d\n\n")
    assert (await wire.head())[0] == 200
    await wire.close()
    async with asyncio.timeout(10):
        await closed.wait()


async def test_the_socket_is_for_root_and_its_group_alone(path: Path) -> None:
    assert stat.S_IMODE(path.stat().st_mode) == 0o660


async def test_a_dead_socket_is_replaced_and_a_live_one_is_not(path: Path, tmp_path: Path) -> None:
    async with Server(Api(cast(Any, FakeEngine())).handle) as second:
        with pytest.raises(Conflict):
            await second.listen_unix(path)
        plain = tmp_path / "file"
        plain.write_text("")
        with pytest.raises(Conflict):
            await second.listen_unix(plain)
        assert plain.exists()
