"""`docker save`: a Docker archive that is an OCI layout too, as Docker 25 and later write it.

The same images give the same bytes: nothing of the time of saving is in them.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass

import msgspec

from ..digest import hex_of, parse
from ..reference import Reference
from ..schema import oci
from .blobs import Blobs
from .pack import END, padded, plain_directory, plain_file
from .records import ImageRecord, decode_manifest
from .stream import CHUNK

_LAYOUT = b'{"imageLayoutVersion":"1.0.0"}'


@dataclass(frozen=True, slots=True)
class Saved:
    """An image to be saved under these names; without names it can be found by its id only."""

    image: ImageRecord
    names: tuple[Reference, ...]


async def archive(blobs: Blobs, images: Sequence[Saved]) -> AsyncIterator[bytes]:
    """Yield the archive; the caller keeps the blobs from being collected meanwhile."""
    yield plain_directory("blobs") + plain_directory("blobs/sha256")
    for digest in sorted({digest for saved in images for digest in saved.image.blobs()}):
        size = blobs.size(digest)
        yield plain_file(_member(digest), size)
        with blobs.opened(digest) as descriptor:
            while chunk := await asyncio.to_thread(os.read, descriptor, CHUNK):
                yield chunk
        if size % 512:
            yield bytes(-size % 512)
    for name, data in (
        ("index.json", _index(blobs, images)),
        ("manifest.json", _docker_manifest(images)),
        ("oci-layout", _LAYOUT),
        ("repositories", _repositories(images)),
    ):
        yield plain_file(name, len(data)) + padded(data)
    yield END


def _member(digest: str) -> str:
    return f"blobs/sha256/{hex_of(parse(digest))}"


def _index(blobs: Blobs, images: Sequence[Saved]) -> bytes:
    manifests = []
    for saved in images:
        digest = saved.image.manifest
        data = blobs.read(digest)
        kind = decode_manifest(data).media_type or oci.MEDIA_OCI_MANIFEST
        plain = oci.Descriptor(kind, digest, len(data))
        manifests += [
            msgspec.structs.replace(plain, annotations=_annotations(name)) for name in saved.names
        ] or [plain]
    index = oci.Index(schema_version=2, media_type=oci.MEDIA_OCI_INDEX, manifests=manifests)
    return msgspec.json.encode(index)


def _annotations(name: Reference) -> dict[str, str]:
    return {"io.containerd.image.name": name.canonical, "org.opencontainers.image.ref.name": name.tag}


def _docker_manifest(images: Sequence[Saved]) -> bytes:
    items = [
        {
            "Config": _member(saved.image.id),
            "RepoTags": [name.familiar for name in saved.names] or None,
            "Layers": [_member(layer.blob) for layer in saved.image.layers],
        }
        for saved in images
    ]
    return msgspec.json.encode(items)


def _repositories(images: Sequence[Saved]) -> bytes:
    """The table of archives before Docker 1.10, which some programs still read: name, tag, top layer."""
    found: dict[str, dict[str, str]] = {}
    for saved in images:
        for name in saved.names:
            if saved.image.layers:
                top = hex_of(parse(saved.image.layers[-1].blob))
                found.setdefault(name.familiar_name, {})[name.tag] = top
    return msgspec.json.encode(found)
