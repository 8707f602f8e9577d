"""Two engines on one state root: what one does, the other sees; both agree afterwards."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from kernel.engines import BOUND_S, Box, demultiplex, make_paths, opened
from pydock.core.client.pipe import pipe
from pydock.core.engine import Engine
from pydock.core.errors import Conflict, NotFound
from pydock.core.filters import Filters
from pydock.core.schema.containers import HostConfig


@pytest.fixture
async def pair(tmp_path: Path) -> AsyncIterator[tuple[Box, Box]]:
    async with opened(tmp_path) as first, Engine(make_paths(tmp_path)) as second:
        yield first, Box(second)


async def test_the_other_engine_sees_starts_and_ends(pair: tuple[Box, Box]) -> None:
    first, second = pair
    identity = await first.create("sh", "-c", "echo hi; exit 3")
    waiting = await second.containers.wait(identity, "next-exit")
    await first.containers.start(identity)
    assert await asyncio.wait_for(waiting, BOUND_S) == 3
    assert await second.state(identity) == await first.state(identity) == "exited"
    assert await second.log(identity) == "hi\n"


async def test_the_other_engine_stops_execs_and_removes(pair: tuple[Box, Box]) -> None:
    first, second = pair
    identity = await first.running("sleep", "60")
    assert (await second.exec(identity, "sh", "-c", "exit 6"))[0] == 6
    removed = await first.containers.wait(identity, "removed")
    await second.containers.stop(identity, timeout=0)
    await second.containers.remove(identity)
    assert await asyncio.wait_for(removed, BOUND_S) == 137
    with pytest.raises(NotFound):
        await first.containers.inspect(identity)


async def test_auto_remove_happens_once(pair: tuple[Box, Box]) -> None:
    first, second = pair
    identity = await first.create("true", host=HostConfig(auto_remove=True))
    waits = [await box.containers.wait(identity, "removed") for box in pair]
    await second.containers.start(identity)
    assert [await asyncio.wait_for(waiting, BOUND_S) for waiting in waits] == [0, 0]
    actions = [event.action for event in await first.events(identity)]
    assert actions == ["create", "start", "die", "destroy"]


async def test_one_name_goes_to_one_container(pair: tuple[Box, Box]) -> None:
    made = await asyncio.gather(
        *(box.create("true", name="one") for box in pair for _ in range(4)), return_exceptions=True
    )
    assert sum(isinstance(result, str) for result in made) == 1
    assert all(isinstance(result, str | Conflict) for result in made)


async def test_many_starts_here_and_removals_there_agree_afterwards(pair: tuple[Box, Box]) -> None:
    first, second = pair
    made = await asyncio.gather(*(first.create("sleep", "60") for _ in range(10)))

    async def start_and_perhaps_remove(number: int, identity: str) -> None:
        await first.containers.start(identity)
        if number % 2:
            await second.containers.remove(identity, force=True)

    async with asyncio.TaskGroup() as group:
        for number, identity in enumerate(made):
            group.create_task(start_and_perhaps_remove(number, identity))
    left = [identity for number, identity in enumerate(made) if not number % 2]
    for box in pair:
        rows = await box.containers.list(all=True, filters=Filters({"status": ("running",)}))
        assert sorted(row.id for row in rows) == sorted(left)
    assert sorted(p.name for p in first.engine.paths.containers.iterdir()) == sorted(left)


async def test_thirty_starts_stops_and_removals_through_both_at_once(pair: tuple[Box, Box]) -> None:
    """More news at a time than a bell's queue holds: no wake-up is lost, every wait ends."""
    first, _ = pair
    made = await asyncio.gather(*(first.create("sleep", "60") for _ in range(30)))
    exits = [await box.containers.wait(one, "next-exit") for one in made for box in pair]
    gone = [await box.containers.wait(one, "removed") for one in made for box in pair]
    async with asyncio.timeout(3 * BOUND_S):
        await asyncio.gather(*(pair[n % 2].containers.start(one) for n, one in enumerate(made)))
        for box in pair:
            rows = await box.containers.list(filters=Filters({"status": ("running",)}))
            assert sorted(row.id for row in rows) == sorted(made)
        await asyncio.gather(
            *(pair[n // 2 % 2].containers.stop(one, timeout=0) for n, one in enumerate(made))
        )
        assert await asyncio.gather(*exits) == [137] * 60
        await asyncio.gather(*(pair[n % 2].containers.remove(one) for n, one in enumerate(made)))
        assert await asyncio.gather(*gone) == [137] * 60
    assert [await box.containers.list(all=True) for box in pair] == [[], []]
    assert list(first.engine.paths.containers.iterdir()) == []
    assert list(first.engine.paths.run_containers.iterdir()) == []


async def test_a_client_that_waits_here_is_joined_to_a_start_there(pair: tuple[Box, Box]) -> None:
    first, second = pair
    identity = await first.create("cat", open_stdin=True, stdin_once=True)
    _, serve = await second.containers.attach(identity, stdin=True)
    ours, theirs = pipe()
    serving = asyncio.ensure_future(serve(theirs))
    await first.containers.start(identity)
    await ours.write(b"xyz")
    await ours.close_write()
    data = b""
    async with asyncio.timeout(BOUND_S):
        while chunk := await ours.read():
            data += chunk
        await serving
    assert demultiplex(data) == [(1, b"xyz")]


async def test_a_container_started_by_one_engine_is_attached_by_the_other(pair: tuple[Box, Box]) -> None:
    first, second = pair
    identity = await first.running("sh", "-c", "sleep 0.2; echo late")
    assert await second.state(identity) == "running"
    _, chunks = await second.containers.logs(identity, follow=True)
    async with asyncio.timeout(BOUND_S):
        data = b"".join([chunk async for chunk in chunks])
    assert data.endswith(b"late\n")
