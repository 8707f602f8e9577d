"""Content by its digest: `<root>/blobs/<algorithm>/<hex>`, whole or absent."""

from __future__ import annotations

import contextlib
import hashlib
import os
import secrets
import time
from collections.abc import Collection, Iterator
from pathlib import Path

from ..config import Paths
from ..digest import Digest, hex_of, of, parse
from ..errors import Internal, NotFound
from ..files import atomic_write, storage_error, sync_directory

_PREFIX = "blob-"
_PART = "part-"
_PART_SECONDS = 7 * 24 * 3600


class Blobs:
    """The files of a root's content store. Its methods block; those that read or write much say so."""

    def __init__(self, paths: Paths) -> None:
        self._root = paths.blobs
        self._tmp = paths.tmp

    def path(self, digest: str) -> Path:
        """Return where content is or would be; raises Invalid for what is no digest."""
        parse(digest)
        return self._root / digest.partition(":")[0] / hex_of(Digest(digest))

    def has(self, digest: str) -> bool:
        return self.path(digest).exists()

    def size(self, digest: str) -> int:
        try:
            return self.path(digest).stat().st_size
        except FileNotFoundError:
            raise NotFound(f"no such blob: {digest}") from None

    def read(self, digest: str) -> bytes:
        """Return small content, checked against its digest; raises NotFound, Internal."""
        try:
            data = self.path(digest).read_bytes()
        except FileNotFoundError:
            raise NotFound(f"no such blob: {digest}") from None
        if digest.startswith("sha256:") and of(data) != digest:
            raise Internal(f"content store is damaged: {self.path(digest)}: load the image again")
        return data

    @contextlib.contextmanager
    def opened(self, digest: str) -> Iterator[int]:
        """Open content for reading; the descriptor is the block's only."""
        try:
            descriptor = os.open(self.path(digest), os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError:
            raise NotFound(f"no such blob: {digest}") from None
        try:
            yield descriptor
        finally:
            os.close(descriptor)

    def write(self, data: bytes) -> Digest:
        """Keep small content; returns its digest."""
        digest = of(data)
        path = self.path(digest)
        if not path.exists():
            try:
                path.parent.mkdir(mode=0o700, exist_ok=True)
                atomic_write(path, data)
            except OSError as err:
                raise storage_error(err, "keeping an image's description") from err
        return digest

    def aside(self) -> Path:
        """Return a name for content that is being received, on the store's file system."""
        return self._tmp / f"{_PREFIX}{secrets.token_hex(8)}"

    def adopt(self, received: Path, digest: Digest) -> None:
        """Move received content, whose digest the caller has computed, to its place; `sync` must follow.

        What stands there already may be what a power cut left: it is replaced, by the same bytes.
        """
        path = self.path(digest)
        try:
            path.parent.mkdir(mode=0o700, exist_ok=True)
            os.rename(received, path)
        except OSError as err:
            raise storage_error(err, "keeping a layer") from err

    def part(self, digest: Digest) -> Path:
        """Return where content is kept while it is downloaded, until a record needs it or a week is over."""
        return self._tmp / f"{_PART}{hex_of(digest)}"

    def adopt_part(self, digest: Digest) -> None:
        """Make content of its whole and checked part; `sync` must follow.

        The part stays beside it, as another name of the same file, until `drop_parts`: a collection before
        the record is written takes the content only.
        """
        aside = self.aside()
        try:
            os.link(self.part(digest), aside)
        except FileNotFoundError:
            if self.has(digest):
                # Another engine has recorded it meanwhile.
                return
            raise Internal(f"a download was taken away before it was used: {digest}") from None
        except OSError as err:
            raise storage_error(err, "keeping a layer") from err
        self.adopt(aside, digest)
        # Where both are names of one file already, a rename does nothing at all.
        aside.unlink(missing_ok=True)

    def drop_parts(self, digests: Collection[str]) -> None:
        for digest in digests:
            self.part(Digest(digest)).unlink(missing_ok=True)

    def intact(self, digest: str) -> bool:
        """Read content through and compare it with its digest; blocks."""
        with open(self.path(digest), "rb") as file:
            return hashlib.file_digest(file, digest.partition(":")[0]).hexdigest() == hex_of(Digest(digest))

    def sync(self, digests: Collection[str]) -> None:
        """Wait until content is on the disk; blocks for as long as that takes."""
        paths = {self.path(digest) for digest in digests}
        try:
            for path in paths:
                descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
                try:
                    os.fsync(descriptor)
                finally:
                    os.close(descriptor)
            for directory in {path.parent for path in paths}:
                sync_directory(directory)
        except OSError as err:
            raise storage_error(err, "keeping a layer") from err

    def sweep(self, keep: Collection[str]) -> int:
        """Remove content that is not among `keep`, and what was left half received; returns freed bytes.

        The caller holds the content lock alone.
        """
        freed = 0
        for algorithm in os.scandir(self._root):
            for entry in os.scandir(algorithm.path):
                if f"{algorithm.name}:{entry.name}" not in keep:
                    freed += entry.stat(follow_symlinks=False).st_size
                    os.unlink(entry.path)
        for entry in os.scandir(self._tmp):
            stale = entry.name.startswith(_PART) and entry.stat().st_mtime < time.time() - _PART_SECONDS
            if stale or entry.name.startswith(_PREFIX):
                os.unlink(entry.path)
        return freed
