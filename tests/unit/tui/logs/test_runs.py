from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator

from pydock.tui.logs.filter import Filter
from pydock.tui.logs.model import LogModel
from pydock.tui.logs.runs import Runs, Start
from pydock.tui.logs.source import LogReader
from pydock.tui.logs.store import LogStore

SECOND = 1_000_000_000
BASE = 1_795_568_400 * SECOND


def line(second: int, text: str) -> bytes:
    return b"2026-11-25T01:00:%02d.000000000Z %s\n" % (second, text.encode())


def past() -> Runs:
    runs = Runs()
    runs.take("start", {}, BASE)
    runs.take("oom", {}, BASE + 5 * SECOND)
    runs.take("die", {"exitCode": "137"}, BASE + 5 * SECOND)
    runs.take("start", {}, BASE + 7 * SECOND)
    return runs


class Log:
    """Three lines of the first run and one of the second, then what `end` holds back."""

    name, color = "web", ""

    def __init__(self, runs: Runs) -> None:
        self._runs = runs
        self.end = asyncio.Event()

    async def open(
        self, *, since: int | None = None, tail: int | None = None
    ) -> AsyncGenerator[tuple[int, bytes], None]:
        yield 1, line(1, "a") + line(2, "b")
        yield 2, line(3, "c")
        yield 1, line(8, "d")
        await self.end.wait()

    async def older(self, *, since: int, until: int) -> AsyncGenerator[tuple[int, bytes], None]:
        return
        yield 1, b""

    async def runs(self) -> Runs:
        return self._runs


def texts(store: LogStore) -> list[str]:
    return [text.decode() for batch in store.batches(store.first, store.end) for text in batch.texts]


def test_a_start_says_how_the_run_before_ended() -> None:
    runs = past()
    assert runs.starts == [Start(BASE, "started"), Start(BASE + 7 * SECOND, "restarted, exit 137 OOM")]
    assert runs.last_start == BASE + 7 * SECOND
    runs.take("exec_die", {"exitCode": "1"}, BASE)
    assert runs.end == ""


async def test_restart_stands_between_the_runs_and_the_end_at_the_end() -> None:
    store, log = LogStore(), Log(past())
    changed = asyncio.Event()
    reader = LogReader(log, store, changed=changed.set)
    async with asyncio.TaskGroup() as group:
        task = group.create_task(reader.run())
        reached = asyncio.Event()
        store.listen(lambda _: reached.set() if store.end >= 5 else None)
        await asyncio.wait_for(reached.wait(), 5)
        assert texts(store) == ["a", "b", "c", "restarted, exit 137 OOM", "d"]
        log.end.set()
        while reader.state != "ended":
            changed.clear()
            await asyncio.wait_for(changed.wait(), 5)
        reader.happened("die", {"exitCode": "0"}, BASE + 9 * SECOND)
        assert texts(store)[-1] == "ended, exit 0"
        task.cancel()


async def test_a_start_that_is_told_late_stands_before_its_lines() -> None:
    """The log is often faster than the event."""
    store, log = LogStore(), Log(Runs())
    changed = asyncio.Event()
    reader = LogReader(log, store, changed=changed.set)
    model = LogModel([store])
    model.resize(60, 10)
    async with asyncio.TaskGroup() as group:
        task = group.create_task(reader.run())
        while store.end < 4:
            changed.clear()
            await asyncio.wait_for(changed.wait(), 5)
        model.set_filter(Filter("c", inverse=True))
        model.update()
        reader.happened("die", {"exitCode": "7"}, BASE + 4 * SECOND)
        reader.happened("start", {}, BASE + 7 * SECOND)
        task.cancel()
    model.update()
    assert texts(store) == ["a", "b", "c", "restarted, exit 7", "d"]
    shown = ["".join(text for text, _ in model.row(row)) for row in model.rows()]
    assert shown == ["a", "b", "── restarted, exit 7", "d"]
