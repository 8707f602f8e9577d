"""What follows the end of a container: its network, its run directory, its removal when it was `--rm`.

Each step may be done twice without harm, because the engine that does it may be killed at any line.
"""

from __future__ import annotations

from msgspec.structs import replace

from ..errors import NotFound
from . import news, removal
from .context import Context
from .record import Container


async def tidy(ctx: Context, identity: str) -> None:
    """Give back what a container that ended held, under its lock; remove it when it asked for that."""
    async with ctx.locks.hold("container", identity):
        await tidy_locked(ctx, identity)


async def tidy_locked(ctx: Context, identity: str) -> None:
    container = ctx.book.get(identity)
    if container is None or container.alive:
        return
    await release(ctx, container)
    if container.host_config.auto_remove and container.started_at:
        await removal.remove_locked(ctx, container, volumes=True)


async def release(ctx: Context, container: Container) -> None:
    """Give back addresses and ports, and the mounts and cgroups that a dead shim may have left."""
    await ctx.runtime.reap(container.id)
    await ctx.networks.disconnect(container.id)
    if container.endpoints or container.ports:
        ctx.book.change(container.id, lambda c: replace(c, endpoints={}, ports={}))
    for mount in container.mounts:
        if mount.type == "volume":
            attributes = {"container": container.id, "driver": mount.driver}
            ctx.events.publish("volume", "unmount", mount.name, attributes)


async def shim_ended(ctx: Context, identity: str) -> None:
    """See to a container whose shim has ended: when the journal does not say how, it was killed."""
    async with ctx.locks.hold("container", identity):
        try:
            container, _ = news.apply(ctx, identity)
        except NotFound:
            return
        if container.alive and not ctx.runtime.alive(identity):
            await ctx.runtime.reap(identity)
            news.apply(ctx, identity)
            await tidy_locked(ctx, identity)
    ctx.changed(identity)


async def take_news(ctx: Context, identity: str) -> Container | None:
    """Apply a shim's news and do what follows from it; None when the container is gone."""
    try:
        container, ended = news.apply(ctx, identity)
    except NotFound:
        return None
    if ended:
        ctx.tasks.start(tidy(ctx, identity), f"after the end of {identity[:12]}")
    return container
