"""Streams without end: many at once, silent ones, and clients that do not read."""

from __future__ import annotations

import asyncio
import os
import resource
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, cast

import pytest

from api.engines import FakeEngine
from pydock.core.api import Api
from pydock.core.client.pipe import pipe
from pydock.core.daemon.server import Server
from pydock.core.schema.containers import CreateRequest
from pydock.core.schema.message import Stream

MANY = 500
BOUND_S = 60
_CHUNK = b"x" * 65536


class Endless:
    """A source that counts what was taken of it; silent until `speak` is set."""

    def __init__(self, silent: bool) -> None:
        self.taken = 0
        self.closed = 0
        self.speak = asyncio.Event()
        if not silent:
            self.speak.set()

    async def chunks(self) -> AsyncIterator[bytes]:
        try:
            while True:
                await self.speak.wait()
                self.taken += len(_CHUNK)
                yield _CHUNK
        finally:
            self.closed += 1


@pytest.fixture
async def engine() -> FakeEngine:
    made = FakeEngine()
    await made.containers.create("web", CreateRequest(image="busybox", tty=True))
    return made


@pytest.fixture
async def path(engine: FakeEngine, tmp_path: Path) -> AsyncIterator[Path]:
    async with Server(Api(cast(Any, engine)).handle) as server:
        await server.listen_unix(tmp_path / "sock")
        yield tmp_path / "sock"


def log_of(engine: FakeEngine, source: Endless) -> None:
    async def logs(name: str, **wanted: object) -> tuple[bool, AsyncIterator[bytes]]:
        return True, source.chunks()

    engine.containers.logs = logs  # type: ignore[method-assign]


async def follow(path: Path) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Open a log that is followed; returns after the answer's head."""
    reader, writer = await asyncio.open_unix_connection(str(path), limit=65536)
    writer.write(b"GET /containers/web/logs?follow=1&stdout=1 HTTP/1.1\r\nHost: d\r\n\r\n")
    head = await reader.readuntil(b"\r\n\r\n")
    assert b"200 OK" in head
    return reader, writer


async def until(condition: Any) -> None:
    """Let the loop go round until something is so."""
    async with asyncio.timeout(BOUND_S):
        while not condition():  # noqa: ASYNC110  # any condition, and no time passes
            await asyncio.sleep(0)


async def settled(source: Endless) -> int:
    """Wait until nothing more is taken of a source; returns what was."""
    before = -1
    async with asyncio.timeout(BOUND_S):
        while before != source.taken:
            before = source.taken
            for _ in range(200):
                await asyncio.sleep(0)
    return before


async def test_five_hundred_silent_streams_cost_no_time_and_all_end(path: Path, engine: FakeEngine) -> None:
    source = Endless(silent=True)
    log_of(engine, source)
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(max(soft, 4 * MANY), hard), hard))
    async with asyncio.timeout(BOUND_S):
        clients = [await follow(path) for _ in range(MANY)]
        before = os.times()
        # A whole second with nothing to do; the stream that is asked now is answered at once all the same.
        await asyncio.sleep(1)
        after = os.times()
        assert (after.user + after.system) - (before.user + before.system) < 0.2
        reader, writer = await asyncio.open_unix_connection(str(path))
        writer.write(b"GET /_ping HTTP/1.1\r\nHost: d\r\nConnection: close\r\n\r\n")
        assert (await reader.read()).endswith(b"OK")
        writer.close()
        for _, one in clients:
            one.close()
    await until(lambda: source.closed == MANY)


async def test_a_client_that_does_not_read_holds_its_stream_back(path: Path, engine: FakeEngine) -> None:
    source = Endless(silent=False)
    log_of(engine, source)
    reader, writer = await follow(path)
    taken = await settled(source)
    assert taken < 4 << 20
    # It goes on where it was when the client reads again.
    await reader.readexactly(2 << 20)
    assert await settled(source) > taken
    writer.close()
    await until(lambda: source.closed == 1)


async def test_an_attached_client_that_does_not_read_holds_the_process_s_stream_back(
    path: Path, engine: FakeEngine
) -> None:
    sent = 0

    async def exec_start(identity: str, **_: object) -> Stream:
        near, far = pipe()

        async def write() -> None:
            nonlocal sent
            while True:
                await far.write(_CHUNK)
                sent += len(_CHUNK)

        writing.append(asyncio.ensure_future(write()))
        return near

    writing: list[asyncio.Future[None]] = []
    engine.containers.exec_start = exec_start  # type: ignore[method-assign,assignment]
    reader, writer = await asyncio.open_unix_connection(str(path), limit=65536)
    writer.write(b"POST /exec/e1/start HTTP/1.1\r\nHost: d\r\nContent-Length: 0\r\n\r\n")
    await reader.readuntil(b"\r\n\r\n")
    await until(lambda: sent)
    before = -1
    async with asyncio.timeout(BOUND_S):
        while before != sent:
            before = sent
            for _ in range(200):
                await asyncio.sleep(0)
    assert sent < 4 << 20
    writing[0].cancel()
    writer.close()
