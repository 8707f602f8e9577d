"""Wake-ups between processes by datagram: engines listen, shims and other engines ring.

A datagram only says that there is news; the news itself lies in a journal or the store, so a lost one costs
a delay and never a fact. Payloads: b"c <container id>" (its journal grew), b"e" (the events table grew).
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
from collections.abc import AsyncIterator
from types import TracebackType

_SUFFIX = ".sock"
_BACKLOG = 4096


def ring(engines_dir: str, payload: bytes) -> None:
    """Send `payload` to every engine that listens below `engines_dir`; never blocks, never raises OSError.

    The socket of an engine that is gone is unlinked. Addresses go through a directory descriptor, because a
    socket's path may not exceed 107 bytes.
    """
    try:
        directory = os.open(engines_dir, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError:
        return
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK) as sender:
            for name in os.listdir(directory):
                if name.endswith(_SUFFIX):
                    _send(sender, directory, name, payload)
    finally:
        os.close(directory)


def _send(sender: socket.socket, directory: int, name: str, payload: bytes) -> None:
    try:
        sender.sendto(payload, f"/proc/self/fd/{directory}/{name}")
    except ConnectionRefusedError:
        with contextlib.suppress(OSError):
            os.unlink(name, dir_fd=directory)
    except OSError:
        # A full queue: that engine has wake-ups waiting already.
        return


class Bell:
    """An engine's own socket; an async context manager that iterates over payloads.

    One consumer only. Payloads that wait are delivered once each, in order of their first arrival.
    """

    def __init__(self, engines_dir: str) -> None:
        self.engines_dir = engines_dir
        self._waiting: dict[bytes, None] = {}
        self._arrived = asyncio.Event()
        self._socket: socket.socket | None = None
        self._name = f"{os.getpid()}-{os.urandom(4).hex()}{_SUFFIX}"

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
        for _ in range(_BACKLOG):
            try:
                self._waiting[receiver.recv(256)] = None
            except BlockingIOError:
                break
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
