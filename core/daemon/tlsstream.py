"""TLS over a connection, with half close: what asyncio's own TLS lacks.

A client that has sent all of a container's stdin ends its direction (close_notify) and still wants the
output; asyncio would take the whole connection down (RFC 8446, 6.1: a close_notify ends one direction).
"""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from typing import Any

_CHUNK = 65536
_HANDSHAKE_SECONDS = 10.0


class TlsStream:
    """Reader and writer of one connection after the handshake, in the words of asyncio's streams."""

    def __init__(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, context: ssl.SSLContext
    ) -> None:
        self._reader = reader
        self._writer = writer
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._incoming, self._outgoing, server_side=True)

    async def handshake(self) -> None:
        """Raises ssl.SSLError for a client without the right certificate, TimeoutError, ConnectionError."""
        async with asyncio.timeout(_HANDSHAKE_SECONDS):
            while True:
                try:
                    self._tls.do_handshake()
                except ssl.SSLWantReadError:
                    self._flush()
                    if not await self._receive():
                        raise ConnectionResetError("the client went away in the TLS handshake") from None
                except ssl.SSLError:
                    # The alert that says why.
                    self._flush()
                    await self._writer.drain()
                    raise
                else:
                    self._flush()
                    return

    async def _receive(self) -> bool:
        """Take in what comes next; False at the end."""
        data = await self._reader.read(_CHUNK)
        if data:
            self._incoming.write(data)
        else:
            self._incoming.write_eof()
        return bool(data)

    def _flush(self) -> None:
        if self._outgoing.pending:
            self._writer.write(self._outgoing.read())

    async def read(self, n: int = _CHUNK) -> bytes:
        """Return what is there; b"" after close_notify. Raises ConnectionError when it ends without one."""
        while True:
            try:
                data = self._tls.read(n)
            except ssl.SSLWantReadError:
                self._flush()
                await self._receive()
            except ssl.SSLError as err:
                raise ConnectionResetError(f"TLS: {err.reason}") from err
            else:
                self._flush()
                return data

    def write(self, data: bytes) -> None:
        try:
            self._tls.write(data)
        except ssl.SSLError as err:
            raise ConnectionResetError(f"TLS: {err.reason}") from err
        self._flush()

    async def drain(self) -> None:
        await self._writer.drain()

    def write_eof(self) -> None:
        """Send close_notify; reading goes on."""
        with contextlib.suppress(ssl.SSLError):
            # It always wants to read: the other side's close_notify, which `read` waits for.
            self._tls.unwrap()
        self._flush()

    def get_extra_info(self, name: str) -> Any:
        return self._writer.get_extra_info(name)

    def is_closing(self) -> bool:
        return self._writer.is_closing()

    def close(self) -> None:
        if not self._writer.is_closing():
            self.write_eof()
        self._writer.close()

    async def wait_closed(self) -> None:
        await self._writer.wait_closed()
