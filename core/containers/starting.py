"""The start of a container, from its record to a running process, and back again where that fails."""

from __future__ import annotations

import contextlib
import os
from collections.abc import AsyncIterator

from msgspec.structs import replace

from ..errors import Conflict, Internal, Invalid, NotModified, PydockError, StartFailed
from ..networks import Attachment
from ..runtime.records import LogFile, Network, Restart, StartRequest
from ..units import parse_size
from . import ending, health, networking, news, prepare, removal, tags, words
from .context import Context
from .record import Container, Mount
from .signals import parse_signal
from .spec import build
from .spec.namespaces import partner
from .states import Status

_LOCAL_SIZE, _LOCAL_FILES = 20 << 20, 5
_FAILED = 128


async def start(ctx: Context, reference: str) -> None:
    """Start a container; returns once its program runs.

    Raises NotModified when it runs, StartFailed with Docker's words when it can't; then all is undone.
    """
    container = ctx.book.find(reference)
    async with ctx.locks.hold("container", container.id):
        await start_locked(ctx, container.id)


async def start_locked(ctx: Context, identity: str) -> None:
    container, _ = news.apply(ctx, identity)
    _may_start(container)
    # Whoever saw it end may have been killed before it tidied up.
    await ending.release(ctx, container)
    container = ctx.book.change(identity, lambda c: _renewed(ctx, c))
    try:
        await _launch(ctx, container)
    except StartFailed as err:
        told: PydockError = StartFailed(words.start_failure(str(err)), err.exit_code)
        await _give_up(ctx, container, told)
        raise told from err
    except PydockError as err:
        await _give_up(ctx, container, err)
        raise
    except OSError as err:
        told = Internal(f"failed to start container {identity[:12]}: {err}")
        await _give_up(ctx, container, told)
        raise told from err
    news.apply(ctx, identity)
    ctx.changed(identity)


def _renewed(ctx: Context, container: Container) -> Container:
    """Forget the last run. A journal that is gone (a reboot) begins anew."""
    there = os.path.exists(news.journal_path(ctx, container.id))
    return replace(
        container,
        journal_at=container.journal_at if there else 0,
        journal_number=container.journal_number if there else 0,
        health_number=container.health_number if there else 0,
        stopped_by_hand=False,
        held=True,
        restart_count=0,
        error="",
    )


def _may_start(container: Container) -> None:
    if container.status is Status.PAUSED:
        raise Conflict("cannot start a paused container, try unpause instead")
    if container.alive:
        raise NotModified(f"container is already running: {container.name}")
    if container.status is Status.DEAD:
        raise Conflict("container is marked for removal and cannot be started")


async def _give_up(ctx: Context, container: Container, err: PydockError) -> None:
    """Undo a start, and keep why it failed, with the code that `docker run` exits with.

    A container that was to be removed at its end goes now, as in dockerd.
    """
    with contextlib.suppress(PydockError):
        news.apply(ctx, container.id)
    await ending.release(ctx, container)
    code = err.exit_code if isinstance(err, StartFailed) else _FAILED
    failed = ctx.book.change(container.id, lambda c: replace(c, error=str(err), exit_code=code))
    ctx.tell(failed, "die", {"exitCode": str(code), "execDuration": "0"})
    ctx.changed(container.id)
    if failed.host_config.auto_remove:
        await removal.remove_locked(ctx, failed, volumes=True)


async def _launch(ctx: Context, container: Container) -> None:
    _prepare_sources(container)
    for mount in container.mounts:
        if mount.type == "volume":
            await ctx.volumes.mount(mount.name)
    async with _attached(ctx, container) as attachment:
        facts = await prepare.facts(ctx, container, attachment.endpoints)
        spec = build.build(container, facts)
        request = _request(ctx, container, spec, attachment)
        _remember_network(ctx, container, attachment)
        await ctx.attaches.start(request, attachment.sockets)
    for mount in container.mounts:
        if mount.type == "volume":
            _tell_mounted(ctx, container, mount)


@contextlib.asynccontextmanager
async def _attached(ctx: Context, container: Container) -> AsyncIterator[Attachment]:
    """Hold the container's place on its networks; the port sockets live on in the shim."""
    try:
        attachment = await _connect(ctx, container)
    except PydockError as err:
        raise type(err)(f"failed to set up container networking: {err}") from err
    try:
        yield attachment
    finally:
        attachment.close()


async def _connect(ctx: Context, container: Container) -> Attachment:
    host = container.host_config
    if name := partner(host.network_mode):
        return Attachment(Network("join", join_pid=prepare.running_pid(ctx, name)), {})
    return await ctx.networks.connect(
        container.id,
        container.name,
        host.network_mode,
        container.networks,
        **networking.port_wishes(container),
    )


def _request(
    ctx: Context, container: Container, spec: dict[str, object], attachment: Attachment
) -> StartRequest:
    host, config = container.host_config, container.config
    policy = host.restart_policy
    return StartRequest(
        id=container.id,
        spec=spec,
        rootfs=ctx.snapshots.rootfs(container.id),
        network=networking.with_names(container, attachment),
        log=log_file(container),
        run_dir=str(ctx.paths.container_run(container.id)),
        engines_dir=str(ctx.paths.engines),
        tty=config.tty,
        open_stdin=config.open_stdin,
        stdin_once=config.stdin_once,
        console_size=(host.console_size[0], host.console_size[1]) if len(host.console_size) == 2 else (0, 0),
        stop_signal=parse_signal(config.stop_signal or "TERM"),
        restart=Restart(policy.name, policy.maximum_retry_count),  # type: ignore[arg-type]  # checked at creation
        health=health.check(config),
    )


def log_file(container: Container) -> LogFile:
    """Say where and how the shim logs. "local" is kept as json-file, with that driver's own rotation."""
    log = container.host_config.log_config
    if log.type == "none":
        return LogFile("none", "")
    options = log.config or {}
    local = log.type == "local"
    size = options.get("max-size") or (str(_LOCAL_SIZE) if local else "-1")
    max_size = 0 if size == "-1" else parse_size(size)
    files = int(options.get("max-file", _LOCAL_FILES if local else 1))
    return LogFile("json-file", container.log_path, max_size, files, _log_attributes(container))


def _log_attributes(container: Container) -> tuple[tuple[str, str], ...]:
    """Return what `--log-opt labels=…,env=…,tag=…` adds to each record."""
    options = container.host_config.log_config.config or {}
    labels = container.config.labels or {}
    env = dict(entry.partition("=")[::2] for entry in container.config.env or ())
    found = {name: labels[name] for name in _names(options.get("labels")) if name in labels}
    found |= {name: env[name] for name in _names(options.get("env")) if name in env}
    if tag := options.get("tag"):
        found["tag"] = tags.fill(tag, container.id, container.name, container.image, container.image_name)
    return tuple(sorted(found.items()))


def _names(text: str | None) -> list[str]:
    return [name for name in (text or "").split(",") if name]


def _remember_network(ctx: Context, container: Container, attachment: Attachment) -> None:
    """Write down the endpoints as they are; the networks themselves keep the addresses."""
    ctx.book.change(
        container.id,
        lambda c: replace(c, endpoints=attachment.endpoints, ports=attachment.ports),
    )


def _prepare_sources(container: Container) -> None:
    """Make the host directories that `-v` asks for; raises Invalid for a source that is gone."""
    for mount in container.mounts:
        if mount.type != "bind" or os.path.lexists(mount.source):
            continue
        if not mount.create_source:
            raise Invalid(
                f'invalid mount config for type "bind": bind source path does not exist: {mount.source}'
            )
        try:
            os.makedirs(mount.source, 0o755)
        except OSError as err:
            raise Internal(
                f"error while creating mount source path '{mount.source}': "
                f"mkdir {err.filename}: {err.strerror}"
            ) from err


def _tell_mounted(ctx: Context, container: Container, mount: Mount) -> None:
    ctx.events.publish(
        "volume",
        "mount",
        mount.name,
        {
            "container": container.id,
            "destination": mount.destination,
            "driver": mount.driver,
            "propagation": mount.propagation,
            "read/write": "true" if mount.writable else "false",
        },
    )
