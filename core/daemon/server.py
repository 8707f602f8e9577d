"""Listening sockets and the connections that come in over them."""

from __future__ import annotations

import asyncio
import errno
import logging
import os
import socket
import ssl
import stat
from pathlib import Path
from types import TracebackType

from ..client.transport import Handler
from ..errors import Conflict, Internal
from ..tasks import Tasks
from .connection import Connection
from .tlsstream import TlsStream

_BACKLOG = 512
_log = logging.getLogger(__name__)


class Server:
    """Serves an api; an async context manager that ends all connections."""

    def __init__(self, handle: Handler) -> None:
        self._handle = handle
        self._tasks = Tasks("daemon")
        self._servers: list[asyncio.Server] = []
        self._paths: list[Path] = []
        self._count = 0

    async def listen_unix(self, path: Path, mode: int = 0o660, group: int = -1) -> None:
        """Listen on a socket at `path`, in the place of one that nobody listens on any more.

        Raises Conflict when somebody does, Internal when the socket can't be made.
        """
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            _clear(path)
            # Closed to all until its mode and group are what was asked for.
            before = os.umask(0o177)
            try:
                listener.bind(str(path))
            finally:
                os.umask(before)
            os.chown(path, -1, group)
            path.chmod(mode)
            listener.listen(_BACKLOG)
        except OSError as err:
            listener.close()
            raise Internal(f"cannot listen on {path}: {err.strerror or err}") from err
        except BaseException:
            listener.close()
            raise
        self._paths.append(path)
        await self.listen(listener)

    async def listen_tcp(self, host: str, port: int, tls: ssl.SSLContext | None) -> list[int]:
        """Listen on all addresses of `host`; returns the ports. Raises Conflict, Internal."""
        ports = []
        try:
            found = await asyncio.get_running_loop().getaddrinfo(
                host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
            )
            for family, _, _, _, address in dict.fromkeys(found):
                listener = socket.create_server(address[:2], family=family, backlog=_BACKLOG)
                ports.append(listener.getsockname()[1])
                await self.listen(listener, tls)
        except OSError as err:
            kind = Conflict if err.errno == errno.EADDRINUSE else Internal
            raise kind(f"cannot listen on {host}:{port}: {err.strerror or err}") from err
        return ports

    async def listen(self, listener: socket.socket, tls: ssl.SSLContext | None = None) -> None:
        """Accept connections from a listening socket, which is the server's from now on."""
        listener.setblocking(False)

        async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            self._count += 1
            serving = self._serve(reader, writer) if tls is None else self._serve_tls(reader, writer, tls)
            self._tasks.start(serving, f"connection {self._count}")

        if listener.family == socket.AF_UNIX:
            self._servers.append(await asyncio.start_unix_server(accept, sock=listener))
        else:
            self._servers.append(await asyncio.start_server(accept, sock=listener))

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await Connection(self._handle, reader, writer).serve()

    async def _serve_tls(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, tls: ssl.SSLContext
    ) -> None:
        stream = TlsStream(reader, writer, tls)
        try:
            await stream.handshake()
        except (ssl.SSLError, ConnectionError, TimeoutError) as err:
            _log.info("TLS handshake with %s failed: %s", writer.get_extra_info("peername"), err)
            writer.close()
            return
        await Connection(self._handle, stream, stream).serve()

    async def __aenter__(self) -> Server:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for server in self._servers:
            server.close()
        await self._tasks.close()
        for path in self._paths:
            path.unlink(missing_ok=True)


def _clear(path: Path) -> None:
    """Remove a dead socket; raises Conflict for a live one and for what is no socket."""
    try:
        found = path.lstat()
    except FileNotFoundError:
        return
    if not stat.S_ISSOCK(found.st_mode):
        raise Conflict(f"not a socket: {path}: choose another address with -H")
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        try:
            probe.connect(str(path))
        except ConnectionRefusedError:
            path.unlink()
            return
    raise Conflict(f"another daemon listens on {path}")
