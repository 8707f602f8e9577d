"""Listening sockets and the connections that come in over them."""

from __future__ import annotations

import asyncio
import os
import socket
import stat
from pathlib import Path
from types import TracebackType

from ..client.transport import Handler
from ..errors import Conflict, Internal
from ..tasks import Tasks
from .connection import Connection

_BACKLOG = 512


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
            raise Internal(f"cannot listen on {path}: {err.strerror}") from err
        except BaseException:
            listener.close()
            raise
        self._servers.append(await asyncio.start_unix_server(self._accept, sock=listener))
        self._paths.append(path)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._count += 1
        connection = Connection(self._handle, reader, writer)
        self._tasks.start(connection.serve(), f"connection {self._count}")

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
