"""Everything that the registry has on disk; see the package's map for the tree."""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

from ...digest import Digest, hex_of, parse
from ...errors import Invalid
from ...files import atomic_write

BLOBS, MANIFESTS, TAGS, REFERRERS, UPLOADS = "_blobs", "_manifests", "_tags", "_referrers", "_uploads"


_PART = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
_NAME = re.compile(rf"{_PART}(?:/{_PART})*")
_LONGEST_NAME = 255


def is_name(text: str) -> bool:
    """Tell whether a text may name a repository; such a name is a relative path without `_` marks or dots."""
    return len(text) <= _LONGEST_NAME and bool(_NAME.fullmatch(text))


class Storage:
    """The files of one registry. Its methods block, briefly; callers check names of repositories and tags."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._blobs = root / "blobs"
        self._repositories = root / "repositories"
        for path in (root, self._blobs, self._repositories):
            path.mkdir(mode=0o700, parents=True, exist_ok=True)

    def content(self, digest: Digest) -> Path:
        """Return where content is or would be, whichever repository has it."""
        return _below(self._blobs, digest)

    def adopt(self, received: Path, digest: Digest) -> None:
        """Move checked content to its place, on the disk for good."""
        path = self.content(digest)
        path.parent.mkdir(mode=0o700, exist_ok=True)
        descriptor = os.open(received, os.O_RDONLY | os.O_CLOEXEC)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        os.rename(received, path)

    def write(self, data: bytes, digest: Digest) -> None:
        path = self.content(digest)
        path.parent.mkdir(mode=0o700, exist_ok=True)
        atomic_write(path, data)

    def has_blob(self, name: str, digest: Digest) -> bool:
        return _below(self._mark(name, BLOBS), digest).exists() and self.content(digest).exists()

    def touch(self, digest: Digest) -> None:
        """Count content as new again: somebody relies on it, and no collection may take it meanwhile."""
        with contextlib.suppress(FileNotFoundError):
            os.utime(self.content(digest))

    def has_content(self, digest: Digest) -> bool:
        return self.content(digest).exists()

    def link_blob(self, name: str, digest: Digest) -> None:
        _write(_below(self._mark(name, BLOBS), digest), "")

    def unlink_blob(self, name: str, digest: Digest) -> bool:
        return _unlink(_below(self._mark(name, BLOBS), digest))

    def manifest_type(self, name: str, digest: Digest) -> str | None:
        """Return the media type of a manifest that the repository has, or None."""
        if not self.content(digest).exists():
            return None
        return _read(_below(self._mark(name, MANIFESTS), digest))

    def link_manifest(self, name: str, digest: Digest, media_type: str) -> None:
        _write(_below(self._mark(name, MANIFESTS), digest), media_type)

    def unlink_manifest(self, name: str, digest: Digest) -> bool:
        """Take a manifest out of a repository, and the tags that name it."""
        for tag in self.tags(name):
            if self.tagged(name, tag) == digest:
                self.untag(name, tag)
        return _unlink(_below(self._mark(name, MANIFESTS), digest))

    def manifests(self, name: str) -> list[Digest]:
        return _digests(self._mark(name, MANIFESTS))

    def blobs(self, name: str) -> list[Digest]:
        return _digests(self._mark(name, BLOBS))

    def tag(self, name: str, tag: str, digest: Digest) -> None:
        _write(self._mark(name, TAGS) / tag, digest)

    def tagged(self, name: str, tag: str) -> Digest | None:
        found = _read(self._mark(name, TAGS) / tag)
        return Digest(found) if found else None

    def untag(self, name: str, tag: str) -> bool:
        return _unlink(self._mark(name, TAGS) / tag)

    def tags(self, name: str) -> list[str]:
        return _names(self._mark(name, TAGS))

    def refer(self, name: str, subject: Digest, manifest: Digest) -> None:
        _write(_below(self._mark(name, REFERRERS), subject) / manifest, "")

    def referrers(self, name: str, subject: Digest) -> list[Digest]:
        return [Digest(found) for found in _names(_below(self._mark(name, REFERRERS), subject))]

    def forget_referrer(self, name: str, subject: Digest, manifest: Digest) -> None:
        _unlink(_below(self._mark(name, REFERRERS), subject) / manifest)

    def upload(self, name: str, identity: str) -> Path:
        path = self._mark(name, UPLOADS) / identity
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        return path

    def exists(self, name: str) -> bool:
        return any((self._mark(name, mark)).is_dir() for mark in (MANIFESTS, BLOBS, TAGS))

    def names(self) -> list[str]:
        """Return all repositories that have or had a manifest, in order."""
        found = []
        for directory, children, _ in os.walk(self._repositories):
            if MANIFESTS in children:
                found.append(os.path.relpath(directory, self._repositories))
            children[:] = [child for child in children if not child.startswith("_")]
        return sorted(found)

    def all_content(self) -> Iterator[tuple[Digest, Path]]:
        for digest in _digests(self._blobs):
            yield digest, self.content(digest)

    def remove(self, name: str) -> None:
        """Remove an empty repository's marks."""
        for mark in (BLOBS, MANIFESTS, TAGS, REFERRERS, UPLOADS):
            shutil.rmtree(self._mark(name, mark), ignore_errors=True)

    def _mark(self, name: str, mark: str) -> Path:
        return self._repositories / name / mark


def hashed(path: Path, algorithm: str) -> Digest:
    """Compute a file's digest; blocks for as long as reading takes."""
    with open(path, "rb") as file:
        return Digest(f"{algorithm}:{hashlib.file_digest(file, algorithm).hexdigest()}")


def digest_of(data: bytes, algorithm: str) -> Digest:
    return Digest(f"{algorithm}:{hashlib.new(algorithm, data).hexdigest()}")


def _below(directory: Path, digest: Digest) -> Path:
    return directory / digest.partition(":")[0] / hex_of(parse(digest))


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    atomic_write(path, text.encode())


def _read(path: Path) -> str | None:
    try:
        return path.read_text()
    except (FileNotFoundError, NotADirectoryError):
        return None


def _unlink(path: Path) -> bool:
    try:
        path.unlink()
    except FileNotFoundError:
        return False
    return True


def _names(directory: Path) -> list[str]:
    try:
        # A name that begins with a dot is half written.
        return sorted(name for name in os.listdir(directory) if not name.startswith("."))
    except FileNotFoundError:
        return []


def _digests(directory: Path) -> list[Digest]:
    found = []
    for algorithm in _names(directory):
        for name in _names(directory / algorithm):
            with contextlib.suppress(Invalid):
                found.append(parse(f"{algorithm}:{name}"))
    return found
