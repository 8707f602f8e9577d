"""The stream in memory: order, ends, and a bound on what waits."""

from __future__ import annotations

import asyncio

import pytest

from pydock.core.client.pipe import pipe


async def test_bytes_arrive_in_order_and_the_end_after_them() -> None:
    near, far = pipe()
    await near.write(b"one")
    await near.write(b"two")
    await near.close_write()
    assert [await far.read(), await far.read(), await far.read()] == [b"one", b"two", b""]


async def test_half_close_leaves_the_other_direction_open() -> None:
    near, far = pipe()
    await near.close_write()
    assert await far.read() == b""
    await far.write(b"still")
    assert await near.read() == b"still"


async def test_read_returns_no_more_than_asked_for() -> None:
    near, far = pipe()
    await near.write(b"abcdef")
    assert [await far.read(4), await far.read(4)] == [b"abcd", b"ef"]


async def test_a_writer_waits_for_a_slow_reader() -> None:
    near, far = pipe()
    await near.write(b"x" * 300_000)
    async with asyncio.TaskGroup() as group:
        waiting = group.create_task(near.write(b"y"))
        await asyncio.sleep(0)
        assert not waiting.done()
        assert len(await far.read(300_000)) == 300_000
    assert await far.read() == b"y"


async def test_writing_to_a_reader_that_is_gone_fails() -> None:
    near, far = pipe()
    await near.write(b"x" * 300_000)
    async with asyncio.TaskGroup() as group:
        waiting = group.create_task(_fails(near.write(b"y")))
        await asyncio.sleep(0)
        await far.close()
    assert waiting.result()
    assert await near.read() == b""


async def _fails(write: object) -> bool:
    with pytest.raises(BrokenPipeError):
        await write  # type: ignore[misc]
    return True
