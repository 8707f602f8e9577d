"""Answers: errors, progress, chunks joined."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator

import pytest

from pydock.core.api import respond
from pydock.core.errors import Conflict, NotModified, PydockError, StartFailed
from pydock.core.schema.images import Progress


@pytest.mark.parametrize(
    ("err", "status", "body"),
    [
        (Conflict("in use"), 409, {"message": "in use"}),
        (StartFailed("no such program", 127), 400, {"message": "no such program", "exitCode": 127}),
    ],
)
def test_errors(err: PydockError, status: int, body: dict[str, object]) -> None:
    answer = respond.error(err)
    assert answer.status == status
    assert isinstance(answer.body, bytes)
    assert json.loads(answer.body) == body


def test_not_modified_has_no_body() -> None:
    assert respond.error(NotModified("runs")) == respond.Response(304)


async def test_small_chunks_that_are_ready_are_joined_and_none_is_lost() -> None:
    async def source() -> AsyncIterator[bytes]:
        for n in range(10_000):
            yield b"%06d\n" % n

    chunks = [chunk async for chunk in respond.Coalesced(source())]
    assert b"".join(chunks) == b"".join(b"%06d\n" % n for n in range(10_000))
    assert len(chunks) < 100


async def test_a_chunk_is_passed_on_while_nothing_follows() -> None:
    more = asyncio.Event()

    async def source() -> AsyncIterator[bytes]:
        yield b"first"
        await more.wait()
        yield b"second"

    coalesced = respond.Coalesced(source())
    assert await anext(coalesced) == b"first"
    more.set()
    assert await anext(coalesced) == b"second"
    with pytest.raises(StopAsyncIteration):
        await anext(coalesced)


async def test_a_reader_that_stops_holds_the_source_back_and_closes_it() -> None:
    produced, closed = 0, False

    async def source() -> AsyncIterator[bytes]:
        nonlocal produced, closed
        try:
            while True:
                produced += 1
                yield b"x" * 65536
        finally:
            closed = True

    coalesced = respond.Coalesced(source())
    await anext(coalesced)
    for _ in range(100):
        await asyncio.sleep(0)
    assert produced < 20
    await coalesced.aclose()
    assert closed


async def test_an_error_comes_after_what_was_read_before_it() -> None:
    async def source() -> AsyncIterator[bytes]:
        yield b"a"
        raise Conflict("gone")

    coalesced = respond.Coalesced(source())
    assert await anext(coalesced) == b"a"
    with pytest.raises(Conflict):
        await anext(coalesced)


async def test_progress_that_fails_at_once_is_an_error_and_later_a_last_line() -> None:
    async def at_once() -> AsyncIterator[Progress]:
        raise Conflict("no")
        yield Progress()

    with pytest.raises(Conflict):
        await respond.progress(at_once())

    async def later() -> AsyncIterator[Progress]:
        yield Progress(stream="one")
        raise Conflict("no")

    answer = await respond.progress(later())
    assert isinstance(answer.body, AsyncIterator)
    lines = [json.loads(line) async for line in answer.body]
    assert lines == [{"stream": "one"}, {"errorDetail": {"message": "no"}, "error": "no"}]
