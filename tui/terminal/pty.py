"""A program of the host on a terminal of its own, as a Stream (pty(7)).

No Python runs after the fork: `sh` opens the terminal as session leader, gets it as its controlling terminal
and becomes the program. A fork with Python code in it can deadlock in a process that has threads.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
import signal
import struct
import subprocess
import termios
from collections.abc import Mapping, Sequence

_RUN = 'exec "$@" <>"$0" >&0 2>&0'
_GRACE = 2.0


class LocalProgram:
    """A Stream over the program's terminal. `close` hangs up, then kills what does not go."""

    def __init__(
        self,
        argv: Sequence[str],
        *,
        columns: int = 80,
        rows: int = 24,
        environ: Mapping[str, str] | None = None,
        directory: str | None = None,
    ) -> None:
        self._master, slave = os.openpty()
        try:
            self._set_size(rows, columns)
            environment = {
                **os.environ,
                "TERM": "xterm-256color",
                "COLORTERM": "truecolor",
                **(environ or {}),
            }
            self._program = subprocess.Popen(
                ["/bin/sh", "-c", _RUN, os.ttyname(slave), *argv],
                start_new_session=True,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                env=environment,
                cwd=directory,
            )
            self._ended = os.pidfd_open(self._program.pid)
        except BaseException:
            os.close(self._master)
            os.close(slave)
            raise
        # Ours too: reading would fail with EIO while the program has not opened it yet.
        self._slave = slave
        os.set_blocking(self._master, False)

    async def read(self, n: int = 65536) -> bytes:
        """Return output; b"" when the program has ended and all of it was read."""
        while True:
            ended = self._program.poll() is not None
            try:
                return os.read(self._master, n)
            except BlockingIOError:
                if ended:
                    return b""
                await self._news()

    async def write(self, data: bytes) -> None:
        while data:
            try:
                data = data[os.write(self._master, data) :]
            except BlockingIOError:
                await _ready(self._master, write=True)

    async def close_write(self) -> None:
        await self.write(b"\x04")

    async def resize(self, rows: int, columns: int) -> None:
        self._set_size(rows, columns)

    async def wait(self) -> int:
        """Return the exit code, negative for a signal."""
        if self._program.poll() is None:
            await _ready(self._ended)
        return self._program.wait()

    async def close(self) -> None:
        if self._master < 0:
            return
        self._signal(signal.SIGHUP)
        try:
            await asyncio.wait_for(self.wait(), _GRACE)
        except TimeoutError:
            self._signal(signal.SIGKILL)
            await self.wait()
        for descriptor in (self._master, self._ended, self._slave):
            os.close(descriptor)
        self._master = -1

    async def _news(self) -> None:
        """Wait until there is output or the program ends."""
        waits = [asyncio.ensure_future(_ready(each)) for each in (self._master, self._ended)]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()

    def _signal(self, number: int) -> None:
        if self._program.poll() is None:
            try:
                os.killpg(self._program.pid, number)
            except ProcessLookupError:
                pass

    def _set_size(self, rows: int, columns: int) -> None:
        fcntl.ioctl(self._master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))


async def _ready(descriptor: int, *, write: bool = False) -> None:
    """Wait until a descriptor can be read or written."""
    loop = asyncio.get_running_loop()
    ready = asyncio.Event()
    add, remove = (loop.add_writer, loop.remove_writer) if write else (loop.add_reader, loop.remove_reader)
    add(descriptor, ready.set)
    try:
        await ready.wait()
    finally:
        remove(descriptor)
