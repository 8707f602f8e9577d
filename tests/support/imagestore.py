"""An image store on real workers, with registries' settings of a test."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

from pydock.core.config import Paths
from pydock.core.filters import Filters
from pydock.core.images.store import Images
from pydock.core.reference import Reference
from pydock.core.registry.settings import Settings
from pydock.core.runtime.client import Runtime
from pydock.core.schema.auth import AuthConfig
from pydock.core.schema.images import Progress
from pydock.core.snapshots.choice import open_snapshotter
from pydock.core.snapshots.snapshotter import ChainId, Snapshotter
from pydock.core.state.events import Events
from pydock.core.state.store import Store
from pydock.core.units import now
from support.registries import AT_ONCE


class SilentBell:
    def ring(self, payload: bytes) -> None:
        """Nobody else listens."""


@dataclass
class ImageStore:
    """Images, and what a test asks of them."""

    paths: Paths
    images: Images
    snapshots: Snapshotter
    events: Events

    async def pull(
        self, name: str, platform: str = "", auth: AuthConfig | None = None, all_tags: bool = False
    ) -> list[Progress]:
        steps = self.images.registries.pull(Reference.parse(name), platform, auth, all_tags)
        return [step async for step in steps]

    async def push(self, name: str, auth: AuthConfig | None = None) -> list[Progress]:
        return [step async for step in self.images.registries.push(Reference.parse(name), auth)]

    async def load(self, archive: bytes) -> None:
        async def chunks() -> AsyncIterator[bytes]:
            yield archive

        async for _ in self.images.load(chunks(), quiet=True):
            pass

    async def names(self) -> list[str]:
        return sorted(name for image in await self.images.list() for name in image.repo_tags or ())

    async def tree(self, name: str) -> Path:
        """Return the top layer's directory of an image."""
        image = await self.images.get(name)
        return self.snapshots.layer_path(ChainId(image.chain_id))

    async def told(self) -> list[tuple[str, str]]:
        """Return the image events so far, as action and actor."""
        found = self.events.subscribe(since=1, until=now(), filters=Filters())
        return [(event.action, event.actor.id) async for event in found]

    def left(self) -> set[str]:
        """What is in the root beside its frame: blobs, layers, half-made things."""
        root = self.paths.root
        found = {p for directory in ("blobs/sha256", "layers", "tmp") for p in (root / directory).glob("*")}
        return {str(p.relative_to(root)) for p in found} - {"layers/l", "layers/driver"}


@contextlib.asynccontextmanager
async def image_store(
    base: Path, settings: Settings = AT_ONCE, driver: str = ""
) -> AsyncIterator[ImageStore]:
    paths = Paths(base / "root", base / "run")
    paths.create()
    async with Runtime(paths) as runtime:
        with Store(paths.db) as store:
            events = Events(store, SilentBell())
            snapshots = await open_snapshotter(paths, store, runtime.work, driver)
            images = Images(paths, store, events, snapshots, runtime.work, registries=settings)
            yield ImageStore(paths, images, snapshots, events)
