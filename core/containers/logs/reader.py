"""Reading a log: from its tail on, filtered, followed until its container ends.

A follower waits on inotify(7) for the directory, so neither rotation nor truncation loses or repeats
a record, as long as it keeps up with the number of files that rotation keeps.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import time
from collections.abc import AsyncIterator, Callable, Iterator

from ...linux import inotify
from . import files
from .entry import Formatter, Query, decode

_CHUNK = 16 << 10
_WATCHED = (
    inotify.IN_MODIFY | inotify.IN_CREATE | inotify.IN_MOVED_TO | inotify.IN_MOVED_FROM | inotify.IN_DELETE
)
_NANO = 1_000_000_000


class Watch:
    """Wake-ups for one directory and for what its owner tells; an async context manager."""

    def __init__(self, directory: str) -> None:
        self._directory = directory
        self._news = asyncio.Event()
        self._descriptor = -1

    def wake(self) -> None:
        """Let the follower look again: the container's state changed."""
        self._news.set()

    async def __aenter__(self) -> Watch:
        self._descriptor = inotify.inotify_init()
        try:
            inotify.inotify_add_watch(self._descriptor, self._directory, _WATCHED | inotify.IN_DELETE_SELF)
            asyncio.get_running_loop().add_reader(self._descriptor, self._changed)
        except BaseException:
            os.close(self._descriptor)
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        asyncio.get_running_loop().remove_reader(self._descriptor)
        os.close(self._descriptor)

    def _changed(self) -> None:
        inotify.read_names(self._descriptor)
        self._news.set()

    async def wait(self, until: int) -> None:
        """Return at the next wake-up since the last `wait`, or at the time `until` (0: never)."""
        left = (until - time.time_ns()) / _NANO if until else None
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._news.wait(), left)
        self._news.clear()


async def read(
    path: str,
    query: Query,
    *,
    framed: bool,
    watch: Watch | None = None,
    ended: Callable[[], bool] = lambda: True,
) -> AsyncIterator[bytes]:
    """Yield the log in chunks of about 16 KiB, then, with `watch`, what is added until `ended()`.

    `framed` puts Docker's eight-byte header before each record's text. The caller enters `watch` and wakes
    it when `ended` may have changed.
    """
    formatter = Formatter(query, framed)
    opened = files.open_all(path) if query.tail is None else files.open_tail(path, query.tail)
    try:
        for number, file in enumerate(opened):
            for chunk in _drain(file, formatter):
                yield chunk
                # A long log must not keep everything else from running.
                await asyncio.sleep(0)
            if formatter.passed_until:
                return
            if number < len(opened) - 1:
                file.close()
        del opened[:-1]
        if watch is not None:
            async for chunk in _follow(path, opened, formatter, watch, ended):
                yield chunk
    finally:
        for file in opened:
            with contextlib.suppress(OSError):
                file.close()


async def _follow(
    path: str, opened: list[files.LogFile], formatter: Formatter, watch: Watch, ended: Callable[[], bool]
) -> AsyncIterator[bytes]:
    """Go on with the one file in `opened`, if any; a newer one takes its place there."""
    until = formatter.query.until
    while True:
        # Asked before reading: what was written before the end is read after the question.
        last_look = ended() or bool(until and time.time_ns() >= until)
        async for chunk in _catch_up(path, opened, formatter):
            yield chunk
        if last_look or formatter.passed_until:
            return
        await watch.wait(until)


async def _catch_up(path: str, opened: list[files.LogFile], formatter: Formatter) -> AsyncIterator[bytes]:
    """Read to the end of the current file and of all that came after it."""
    while True:
        if opened:
            for chunk in _drain(opened[0], formatter):
                yield chunk
                await asyncio.sleep(0)
        newer = files.newer_than(path, opened[0].inode) if opened else files.open_file(path)
        if newer is None or formatter.passed_until:
            if newer is not None:
                newer.close()
            return
        if opened:
            # It was written to until it was renamed, which may be after the reading above.
            for chunk in _drain(opened[0], formatter):
                yield chunk
            opened.pop().close()
        opened.append(newer)


def _drain(file: files.LogFile, formatter: Formatter) -> Iterator[bytes]:
    """Format what the file has now; half a record stays for the next time."""
    gathered: list[bytes] = []
    size = 0
    for line in _lines(file):
        record = decode(line)
        text = formatter.format(record) if record else b""
        if formatter.passed_until:
            break
        gathered.append(text)
        size += len(text)
        if size >= _CHUNK:
            yield b"".join(gathered)
            gathered, size = [], 0
    if size:
        yield b"".join(gathered)


def _lines(file: files.LogFile) -> Iterator[bytes]:
    while data := file.read():
        whole = data.rfind(b"\n") + 1
        if not whole and len(data) < files.BLOCK:
            file.position -= len(data)
            return
        # A block without a newline is no part of a log: it is skipped.
        file.position -= (len(data) - whole) if whole else 0
        yield from data[:whole].split(b"\n")[:-1]
