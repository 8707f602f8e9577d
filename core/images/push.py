"""`docker push`: an image's manifest and blobs to its registry, sending only what is not there.

Layers that came in uncompressed, from archives, are compressed first; the image is then the same, with
another manifest.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec
from isal import isal_zlib

from ..digest import Digest, Hasher, hex_of
from ..errors import NotFound
from ..files import storage_error
from ..reference import Reference
from ..registry import upload
from ..registry.download import in_thread
from ..registry.repository import Repository
from ..registry.session import connect
from ..registry.settings import Settings
from ..schema import oci
from ..schema.auth import AuthConfig
from ..schema.images import Progress
from .blobs import Blobs
from .layers import all_of
from .load import make_manifest
from .progress import Tell, Throttled, bar
from .records import ImageRecord, LayerRecord, Records, decode_manifest

_SHORT = 12
_MOST_SOURCES = 5
_LEVEL = 2
_READ = 1 << 20
_ELSEWHERE = ("nondistributable", "foreign")

Keep = Callable[[ImageRecord, Sequence[Reference], Reference], None]
"""Writes an image's record and names, in one transaction; the last is what was asked for."""


@dataclass(frozen=True, slots=True)
class _Blob:
    """Something to send; `identity` is what progress calls it, "" for the configuration."""

    digest: Digest
    identity: str


class Pusher:
    """Pushes images. The caller holds the content lock shared."""

    def __init__(self, blobs: Blobs, records: Records, settings: Settings, keep: Keep) -> None:
        self._blobs = blobs
        self._records = records
        self._settings = settings
        self._keep = keep
        self._slots = asyncio.Semaphore(settings.uploads)

    async def push(self, names: Sequence[Reference], credentials: AuthConfig | None, tell: Tell) -> None:
        """Push names of one repository."""
        repository = names[0]
        tell(Progress(status=f"The push refers to repository [{repository.name}]"))
        sources = self._sources(repository)
        mounts = tuple(sorted({path for paths in sources.values() for path in paths}))[:_MOST_SOURCES]
        async with connect(repository.domain, credentials, self._settings) as session:
            there = Repository(session, repository.path, push=True, mounts=mounts)
            for name in names:
                await self._push_one(there, name, sources, mounts, tell)

    def _sources(self, target: Reference) -> dict[str, set[str]]:
        """Return which other repositories of the registry are known to have a layer, by its digest."""
        found: dict[str, set[str]] = {}
        for identity, names in self._records.all_references().items():
            paths = {
                name.path
                for name in names
                if name.digest and name.domain == target.domain and name.path != target.path
            }
            record = self._records.images.get(identity) if paths else None
            for layer in record.layers if record else ():
                found.setdefault(layer.blob, set()).update(paths)
        return found

    async def _push_one(
        self,
        there: Repository,
        name: Reference,
        sources: dict[str, set[str]],
        mounts: Collection[str],
        tell: Tell,
    ) -> None:
        record = await self._compressed(self._record(name), name, tell)
        manifest = self._blobs.read(record.manifest)
        parsed = decode_manifest(manifest)
        blobs = [
            _Blob(Digest(layer.blob), hex_of(Digest(layer.diff_id))[:_SHORT])
            for layer in record.layers
            if not any(word in layer.media_type for word in _ELSEWHERE)
        ]
        for blob in reversed(blobs):
            tell(Progress(status="Preparing", id=blob.identity))
        unique = {blob.digest: blob for blob in blobs}
        unique.setdefault(Digest(record.id), _Blob(Digest(record.id), ""))
        jobs = [
            self._blob(there, blob, sources.get(blob.digest, set()) & set(mounts), tell)
            for blob in unique.values()
        ]
        await all_of(*jobs)
        await there.put_manifest(name.tag, manifest, parsed.media_type or oci.MEDIA_OCI_MANIFEST)
        digest = Digest(record.manifest)
        self._keep(record, (name.pinned(digest),), name)
        tell(Progress(status=f"{name.tag}: digest: {digest} size: {len(manifest)}"))
        tell(Progress(aux={"Tag": name.tag, "Digest": digest, "Size": len(manifest)}))

    def _record(self, name: Reference) -> ImageRecord:
        known = self._records.names.get(name.canonical)
        record = self._records.images.get(known.image) if known is not None else None
        if record is None:
            raise NotFound(f"An image does not exist locally with the tag: {name.familiar_name}")
        return record

    async def _blob(self, there: Repository, blob: _Blob, sources: Collection[str], tell: Tell) -> None:
        def say(status: str) -> None:
            if blob.identity:
                tell(Progress(status=status, id=blob.identity))

        if self._slots.locked():
            say("Waiting")
        async with self._slots:
            if await there.has_blob(blob.digest):
                say("Layer already exists")
                return
            for source in sorted(sources):
                if await upload.mount(there, blob.digest, source):
                    say(f"Mounted from {source}")
                    return
            path = self._blobs.path(blob.digest)
            size = self._blobs.size(blob.digest)
            told = Throttled(tell if blob.identity else _silent, "Pushing", blob.identity, size)
            await upload.send(there, blob.digest, path, told, self._settings.back_off)
            if blob.identity:
                tell(bar("Pushing", blob.identity, size, size))
        say("Pushed")

    async def _compressed(self, record: ImageRecord, name: Reference, tell: Tell) -> ImageRecord:
        """Compress the layers of an image that no registry knows yet; others keep their manifest."""
        plain = [layer for layer in record.layers if layer.media_type == oci.MEDIA_OCI_LAYER]
        if not plain or any(known.digest for known in self._records.references(record.id)):
            return record
        layers = []
        for layer in record.layers:
            if layer.media_type == oci.MEDIA_OCI_LAYER:
                identity = hex_of(Digest(layer.diff_id))[:_SHORT]
                tell(Progress(status="Compressing", id=identity))
                layer = await in_thread(compress, self._blobs, layer)
            layers.append(layer)
        await in_thread(self._blobs.sync, [layer.blob for layer in layers])
        manifest = self._blobs.write(make_manifest(self._blobs.read(record.id), layers))
        return msgspec.structs.replace(record, layers=layers, manifest=manifest)


def compress(blobs: Blobs, layer: LayerRecord) -> LayerRecord:
    """Make a gzip blob of a plain one; the same bytes give the same blob. Blocks."""
    aside, hasher = blobs.aside(), Hasher()
    try:
        with blobs.opened(layer.blob) as source:
            _compress(source, aside, hasher)
        blobs.adopt(aside, hasher.digest())
    except OSError as err:
        raise storage_error(err, "compressing a layer") from err
    finally:
        aside.unlink(missing_ok=True)
    return msgspec.structs.replace(
        layer, blob=hasher.digest(), blob_size=hasher.size, media_type=oci.MEDIA_OCI_LAYER + "+gzip"
    )


def _compress(source: int, target: Path, hasher: Hasher) -> None:
    encoder = isal_zlib.compressobj(_LEVEL, wbits=31)
    with open(target, "xb", opener=lambda path, flags: os.open(path, flags | os.O_CLOEXEC, 0o600)) as file:
        while data := os.read(source, _READ):
            packed = encoder.compress(data)
            hasher.update(packed)
            file.write(packed)
        packed = encoder.flush()
        hasher.update(packed)
        file.write(packed)


def _silent(_: Progress) -> None:
    """Nobody is told of the configuration."""
