"""What a container changed, and an image made of it: `docker diff` and `docker commit`."""

from __future__ import annotations

import contextlib
import os
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Any

from msgspec.structs import asdict

from ..errors import Conflict, Invalid, NotFound
from ..images.commit import Committed
from ..rootfs import Overlay
from ..schema import oci
from ..schema.containers import Change, ContainerConfig, HealthConfig
from . import life, news
from .context import Context
from .record import Container
from .states import Status

_WORKER = "pydock.core.containers.differences:"


@dataclass(frozen=True, slots=True)
class Commit:
    """What `docker commit` may say. `changes` are Dockerfile instructions."""

    repo: str = ""
    tag: str = ""
    comment: str = ""
    author: str = ""
    pause: bool = True
    changes: Sequence[str] = ()


async def changes(ctx: Context, reference: str) -> list[Change]:
    """Return what a container added, changed and deleted, in order of path; raises NotFound."""
    container = ctx.book.find(reference)
    found = await ctx.runtime.work(_WORKER + "compare", _trees(ctx, container))
    return [Change(path=os.fsdecode(path), kind=kind) for path, kind in found["changes"]]


def _trees(ctx: Context, container: Container) -> dict[str, Any]:
    """Name a container's own tree and those below it, topmost first."""
    rootfs = ctx.snapshots.rootfs(container.id)
    if isinstance(rootfs, Overlay):
        return {"tree": rootfs.upper, "below": list(rootfs.lower), "whole": False}
    below = [str(ctx.snapshots.layer_path(container.chain_id))] if container.chain_id else []  # type: ignore[arg-type]
    return {"tree": rootfs.path, "below": below, "whole": True}


async def commit(ctx: Context, reference: str, wish: Commit, config: ContainerConfig | None = None) -> str:
    """Make an image of a container's changes over its own image; returns the new image's id.

    What `config` leaves open is the container's own; then `wish.changes` apply. A running container is
    paused meanwhile unless the wish says otherwise. Raises NotFound, Invalid.
    """
    container = ctx.book.find(reference)
    if container.status is Status.DEAD:
        raise Invalid(f"You cannot commit container {container.id} which is Dead")
    trees = _trees(ctx, container)

    async def pack(descriptor: int) -> dict[str, Any]:
        async with _paused(ctx, container, wish.pause):
            found = await ctx.runtime.work(_WORKER + "compare", trees)
            return await ctx.runtime.work(_WORKER + "layer", found, [descriptor], trees["tree"])

    made = Committed(
        base=container.image,
        run=runtime_config(container.config if config is None else merged(config, container.config)),
        changes=wish.changes,
        author=wish.author,
        comment=wish.comment,
        created_by=" ".join([container.path, *container.args]),
    )
    identity = await ctx.images.commit(made, pack, wish.repo, wish.tag)
    ctx.tell(container, "commit", {"comment": wish.comment, "imageID": identity, "imageRef": wish.repo})
    return identity


@contextlib.asynccontextmanager
async def _paused(ctx: Context, container: Container, wanted: bool) -> AsyncIterator[None]:
    current, _ = news.apply(ctx, container.id)
    paused = False
    if wanted and current.status is Status.RUNNING:
        # It may end meanwhile: then nothing changes in it any more.
        with contextlib.suppress(Conflict, NotFound):
            await life.pause(ctx, container.id)
            paused = True
    try:
        yield
    finally:
        if paused:
            with contextlib.suppress(Conflict, NotFound):
                await life.unpause(ctx, container.id)


def merged(given: ContainerConfig, own: ContainerConfig) -> ContainerConfig:
    """Fill what a given configuration leaves open, as dockerd does: maps and environments are joined."""
    fields = {name: value or getattr(own, name) for name, value in asdict(given).items()}
    for name in ("exposed_ports", "volumes", "labels"):
        fields[name] = {**(getattr(own, name) or {}), **(getattr(given, name) or {})} or None
    names = {entry.partition("=")[0] for entry in given.env or ()}
    inherited = [entry for entry in own.env or () if entry.partition("=")[0] not in names]
    fields["env"] = [*(given.env or ()), *inherited]
    if given.entrypoint and not given.cmd:
        # The container's command belongs to its own entrypoint.
        fields["cmd"] = None
    return ContainerConfig(**fields)


def runtime_config(config: ContainerConfig) -> oci.RuntimeConfig:
    """Return what an image keeps of a container's configuration."""
    health = config.healthcheck
    return oci.RuntimeConfig(
        user=config.user,
        exposed_ports={port: {} for port in config.exposed_ports or ()} or None,
        env=list(config.env or ()) or None,
        entrypoint=config.entrypoint,
        cmd=config.cmd,
        volumes={path: {} for path in config.volumes or ()} or None,
        working_dir=config.working_dir,
        labels=dict(config.labels or {}) or None,
        stop_signal=config.stop_signal,
        stop_timeout=config.stop_timeout,
        healthcheck=None if health is None else _healthcheck(health),
        on_build=config.on_build,
        shell=config.shell,
    )


def _healthcheck(health: HealthConfig) -> oci.Healthcheck:
    return oci.Healthcheck(
        test=health.test,
        interval=health.interval,
        timeout=health.timeout,
        start_period=health.start_period,
        start_interval=health.start_interval,
        retries=health.retries,
    )
