"""A shell that runs over a raw stream: an emulator and pexpect read it, keys are written to it.

One task reads, one writes, one tells the other side its size. The session lives until it is closed, whether a
pane shows it or not; the emulator keeps its screen.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from pydock.core.errors import PydockError
from pydock.core.schema.message import Stream
from pydock.core.tasks import Tasks

from ..logs.ansi import plain
from .backend import make, row_text
from .expect import Match, Watcher

_BUSY = 0.008
_SLICE = 0.004
_RESIZE_PAUSE = 0.05
_END_PATIENCE = 3.0


@dataclass(frozen=True, slots=True)
class Answer:
    """What a command printed and its exit code."""

    output: str
    code: int


class ShellSession:
    """Owns `stream` until `close`; `start` begins reading.

    `resize(rows, columns)` tells the other side; `wait()` is the exit code at its end. `end()` ends a program
    that does not end with its stream.
    """

    def __init__(
        self,
        stream: Stream,
        *,
        name: str,
        resize: Callable[[int, int], Awaitable[None]],
        wait: Callable[[], Awaitable[int | None]],
        end: Callable[[], Awaitable[object]] | None = None,
        columns: int = 80,
        rows: int = 24,
        backend: str = "auto",
    ) -> None:
        self.name = name
        self.backend = make(backend, columns, rows)
        self.exit_code: int | None = None
        self.ended = False
        self._started = False
        self.began = time.time()
        self._stream = stream
        self._resize = resize
        self._wait = wait
        self._end = end
        self._tasks = Tasks(f"shell {name}")
        self._watcher = Watcher()
        self._listeners: list[Callable[[], None]] = []
        self._outgoing = bytearray()
        self._writable = asyncio.Event()
        self._sized = asyncio.Event()
        self._running = asyncio.Lock()
        self._over = asyncio.Event()

    async def __aenter__(self) -> ShellSession:
        self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    def start(self) -> None:
        """Begin to read, and tell the other side the size; a second call does nothing."""
        if self._started:
            return
        self._started = True
        self._tasks.start(self._read(), "read")
        self._tasks.start(self._write(), "write")
        self._tasks.start(self._tell_size(), "size")
        self._sized.set()

    async def close(self) -> None:
        """End the stream, and so the shell; frees the emulator."""
        self._listeners.clear()
        if self._end is not None and not self.ended:
            try:
                await asyncio.wait_for(self._end(), _END_PATIENCE)
            except (OSError, PydockError):
                # The engine is gone or does not answer (TimeoutError): then the stream's end must do.
                pass
        await self._tasks.close()
        await self._stream.close()
        self._finish()
        self.backend.close()

    def listen(self, changed: Callable[[], None]) -> Callable[[], None]:
        """Call `changed` when the screen may have changed or the shell ended; returns what ends that."""
        self._listeners.append(changed)
        return lambda: self._listeners.remove(changed) if changed in self._listeners else None

    def write(self, data: bytes) -> None:
        """Send bytes in order, without waiting."""
        if data and not self.ended:
            self._outgoing += data
            self._writable.set()

    def resize(self, columns: int, rows: int) -> None:
        """Change the size of the screen at once and of the other side when it has stayed so for 50 ms."""
        if (columns, rows) != (self.backend.columns, self.backend.rows):
            self.backend.resize(columns, rows)
            self._sized.set()

    async def expect(self, patterns: Sequence[str], timeout: float = 30.0) -> Match:
        """Wait until what was printed since the last match has one of `patterns` (regular expressions).

        Raises TimeoutError, or expect.Ended when the shell ends first.
        """
        return await self._watcher.find(patterns, timeout)

    async def run(self, command: str, timeout: float = 30.0) -> Answer:
        """Type a command line into a shell that waits for one; returns what it printed and its exit code.

        Output and end are marked with a sequence that no terminal shows and any POSIX shell can print.
        """
        async with self._running:
            token = secrets.token_hex(8)
            mark = f"\\033]7117;{token};%s\\007"
            # The space keeps the line out of most shells' history.
            self.write(f" printf '{mark}' begin; {command}; printf '{mark}' \"$?\"\r".encode())
            pattern = f"\x1b\\]7117;{token};(begin|[0-9]+)\x07"
            await self.expect([pattern], timeout)
            found = await self.expect([pattern], timeout)
            lines = found.before.replace("\r\n", "\n").split("\n")
            return Answer("\n".join(plain(line.encode()) for line in lines), int(found.groups[0] or 0))

    def last_line(self) -> str:
        """Return the last line of the screen that says anything."""
        rows = (row_text(self.backend, y) for y in range(self.backend.rows - 1, -1, -1))
        return next((row for row in rows if row), "")

    async def over(self) -> int | None:
        """Wait for the shell's end; returns its exit code when there is one."""
        await self._over.wait()
        return self.exit_code

    async def _read(self) -> None:
        first = True
        busy = 0.0
        yielded = time.perf_counter()
        try:
            while data := await self._stream.read():
                for at in range(0, len(data), self.backend.chunk):
                    began = time.perf_counter()
                    self._take(data[at : at + self.backend.chunk])
                    busy += time.perf_counter() - began
                    if busy > _BUSY:
                        # As long as the feeding took: the pipe fills and the program waits, not the user.
                        await asyncio.sleep(busy)
                        busy, yielded = 0.0, time.perf_counter()
                    elif time.perf_counter() - yielded > _SLICE:
                        # A stream that has more at once never suspends by itself.
                        await asyncio.sleep(0)
                        yielded = time.perf_counter()
                if first:
                    # A size that was told before the program ran may have been lost (moby#35407).
                    first = False
                    self._sized.set()
        except (OSError, PydockError):
            pass
        try:
            self.exit_code = await self._wait()
        except (OSError, PydockError):
            self.exit_code = None
        self._finish()

    def _take(self, data: bytes) -> None:
        self.write(self.backend.feed(data))
        self._watcher.take(data)
        self._changed()

    async def _write(self) -> None:
        while True:
            await self._writable.wait()
            self._writable.clear()
            while self._outgoing:
                data = bytes(self._outgoing)
                self._outgoing.clear()
                try:
                    await self._stream.write(data)
                except OSError:
                    return

    async def _tell_size(self) -> None:
        while True:
            await self._sized.wait()
            self._sized.clear()
            try:
                await self._resize(self.backend.rows, self.backend.columns)
            except (OSError, PydockError):
                # Not running yet, or no more; the first output and the next change try again.
                pass
            await asyncio.sleep(_RESIZE_PAUSE)

    def _finish(self) -> None:
        if not self.ended:
            self.ended = True
            self._watcher.end()
            self._over.set()
            self._changed()

    def _changed(self) -> None:
        for listener in tuple(self._listeners):
            listener()
