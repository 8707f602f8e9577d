"""A container taken away: record first, then what lies on disk, so that a crash leaves only what is swept."""

from __future__ import annotations

import asyncio
import os

from msgspec.structs import replace

from ..errors import NotFound
from ..files import remove_tree
from .context import Context
from .record import Container
from .states import Move, move

SWEPT = "container-"


async def remove_locked(ctx: Context, container: Container, volumes: bool) -> None:
    """Remove a container that does not run; its lock is held."""
    try:
        ctx.book.change(container.id, lambda c: replace(c, status=move(c.status, Move.BURY)))
    except NotFound:
        return
    await ctx.networks.disconnect(container.id)
    doomed = ctx.paths.tmp / f"{SWEPT}{container.id}.{os.urandom(4).hex()}"
    directory = ctx.paths.container(container.id)
    if directory.exists():
        os.rename(directory, doomed)
    with ctx.store.transaction():
        for known in ctx.book.execs.find(container=container.id):
            ctx.book.execs.delete(known.id)
        if ctx.book.containers.delete(container.id):
            ctx.tell(container, "destroy")
    ctx.changed(container.id)
    await ctx.snapshots.remove(container.id)
    await asyncio.to_thread(remove_tree, doomed)
    await asyncio.to_thread(remove_tree, ctx.paths.container_run(container.id))
    if volumes:
        await _remove_anonymous(ctx, container)


async def _remove_anonymous(ctx: Context, container: Container) -> None:
    for mount in container.mounts:
        if mount.type == "volume" and mount.anonymous and not ctx.volumes.users(mount.name):
            await ctx.volumes.remove(mount.name, force=True)
