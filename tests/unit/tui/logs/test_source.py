from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator

from pydock.core.errors import Unavailable
from pydock.tui.logs.runs import Runs
from pydock.tui.logs.source import LogReader
from pydock.tui.logs.store import LogStore

BASE = 1_795_568_400_000_000_000


def line(ms: int, text: str) -> bytes:
    ns = BASE + ms * 1_000_000
    return b"2026-11-25T01:%02d:%02d.%09dZ %s\n" % (
        ms // 60_000,
        ms // 1000 % 60,
        ns % 1_000_000_000,
        text.encode(),
    )


class Engine:
    """A log as an engine keeps it: follows until `cut`, which breaks every reader's line."""

    name, color = "web", ""

    def __init__(self) -> None:
        self.lines: list[tuple[int, int, str]] = []
        self.asked: list[tuple[int | None, int | None]] = []
        self.broken = False
        self.ended = False
        self.past = Runs()
        self._news = asyncio.Condition()

    async def log(self, *lines: tuple[int, str], stream: int = 1) -> None:
        self.lines += [(stream, ms, text) for ms, text in lines]
        await self.notify()

    async def notify(self) -> None:
        async with self._news:
            self._news.notify_all()

    async def open(
        self, *, since: int | None = None, tail: int | None = None
    ) -> AsyncGenerator[tuple[int, bytes], None]:
        self.asked.append((since, tail))
        self.broken = False
        shown = [at for at, each in enumerate(self.lines) if since is None or BASE + each[1] * 10**6 >= since]
        shown = shown if tail is None else shown[-tail:]
        sent = shown[0] if shown else len(self.lines)
        while True:
            for stream, ms, text in self.lines[sent:]:
                whole = line(ms, text)
                yield stream, whole[:7]
                yield stream, whole[7:]
            sent = len(self.lines)
            if self.broken:
                raise Unavailable("connection lost")
            if self.ended:
                return
            async with self._news:
                await self._news.wait()

    async def runs(self) -> Runs:
        return self.past

    async def older(self, *, since: int, until: int) -> AsyncGenerator[tuple[int, bytes], None]:
        for stream, ms, text in list(self.lines):
            if since <= BASE + ms * 10**6 <= until:
                yield stream, line(ms, text)


def texts(store: LogStore) -> list[str]:
    return [t.decode() for batch in store.batches(store.first, store.end) for t in batch.texts]


async def until(store: LogStore, end: int) -> None:
    reached = asyncio.Event()
    stop = store.listen(lambda _: reached.set() if store.end >= end else None)
    if store.end < end:
        await asyncio.wait_for(reached.wait(), 5)
    stop()


async def state(reader: LogReader, changed: asyncio.Event, wanted: str) -> None:
    while reader.state != wanted:
        changed.clear()
        await asyncio.wait_for(changed.wait(), 5)


async def test_reads_the_tail_then_follows() -> None:
    engine, store = Engine(), LogStore()
    await engine.log(*((n, f"old {n}") for n in range(10)))
    async with asyncio.TaskGroup() as group:
        task = group.create_task(LogReader(engine, store, tail=2).run())
        await until(store, 2)
        await engine.log((20, "new"))
        await until(store, 3)
        task.cancel()
    assert texts(store) == ["old 8", "old 9", "new"]


async def test_lost_line_leaves_no_gap_and_no_repeat() -> None:
    """dtop shows the lines of the last second twice; lines of one nanosecond must not be taken for one."""
    engine, store = Engine(), LogStore()
    await engine.log((1, "before the tail"), (5, "a"), (5, "a"), (6, "b"))
    async with asyncio.TaskGroup() as group:
        changed = asyncio.Event()
        reader = LogReader(engine, store, tail=3, changed=changed.set)
        task = group.create_task(reader.run())
        await until(store, 3)
        engine.broken = True
        await engine.log((6, "b"), (7, "c"))
        await engine.log((8, "d"), stream=2)
        await until(store, 3)
        await state(reader, changed, "no log: connection lost")
        reader.resume()
        await until(store, 6)
        await engine.log((9, "e"))
        await until(store, 7)
        task.cancel()
    assert texts(store) == ["a", "a", "b", "b", "c", "d", "e"]
    assert engine.asked[0] == (None, 3)


async def test_ended_container_is_read_again_when_it_runs_again() -> None:
    engine, store = Engine(), LogStore()
    await engine.log((1, "one"))
    engine.ended = True
    async with asyncio.TaskGroup() as group:
        changed = asyncio.Event()
        reader = LogReader(engine, store, changed=changed.set)
        task = group.create_task(reader.run())
        await until(store, 1)
        await state(reader, changed, "ended")
        engine.ended = False
        await engine.log((2, "two"))
        reader.resume()
        await until(store, 3)
        task.cancel()
    assert texts(store) == ["one", "started again", "two"]


async def test_older_lines_are_loaded_up_to_those_held() -> None:
    """lazydocker#433: a million old lines; the last page first, older ones on demand."""
    engine, store = Engine(), LogStore()
    await engine.log(*((n * 50, f"line {n}") for n in range(3000)), (149_950, "line 2999"))
    engine.ended = True
    async with asyncio.TaskGroup() as group:
        reader = LogReader(engine, store, tail=100)
        task = group.create_task(reader.run())
        await until(store, 100)
        assert await reader.load_older(500) == 500
        assert await reader.load_older(100_000) == 2401
        assert await reader.load_older() == 0
        task.cancel()
    assert texts(store) == [f"line {n}" for n in range(3000)] + ["line 2999"]


async def test_reader_lets_others_run_while_it_is_flooded() -> None:
    """k9s#776: a firehose froze the keyboard."""

    class Firehose:
        name, color = "yes", ""

        async def open(
            self, *, since: int | None = None, tail: int | None = None
        ) -> AsyncGenerator[tuple[int, bytes], None]:
            chunk = line(1, "y") * 100
            while True:
                yield 1, chunk

        async def runs(self) -> Runs:
            return Runs()

        async def older(self, *, since: int, until: int) -> AsyncGenerator[tuple[int, bytes], None]:
            return
            yield 1, b""

    store = LogStore(max_lines=10_000)
    async with asyncio.TaskGroup() as group:
        task = group.create_task(LogReader(Firehose(), store).run())
        for _ in range(20):
            await asyncio.sleep(0)
        task.cancel()
    assert store.dropped > 0


async def test_full_store_asks_for_nothing_older() -> None:
    engine, store = Engine(), LogStore(max_lines=100)
    await engine.log(*((n, f"line {n}") for n in range(300)))
    engine.ended = True
    async with asyncio.TaskGroup() as group:
        reader = LogReader(engine, store, tail=100)
        task = group.create_task(reader.run())
        await until(store, 100)
        assert await reader.load_older() == 0
        task.cancel()
    assert store.first == 0
