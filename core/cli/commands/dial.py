"""`system dial-stdio`: a daemon's socket joined to stdin and stdout, for clients behind SSH."""

from __future__ import annotations

import asyncio
import os
import socket
import threading
from urllib.parse import urlsplit

from ...config import default_paths
from ...hosts import chosen_host
from ..command import Cli, Command
from ..failure import Failure
from ..flags import Options

_CHUNK = 65536


async def _dial(cli: Cli, options: Options, arguments: list[str]) -> None:
    with _connect(chosen_host(cli.host) or f"unix://{default_paths().run}/pydock.sock") as connection:
        await asyncio.to_thread(_carry, connection)


def _connect(host: str) -> socket.socket:
    url = urlsplit(host)
    if url.scheme != "unix":
        raise Failure(f"'system dial-stdio' is for a unix socket on this machine: {host}")
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        connection.connect(url.netloc + url.path)
    except OSError as err:
        connection.close()
        raise Failure(f"cannot connect to {host}: {err.strerror}: is pydockd running there?") from err
    return connection


def _carry(connection: socket.socket) -> None:
    """Copy both ways until the daemon has ended its side; the end of stdin is passed on. Blocking."""
    # It may wait for stdin for ever, so nothing waits for it.
    threading.Thread(target=_send, args=(connection,), daemon=True).start()
    try:
        while data := connection.recv(_CHUNK):
            while data:
                data = data[os.write(1, data) :]
    except OSError:
        # The client or the daemon is gone: either ends it.
        return


def _send(connection: socket.socket) -> None:
    try:
        while data := os.read(0, _CHUNK):
            connection.sendall(data)
        connection.shutdown(socket.SHUT_WR)
    except OSError:
        return


DIAL = Command("system dial-stdio", "", "Join stdin and stdout to the daemon's socket", _dial, (), most=0)
