"""Garbage collection of a registry, while it serves.

A manifest lives while a tag, an index that lives, or (for what has a subject) its subject names it, or simply
while it is there unless untagged ones are to go. A blob lives while a living manifest of its repository names
it. What is younger than the grace may be part of a push under way and stays.
"""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from pathlib import Path

from ...digest import Digest
from ...schema import oci
from .api import Document, document_of
from .storage import UPLOADS, Storage

GRACE_SECONDS = 3600.0


@dataclass(frozen=True, slots=True)
class Collected:
    """What a collection took away."""

    manifests: int
    blobs: int
    bytes: int


def collect(storage: Storage, untagged: bool = False, grace: float = GRACE_SECONDS) -> Collected:
    """Remove what nothing needs; with `untagged` also manifests that no tag leads to. Blocks."""
    before = time.time() - grace
    manifests = 0
    needed: set[Digest] = set()
    for name in storage.names():
        living = _living(storage, name, untagged)
        for digest in storage.manifests(name):
            if digest not in living and _older(storage.content(digest), before):
                _forget(storage, name, digest)
                manifests += 1
            else:
                living.setdefault(digest, document_of(_bytes(storage, digest)) or Document())
        blobs = {Digest(part.digest) for document in living.values() for part in _parts(document)}
        for digest in storage.blobs(name):
            if digest not in blobs and _older(storage.content(digest), before):
                storage.unlink_blob(name, digest)
            else:
                needed.add(digest)
        needed |= living.keys()
    _remove_old_uploads(storage, before)
    removed, freed = _sweep(storage, needed, before)
    return Collected(manifests, removed, freed)


def _living(storage: Storage, name: str, untagged: bool) -> dict[Digest, Document]:
    there = {digest: document_of(_bytes(storage, digest)) or Document() for digest in storage.manifests(name)}
    if not untagged:
        return there
    living: dict[Digest, Document] = {}
    waiting = [digest for tag in storage.tags(name) if (digest := storage.tagged(name, tag)) is not None]
    while waiting:
        digest = waiting.pop()
        if digest in living or digest not in there:
            continue
        living[digest] = there[digest]
        waiting += [Digest(child.digest) for child in there[digest].manifests or ()]
        waiting += storage.referrers(name, digest)
    return living


def _parts(document: Document) -> list[oci.Descriptor]:
    return [
        *([document.config] if document.config else []),
        *(document.layers or ()),
        *(document.blobs or ()),
    ]


def _forget(storage: Storage, name: str, digest: Digest) -> None:
    document = document_of(_bytes(storage, digest))
    if document is not None and document.subject is not None:
        storage.forget_referrer(name, Digest(document.subject.digest), digest)
    storage.unlink_manifest(name, digest)


def _bytes(storage: Storage, digest: Digest) -> bytes:
    try:
        return storage.content(digest).read_bytes()
    except FileNotFoundError:
        return b""


def _older(path: Path, before: float) -> bool:
    try:
        return path.stat().st_mtime < before
    except FileNotFoundError:
        return True


def _remove_old_uploads(storage: Storage, before: float) -> None:
    for directory, _, files in os.walk(storage.root / "repositories"):
        if os.path.basename(directory) == UPLOADS:
            for name in files:
                path = Path(directory, name)
                if _older(path, before):
                    path.unlink(missing_ok=True)


def _sweep(storage: Storage, needed: set[Digest], before: float) -> tuple[int, int]:
    removed, freed = 0, 0
    for digest, path in storage.all_content():
        if digest not in needed and _older(path, before):
            freed += path.stat().st_size
            removed += 1
            path.unlink()
    return removed, freed
