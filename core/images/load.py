"""`docker load` and `docker import`: archives become images."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence

import msgspec

from ..config import Limits
from ..digest import Digest, of
from ..errors import Invalid
from ..reference import Reference
from ..schema import oci
from ..units import now, rfc3339
from .archive import FoundImage, find_images
from .blobs import Blobs
from .changes import apply_changes
from .layers import LayerBlob, Unpacker, all_of
from .layers import Progress as LayerProgress
from .platforms import host_platform
from .progress import Tell, bar
from .records import ImageRecord, LayerRecord, created_of
from .spool import Spool, receive
from .stream import compression

_LAYER_TYPES = {"plain": "", "gzip": "+gzip", "zstd": "+zstd"}
_BEGINNING = 16


class Loader:
    """Turns bytes into blobs, layers and records.

    The caller holds the content lock, and writes the records into the tables.
    """

    def __init__(self, blobs: Blobs, unpacker: Unpacker, limits: Limits) -> None:
        self._blobs = blobs
        self._unpacker = unpacker
        self._limits = limits

    async def load(
        self, chunks: AsyncIterator[bytes], tell: Tell | None
    ) -> list[tuple[ImageRecord, tuple[Reference, ...]]]:
        """Take an archive of images in; `tell` hears of each layer's progress."""
        with Spool(self._blobs, self._limits) as spool:
            await spool.fill(chunks)
            found = await asyncio.to_thread(find_images, spool, self._limits)
            return [(await self._image(spool, image, tell), image.names) for image in found]

    async def _image(self, spool: Spool, image: FoundImage, tell: Tell | None) -> ImageRecord:
        members = [spool.get(layer.member) for layer in image.layers]
        for member in members:
            if member.path.exists():
                self._blobs.adopt(member.path, member.digest)
        layers = [
            LayerBlob(diff_id, member.digest, layer.media_type or self._media_type(member.digest))
            for diff_id, member, layer in zip(
                image.parsed.rootfs.diff_ids or (), members, image.layers, strict=True
            )
        ]
        records: list[LayerRecord] = []

        async def unpack() -> None:
            records.extend(await self._unpacker.unpack(layers, None if tell is None else _told(tell)))

        await all_of(unpack(), asyncio.to_thread(self._blobs.sync, [layer.blob for layer in layers]))
        return self._record(image.config, image.parsed, image.manifest, records)

    def _media_type(self, blob: Digest) -> str:
        with open(self._blobs.path(blob), "rb") as file:
            kind = compression(file.read(_BEGINNING))
        return oci.MEDIA_OCI_LAYER + _LAYER_TYPES.get(kind, "")

    def _record(
        self, data: bytes, config: oci.ImageConfig, manifest: bytes | None, layers: list[LayerRecord]
    ) -> ImageRecord:
        return ImageRecord(
            id=self._blobs.write(data),
            manifest=self._blobs.write(manifest or make_manifest(data, layers)),
            layers=layers,
            created=created_of(config),
            recorded=now(),
            labels=config.run.labels or {},
        )

    async def import_tar(
        self, chunks: AsyncIterator[bytes], comment: str, changes: Sequence[str]
    ) -> ImageRecord:
        """Make an image of one layer from a root file system's tar."""
        run = apply_changes(oci.RuntimeConfig(), changes)
        received = await receive(chunks, self._blobs, self._limits.layer_bytes)
        if not received.size:
            received.path.unlink()
            raise Invalid("nothing to import: the archive is empty")
        self._blobs.adopt(received.path, received.digest)
        await asyncio.to_thread(self._blobs.sync, [received.digest])
        layer = await self._unpacker.unpack_lowest(received.digest, self._media_type(received.digest))
        created, host = rfc3339(now()), host_platform()
        config = oci.ImageConfig(
            architecture=host.architecture,
            os=host.os,
            variant=host.variant,
            created=created,
            comment=comment,
            config=run,
            rootfs=oci.RootFs(diff_ids=[layer.diff_id]),
            history=[oci.History(created=created, comment=comment)],
        )
        return self._record(msgspec.json.encode(config), config, None, [layer])


def _told(tell: Tell) -> LayerProgress:
    def progress(diff_id: str, current: int, total: int) -> None:
        tell(bar("Loading layer", diff_id.removeprefix("sha256:")[:12], current, total))

    return progress


def make_manifest(config: bytes, layers: Sequence[LayerRecord]) -> bytes:
    """Write the manifest of an image that came without one; the same image gives the same bytes."""
    manifest = oci.Manifest(
        schema_version=2,
        media_type=oci.MEDIA_OCI_MANIFEST,
        config=oci.Descriptor(oci.MEDIA_OCI_CONFIG, of(config), len(config)),
        layers=[oci.Descriptor(layer.media_type, layer.blob, layer.blob_size) for layer in layers],
    )
    return msgspec.json.encode(manifest)


def loaded(record: ImageRecord, names: Sequence[Reference]) -> list[str]:
    """Return the lines that Docker prints for a loaded image."""
    if not names:
        return [f"Loaded image ID: {record.id}"]
    return [f"Loaded image: {name.familiar}" for name in names]
