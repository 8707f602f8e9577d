from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from pydock.core.bell import Bell
from pydock.core.errors import Invalid
from pydock.core.filters import Filters
from pydock.core.schema.events import Actor, Event
from pydock.core.state.events import Events, matches
from pydock.core.state.store import Store


class SilentBell:
    def __init__(self) -> None:
        self.rung: list[bytes] = []

    def ring(self, payload: bytes) -> None:
        self.rung.append(payload)


@contextlib.asynccontextmanager
async def engine(directory: Path) -> AsyncIterator[Events]:
    """An engine's share of the machinery: its own connection, bell and bell loop."""
    with Store(directory / "state.db") as store:
        async with Bell(str(directory)) as bell:
            events = Events(store, bell)

            async def listen() -> None:
                async for payload in bell:
                    if payload == b"e":
                        events.wake()

            task = asyncio.create_task(listen())
            try:
                yield events
            finally:
                task.cancel()
                await asyncio.wait([task])


async def take(stream: AsyncIterator[Event], number: int) -> list[str]:
    async with asyncio.timeout(20):
        return [(await anext(stream)).actor.id for _ in range(number)]


async def test_replays_since_then_follows_other_engines(tmp_path: Path) -> None:
    async with engine(tmp_path) as one, engine(tmp_path) as other:
        one.publish("container", "create", "a")
        one.publish("container", "start", "b")
        stream = one.subscribe(since=1)
        assert await take(stream, 2) == ["a", "b"]
        waiting = asyncio.ensure_future(take(stream, 2))
        await asyncio.sleep(0)
        other.publish("container", "die", "c")
        one.publish("container", "destroy", "d")
        assert await waiting == ["c", "d"]
        await stream.aclose()  # type: ignore[attr-defined]  # an async generator underneath


async def test_without_since_tells_only_what_comes_after_the_call(tmp_path: Path) -> None:
    async with engine(tmp_path) as events:
        events.publish("image", "load", "old")
        stream = events.subscribe()
        events.publish("image", "tag", "new")
        assert await take(stream, 1) == ["new"]
        await stream.aclose()  # type: ignore[attr-defined]  # an async generator underneath


async def test_until_in_the_past_ends(tmp_path: Path) -> None:
    with Store(tmp_path / "state.db") as store:
        events = Events(store, SilentBell())
        for moment in (100, 200, 300):
            events.publish("image", "load", str(moment), time_ns=moment)
        assert [e.actor.id async for e in events.subscribe(until=200)] == ["100", "200"]
        assert [e.actor.id async for e in events.subscribe(since=150, until=250)] == ["200"]


async def test_until_in_the_future_ends_there(tmp_path: Path) -> None:
    with Store(tmp_path / "state.db") as store:
        events = Events(store, SilentBell())
        async with asyncio.timeout(20):
            assert [e async for e in events.subscribe(until=time.time_ns() + 20_000_000)] == []


async def test_rings_after_the_commit_only(tmp_path: Path) -> None:
    with Store(tmp_path / "state.db") as store:
        bell = SilentBell()
        events = Events(store, bell)
        with store.transaction():
            events.publish("image", "load", "a")
            assert bell.rung == []
        assert bell.rung == [b"e"]
        with pytest.raises(LookupError), store.transaction():  # noqa: PT012
            events.publish("image", "load", "b")
            raise LookupError
        assert bell.rung == [b"e"]


async def test_rows_stay_bounded(tmp_path: Path) -> None:
    with Store(tmp_path / "state.db") as store:
        events = Events(store, SilentBell(), kept=100)
        with store.transaction():
            for number in range(1, 1025):
                events.publish("image", "load", str(number), time_ns=number)
        told = [e.actor.id async for e in events.subscribe(until=5000)]
        assert told == [str(n) for n in range(925, 1025)]


def test_unknown_filter_is_refused(tmp_path: Path) -> None:
    with Store(tmp_path / "state.db") as store, pytest.raises(Invalid, match="invalid filter 'colour'"):
        Events(store, SilentBell()).subscribe(filters=Filters({"colour": ("red",)}))


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ({}, True),
        ({"type": ("container",)}, True),
        ({"type": ("image",)}, False),
        ({"type": ("image", "container")}, True),
        ({"event": ("exec_create",)}, True),
        ({"event": ("exec_create: sh",)}, True),
        ({"event": ("exec",)}, False),
        ({"container": ("web",)}, True),
        ({"container": ("f0",)}, True),
        ({"container": ("we",)}, False),
        ({"label": ("tier=front",)}, True),
        ({"label": ("tier=back",)}, False),
        ({"image": ("nginx",)}, True),
        ({"image": ("nginx:1.25",)}, True),
        ({"image": ("ngin",)}, False),
        ({"network": ("bridge",)}, False),
        ({"scope": ("swarm",)}, False),
    ],
)
def test_filters(wanted: dict[str, tuple[str, ...]], expected: bool) -> None:
    event = Event(
        type="container",
        action="exec_create: sh",
        actor=Actor(id="f00d", attributes={"name": "web", "tier": "front", "image": "nginx:1.25"}),
    )
    assert matches(event, Filters(wanted)) is expected


async def test_old_clients_find_status_id_and_from(tmp_path: Path) -> None:
    with Store(tmp_path / "state.db") as store:
        events = Events(store, SilentBell())
        events.publish("container", "start", "f00d", {"image": "nginx"}, time_ns=3_000_000_007)
        (event,) = [e async for e in events.subscribe(until=4_000_000_000)]
        assert (event.status, event.id, event.from_) == ("start", "f00d", "nginx")
        assert (event.time, event.time_nano) == (3, 3_000_000_007)
