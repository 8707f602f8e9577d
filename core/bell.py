"""Wake-ups between processes by datagram: engines listen, shims and other engines ring.

A datagram only says that there is news; the news itself lies in a journal or the store. Payloads:
b"c <container id>" (its journal grew), b"e" (the events table grew), and ALL when so many came at once that
some may have found the queue full (unix(7)): then everything has to be looked at.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
from collections.abc import AsyncIterator
from types import TracebackType

from .ring import SUFFIX, ring

ALL = b"a"
_QUEUE = "/proc/sys/net/unix/max_dgram_qlen"
_BACKLOG = 4096


def _queue_length() -> int:
    """How many datagrams wait at a socket before the next one is refused; small (10 on most machines)."""
    try:
        with open(_QUEUE, encoding="ascii") as file:
            return int(file.read())
    except OSError:
        return 1


class Bell:
    """An engine's own socket; an async context manager that iterates over payloads.

    One consumer only. Payloads that wait are delivered once each, in order of their first arrival.
    """

    def __init__(self, engines_dir: str) -> None:
        self.engines_dir = engines_dir
        self._waiting: dict[bytes, None] = {}
        self._arrived = asyncio.Event()
        self._socket: socket.socket | None = None
        self._full = _queue_length()
        self._name = f"{os.getpid()}-{os.urandom(4).hex()}{SUFFIX}"

    async def __aenter__(self) -> Bell:
        receiver = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
        directory = os.open(self.engines_dir, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            receiver.bind(f"/proc/self/fd/{directory}/{self._name}")
        except BaseException:
            receiver.close()
            raise
        finally:
            os.close(directory)
        self._socket = receiver
        asyncio.get_running_loop().add_reader(receiver.fileno(), self._receive, receiver)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._socket is None:
            return
        asyncio.get_running_loop().remove_reader(self._socket.fileno())
        self._socket.close()
        self._socket = None
        with contextlib.suppress(FileNotFoundError):
            os.unlink(os.path.join(self.engines_dir, self._name))

    def _receive(self, receiver: socket.socket) -> None:
        received = 0
        while received < _BACKLOG:
            try:
                self._waiting[receiver.recv(256)] = None
            except BlockingIOError:
                break
            received += 1
        # Whoever found the queue full left that many behind it, all of which this call has read.
        if received >= self._full:
            self._waiting[ALL] = None
        self._arrived.set()

    def ring(self, payload: bytes) -> None:
        """Wake every engine, this one included."""
        ring(self.engines_dir, payload)

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while True:
            await self._arrived.wait()
            self._arrived.clear()
            while self._waiting:
                payload = next(iter(self._waiting))
                del self._waiting[payload]
                yield payload
