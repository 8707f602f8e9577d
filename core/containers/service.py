"""The service: all that an engine does with containers, by name; each part has a module of its own."""

from __future__ import annotations

import builtins
from collections.abc import AsyncIterator, Awaitable, Sequence
from typing import TYPE_CHECKING

from ..deferred import module
from ..errors import Conflict, NotFound, Unsupported
from ..filters import Filters
from ..schema import containers as wire
from ..schema.exec import ExecConfig, ExecInspect
from ..schema.networks import EndpointSettings
from . import listing
from .context import Context

if TYPE_CHECKING:
    from ..images import records as images
    from ..schema.message import Stream
    from ..schema.stats import Stats
    from . import (
        archive,
        attaching,
        committing,
        create,
        execs,
        life,
        logging,
        networking,
        news,
        processes,
        show,
        starting,
        stopping,
        usage,
        waiters,
    )
    from .attaching import Serve
    from .committing import Commit
    from .logs import entry
    from .spec import namespaces
else:
    # A list must not wait for the import of what starts, stops and copies.
    archive = module(__package__, "archive")
    attaching = module(__package__, "attaching")
    committing = module(__package__, "committing")
    create = module(__package__, "create")
    execs = module(__package__, "execs")
    life = module(__package__, "life")
    logging = module(__package__, "logging")
    networking = module(__package__, "networking")
    news = module(__package__, "news")
    processes = module(__package__, "processes")
    show = module(__package__, "show")
    starting = module(__package__, "starting")
    stopping = module(__package__, "stopping")
    usage = module(__package__, "usage")
    waiters = module(__package__, "waiters")
    entry = module(__package__, "logs.entry")
    images = module("pydock.core.images", "records")
    namespaces = module(__package__, "spec.namespaces")


class Containers:
    """The containers of a state root. A reference is an id, a name, or an unambiguous beginning of an id.

    Every method raises NotFound for a reference that names nothing, in Docker's words.
    """

    def __init__(self, context: Context) -> None:
        self._ctx = context

    async def create(self, name: str | None, request: wire.CreateRequest) -> tuple[str, list[str]]:
        """Make a container; returns its id and warnings. Raises Invalid, Conflict (the name), NotFound."""
        return await create.create(self._ctx, name, request)

    async def start(self, reference: str) -> None:
        """Start it; returns once its program runs. Raises NotModified, StartFailed, Conflict."""
        await starting.start(self._ctx, reference)

    async def stop(self, reference: str, signal: str | None = None, timeout: int | None = None) -> None:
        """Ask it to end, kill it after `timeout` seconds (-1: never). Raises NotModified when it is down."""
        await stopping.stop(self._ctx, reference, signal, timeout)

    async def restart(self, reference: str, signal: str | None = None, timeout: int | None = None) -> None:
        await life.restart(self._ctx, reference, signal, timeout)

    async def kill(self, reference: str, signal: str = "KILL") -> None:
        """Send a signal to its first process. Raises Conflict when it does not run, Invalid."""
        await stopping.kill(self._ctx, reference, signal)

    async def pause(self, reference: str) -> None:
        await life.pause(self._ctx, reference)

    async def unpause(self, reference: str) -> None:
        await life.unpause(self._ctx, reference)

    async def rename(self, reference: str, name: str) -> None:
        await life.rename(self._ctx, reference, name)

    async def update(self, reference: str, request: wire.UpdateRequest) -> wire.UpdateResponse:
        return await life.update(self._ctx, reference, request)

    async def remove(
        self, reference: str, force: bool = False, volumes: bool = False, link: bool = False
    ) -> None:
        """Remove it; a running one only with `force`. `volumes` takes its anonymous volumes along."""
        if link:
            raise Unsupported("removing a link is not supported: links are not built yet")
        await life.remove(self._ctx, reference, force, volumes)

    async def wait(self, reference: str, condition: str = "not-running") -> Awaitable[int]:
        """Register a wait; what is returned ends with the exit code.

        Conditions: "not-running", "next-exit", "removed".
        """
        return life.wait(self._ctx, reference, condition)

    async def inspect(self, reference: str, size: bool = False) -> wire.ContainerInspect:
        container, _ = news.apply(self._ctx, self._ctx.book.find(reference).id)
        try:
            rootfs = self._ctx.snapshots.rootfs(container.id)
        except NotFound:
            rootfs = None
        sizes = await listing.sizes_of(self._ctx, container) if size else None
        running = execs.running_ids(self._ctx, container.id)
        return show.inspect(container, self._ctx.paths, rootfs, running, sizes)

    async def list(
        self,
        all: bool = False,
        limit: int | None = None,
        size: bool = False,
        filters: Filters | None = None,
    ) -> list[wire.ContainerSummary]:
        """Return rows, the newest first; without `all` only of running containers."""
        return await listing.rows(self._ctx, filters or Filters(), everything=all, limit=limit, size=size)

    async def logs(
        self,
        reference: str,
        follow: bool = False,
        stdout: bool = True,
        stderr: bool = True,
        since: int | None = None,
        until: int | None = None,
        timestamps: bool = False,
        tail: int | None = None,
        details: bool = False,
    ) -> tuple[bool, AsyncIterator[bytes]]:
        """Return whether the log is a terminal's (raw, else framed), and its chunks. Times in nanoseconds."""
        query = entry.Query(stdout, stderr, follow, since or 0, until or 0, timestamps, details, tail)
        return logging.logs(self._ctx, reference, query)

    async def attach(
        self,
        reference: str,
        stdin: bool = False,
        stdout: bool = True,
        stderr: bool = True,
        stream: bool = True,
        logs: bool = False,
        detach_keys: str = "",
    ) -> tuple[bool, Serve]:
        """Register a client; returns whether the streams are a terminal's, and what serves the client.

        Of a container that is not started yet the client will get everything from its first byte.
        """
        wanted = waiters.Wanted(stdin, stdout, stderr, stream, logs, detach_keys)
        return await attaching.attach(self._ctx, reference, wanted)

    async def resize(self, reference: str, rows: int, columns: int) -> None:
        """Tell its terminal its size. Raises Conflict when it does not run."""
        container = self._ctx.book.find(reference)
        if not container.pid:
            raise Conflict(f"container {container.id} is not running")
        await self._ctx.runtime.resize(container.id, rows, columns)
        self._ctx.tell(container, "resize", {"height": str(rows), "width": str(columns)})

    async def top(self, reference: str, ps_args: str = "") -> wire.Top:
        return processes.top(self._ctx, reference, ps_args)

    async def stats(
        self, reference: str, stream: bool = True, one_shot: bool = False
    ) -> AsyncIterator[Stats]:
        """Return readings, one a second; without `stream` one, compared with a second before it."""
        self._ctx.book.find(reference)
        if stream:
            return usage.follow(self._ctx, reference)
        return _single(usage.one(self._ctx, reference) if one_shot else usage.pair(self._ctx, reference))

    async def stats_all(self, references: Sequence[str]) -> dict[str, Stats]:
        """Return one reading of each that runs, in one pass."""
        return await usage.many(self._ctx, references)

    async def prune(self, filters: Filters | None = None) -> wire.ContainersPruneResponse:
        return await life.prune(self._ctx, filters or Filters())

    async def exec_create(self, reference: str, config: ExecConfig) -> str:
        """Remember a process to be run in it; returns its id. Raises Conflict when it does not run."""
        return execs.create(self._ctx, reference, config)

    async def exec_start(
        self,
        identity: str,
        detach: bool = False,
        tty: bool = False,
        console_size: tuple[int, int] | None = None,
    ) -> Stream | None:
        """Start an exec; returns its stream, None when detached. Raises StartFailed, Conflict."""
        return await execs.start(self._ctx, identity, detach=detach, console_size=console_size)

    async def exec_inspect(self, identity: str) -> ExecInspect:
        return execs.inspect(self._ctx, identity)

    async def exec_resize(self, identity: str, rows: int, columns: int) -> None:
        await execs.resize(self._ctx, identity, rows, columns)

    async def connect(self, network: str, reference: str, settings: EndpointSettings | None = None) -> None:
        """Put it on a further network, also while it runs. Raises Forbidden when it is there, Invalid."""
        await networking.connect(self._ctx, network, reference, settings or EndpointSettings())

    async def disconnect(self, network: str, reference: str, force: bool = False) -> None:
        """Take it off a network, also while it runs. Raises Forbidden when it is not there."""
        await networking.disconnect(self._ctx, network, reference)

    def sharers(self) -> dict[str, builtins.list[str]]:
        """Map running containers to those that use their network namespace, all by id."""
        found: dict[str, builtins.list[str]] = {}
        for container in self._ctx.book.all():
            owner = namespaces.partner(container.host_config.network_mode)
            if owner and container.alive:
                found.setdefault(owner, []).append(container.id)
        return found

    def uses_of_image(self, image: str) -> builtins.list[images.UseRecord]:
        """List the containers that were made from an image, by its id."""
        return [images.UseRecord(c.id, c.alive) for c in self._ctx.book.containers.find(image=image)]

    async def changes(self, reference: str) -> builtins.list[wire.Change]:
        """Return what differs from the image, in order of path."""
        return await committing.changes(self._ctx, reference)

    async def export(self, reference: str) -> AsyncIterator[bytes]:
        """Return the tar of its root file system, without volumes and other mounts."""
        return await archive.export(self._ctx, reference)

    async def commit(self, reference: str, wish: Commit, config: wire.ContainerConfig | None = None) -> str:
        """Make an image of it; returns the image's id. Raises Invalid, NotFound."""
        return await committing.commit(self._ctx, reference, wish, config)

    async def stat_path(self, reference: str, path: str) -> wire.PathStat:
        """Raises NotFound for a path that is not there."""
        return await archive.stat_path(self._ctx, reference, path)

    async def get_archive(self, reference: str, path: str) -> tuple[wire.PathStat, AsyncIterator[bytes]]:
        """Return a path's stat and tar. Raises NotFound."""
        return await archive.get(self._ctx, reference, path)

    async def put_archive(
        self,
        reference: str,
        path: str,
        chunks: AsyncIterator[bytes],
        no_overwrite: bool = False,
        copy_owner: bool = False,
    ) -> None:
        """Unpack a tar into a directory of it. Raises NotFound, Invalid, Forbidden, NoSpace."""
        await archive.put(self._ctx, reference, path, chunks, no_overwrite, copy_owner)


async def _single(reading: Awaitable[Stats]) -> AsyncIterator[Stats]:
    yield await reading
