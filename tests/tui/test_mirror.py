from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

import pytest

from pydock.core.errors import Forbidden, Unavailable
from pydock.tui import mirror as module
from pydock.tui.mirror import Mirror
from pydock.tui.picture import Changed, Happened, Link, Sampled, Update
from support.fakeengine import FakeEngine, demo


class Watched:
    """A mirror that runs, and what it published."""

    def __init__(self, engine: FakeEngine) -> None:
        self.updates: list[Update] = []
        self._news = asyncio.Event()
        self.mirror = Mirror(engine.connect, self._publish)

    def _publish(self, update: Update) -> None:
        self.updates.append(update)
        self._news.set()

    async def until(self, kind: type[Update], true: object = None) -> Update:
        """The first update of a kind, from now on."""
        start = len(self.updates)
        async with asyncio.timeout(10):
            while True:
                for update in self.updates[start:]:
                    if isinstance(update, kind) and (true is None or true(update)):  # type: ignore[operator]
                        return update
                self._news.clear()
                await self._news.wait()


@contextlib.asynccontextmanager
async def watching(engine: FakeEngine, *, live: bool = True) -> AsyncIterator[Watched]:
    watched = Watched(engine)
    task = asyncio.create_task(watched.mirror.run())
    try:
        if live:
            await watched.until(Link, lambda link: link.state == "live")
            await engine.listened.wait()
        yield watched
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "RETRY_S", (0.01,))
    monkeypatch.setattr(module, "GATHER_S", 0.005)


async def test_lists_come_once_then_only_events() -> None:
    engine = demo()
    async with watching(engine) as watched:
        asked = len(engine.calls)
        id = engine.add_container("new")
        engine.emit("container", "start", id, name="new")
        change = await watched.until(Changed)
        assert change == Changed("container", (id,))
        assert [path for _, path in engine.calls[asked:] if path != "/events"] == ["/containers/json"]


async def test_a_burst_is_one_question() -> None:
    engine = demo()
    async with watching(engine) as watched:
        asked = engine.asked("/containers/json")
        for action in ("create", "attach", "start", "rename"):
            engine.emit("container", action, engine.add_container("burst"))
        await watched.until(Changed)
        assert engine.asked("/containers/json") == asked + 1


async def test_exec_health_checks_ask_nothing() -> None:
    engine = demo()
    async with watching(engine) as watched:
        asked = len(engine.calls)
        for action in ("exec_create: sh", "exec_start: sh", "exec_die"):
            engine.emit("container", action, next(iter(engine.containers)))
        engine.emit("image", "tag", "i")
        await watched.until(Happened, lambda u: u.event.type == "image")
        await asyncio.sleep(0.02)
        assert {path for _, path in engine.calls[asked:] if path != "/events"} == {"/images/json"}


async def test_destroyed_containers_go() -> None:
    engine = demo()
    async with watching(engine) as watched:
        id = next(iter(engine.containers))
        del engine.containers[id]
        engine.emit("container", "destroy", id)
        assert await watched.until(Changed) == Changed("container", (), (id,))


async def test_a_cut_line_comes_back_with_fresh_lists() -> None:
    """dtop#333, ctop#140: after a restart of the daemon they stay blank or stale."""
    engine = demo()
    async with watching(engine) as watched:
        gone = next(iter(engine.containers))
        del engine.containers[gone]
        engine.refuse = Unavailable("the daemon restarts")
        engine.cut()
        lost = await watched.until(Link)
        assert lost == Link("lost", "the engine closed its event stream")
        assert gone in watched.mirror.picture.containers
        again = await watched.until(Link)
        assert again == Link("lost", "the daemon restarts")
        engine.refuse = None
        await watched.until(Link, lambda link: link.state == "live")
        assert gone not in watched.mirror.picture.containers


async def test_what_is_hopeless_waits_to_be_asked() -> None:
    engine = demo()
    engine.refuse = Forbidden("needs root")
    async with watching(engine, live=False) as watched:
        assert await watched.until(Link) == Link("failed", "needs root")
        engine.refuse = None
        watched.mirror.retry()
        await watched.until(Link, lambda link: link.state == "live")


async def test_an_error_in_a_list_is_a_lost_line() -> None:
    engine = demo()
    engine.fail["GET", "/images/json"] = Unavailable("no images today")
    async with watching(engine, live=False) as watched:
        assert (await watched.until(Link)) == Link("lost", "no images today")
        await watched.until(Link, lambda link: link.state == "live")


async def test_statistics_are_one_call_for_all() -> None:
    engine = demo()
    async with watching(engine) as watched:
        ids = [id for id, c in engine.containers.items() if c.state == "running"]
        asked = len(engine.calls)
        await watched.mirror.sample(ids)
        sampled = watched.updates[-1]
        assert isinstance(sampled, Sampled)
        assert set(sampled.ids) == set(ids)
        assert [path for _, path in engine.calls[asked:]] == ["/pydock/stats"]


async def test_no_statistics_while_the_line_is_down() -> None:
    engine = demo()
    engine.refuse = Unavailable("away")
    async with watching(engine, live=False) as watched:
        await watched.until(Link)
        await watched.mirror.sample(["a"])
        assert engine.calls == []


async def test_no_event_falls_between_list_and_stream() -> None:
    """The stream is asked for what happened since before the lists were read."""
    engine = demo()
    async with watching(engine):
        order = [path for _, path in engine.calls]
        assert order.index("/info") < order.index("/containers/json")
