"""A raw stream to a process in a container, as attach and exec give it."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from types import TracebackType

from ..schema.message import Stream
from .stdcopy import STDOUT, Demultiplexer


class Attachment:
    """The process's terminal or pipes. Written bytes are its stdin; an async context manager that closes.

    With a terminal (`tty`) what is read is what the terminal printed; without one it is multiplexed, and
    `frames` takes it apart.
    """

    def __init__(self, stream: Stream, tty: bool) -> None:
        self.stream = stream
        self.tty = tty

    async def read(self, n: int = 65536) -> bytes:
        """Return raw bytes as they come, b"" at the end."""
        return await self.stream.read(n)

    async def write(self, data: bytes) -> None:
        await self.stream.write(data)

    async def close_write(self) -> None:
        """End the process's stdin."""
        await self.stream.close_write()

    async def frames(self) -> AsyncGenerator[tuple[int, bytes], None]:
        """Yield (1 stdout | 2 stderr, bytes) until the end; a terminal's output is stdout."""
        demultiplexer = None if self.tty else Demultiplexer()
        while data := await self.stream.read():
            if demultiplexer is None:
                yield STDOUT, data
                continue
            for part in demultiplexer.feed(data):
                yield part

    async def close(self) -> None:
        await self.stream.close()

    async def __aenter__(self) -> Attachment:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()
