"""A blob into a file: goes on where an earlier try stopped, checked while it streams.

The file has the blob's first bytes, from whatever process and day; it is whole when `fetch` returns.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

from ..digest import Digest
from ..errors import Invalid, Unavailable
from ..files import storage_error
from .repository import BlobStream, Repository

T = TypeVar("T")
_GATHERED = 1 << 20

Told = Callable[[int], None]
"""Told how many bytes of the blob are there."""


async def fetch(
    repository: Repository, digest: Digest, size: int, part: Path, told: Told, back_off: Sequence[float]
) -> None:
    """Fill `part` with a blob of `size` bytes, trying again after each break.

    A try that brought something on starts the count of tries anew. Raises Unavailable when the last failed
    (the file stays), Invalid for other bytes than the digest's and NoSpace (the file goes).
    """
    failures = 0
    while True:
        before = _size(part)
        try:
            await _once(repository, digest, size, part, told)
            return
        except Unavailable:
            failures = 1 if _size(part) > before else failures + 1
            if failures > len(back_off):
                raise
            await asyncio.sleep(back_off[failures - 1])


async def _once(repository: Repository, digest: Digest, size: int, part: Path, told: Told) -> None:
    writer = await in_thread(_Writer, part, digest, size)
    try:
        resumed = writer.size
        if writer.size < size:
            async with repository.open_blob(digest, writer.size) as stream:
                if stream.start != writer.size:
                    writer.restart()
                    resumed = 0
                await _write(stream, writer, told)
        if writer.size < size:
            raise Unavailable(f"the registry sent {writer.size} of {size} bytes of blob {digest[:19]}")
        _check(writer, digest, resumed > 0)
    finally:
        writer.close()


async def _write(stream: BlobStream, writer: _Writer, told: Told) -> None:
    gathered: list[bytes] = []
    waiting = 0
    try:
        async for chunk in stream.chunks:
            gathered.append(chunk)
            waiting += len(chunk)
            if waiting >= _GATHERED:
                await in_thread(writer.write, gathered)
                gathered, waiting = [], 0
                told(writer.size)
    finally:
        # What came before a break is worth keeping.
        if gathered:
            writer.write(gathered)
            told(writer.size)


def _check(writer: _Writer, digest: Digest, resumed: bool) -> None:
    found = writer.digest()
    if found == digest:
        return
    writer.unlink()
    if resumed:
        raise Unavailable(f"what was there of blob {digest[:19]} was damaged")
    raise Invalid(f"wrong digest: blob {digest} is {found}")


class _Writer:
    """Appends to a part, hashing; what the part has already is hashed first. Its methods block."""

    def __init__(self, part: Path, digest: Digest, limit: int) -> None:
        self._part = part
        self._algorithm = digest.partition(":")[0]
        self._limit = limit
        self._hash = hashlib.new(self._algorithm)
        self.size = 0
        with self._told():
            flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
            self._descriptor = os.open(part, flags, 0o600)
        try:
            self._take_in()
        except BaseException:
            os.close(self._descriptor)
            raise

    def _take_in(self) -> None:
        while data := os.read(self._descriptor, _GATHERED):
            self._hash.update(data)
            self.size += len(data)
        if self.size > self._limit:
            self.restart()

    def restart(self) -> None:
        os.ftruncate(self._descriptor, 0)
        os.lseek(self._descriptor, 0, os.SEEK_SET)
        self._hash = hashlib.new(self._algorithm)
        self.size = 0

    def write(self, chunks: Sequence[bytes]) -> None:
        for chunk in chunks:
            if self.size + len(chunk) > self._limit:
                self.unlink()
                raise Invalid(f"the registry sent more than the {self._limit} bytes that the blob has")
            self._hash.update(chunk)
            with self._told():
                view = memoryview(chunk)
                while view:
                    view = view[os.write(self._descriptor, view) :]
            self.size += len(chunk)

    def digest(self) -> str:
        return f"{self._algorithm}:{self._hash.hexdigest()}"

    def unlink(self) -> None:
        self._part.unlink(missing_ok=True)

    def close(self) -> None:
        os.close(self._descriptor)

    @contextlib.contextmanager
    def _told(self) -> Any:
        try:
            yield
        except OSError as err:
            # A full disk: what was taken is given back.
            self.unlink()
            raise storage_error(err, "downloading a layer") from err


def _size(part: Path) -> int:
    try:
        return part.stat().st_size
    except FileNotFoundError:
        return 0


async def in_thread(function: Callable[..., T], *arguments: Any) -> T:
    """Run what blocks in a thread; when cancelled, only after the thread is done."""
    running = asyncio.ensure_future(asyncio.to_thread(function, *arguments))
    try:
        return await asyncio.shield(running)
    except asyncio.CancelledError:
        await asyncio.wait([running])
        raise
