"""Where a log comes from, and the reader that keeps a store fed from it.

The reader asks for the last lines first; older ones are fetched when they are scrolled to. When the line to
the engine breaks it asks again from just before the newest line, and leaves out what the store already has.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import aclosing
from typing import Protocol

from pydock.core.errors import PydockError

from . import stamp
from .runs import Runs
from .store import NOTE, LogStore

SLICE = 0.004
"""Seconds a reader may hold the loop."""

_OVERLAP = 1_000_000_000
_RETRY_FIRST, _RETRY_MOST = 0.5, 15.0
_RUNS_PATIENCE = 2.0
_STAMP_BYTES = 48


Chunks = AsyncGenerator[tuple[int, bytes], None]
"""(1 stdout or 2 stderr, bytes) as they come, lines cut anywhere."""


class LogSource(Protocol):
    """A container's log, or anything else that yields stamped lines in chunks."""

    name: str
    color: str

    def open(self, *, since: int | None = None, tail: int | None = None) -> Chunks:
        """Follow the log with Docker's timestamps, from `since` (ns) on or its last `tail` lines.

        Ends when the container has; raises PydockError or OSError when the engine is gone.
        """
        ...

    def older(self, *, since: int, until: int) -> Chunks:
        """Read what was logged from `since` to `until` (both ns, inclusive), then end."""
        ...

    async def runs(self) -> Runs:
        """Return what is known of the runs so far; raises PydockError or OSError."""
        ...


class LogReader:
    """Reads `source` into `store`; `state` is "following", "ended" or why it waits."""

    def __init__(
        self,
        source: LogSource,
        store: LogStore,
        *,
        tail: int | None = 1000,
        since: int | None = None,
        changed: Callable[[], None] = lambda: None,
    ) -> None:
        self.source = source
        self.store = store
        self.state = "connecting"
        self.lost = False
        self.runs = Runs()
        self._ended_mid_line = {1: False, 2: False}
        self._end_told = False
        self._tail = tail
        self._since = since
        self._changed = changed
        self._again = asyncio.Event()
        self._oldest_reached = tail is None and since is None

    async def run(self) -> None:
        """Follow until cancelled: past the container's end it waits for `resume`."""
        delay = _RETRY_FIRST
        await self._ask_runs()
        while True:
            self._again.clear()
            try:
                await self._follow()
            except (PydockError, OSError) as err:
                self._tell(f"no log: {err}", lost=True)
                await self._wait(delay)
                delay = min(delay * 2, _RETRY_MOST)
                continue
            delay = _RETRY_FIRST
            self.store.finish()
            self._ended_mid_line = {1: False, 2: False}
            self._tell("ended")
            self._tell_end()
            await self._again.wait()

    def resume(self) -> None:
        """Ask again now: the container was started, or the engine is back."""
        self._again.set()

    def happened(self, action: str, attributes: Mapping[str, str], time: int) -> None:
        """Take in an event of the container: it started, ended, or ran out of memory."""
        self.runs.take(action, attributes, time)
        if action == "start":
            self._end_told = False
            self._place_late()
        elif action == "die" and self.state == "ended":
            self._tell_end()

    async def load_older(self, lines: int = 1000) -> int:
        """Put up to `lines` older lines in front, as far as there is room; returns how many came."""
        store = self.store
        if self._oldest_reached or store.first == store.end or not store.room:
            return 0
        first = next((t for b in store.batches(store.first, store.end) for t in b.times if t), stamp.NONE)
        if not first:
            return 0
        known = Counter((line[1], line[2]) for line in _lines_at(store, first))
        span = 60_000_000_000
        found: list[tuple[int, int, bytes]] = []
        while len(found) < lines and not self._oldest_reached:
            since = max(0, first - span)
            found = await self._between(since, first, known.copy())
            self._oldest_reached = since == 0
            span *= 16
        self._oldest_reached = self._oldest_reached and len(found) <= lines
        return store.prepend(found[-lines:])

    async def _between(
        self, since: int, until: int, known: Counter[tuple[int, bytes]]
    ) -> list[tuple[int, int, bytes]]:
        part = LogStore(max_bytes=self.store.max_bytes)
        async with aclosing(self.source.older(since=since, until=until)) as chunks:
            async for stream, data in chunks:
                part.feed(stream, data)
        part.finish()
        found = []
        for batch in part.batches(part.first, part.end):
            for stream, at, text in zip(batch.streams, batch.times, batch.texts, strict=True):
                if at == until and known[stream, text] > 0:
                    known[stream, text] -= 1
                elif at <= until:
                    found.append((stream, at, text))
        return found

    async def _follow(self) -> None:
        newest = _newest(self.store)
        self.store.abandon()
        if newest:
            chunks = _Unseen(self.store, newest).filter(self.source.open(since=newest - _OVERLAP))
        else:
            chunks = self.source.open(since=self._since, tail=self._tail)
        began = time.perf_counter()
        async with aclosing(chunks):
            async for stream, data in chunks:
                if self.state == "ended" and not self.runs.known:
                    self.store.note("started again")
                if self.state != "following":
                    self._tell("following")
                self._feed(stream, data)
                self._changed()
                if time.perf_counter() - began > SLICE:
                    await asyncio.sleep(0)
                    began = time.perf_counter()

    async def _ask_runs(self) -> None:
        try:
            self.runs = await asyncio.wait_for(self.source.runs(), _RUNS_PATIENCE)
        except (PydockError, OSError):
            # The log matters more; `open` will say what is wrong with the line. TimeoutError is an OSError.
            pass

    def _place_late(self) -> None:
        """Put the line of a start that is told after its first lines came before these."""
        starts = self.runs.starts
        if len(starts) == 1 and _newest(self.store) >= starts[0].time:
            start = starts.pop()
            if not self.store.note_before(start.text, start.time):
                self.store.note(start.text, start.time)
            self._changed()

    def _tell_end(self) -> None:
        if self.runs.end and not self._end_told:
            self._end_told = True
            self.store.note(f"ended, {self.runs.end}")
            self._changed()

    def _feed(self, stream: int, data: bytes) -> None:
        """Store what came, with a line of ours where a run of the container begins."""
        starts = self.runs.starts
        done = at = 0
        if self._ended_mid_line[stream]:
            at = data.find(b"\n") + 1 or len(data)
        while starts and at < len(data):
            when, _ = stamp.split(data[at : at + _STAMP_BYTES])
            if when >= starts[0].time:
                self.store.feed(stream, data[done:at])
                done = at
                start = starts.pop(0)
                # Where the log itself begins there is nothing to be told apart.
                if self.store.end > self.store.first:
                    self.store.note(start.text, start.time)
                continue
            at = data.find(b"\n", at) + 1 or len(data)
        self.store.feed(stream, data[done:])
        self._ended_mid_line[stream] = not data.endswith(b"\n")

    async def _wait(self, seconds: float) -> None:
        try:
            await asyncio.wait_for(self._again.wait(), seconds)
        except TimeoutError:
            pass

    def _tell(self, state: str, *, lost: bool = False) -> None:
        self.state = state
        self.lost = lost
        self._changed()


def _newest(store: LogStore) -> int:
    """Return the time of the newest stamped line."""
    for id in range(store.end - 1, max(store.first, store.end - 1000) - 1, -1):
        line = store.line(id)
        if line.stream != NOTE and line.time:
            return line.time
    return stamp.NONE


def _lines_at(store: LogStore, ns: int) -> list[tuple[int, int, bytes]]:
    """Return the oldest lines (time, stream, text) that carry exactly this time."""
    found: list[tuple[int, int, bytes]] = []
    for batch in store.batches(store.first, store.end):
        for stream, at, text in zip(batch.streams, batch.times, batch.texts, strict=True):
            if at > ns:
                return found
            if stream != NOTE:
                found.append((at, stream, text))
    return found


class _Unseen:
    """Leaves out of a stream what `store` has of it, line by line, until it is past `newest`.

    What comes before the first line that is known is older than what the store began with.
    """

    def __init__(self, store: LogStore, newest: int) -> None:
        self._newest = newest
        self._carry = {1: b"", 2: b""}
        self._before = True
        self._known: Counter[tuple[int, int, bytes]] = Counter()
        for batch in store.batches(store.find_time(newest - _OVERLAP), store.end):
            self._known.update(zip(batch.streams, batch.times, batch.texts, strict=True))

    async def filter(self, chunks: Chunks) -> Chunks:
        past = False
        async with aclosing(chunks):
            async for stream, data in chunks:
                if past:
                    yield stream, data
                    continue
                *lines, self._carry[stream] = (self._carry[stream] + data).split(b"\n")
                kept = b"".join(line + b"\n" for line in lines if self._new(stream, line))
                past = any(stamp.split(line)[0] > self._newest for line in lines)
                if kept:
                    yield stream, kept
                if past:
                    for piece in self._rest():
                        yield piece
        for piece in self._rest():
            yield piece

    def _new(self, stream: int, line: bytes) -> bool:
        at, text = stamp.split(line)
        key = (stream, at, text.removesuffix(b"\r"))
        if self._known[key] > 0:
            self._known[key] -= 1
            self._before = False
            return False
        return not self._before or at > self._newest

    def _rest(self) -> list[tuple[int, bytes]]:
        """Take the lines that have begun."""
        rest = [(stream, begun) for stream, begun in self._carry.items() if begun]
        self._carry = {1: b"", 2: b""}
        return rest
