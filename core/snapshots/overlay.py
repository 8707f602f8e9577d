"""Layers as overlayfs wants them: one tree a layer, joined when a container starts.

https://docs.kernel.org/filesystems/overlayfs.html
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Collection
from pathlib import Path
from typing import Literal

from ..files import storage_error
from ..rootfs import Overlay, Rootfs
from . import tree
from .layers import Layers
from .snapshotter import ChainId, Layer

_UPPER, _WORK = "upper", "work"


class OverlaySnapshotter:
    """A layer costs its own files only; a container an empty directory."""

    name = "overlay2"
    whiteouts: Literal["overlay", "remove"] = "overlay"

    def __init__(self, layers: Layers) -> None:
        self._layers = layers

    async def stage(self, parent: ChainId | None) -> Path:
        if parent is not None:
            self._layers.get(parent)
        return self._layers.stage()

    async def commit(self, staged: Path, layer: Layer) -> None:
        self._layers.commit(staged, layer)

    async def discard(self, staged: Path) -> None:
        await asyncio.to_thread(self._layers.discard, staged)

    def layer(self, chain_id: ChainId) -> Layer | None:
        return self._layers.layers.get(chain_id)

    def layer_path(self, chain_id: ChainId) -> Path:
        return self._layers.path(chain_id)

    async def prepare(self, container_id: str, chain_id: ChainId | None) -> None:
        self._layers.add_snapshot(container_id, chain_id or "")
        directory = self._layers.paths.container(container_id)
        try:
            directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            for name in (_UPPER, _WORK):
                (directory / name).mkdir(mode=0o755)
            # The root directory of the whole is the upper one: it looks as the image's does.
            like = os.stat(self._layers.path(chain_id)) if chain_id else None
            os.chown(directory / _UPPER, like.st_uid if like else 0, like.st_gid if like else 0)
            os.chmod(directory / _UPPER, like.st_mode & 0o7777 if like else 0o755)
        except OSError as err:
            await self.remove(container_id)
            raise storage_error(err, "making a container's root") from err

    def rootfs(self, container_id: str) -> Rootfs:
        snapshot = self._layers.snapshot(container_id)
        lower = tuple(self._layers.link(layer) for layer in self._layers.chain(snapshot.chain_id))
        directory = self._layers.paths.container(container_id)
        return Overlay(lower, str(directory / _UPPER), str(directory / _WORK))

    async def remove(self, container_id: str) -> None:
        self._layers.snapshots.delete(container_id)
        await asyncio.to_thread(self._layers.remove_directories, container_id, _UPPER, _WORK)

    async def usage(self, container_id: str) -> int:
        self._layers.snapshot(container_id)
        return await asyncio.to_thread(tree.usage, self._layers.paths.container(container_id) / _UPPER)

    async def sweep(self, keep: Collection[str]) -> int:
        return await self._layers.sweep(keep)
