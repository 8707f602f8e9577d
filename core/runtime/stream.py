"""A raw two-way stream between an engine and a shim, as `schema.message.Stream` describes it."""

from __future__ import annotations

import asyncio
import contextlib


class SocketStream:
    """Attach and exec streams. It owns its connection.

    A frame (or, with a terminal, raw bytes) may be cut anywhere between two reads.
    """

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer

    async def read(self, n: int = 65536) -> bytes:
        """Return what is there, at most n bytes; b"" when the process's streams have ended."""
        try:
            return await self._reader.read(n)
        except ConnectionError:
            return b""

    async def write(self, data: bytes) -> None:
        """Send input, waiting while the process does not read; OSError when it is gone."""
        self._writer.write(data)
        await self._writer.drain()

    async def close_write(self) -> None:
        """End the input."""
        with contextlib.suppress(OSError):
            if self._writer.can_write_eof():
                self._writer.write_eof()

    async def close(self) -> None:
        """Let go of the process's streams; it goes on."""
        self._writer.close()
        with contextlib.suppress(OSError):
            await self._writer.wait_closed()
