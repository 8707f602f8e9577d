"""A two-way byte stream in memory: what a hijacked connection is within one process."""

from __future__ import annotations

import asyncio
from collections import deque

_BOUND = 256 * 1024


class _Channel:
    """One direction. Invariant: at most `_BOUND` bytes wait, but for the last chunk written."""

    def __init__(self) -> None:
        self._chunks: deque[bytes] = deque()
        self._size = 0
        self._ended = False
        self._abandoned = False
        self._readable = asyncio.Event()
        self._writable = asyncio.Event()
        self._writable.set()

    async def read(self, n: int) -> bytes:
        while not self._chunks:
            if self._ended or self._abandoned:
                return b""
            self._readable.clear()
            await self._readable.wait()
        chunk = self._chunks.popleft()
        if len(chunk) > n:
            self._chunks.appendleft(chunk[n:])
            chunk = chunk[:n]
        self._size -= len(chunk)
        if self._size < _BOUND:
            self._writable.set()
        return chunk

    async def write(self, data: bytes) -> None:
        if not data:
            return
        while self._size >= _BOUND and not self._abandoned:
            self._writable.clear()
            await self._writable.wait()
        if self._abandoned or self._ended:
            raise BrokenPipeError("the stream is closed")
        self._chunks.append(bytes(data))
        self._size += len(data)
        self._readable.set()

    def end(self) -> None:
        """The writer is done; what waits can still be read."""
        self._ended = True
        self._readable.set()

    def abandon(self) -> None:
        """The reader is gone; writers are told."""
        self._abandoned = True
        self._chunks.clear()
        self._size = 0
        self._readable.set()
        self._writable.set()


class PipeEnd:
    """One end of a pipe; a `schema.message.Stream`."""

    def __init__(self, incoming: _Channel, outgoing: _Channel) -> None:
        self._incoming = incoming
        self._outgoing = outgoing

    async def read(self, n: int = 65536) -> bytes:
        return await self._incoming.read(n)

    async def write(self, data: bytes) -> None:
        await self._outgoing.write(data)

    async def close_write(self) -> None:
        self._outgoing.end()

    async def close(self) -> None:
        self._outgoing.end()
        self._incoming.abandon()


def pipe() -> tuple[PipeEnd, PipeEnd]:
    """Make two connected ends; a slow reader holds its writer back."""
    left, right = _Channel(), _Channel()
    return PipeEnd(left, right), PipeEnd(right, left)
