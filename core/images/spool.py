"""An archive as it comes in, split in its members: each a file of its own below the root, with its digest.

The archive is never kept as a whole: a layer's file becomes its blob by a rename.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextlib
import hashlib
import os
import posixpath
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from ..config import Limits
from ..digest import Digest
from ..errors import Invalid
from ..files import storage_error
from . import tar
from .blobs import Blobs
from .stream import ReadAhead, Source, decompress, sha256

_MOST_MEMBERS = 100_000
_MOST_LINKS = 10
_GATHERED = 1 << 20


@dataclass(frozen=True, slots=True)
class Member:
    """A file of an archive; `path` is gone once its content was adopted."""

    path: Path
    size: int
    digest: Digest


class Spool:
    """The members of one archive by name. A context manager: what is left of the files goes with it."""

    def __init__(self, blobs: Blobs, limits: Limits) -> None:
        self._blobs = blobs
        self._limits = limits
        self._members: dict[str, Member] = {}
        self._links: dict[str, str] = {}

    def __enter__(self) -> Spool:
        return self

    def __exit__(self, *_: object) -> None:
        for member in self._members.values():
            with contextlib.suppress(FileNotFoundError):
                member.path.unlink()

    async def fill(self, chunks: AsyncIterator[bytes]) -> None:
        """Take an archive in, in whatever compression; raises Invalid, NoSpace."""
        await feed(chunks, self._fill)

    def find(self, name: str) -> Member | None:
        """Return a member by name, through links inside the archive."""
        name = posixpath.normpath(name)
        for _ in range(_MOST_LINKS):
            if name in self._members:
                return self._members[name]
            if name not in self._links:
                return None
            name = self._links[name]
        return None

    def get(self, name: str) -> Member:
        member = self.find(name)
        if member is None:
            raise Invalid(f"archive lacks {name[:200]!r}, which it says it has")
        return member

    def read(self, name: str, limit: int) -> bytes:
        """Return a small member's content; raises Invalid when it is not there or too large."""
        member = self.get(name)
        if member.size > limit:
            raise Invalid(f"{name[:200]!r} is larger than {limit} bytes")
        if not member.path.exists():
            return self._blobs.read(member.digest)
        return member.path.read_bytes()

    def names(self) -> list[str]:
        return [*self._members, *self._links]

    def _fill(self, chunks: Iterator[bytes]) -> None:
        with ReadAhead(decompress(chunks)) as plain:
            source = Source(plain, self._limits.layer_bytes)
            for entry in tar.entries(source):
                if len(self._members) + len(self._links) >= _MOST_MEMBERS:
                    raise Invalid(f"archive has more than {_MOST_MEMBERS} members")
                self._take(entry, source)
            # What follows the archive's end is padding, but a cut stream shows only there.
            source.finish()

    def _take(self, entry: tar.Entry, source: Source) -> None:
        name = posixpath.normpath(os.fsdecode(entry.name))
        if name.startswith(("..", "/")):
            return
        if entry.kind == tar.REGULAR and entry.segments is None:
            self._forget(name)
            self._members[name] = self._receive(entry, source)
        elif entry.kind == tar.SYMLINK:
            self._links[name] = posixpath.normpath(
                posixpath.join(posixpath.dirname(name), os.fsdecode(entry.link))
            )
        elif entry.kind == tar.LINK:
            self._links[name] = posixpath.normpath(os.fsdecode(entry.link))

    def _forget(self, name: str) -> None:
        self._links.pop(name, None)
        if former := self._members.pop(name, None):
            former.path.unlink(missing_ok=True)

    def _receive(self, entry: tar.Entry, source: Source) -> Member:
        path, hasher = self._blobs.aside(), hashlib.sha256()
        try:
            with open(path, "xb", buffering=0, opener=_private) as file:

                def write(data: memoryview) -> None:
                    hasher.update(data)
                    while data:
                        data = data[file.write(data) :]

                source.drain(entry.stored, write)
        except OSError as err:
            path.unlink(missing_ok=True)
            raise storage_error(err, f"receiving {tar.shown(entry.name)} of an archive") from err
        except BaseException:
            path.unlink(missing_ok=True)
            raise
        return Member(path, entry.stored, sha256(hasher))


async def receive(chunks: AsyncIterator[bytes], blobs: Blobs, limit: int) -> Member:
    """Take one file in as it is, beside the content store; the caller adopts or unlinks it."""
    path, hasher = blobs.aside(), hashlib.sha256()
    size = 0

    def write(incoming: Iterator[bytes]) -> None:
        nonlocal size
        with open(path, "xb", buffering=0, opener=_private) as file:
            for chunk in incoming:
                hasher.update(chunk)
                size += len(chunk)
                if size > limit:
                    raise Invalid(f"archive is larger than {limit} bytes (limit layer_bytes)")
                data = memoryview(chunk)
                while data:
                    data = data[file.write(data) :]

    try:
        await feed(chunks, write)
    except BaseException as err:
        path.unlink(missing_ok=True)
        if isinstance(err, OSError):
            raise storage_error(err, "receiving an archive") from err
        raise
    return Member(path, size, sha256(hasher))


def _private(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_CLOEXEC, 0o600)


async def feed(chunks: AsyncIterator[bytes], consume: Callable[[Iterator[bytes]], None]) -> None:
    """Run `consume` in a thread on chunks that come in asynchronously; small ones are joined.

    What `consume` raises is raised here, at once; when it returns early the rest is not read. Returns, or is
    cancelled, only after the thread has let go.
    """
    loop = asyncio.get_running_loop()
    pulled: concurrent.futures.Future[bytes] | None = None
    stopped = False

    async def gather() -> bytes:
        gathered, size = [], 0
        async for chunk in chunks:
            gathered.append(chunk)
            size += len(chunk)
            if size >= _GATHERED:
                break
        return b"".join(gathered)

    def pull() -> Iterator[bytes]:
        nonlocal pulled
        while not stopped:
            pulled = asyncio.run_coroutine_threadsafe(gather(), loop)
            # `stop` may have come in between, and cancelled only the one before.
            if stopped:
                pulled.cancel()
            data = pulled.result()
            if not data:
                return
            yield data

    def stop() -> None:
        nonlocal stopped
        stopped = True
        if pulled is not None:
            pulled.cancel()

    consuming = asyncio.ensure_future(asyncio.to_thread(consume, pull()))
    try:
        await asyncio.shield(consuming)
    except asyncio.CancelledError:
        stop()
        await asyncio.wait([consuming])
        raise
    finally:
        stop()
