"""`docker cp` and `docker export`: trees as tars, in and out, by workers inside the container's root.

A running container is seen through a copy of its mount namespace, one that is down through a mount of its
own that only the worker has; its lock is held meanwhile. `copying` is what runs inside.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
from collections.abc import AsyncGenerator, AsyncIterator, Coroutine, Iterator
from dataclasses import asdict, dataclass
from typing import Any

from ..errors import Conflict, NotFound
from ..images.layers import all_of
from ..rootfs import Bind, Furnished, Occupied
from ..schema.containers import PathStat
from ..units import rfc3339
from . import news, prepare, users
from .context import Context
from .record import Container

_CHUNK = 256 << 10
_WORKER = "pydock.core.containers.copying:"
_FILES = {"/etc/hosts": "hosts", "/etc/hostname": "hostname", "/etc/resolv.conf": "resolv.conf"}


@dataclass(frozen=True, slots=True)
class _Seen:
    """A container's root for a worker, and the descriptors that belong to it."""

    container: Container
    root: Furnished | Occupied
    descriptors: tuple[int, ...] = ()


@contextlib.asynccontextmanager
async def seen(ctx: Context, reference: str, *, bare: bool = False) -> AsyncIterator[_Seen]:
    """Hold a container's root for a worker; `bare` without volumes, binds and what is mounted else."""
    container = ctx.book.find(reference)
    async with ctx.locks.hold("container", container.id):
        container, _ = news.apply(ctx, container.id)
        if not container.pid:
            rootfs = ctx.snapshots.rootfs(container.id)
            if bare:
                yield _Seen(container, Furnished(rootfs))
                return
            async with _mounted(ctx, container):
                yield _Seen(container, Furnished(rootfs, _binds(ctx, container)))
            return
        namespace = _namespace(ctx, container)
    try:
        yield _Seen(container, Occupied(bare), (namespace,))
    finally:
        os.close(namespace)


@contextlib.asynccontextmanager
async def _mounted(ctx: Context, container: Container) -> AsyncIterator[None]:
    """Have the volumes that are file systems of their own at their places."""
    names = [mount.name for mount in container.mounts if mount.type == "volume"]
    try:
        for name in names:
            await ctx.volumes.mount(name)
        yield
    finally:
        for name in names:
            await ctx.volumes.release(name)


def _namespace(ctx: Context, container: Container) -> int:
    """Open the mount namespace of a running container; raises Conflict when it has just ended."""
    try:
        namespace = os.open(f"/proc/{container.pid}/ns/mnt", os.O_RDONLY | os.O_CLOEXEC)
    except OSError as err:
        raise Conflict(f"container {container.id} is not running") from err
    # Its number may have gone to another process between the record and the opening.
    now, _ = news.apply(ctx, container.id)
    ours = os.stat("/proc/self/ns/mnt").st_ino == os.fstat(namespace).st_ino
    if now.pid != container.pid or ours:
        os.close(namespace)
        raise Conflict(f"container {container.id} is not running")
    return namespace


def _binds(ctx: Context, container: Container) -> tuple[Bind, ...]:
    """Return what a stopped container has mounted but for what is in memory, outer places first."""
    directory = ctx.paths.container(container.id)
    files = {place: directory / name for place, name in _FILES.items()}
    binds = [Bind(str(path), place) for place, path in files.items() if path.exists()]
    own = [
        Bind(mount.source, mount.destination, mount.writable, mount.recursive, mount.subpath)
        for mount in container.mounts
        if mount.type in ("bind", "volume")
    ]
    taken = {bind.target for bind in own}
    kept = [*(bind for bind in binds if bind.target not in taken), *own]
    return tuple(sorted(kept, key=lambda bind: bind.target.count("/")))


async def stat_path(ctx: Context, reference: str, path: str) -> PathStat:
    """Return what `docker cp` wants to know of a path first; raises NotFound."""
    with _told(reference, path):
        async with seen(ctx, reference) as view:
            args = {"path": path}
            found = await ctx.runtime.work(_WORKER + "look", args, view.descriptors, None, view.root)
    return _path_stat(found)


async def get(ctx: Context, reference: str, path: str) -> tuple[PathStat, AsyncIterator[bytes]]:
    """Return a path's stat and its tar; raises NotFound."""
    found: list[dict[str, Any]] = []
    chunks = _sent(ctx, reference, "send", {"path": path}, found, bare=False)
    with _told(reference, path):
        # Begun here, so that what it holds is given back whatever becomes of it.
        await anext(chunks)
    return _path_stat(found[0]), chunks


async def export(ctx: Context, reference: str) -> AsyncIterator[bytes]:
    """Return the tar of a container's root file system, without what is mounted in it."""
    chunks = _sent(ctx, reference, "send_all", {}, [], bare=True)
    await anext(chunks)
    container = ctx.book.find(reference)
    ctx.tell(container, "export")
    return chunks


async def _sent(
    ctx: Context, reference: str, function: str, args: dict[str, Any], found: list[dict[str, Any]], bare: bool
) -> AsyncGenerator[bytes, None]:
    """Yield b"" once the worker has reported (to `found`), then what it writes."""
    ours, theirs = socket.socketpair()
    ours.setblocking(False)
    reported = asyncio.Event()

    def report(news: dict[str, Any]) -> None:
        found.append(news)
        reported.set()

    async def work() -> None:
        try:
            async with seen(ctx, reference, bare=bare) as view:
                given = (theirs.fileno(), *view.descriptors)
                await ctx.runtime.work(_WORKER + function, args, given, None, view.root, report)
        finally:
            theirs.close()
            reported.set()

    reader, writer = await asyncio.open_unix_connection(sock=ours, limit=_CHUNK)
    async with _beside(work()) as worker:
        try:
            await reported.wait()
            if worker.done():
                await worker
            yield b""
            while chunk := await reader.read(_CHUNK):
                yield chunk
            await worker
        finally:
            writer.close()


@contextlib.asynccontextmanager
async def _beside(work: Coroutine[Any, Any, None]) -> AsyncIterator[asyncio.Task[None]]:
    """Run work beside the block, which awaits it; it is cancelled when the block is left before."""
    task = asyncio.create_task(work)
    try:
        yield task
    finally:
        task.cancel()
        await asyncio.wait([task])
        if not task.cancelled():
            # Whoever left the block early does not want to know.
            task.exception()


async def put(
    ctx: Context,
    reference: str,
    path: str,
    chunks: AsyncIterator[bytes],
    no_overwrite: bool = False,
    copy_owner: bool = False,
) -> None:
    """Unpack a tar into a directory of a container; with `copy_owner` all becomes its user's.

    Raises NotFound, Invalid, Forbidden (what is there is read-only), NoSpace.
    """
    ours, theirs = socket.socketpair()
    ours.setblocking(False)
    _, writer = await asyncio.open_unix_connection(sock=ours)

    async def work() -> None:
        try:
            async with seen(ctx, reference) as view:
                args = {
                    "path": path,
                    "no_overwrite": no_overwrite,
                    "owner": await _owner(ctx, view) if copy_owner else None,
                    "readonly": view.container.host_config.readonly_rootfs,
                    "mounts": [mount.destination for mount in view.container.mounts],
                    "limits": {
                        name: value
                        for name, value in asdict(ctx.config.limits).items()
                        if name in ("layer_bytes", "layer_entries", "path_depth")
                    },
                }
                given = (theirs.fileno(), *view.descriptors)
                await ctx.runtime.work(_WORKER + "receive", args, given, None, view.root)
                ctx.tell(view.container, "extract-to-dir", {"path": path})
        finally:
            theirs.close()

    async def feed() -> None:
        with contextlib.suppress(ConnectionError):
            # A worker that gives up says why itself.
            async for chunk in chunks:
                writer.write(chunk)
                await writer.drain()
            writer.write_eof()

    with _told(reference, path):
        try:
            await all_of(work(), feed())
        finally:
            writer.close()


async def _owner(ctx: Context, view: _Seen) -> tuple[int, int] | None:
    """Return the ids of the container's own user; None for root."""
    user = view.container.config.user
    if not user:
        return None
    if view.container.pid:
        accounts = prepare.accounts_of_running(view.container.pid)
    else:
        root = view.root
        accounts = await ctx.runtime.work(
            "pydock.core.containers.users:read_files", {}, view.descriptors, None, root
        )
    identity = users.resolve(user, accounts["passwd"], accounts["group"])
    return identity.uid, identity.gid


def _path_stat(found: dict[str, Any]) -> PathStat:
    return PathStat(
        name=found["name"],
        size=found["size"],
        mode=found["mode"],
        mtime=rfc3339(found["mtime"]),
        link_target=found["link_target"],
    )


@contextlib.contextmanager
def _told(reference: str, path: str) -> Iterator[None]:
    """A worker's NotFound is of the path it was given; the container's own is not."""
    try:
        yield
    except NotFound as err:
        if str(err).startswith("/"):
            raise NotFound(f"Could not find the file {path} in container {reference}") from err
        raise
