"""What follows the end of a container: its network, its run directory, its removal when it was `--rm`.

Each step may be done twice without harm, because the engine that does it may be killed at any line.
"""

from __future__ import annotations

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
    for mount in container.mounts:
        if mount.type == "volume":
            attributes = {"container": container.id, "driver": mount.driver}
            ctx.events.publish("volume", "unmount", mount.name, attributes)


async def take_news(ctx: Context, identity: str) -> Container | None:
    """Apply a shim's news and do what follows from it; None when the container is gone."""
    try:
        container, ended = news.apply(ctx, identity)
    except NotFound:
        return None
    if ended:
        ctx.tasks.start(tidy(ctx, identity), f"after the end of {identity[:12]}")
    return container
