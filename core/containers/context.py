"""What the parts of this package work with: the engine's services, handed over by the composition root."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from .changes import Changes

if TYPE_CHECKING:
    from ..bell import Bell
    from ..config import Config, Paths
    from ..images.store import Images
    from ..networks import Networks
    from ..runtime.client import Runtime
    from ..runtime.host import Host
    from ..snapshots.snapshotter import Snapshotter
    from ..state.events import Events
    from ..state.locks import Locks
    from ..state.store import Store
    from ..tasks import Tasks
    from ..volumes.service import Volumes
    from .book import Book
    from .record import Container
    from .shims import Shims
    from .waiters import Waiters


@dataclass(frozen=True, slots=True)
class Context:
    """The services, and what this process alone knows.

    `accounts` are the images' passwd and group files, by chain id.
    """

    paths: Paths
    config: Config
    store: Store
    events: Events
    locks: Locks
    bell: Bell
    runtime: Runtime
    images: Images
    snapshots: Snapshotter
    networks: Networks
    volumes: Volumes
    tasks: Tasks
    host: Host
    boot_id: str
    book: Book
    attaches: Waiters
    shims: Shims
    changes: Changes = field(default_factory=Changes)
    accounts: dict[str, Mapping[str, str]] = field(default_factory=dict)

    def tell(
        self,
        container: Container,
        action: str,
        attributes: Mapping[str, str] | None = None,
        at: int | None = None,
    ) -> None:
        """Publish an event of a container, with Docker's attributes: its labels, image and name."""
        own = {"image": container.image_name, "name": container.name}
        labels = container.config.labels or {}
        self.events.publish("container", action, container.id, {**labels, **own, **(attributes or {})}, at)

    def changed(self, identity: str) -> None:
        """Wake whoever waits for this container, in every engine."""
        self.bell.ring(b"c " + identity.encode())
        self.changes.wake(identity)
