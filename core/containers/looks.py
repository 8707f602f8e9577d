"""Whether a container is as its record says: a look at its shim's lock, and nothing changed.

What is found otherwise is set right by `recovery`.
"""

from __future__ import annotations

from ..runtime.held import held
from .context import Context
from .record import Container
from .states import Status


def looks_right(ctx: Context, container: Container) -> bool:
    directory = ctx.paths.container_run(container.id)
    living = held(str(directory))
    if container.alive:
        return living
    rebooted = bool(container.boot_id) and container.boot_id != ctx.boot_id
    leftover = (directory / "remains").exists()
    forgotten = container.host_config.auto_remove and container.exits
    return not (
        living or rebooted or leftover or forgotten or container.held or container.status is Status.DEAD
    )


async def findings(ctx: Context) -> list[str]:
    """Say what an engine's start would set right, one line for each, and change nothing."""
    records = ctx.book.all()
    found = [_wrong(ctx, container) for container in records if not looks_right(ctx, container)]
    known = {container.id for container in records}
    left = {
        place.name
        for directory in (ctx.paths.containers, ctx.paths.run_containers)
        for place in directory.iterdir()
        if place.name not in known and not held(str(ctx.paths.container_run(place.name)))
    }
    found += [f"container {identity[:12]} has left files behind" for identity in sorted(left)]
    volumes = {volume.name for volume in await ctx.volumes.list()}
    found += [
        f"volume {place.name} has left files behind"
        for place in sorted(ctx.paths.volumes.iterdir())
        if place.name not in volumes
    ]
    live = {c.id for c in records if held(str(ctx.paths.container_run(c.id)))}
    return found + list(ctx.networks.missing(live))


def _wrong(ctx: Context, container: Container) -> str:
    if container.boot_id and container.boot_id != ctx.boot_id:
        return f"container {container.name} ended with the last boot"
    if container.alive:
        return f"container {container.name} has lost its shim"
    if container.status is Status.DEAD:
        return f"container {container.name} is removed in part"
    return f"container {container.name} is down, and something of it is left"
