"""Making a container: checked, named, with its snapshot and volumes; all of it or nothing."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping, Sequence

from msgspec.structs import replace

from ..errors import Conflict, Invalid, PydockError
from ..files import remove_tree
from ..ids import NAME_FORM, ContainerId, new_id, random_name, valid_name
from ..images.records import Image
from ..schema.containers import CreateRequest
from ..snapshots.snapshotter import ChainId
from ..units import now
from . import mounts, options, validate
from .context import Context
from .record import Container, Mount
from .spec import process
from .spec.namespaces import partner

_NAME_TRIES = 50


async def create(ctx: Context, name: str | None, request: CreateRequest) -> tuple[str, list[str]]:
    """Make a container; returns its id and warnings.

    Raises Invalid, NotFound (image, volumes-from, namespaces), Conflict (the name).
    """
    if name is not None and not valid_name(name.removeprefix("/")):
        raise Invalid(f"Invalid container name ({name}), only {NAME_FORM} are allowed")
    # The start that follows will need it, and it takes a while to be ready.
    ctx.runtime.warm()
    image = await ctx.images.get(request.image)
    identity = new_id()
    settled = options.settle(request, image.config.run, identity, ctx.config, ctx.host.cgroup_version)
    validate.check(settled.config, settled.host)
    settled, warnings = _with_partners(ctx, _discarded(settled)), _warnings(settled)
    others = {n: ctx.book.find(n).mounts for n in mounts.volumes_from_names(settled.host)}
    wanted = mounts.wanted(settled.config, settled.host, others)
    _check_sources(wanted)
    async with ctx.locks.hold("container", identity):
        return await _make(ctx, identity, name, settled, image, wanted), warnings


async def _make(
    ctx: Context,
    identity: ContainerId,
    name: str | None,
    settled: options.Settled,
    image: Image,
    wanted: Sequence[Mount],
) -> str:
    """Do what can fail, in an order in which it can be undone; the record makes it a container."""
    directory = ctx.paths.container(identity)
    made: list[Mount] = []
    try:
        directory.mkdir(mode=0o710)
        chain = ChainId(image.chain_id) if image.chain_id else None
        await ctx.snapshots.prepare(identity, chain)
        for mount in wanted:
            made.append(await _with_volume(ctx, identity, mount))
        container = _record(ctx, identity, settled, image, made)
        _insert(ctx, container, name)
    except (PydockError, OSError, asyncio.CancelledError):
        await _undo(ctx, identity, made)
        raise
    return identity


def _record(
    ctx: Context, identity: str, settled: options.Settled, image: Image, made: list[Mount]
) -> Container:
    path, *args = process.arguments(settled.config.entrypoint, settled.config.cmd)
    directory = ctx.paths.container(identity)
    log_path = str(directory / f"{identity}-json.log") if settled.host.log_config.type != "none" else ""
    return Container(
        id=identity,
        name="",
        created=now(),
        image=image.id,
        image_name=settled.config.image,
        chain_id=image.chain_id or None,
        driver=ctx.snapshots.name,
        path=path,
        args=args,
        config=settled.config,
        host_config=settled.host,
        networks=settled.networks,
        mounts=made,
        log_path=log_path,
    )


def _insert(ctx: Context, container: Container, name: str | None) -> None:
    """Give the container its name and write it down; raises Conflict in Docker's words."""
    for _ in range(_NAME_TRIES):
        candidate = name.removeprefix("/") if name else random_name()
        with ctx.store.transaction():
            taken = ctx.book.named(candidate)
            if taken is None:
                named = replace(container, name=candidate)
                ctx.book.containers.insert(named)
                ctx.tell(named, "create")
                return
        if name:
            raise name_taken(candidate, taken)
    raise Conflict("no free container name found: give one with --name")


def name_taken(name: str, by: Container) -> Conflict:
    return Conflict(
        f'Conflict. The container name "/{name}" is already in use by container "{by.id}". '
        "You have to remove (or rename) that container to be able to reuse that name."
    )


async def _with_volume(ctx: Context, identity: str, mount: Mount) -> Mount:
    """Make the volume of a mount where there is none yet, fill it from the image, and name its directory."""
    if mount.type != "volume" or mount.source:
        return mount
    volume = await ctx.volumes.ensure(mount.name, mount.driver, anonymous=mount.anonymous)
    if mount.copy:
        await ctx.volumes.fill(volume.name, ctx.snapshots.rootfs(identity), mount.destination)
    return replace(mount, name=volume.name, source=str(ctx.volumes.directory(volume.name)))


async def _undo(ctx: Context, identity: str, made: Sequence[Mount]) -> None:
    await ctx.snapshots.remove(identity)
    await asyncio.to_thread(remove_tree, ctx.paths.container(identity))
    for mount in made:
        if mount.type == "volume" and mount.anonymous:
            await ctx.volumes.remove(mount.name, force=True)


def _check_sources(wanted: Sequence[Mount]) -> None:
    for mount in wanted:
        if mount.type == "bind" and not mount.create_source and not os.path.lexists(mount.source):
            raise Invalid(
                f'invalid mount config for type "bind": bind source path does not exist: {mount.source}'
            )


def _with_partners(ctx: Context, settled: options.Settled) -> options.Settled:
    """Check `container:` modes and turn the names in them into ids, so that a rename changes nothing."""
    if name := partner(settled.host.ipc_mode):
        donor = ctx.book.find(name)
        if donor.host_config.ipc_mode not in ("shareable", "host"):
            raise Invalid(
                f"can't join IPC of container {donor.id}: non-shareable IPC "
                "(hint: use IpcMode:shareable for the donor container)"
            )
    changes: Mapping[str, str] = {
        field: f"container:{ctx.book.find(name).id}"
        for field in ("network_mode", "pid_mode", "ipc_mode")
        if (name := partner(getattr(settled.host, field)))
    }
    return replace_host(settled, changes) if changes else settled


def replace_host(settled: options.Settled, changes: Mapping[str, object]) -> options.Settled:
    return options.Settled(settled.config, replace(settled.host, **changes), settled.networks)


def _discarded(settled: options.Settled) -> options.Settled:
    """Forget a wish that this kernel can't fulfil; `_warnings` says so."""
    if settled.host.blkio_weight and not _has_blkio_weight():
        return replace_host(settled, {"blkio_weight": 0})
    return settled


def _warnings(settled: options.Settled) -> list[str]:
    return validate.warnings(settled.config, settled.host, _has_blkio_weight(), _has_swap_limit())


def _has_blkio_weight() -> bool:
    places = ("/sys/fs/cgroup/blkio/blkio.weight", "/sys/fs/cgroup/blkio/blkio.bfq.weight")
    return any(map(os.path.exists, places)) or os.path.exists("/sys/fs/cgroup/cgroup.controllers")


def _has_swap_limit() -> bool:
    if os.path.exists("/sys/fs/cgroup/cgroup.controllers"):
        return True
    return os.path.exists("/sys/fs/cgroup/memory/memory.memsw.limit_in_bytes")
