"""The composition root: builds the services of an engine, owns their tasks, follows the shims.

An engine is a library: it runs inside a face or the daemon, and several may run on one state root.
"""

from __future__ import annotations

import contextlib
import errno
import logging
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Literal

from .bell import ALL, Bell
from .config import Config, Paths
from .containers.book import Book
from .containers.context import Context
from .containers.looks import findings, looks_right
from .containers.service import Containers
from .containers.shims import Shims
from .deferred import deferred, module
from .errors import Forbidden, Internal, PydockError, Unsupported
from .filters import Filters
from .runtime import host as machine
from .state.events import Events
from .state.locks import Locks
from .state.store import Store
from .tasks import Tasks

if TYPE_CHECKING:
    import socket
    import subprocess

    from .containers import ending, recovery
    from .containers.system import System
    from .containers.waiters import Waiters
    from .images.store import Images
    from .networks import Networks
    from .runtime.client import Runtime
    from .schema.images import DeleteItem, ImagesPruneResponse
    from .schema.networks import EndpointSettings
    from .snapshots.snapshotter import Snapshotter, Worker
    from .volumes.service import Volumes
else:
    ending = module(__package__, "containers.ending")
    recovery = module(__package__, "containers.recovery")

from .schema.networks import NetworksPruneResponse
from .schema.topology import Topology
from .schema.volumes import VolumesPruneResponse

Mend = Literal["all", "needed", "nothing"]
Spawner = tuple["subprocess.Popen[bytes]", "socket.socket"]

_log = logging.getLogger(__name__)
_CONTAINER, _EVENTS = b"c ", b"e"


class Engine:
    """All services on one state root; an async context manager.

    Entering makes the directories, opens the store, and sets right what earlier engines or a reboot left
    (`recovered` says what that was). Raises Forbidden when not root. Containers go on after it is left.

    `mend` tells how much is set right: "all" that is found; or only when "needed", that is when a container
    isn't as its record says, which is enough for reading; or "nothing". `spawner` is one that was started
    already. A `lasting` one watches over the networks: what other programs take from them comes back at
    once. Services are made, and their modules imported, when they are used first.
    """

    containers: Containers
    images: Images
    networks: Networks
    volumes: Volumes
    events: Events
    system: System

    def __init__(
        self,
        paths: Paths,
        config: Config | None = None,
        *,
        mend: Mend = "all",
        spawner: Spawner | None = None,
        lasting: bool = False,
    ) -> None:
        self.paths = paths
        self._lasting = lasting
        self._mend = mend
        self._spawner = spawner
        self.config = config or Config()
        self.recovered: list[str] = []
        self._stack = contextlib.AsyncExitStack()
        self._context: Context | None = None

    async def __aenter__(self) -> Engine:
        async with contextlib.AsyncExitStack() as stack:
            context = await self._build(stack)
            self._stack = stack.pop_all()
        self._context = context
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._stack.aclose()

    async def _build(self, stack: contextlib.AsyncExitStack) -> Context:
        with _explained(self.paths):
            self.paths.create()
            bell = await stack.enter_async_context(Bell(str(self.paths.engines)))
        store = stack.enter_context(Store(self.paths.db))
        runtime = self._runtime(stack)
        tasks = await stack.enter_async_context(Tasks("engine"))
        events = self.events = Events(store, bell)
        locks = Locks(self.paths.locks)
        book = Book(store)
        work: Worker = deferred(lambda: runtime.work)
        snapshots = await self._snapshots(store, work)
        self.images = deferred(lambda: self._images(store, snapshots, work))
        self.networks = deferred(lambda: self._networks(store))
        self.volumes = deferred(lambda: self._volumes(store, locks, book, work))
        shims = Shims()
        stack.callback(shims.close)
        context = Context(
            paths=self.paths,
            config=self.config,
            store=store,
            events=events,
            locks=locks,
            bell=bell,
            runtime=runtime,
            images=self.images,
            snapshots=snapshots,
            networks=self.networks,
            volumes=self.volumes,
            tasks=tasks,
            host=machine.probe(),
            boot_id=_boot_id(),
            book=book,
            attaches=deferred(lambda: _waiters(runtime)),
            shims=shims,
        )
        shims.ended = lambda identity: _see_to(context, identity)
        self.containers = Containers(context)
        self.system = deferred(lambda: _system(context))
        # Listening comes first: what a shim tells during the reconciliation is not missed.
        tasks.start(_follow_bell(context), "bell")
        await self._set_right(context)
        if self._lasting:
            tasks.start(_watch_networks(context), "watch over networks")
        return context

    async def _set_right(self, context: Context) -> None:
        if self._mend == "nothing" or (self._mend == "needed" and _all_as_recorded(context)):
            return
        self.recovered = await recovery.reconcile(context)
        for line in self.recovered:
            _log.warning("%s", line)
        # What an engine left that was killed while it took an image in.
        context.tasks.start(_collect(self.images), "collection of images")

    # Services, made with their first use.

    def _runtime(self, stack: contextlib.AsyncExitStack) -> Runtime:
        made: list[Runtime] = []

        def make() -> Runtime:
            from .runtime.client import Runtime

            made.append(Runtime(self.paths, self._spawner))
            return made[0]

        async def close() -> None:
            if made or self._spawner:
                await runtime.close()

        runtime = deferred(make)
        stack.push_async_callback(close)
        return runtime

    async def _snapshots(self, store: Store, work: Worker) -> Snapshotter:
        from .snapshots.choice import open_snapshotter

        return await open_snapshotter(self.paths, store, work, self.config.storage_driver)

    def _images(self, store: Store, snapshots: Snapshotter, work: Worker) -> Images:
        from .images.store import Images

        return Images(
            self.paths, store, self.events, snapshots, work, self.config.limits, self.config.daemon_file
        )

    def _networks(self, store: Store) -> Networks:
        from .networks import Networks

        networks = Networks(store, self.events, self.config, self.paths.run / "networks")
        networks.ensure()
        return networks

    def _volumes(self, store: Store, locks: Locks, book: Book, work: Worker) -> Volumes:
        from .volumes.service import Volumes

        volumes = Volumes(self.paths, store, self.events, locks, work)
        volumes.users = book.users_of_volume
        volumes.busy = book.uses_volume_now
        return volumes

    async def check(self) -> list[str]:
        """Say what is not as it should be, one line for each, and change nothing."""
        assert self._context is not None
        return await findings(self._context)

    async def remove_image(self, name: str, force: bool = False, prune: bool = True) -> list[DeleteItem]:
        """Remove an image or a name of it; raises Conflict while containers need it."""
        return await self.images.remove(name, force, prune, self.containers.uses_of_image)

    async def prune_images(self, filters: Filters | None = None) -> ImagesPruneResponse:
        return await self.images.prune(filters, self.containers.uses_of_image)

    async def prune_networks(self, filters: Filters | None = None) -> NetworksPruneResponse:
        return NetworksPruneResponse(networks_deleted=list(await self.networks.prune(filters)) or None)

    async def topology(self) -> Topology:
        """Draw all networks with who is attached to them."""
        return Topology(networks=list(self.networks.topology(self.containers.sharers())))

    async def prune_volumes(self, filters: Filters | None = None) -> VolumesPruneResponse:
        return await self.volumes.prune(filters)

    async def connect_network(
        self, network: str, container: str, settings: EndpointSettings | None = None
    ) -> None:
        """Put a container on a further network, now when it runs."""
        await self.containers.connect(network, container, settings)

    async def disconnect_network(self, network: str, container: str, force: bool = False) -> None:
        """Take a container off a network, now when it runs."""
        await self.containers.disconnect(network, container, force)


def _waiters(runtime: Runtime) -> Waiters:
    from .containers.waiters import Waiters

    return Waiters(runtime)


def _system(context: Context) -> System:
    from .containers.system import System

    return System(context)


def _all_as_recorded(context: Context) -> bool:
    """Look at every container, watching the shims of those that run."""
    for container in context.book.all():
        if not looks_right(context, container):
            return False
        context.shims.watch(container.id, container.pid)
    return True


def _see_to(context: Context, identity: str) -> None:
    context.tasks.start(ending.see_to(context, identity), f"after the shim of {identity[:12]}")


async def _collect(images: Images) -> None:
    try:
        await images.collect()
    except (PydockError, OSError) as err:
        _log.warning("what nobody needs of images could not be freed: %s", err)


async def _follow_bell(context: Context) -> None:
    """Take over what the shims, and other engines, ring for."""
    async for payload in context.bell:
        if payload in (_EVENTS, ALL):
            context.events.wake()
        if payload.startswith(_CONTAINER):
            await _hear(context, payload.removeprefix(_CONTAINER).decode(errors="replace"))
        elif payload == ALL:
            for container in context.book.all():
                if container.alive:
                    await _hear(context, container.id)
            context.changes.wake_all()


async def _watch_networks(context: Context) -> None:
    """Put back what other programs take from networks that are in use."""
    from .networks.watch import watch

    async def restore() -> None:
        live = {c.id for c in context.book.all() if c.alive or context.runtime.alive(c.id)}
        try:
            told = await context.networks.restore(live)
        except (PydockError, OSError) as err:
            _log.error("networks can't be put right: %s", err)
            return
        for line in told:
            _log.warning("%s", line)

    await watch(context.networks.has_bridge, restore)


async def _hear(context: Context, identity: str) -> None:
    try:
        await ending.take_news(context, identity)
    except PydockError as err:
        # A record that can't be read must not deafen the engine to all others.
        _log.error("news of container %s: %s", identity[:12], err)
    context.changes.wake(identity)


@contextlib.contextmanager
def _explained(paths: Paths) -> Iterator[None]:
    """Turn what keeps an engine from starting into one line with a way out."""
    try:
        yield
    except PermissionError as err:
        raise Forbidden(
            f"permission denied: {err.filename or paths.root}: run pydock as root (sudo), "
            "or name a directory of your own with PYDOCK_ROOT and PYDOCK_RUN"
        ) from err
    except OSError as err:
        if err.errno == errno.EROFS:
            raise Unsupported(
                f"read-only file system: {err.filename}: choose another with PYDOCK_ROOT"
            ) from err
        raise Internal(f"cannot use {err.filename or paths.root}: {err.strerror}") from err


def _boot_id() -> str:
    return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
