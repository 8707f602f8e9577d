"""What follows the end of a container: its network, its run directory, its removal when it was `--rm`.

Each step may be done twice without harm, because the engine that does it may be killed at any line.
"""

from __future__ import annotations

import contextlib

from msgspec.structs import replace

from ..errors import Conflict, NotFound
from . import news, removal
from .context import Context
from .record import Container


async def see_to(ctx: Context, identity: str) -> None:
    """Do what is due for a container that ended, or whose shim did without a word: then it was killed."""
    async with ctx.locks.hold("container", identity):
        try:
            container, _ = news.apply(ctx, identity)
            if container.alive and not ctx.runtime.alive(identity):
                await ctx.runtime.reap(identity)
                news.apply(ctx, identity)
        except NotFound:
            return
        await tidy_locked(ctx, identity)
    ctx.changed(identity)


async def tidy_locked(ctx: Context, identity: str) -> None:
    """Give back what a container that ended held; remove it when it asked for that. Its lock is held."""
    container = ctx.book.get(identity)
    if container is None or container.alive:
        return
    await release(ctx, container)
    if container.host_config.auto_remove and container.exits:
        await removal.remove_locked(ctx, container, volumes=True)


async def release(ctx: Context, container: Container) -> None:
    """Give back addresses and ports, and the processes and cgroups that a dead shim may have left."""
    if not container.held:
        return
    with contextlib.suppress(Conflict):
        # A shim that is still there takes the rest apart itself.
        await ctx.runtime.reap(container.id)
    await ctx.networks.disconnect(container.id)
    with ctx.store.transaction():
        for mount in container.mounts:
            if mount.type == "volume":
                attributes = {"container": container.id, "driver": mount.driver}
                ctx.events.publish("volume", "unmount", mount.name, attributes)
        ctx.book.change(container.id, lambda c: replace(c, endpoints={}, ports={}, held=False))
    for mount in container.mounts:
        if mount.type == "volume":
            await ctx.volumes.release(mount.name)


async def take_news(ctx: Context, identity: str) -> None:
    """Apply a shim's news; what follows from an end is done beside this."""
    with contextlib.suppress(NotFound):
        news.apply(ctx, identity)
