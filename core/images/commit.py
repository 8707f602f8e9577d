"""An image made of another one and one more layer: what `docker commit` and a build's steps need."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from ..digest import Digest
from ..files import storage_error
from ..schema import oci
from ..units import now, rfc3339
from .blobs import Blobs
from .changes import apply_changes
from .layers import LayerBlob, Unpacker
from .load import make_manifest
from .platforms import host_platform
from .records import ImageRecord, decode_config

Pack = Callable[[int], Awaitable[dict[str, Any]]]
"""Writes a layer's tar to a descriptor; returns {"diff_id", "size"} of it."""


@dataclass(frozen=True, slots=True)
class Committed:
    """An image to be: on `base` (an id), with `run` after `changes` (Dockerfile instructions)."""

    base: str
    run: oci.RuntimeConfig
    changes: Sequence[str] = ()
    author: str = ""
    comment: str = ""
    created_by: str = ""


async def commit(
    blobs: Blobs, unpacker: Unpacker, base: ImageRecord | None, made: Committed, pack: Pack
) -> ImageRecord:
    """Make the layer's blob, unpack it, and describe the image. The caller holds the content lock."""
    run = apply_changes(made.run, made.changes)
    layer = await _layer(blobs, pack)
    config = decode_config(blobs.read(base.id)) if base is not None else _empty()
    created, host = rfc3339(now()), host_platform()
    history = oci.History(
        created=created, created_by=made.created_by, author=made.author, comment=made.comment
    )
    config = oci.ImageConfig(
        architecture=config.architecture or host.architecture,
        os=config.os or host.os,
        variant=config.variant,
        created=created,
        author=made.author,
        comment=made.comment,
        config=run,
        rootfs=oci.RootFs(diff_ids=[*(config.rootfs.diff_ids or ()), layer.diff_id]),
        history=[*(config.history or ()), history],
    )
    kept = [LayerBlob(one.diff_id, Digest(one.blob), one.media_type) for one in base.layers] if base else []
    layers = await unpacker.unpack([*kept, layer])
    data = msgspec.json.encode(config)
    return ImageRecord(
        id=blobs.write(data),
        manifest=blobs.write(make_manifest(data, layers)),
        layers=layers,
        created=now(),
        recorded=now(),
        labels=run.labels or {},
        parent=base.id if base is not None else "",
    )


def _empty() -> oci.ImageConfig:
    host = host_platform()
    return oci.ImageConfig(architecture=host.architecture, os=host.os, rootfs=oci.RootFs(diff_ids=[]))


async def _layer(blobs: Blobs, pack: Pack) -> LayerBlob:
    aside = blobs.aside()
    try:
        descriptor = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        try:
            packed = await pack(descriptor)
        finally:
            os.close(descriptor)
        digest = Digest(packed["diff_id"])
        blobs.adopt(aside, digest)
    except OSError as err:
        aside.unlink(missing_ok=True)
        raise storage_error(err, "making a layer") from err
    except BaseException:
        aside.unlink(missing_ok=True)
        raise
    await asyncio.to_thread(blobs.sync, [digest])
    return LayerBlob(digest, digest, oci.MEDIA_OCI_LAYER)
