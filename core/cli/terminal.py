"""The user's terminal and standard streams: raw mode, size, reading without blocking the loop."""

from __future__ import annotations

import asyncio
import contextlib
import os
import select
import termios
import tty
from collections.abc import Iterator

STDIN, STDOUT, STDERR = 0, 1, 2
_CHUNK = 65536


def is_terminal(fd: int) -> bool:
    return os.isatty(fd)


def size(fd: int = STDOUT) -> tuple[int, int] | None:
    """Return rows and columns; None where there is no terminal or it does not know."""
    try:
        found = os.get_terminal_size(fd)
    except OSError:
        return None
    return (found.lines, found.columns) if found.lines and found.columns else None


@contextlib.contextmanager
def raw_mode(fd: int = STDIN) -> Iterator[None]:
    """Pass keys on as they are while this lasts; the terminal is put back whatever happens."""
    before = termios.tcgetattr(fd)
    tty.setraw(fd, termios.TCSANOW)
    try:
        yield
    finally:
        termios.tcsetattr(fd, termios.TCSANOW, before)


async def read(fd: int = STDIN, limit: int = _CHUNK) -> bytes:
    """Return what can be read now, b"" at the end; waits on the loop where the file can be waited for."""
    loop = asyncio.get_running_loop()
    ready: asyncio.Future[None] = loop.create_future()
    try:
        loop.add_reader(fd, _settle, ready)
    except PermissionError:
        # A plain file or /dev/null: never blocks, and can't be waited for.
        return os.read(fd, limit)
    try:
        await ready
    finally:
        loop.remove_reader(fd)
    try:
        return os.read(fd, limit)
    except OSError:
        # EIO: the terminal hung up.
        return b""


def _settle(ready: asyncio.Future[None]) -> None:
    if not ready.done():
        ready.set_result(None)


def write(fd: int, data: bytes) -> None:
    """Write all of `data`, also to a descriptor that somebody made non-blocking."""
    view = memoryview(data)
    while view:
        try:
            view = view[os.write(fd, view) :]
        except BlockingIOError:
            select.select([], [fd], [])
