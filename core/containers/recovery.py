"""What an engine finds at its start, set right: shims that died, reboots, half-made and half-removed things.

Everything is done under the lock of its container, so that nothing is "repaired" that another engine is busy
with. Each thing that was put right is told in one line.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from pathlib import Path

from msgspec.structs import replace

from ..errors import PydockError
from ..files import remove_tree
from . import ending, networking, news, removal, starting
from .context import Context
from .looks import looks_right
from .record import Container
from .spec.namespaces import partner
from .states import Move, Status, move

_LOST = 255


async def reconcile(ctx: Context) -> list[str]:
    """Bring records, processes and directories in line; returns what was done."""
    told: list[str] = []
    again: list[str] = []
    for container in ctx.book.all():
        if looks_right(ctx, container):
            ctx.shims.watch(container.id, container.pid)
            continue
        async with ctx.locks.hold("container", container.id):
            told += await _mend(ctx, container.id, again)
    told += await _sweep(ctx)
    told += await _settle_networks(ctx)
    # A shim that another engine's end left in the middle of a start is alive before its record is.
    live = {c.id for c in ctx.book.all() if c.alive or ctx.runtime.alive(c.id)}
    told += await ctx.networks.mend(live)
    for identity in again:
        ctx.tasks.start(_start_again(ctx, identity), f"start {identity[:12]} again")
    return told


async def _settle_networks(ctx: Context) -> list[str]:
    """An engine that was killed while it connected a container left a place that no link belongs to."""
    told = []
    attached = ctx.networks.attached()
    for container in ctx.book.alive():
        if partner(container.host_config.network_mode):
            continue
        if networking.is_settled(container, attached.get(container.id, ())):
            continue
        async with ctx.locks.hold("container", container.id):
            container, _ = news.apply(ctx, container.id)
            there = ctx.networks.attached().get(container.id, ())
            if container.alive and not networking.is_settled(container, there):
                await networking.settle(ctx, container)
                told.append(f"set right which networks container {container.name} is on")
    return told


async def _mend(ctx: Context, identity: str, again: list[str]) -> list[str]:
    """Set one container right; its lock is held. Adds it to `again` when its policy wants a start."""
    container = ctx.book.get(identity)
    if container is None:
        return []
    if container.boot_id and container.boot_id != ctx.boot_id:
        return await _after_reboot(ctx, container, again)
    if container.status is Status.DEAD:
        await removal.remove_locked(ctx, container, volumes=True)
        return [f"finished removing container {container.name}"]
    container, _ = news.apply(ctx, identity)
    if ctx.runtime.alive(identity):
        return []
    was_alive = container.alive
    await ctx.runtime.reap(identity)
    container, _ = news.apply(ctx, identity)
    if container.alive:
        container = ctx.book.change(identity, lambda c: _lost(ctx, c))
    await ending.tidy_locked(ctx, identity)
    return (
        [f"container {container.name} had lost its shim: exited ({container.exit_code})"] if was_alive else []
    )


def _lost(ctx: Context, container: Container) -> Container:
    """Note an end that nobody saw."""
    ctx.tell(container, "die", {"exitCode": str(_LOST), "execDuration": "0"})
    return replace(
        container,
        status=move(container.status, Move.EXIT),
        pid=0,
        exit_code=_LOST,
        exits=container.exits + 1,
        ports={},
        endpoints={},
    )


async def _after_reboot(ctx: Context, container: Container, again: list[str]) -> list[str]:
    """Nothing of the last boot runs: note that, and start again what asks for it."""
    was_alive = container.alive
    if was_alive:
        container = ctx.book.change(container.id, lambda c: _lost(ctx, c))
    container = ctx.book.change(
        container.id, lambda c: replace(c, boot_id=ctx.boot_id, journal_at=0, journal_number=0)
    )
    await ending.release(ctx, container)
    if _wants_start(container, was_alive):
        again.append(container.id)
    elif container.host_config.auto_remove:
        await ending.tidy_locked(ctx, container.id)
    return [f"container {container.name} ended with the last boot"] if was_alive else []


def _wants_start(container: Container, was_alive: bool) -> bool:
    """Docker's rule for the start of the daemon."""
    match container.host_config.restart_policy.name:
        case "always":
            return True
        case "unless-stopped":
            return not container.stopped_by_hand
        case "on-failure":
            return was_alive
    return False


async def _start_again(ctx: Context, identity: str) -> None:
    try:
        await starting.start(ctx, identity)
    except PydockError:
        # Its record says why; the others go on.
        return


async def _sweep(ctx: Context) -> list[str]:
    """Remove directories that no record names, and what a removal had moved aside."""
    told = []
    for place in _entries(ctx.paths.containers, ctx.paths.run_containers):
        if ctx.book.get(place.name) is not None:
            continue
        async with ctx.locks.hold("container", place.name):
            if ctx.book.get(place.name) is not None or not place.exists():
                continue
            if ctx.runtime.alive(place.name):
                continue
            await ctx.runtime.reap(place.name)
            await ctx.networks.disconnect(place.name)
            await ctx.snapshots.remove(place.name)
            await asyncio.to_thread(remove_tree, place)
        told.append(f"removed what was left of container {place.name[:12]}")
    told += [f"removed what was left of volume {name}" for name in await ctx.volumes.sweep()]
    for place in _entries(ctx.paths.tmp):
        if place.name.startswith((removal.SWEPT, "volume-")):
            await asyncio.to_thread(remove_tree, place)
    return told


def _entries(*directories: Path) -> Iterable[Path]:
    for directory in directories:
        if directory.is_dir():
            yield from sorted(directory.iterdir())
