"""One lock per object: flock(2) between engines, an asyncio lock inside one.

The file of a lock is unlinked by whoever holds it last, so a run directory does not fill up; a waiter
whose file was unlinked meanwhile opens the new one.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import hashlib
import os
import re
import threading
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

_PLAIN = re.compile(r"[a-zA-Z0-9_.-]{1,100}")


class Locks:
    """Exclusive locks by kind and id; the same task must not take one twice."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._inside: dict[str, asyncio.Lock] = {}
        self._wanted: dict[str, int] = {}

    @contextlib.asynccontextmanager
    async def hold(self, kind: str, identity: str) -> AsyncIterator[None]:
        """Hold the lock of one object for the block; waiting never blocks the loop and may be cancelled."""
        name = _file_name(kind, identity)
        async with self._lock_inside(name):
            path = self._directory / name
            descriptor = await _acquire(path)
            try:
                yield
            finally:
                with contextlib.suppress(FileNotFoundError):
                    path.unlink()
                os.close(descriptor)

    @contextlib.asynccontextmanager
    async def share(self, kind: str, identity: str) -> AsyncIterator[None]:
        """Hold a lock together with other sharers, in this engine too; shuts out `try_alone` only."""
        descriptor = os.open(self._shared_file(kind, identity), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                await _wait(descriptor, fcntl.LOCK_SH)
            yield
        finally:
            os.close(descriptor)

    @contextlib.contextmanager
    def try_alone(self, kind: str, identity: str) -> Iterator[bool]:
        """Hold a lock that others `share`, if nobody does now; yields whether it is held."""
        descriptor = os.open(self._shared_file(kind, identity), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                yield False
            else:
                yield True
        finally:
            os.close(descriptor)

    def _shared_file(self, kind: str, identity: str) -> Path:
        # Never unlinked: a sharer that opens the name while another still holds it must find the same file.
        return self._directory / f"shared-{_file_name(kind, identity)}"

    @contextlib.asynccontextmanager
    async def _lock_inside(self, name: str) -> AsyncIterator[None]:
        lock = self._inside.setdefault(name, asyncio.Lock())
        self._wanted[name] = self._wanted.get(name, 0) + 1
        try:
            async with lock:
                yield
        finally:
            self._wanted[name] -= 1
            if not self._wanted[name]:
                del self._wanted[name], self._inside[name]


def _file_name(kind: str, identity: str) -> str:
    if _PLAIN.fullmatch(identity):
        return f"{kind}-{identity}"
    return f"{kind}-{hashlib.sha256(identity.encode()).hexdigest()}"


async def _acquire(path: Path) -> int:
    """Return a descriptor that holds the lock on the file that bears this name now."""
    while True:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                await _wait(descriptor, fcntl.LOCK_EX)
            if _is_named(descriptor, path):
                return descriptor
        except BaseException:
            os.close(descriptor)
            raise
        os.close(descriptor)


def _is_named(descriptor: int, path: Path) -> bool:
    try:
        there = os.stat(path)
    except FileNotFoundError:
        return False
    ours = os.fstat(descriptor)
    return (there.st_dev, there.st_ino) == (ours.st_dev, ours.st_ino)


async def _wait(descriptor: int, operation: int) -> None:
    """Wait for the lock in a thread of its own.

    The thread holds a duplicate, which shares the lock: a cancelled wait leaves it behind, and it lets go
    by closing the duplicate as soon as it gets the lock. The shared pool could run dry on such threads.
    """
    loop = asyncio.get_running_loop()
    granted: asyncio.Future[None] = loop.create_future()
    duplicate = fcntl.fcntl(descriptor, fcntl.F_DUPFD_CLOEXEC, 3)

    def settle(error: OSError | None) -> None:
        if granted.done():
            return
        if error is None:
            granted.set_result(None)
        else:
            granted.set_exception(error)

    def block() -> None:
        error: OSError | None = None
        try:
            fcntl.flock(duplicate, operation)
        except OSError as err:
            error = err
        os.close(duplicate)
        # The loop is closed when its program ends while we wait.
        with contextlib.suppress(RuntimeError):
            loop.call_soon_threadsafe(settle, error)

    threading.Thread(target=block, name="lock wait", daemon=True).start()
    await granted
