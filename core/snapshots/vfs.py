"""Layers as plain copies, where overlayfs is not to be had: each holds all that is below it."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Collection
from pathlib import Path
from typing import Literal

from ..files import storage_error
from ..rootfs import Directory, Rootfs
from . import tree
from .layers import Layers
from .snapshotter import ChainId, Layer, Worker

_ROOTFS = "rootfs"


class VfsSnapshotter:
    """Costs a copy a layer and a copy a container; works on every file system."""

    name = "vfs"
    whiteouts: Literal["overlay", "remove"] = "remove"

    def __init__(self, layers: Layers, work: Worker) -> None:
        self._layers = layers
        self._work = work

    async def stage(self, parent: ChainId | None) -> Path:
        if parent is not None:
            self._layers.get(parent)
        staged = self._layers.stage()
        try:
            if parent is not None:
                await self._copy(self._layers.path(parent), staged)
        except BaseException:
            await self.discard(staged)
            raise
        return staged

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
            (directory / _ROOTFS).mkdir(mode=0o755)
            if chain_id is not None:
                await self._copy(self._layers.path(chain_id), directory / _ROOTFS)
        except BaseException as err:
            await self.remove(container_id)
            if isinstance(err, OSError):
                raise storage_error(err, "making a container's root") from err
            raise

    def rootfs(self, container_id: str) -> Rootfs:
        self._layers.snapshot(container_id)
        return Directory(str(self._layers.paths.container(container_id) / _ROOTFS))

    async def remove(self, container_id: str) -> None:
        self._layers.snapshots.delete(container_id)
        await asyncio.to_thread(self._layers.remove_directories, container_id, _ROOTFS)

    async def usage(self, container_id: str) -> int:
        """Count what the container has beyond its image: a difference of totals, never below 0."""
        snapshot = self._layers.snapshot(container_id)
        own = await asyncio.to_thread(tree.usage, self._layers.paths.container(container_id) / _ROOTFS)
        image = sum(layer.size for layer in self._layers.chain(snapshot.chain_id))
        return max(0, own - image)

    async def sweep(self, keep: Collection[str]) -> int:
        return await self._layers.sweep(keep)

    async def _copy(self, source: Path, target: Path) -> None:
        """Copy in a worker that sees nothing but the two trees, each as a descriptor."""
        descriptors: list[int] = []
        try:
            for path in (source, target):
                descriptors.append(os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC))
            await self._work("pydock.core.snapshots.tree:copy", {}, descriptors, str(target))
        finally:
            for descriptor in descriptors:
                os.close(descriptor)
