"""From blobs to unpacked layers: several at a time, each in a worker, each once among all engines."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from ..config import Limits
from ..digest import Digest, hex_of
from ..errors import Internal, PydockError
from ..snapshots.snapshotter import ChainId, Layer, Snapshotter, Worker
from ..state.locks import Locks
from ..units import now
from .blobs import Blobs
from .records import LayerRecord, chain_ids

UNPACK = "pydock.core.images.unpack:extract"

Progress = Callable[[str, int, int], None]
"""Told with a layer's diff id, the bytes of its blob that are done, and how many it has."""


@dataclass(frozen=True, slots=True)
class LayerBlob:
    """A layer whose blob is in the content store."""

    diff_id: str
    blob: Digest
    media_type: str


class Unpacker:
    """Makes layers of blobs. The caller holds the content lock shared until its record is written."""

    def __init__(
        self, blobs: Blobs, snapshots: Snapshotter, locks: Locks, work: Worker, limits: Limits
    ) -> None:
        self._blobs = blobs
        self._snapshots = snapshots
        self._locks = locks
        self._work = work
        self._limits = {
            name: value
            for name, value in asdict(limits).items()
            if name in ("layer_bytes", "layer_entries", "path_depth")
        }
        self._slots = asyncio.Semaphore(max(2, os.cpu_count() or 1))

    @property
    def copies(self) -> bool:
        """Whether a layer begins as a copy of its parent, so that they are made one after the other."""
        return self._snapshots.whiteouts == "remove"

    async def unpack(
        self, layers: Sequence[LayerBlob], progress: Progress | None = None
    ) -> list[LayerRecord]:
        """Unpack what is not there yet, lowest first; returns a record a layer.

        Raises the first failure, after the others were stopped and cleaned up.
        """
        chains = chain_ids([layer.diff_id for layer in layers])
        parents = [None, *chains[:-1]]
        if self.copies:
            # A copy of the parent is needed first, so there is nothing to do side by side.
            for layer, chain, parent in zip(layers, chains, parents, strict=True):
                await self.ensure(layer, chain, parent, progress)
        else:
            jobs = [
                self.ensure(layer, chain, parent, progress)
                for layer, chain, parent in zip(layers, chains, parents, strict=True)
            ]
            await all_of(*jobs)
        return [self.record(layer, chain) for layer, chain in zip(layers, chains, strict=True)]

    async def ensure(
        self, layer: LayerBlob, chain: ChainId, parent: ChainId | None, progress: Progress | None
    ) -> None:
        """Unpack one layer unless it is there; where `copies`, its parent must be there."""
        async with self._slots, self._locks.hold("layer", hex_of(Digest(chain))):
            if self._snapshots.layer(chain) is None:
                await self._unpack(layer, chain, parent, progress)

    async def _unpack(
        self, layer: LayerBlob, chain: ChainId, parent: ChainId | None, progress: Progress | None
    ) -> None:
        staged = await self._snapshots.stage(parent if self.copies else None)
        try:
            result = await self._extract(layer, str(staged), progress)
            made = Layer(chain, parent or "", layer.diff_id, int(result["size"]), "", now())
            await self._snapshots.commit(staged, made)
        except BaseException:
            await self._snapshots.discard(staged)
            raise

    async def _extract(self, layer: LayerBlob, root: str, progress: Progress | None) -> dict[str, Any]:
        total = self._blobs.size(layer.blob)

        def tell(message: dict[str, Any]) -> None:
            if progress is not None:
                progress(layer.diff_id, int(message["current"]), total)

        args = {"diff_id": layer.diff_id, "whiteouts": self._snapshots.whiteouts, "limits": self._limits}
        with self._blobs.opened(layer.blob) as descriptor:
            return await self._work(UNPACK, args, (descriptor,), root, None, tell)

    async def unpack_lowest(self, blob: Digest, media_type: str) -> LayerRecord:
        """Unpack a layer whose diff id nobody knows yet, above nothing."""
        staged = await self._snapshots.stage(None)
        try:
            result = await self._extract(LayerBlob("", blob, media_type), str(staged), None)
            diff_id = ChainId(result["diff_id"])
            async with self._locks.hold("layer", hex_of(Digest(diff_id))):
                made = Layer(diff_id, "", diff_id, int(result["size"]), "", now())
                await self._snapshots.commit(staged, made)
        except BaseException:
            await self._snapshots.discard(staged)
            raise
        return self.record(LayerBlob(diff_id, blob, media_type), diff_id)

    def has(self, chain: ChainId) -> bool:
        """Tell whether a layer is unpacked."""
        return self._snapshots.layer(chain) is not None

    def record(self, layer: LayerBlob, chain: ChainId) -> LayerRecord:
        """Describe a layer that is unpacked, and whose blob is here."""
        made = self._snapshots.layer(chain)
        if made is None:
            raise Internal(f"layer {layer.diff_id} was lost while its image was recorded")
        size = self._blobs.size(layer.blob)
        return LayerRecord(layer.diff_id, chain, layer.blob, size, layer.media_type, made.size)


async def all_of(*jobs: Any) -> None:
    """Run coroutines side by side; the first failure stops the others and is raised itself."""
    try:
        async with asyncio.TaskGroup() as group:
            for job in jobs:
                group.create_task(job)
    except BaseExceptionGroup as failures:
        first = failures.exceptions[0]
        ours = [err for err in failures.exceptions if isinstance(err, PydockError)]
        raise (ours[0] if ours else first) from None
