"""Further processes in a running container: prepared, started, watched."""

from __future__ import annotations

import os

from msgspec.structs import replace

from ..errors import Conflict, Invalid, NotFound, StartFailed
from ..runtime.records import ExecRequest
from ..schema.exec import ExecConfig, ExecInspect, ExecProcessConfig
from ..schema.message import Stream
from ..units import now
from . import detach, news, prepare, users, words
from .context import Context
from .record import Container, Exec
from .spec import capabilities, process, security
from .states import Status

_ENDED_WITH_CONTAINER = 137


def create(ctx: Context, reference: str, config: ExecConfig) -> str:
    """Remember a process to be; returns its id. Raises NotFound, Conflict when the container does not run."""
    container = _running(ctx, reference)
    if not config.cmd:
        raise Invalid("No exec command specified")
    detach.parse(config.detach_keys)
    entry = Exec(id=os.urandom(32).hex(), container_id=container.id, config=config, created=now())
    with ctx.store.transaction():
        ctx.book.execs.insert(entry)
        ctx.tell(container, f"exec_create: {' '.join(config.cmd)}", {"execID": entry.id})
    return entry.id


def _running(ctx: Context, reference: str) -> Container:
    container, _ = news.apply(ctx, ctx.book.find(reference).id)
    if container.status is Status.PAUSED:
        raise Conflict(f"Container {reference} is paused, unpause the container before exec")
    if container.status is Status.RESTARTING:
        raise Conflict(f"Container {container.id} is restarting, wait until the container is running")
    if container.status is not Status.RUNNING:
        raise Conflict(f"container {container.id} is not running")
    return container


async def start(
    ctx: Context, identity: str, *, detach: bool, console_size: tuple[int, int] | None
) -> Stream | None:
    """Start it; returns its raw stream, None when detached.

    Raises Conflict when it was started before, StartFailed (126, 127) with Docker's words.
    """
    entry = ctx.book.find_exec(identity)
    container = _running(ctx, entry.container_id)
    config = entry.config
    request = ExecRequest(
        exec_id=entry.id,
        process=_process(ctx, container, config),
        tty=config.tty,
        stdin=config.attach_stdin and not detach,
        stdout=config.attach_stdout and not detach,
        stderr=config.attach_stderr and not detach,
        detach=detach,
        console_size=console_size or _size(config),
    )
    _claim(ctx, container, entry)
    try:
        stream = await ctx.runtime.exec(container.id, request)
    except StartFailed as err:
        _finish(ctx, entry.id, err.exit_code)
        raise StartFailed(words.exec_failure(str(err)), err.exit_code) from err
    except (NotFound, Conflict):
        _finish(ctx, entry.id, _ENDED_WITH_CONTAINER)
        raise
    news.apply(ctx, container.id)
    return stream


def _claim(ctx: Context, container: Container, entry: Exec) -> None:
    """Make sure that of several starters one starts it."""
    with ctx.store.transaction():
        current = ctx.book.find_exec(entry.id)
        if current.started:
            raise Conflict(f"Error: Exec command {entry.id} has already run")
        ctx.book.execs.replace(replace(current, started=True))
        ctx.tell(container, f"exec_start: {' '.join(entry.config.cmd or ())}", {"execID": entry.id})


def _finish(ctx: Context, identity: str, code: int) -> None:
    with ctx.store.transaction():
        entry = ctx.book.execs.get(identity)
        if entry is not None:
            ctx.book.execs.replace(replace(entry, exit_code=code, finished=True, pid=0))


def _size(config: ExecConfig) -> tuple[int, int]:
    size = config.console_size or ()
    return (size[0], size[1]) if len(size) == 2 else (0, 0)


def _process(ctx: Context, container: Container, config: ExecConfig) -> dict[str, object]:
    """Return OCI's process object; what is not said here the shim takes from the container's own."""
    host = container.host_config
    accounts = prepare.accounts_of_running(container.pid)
    user = config.user or container.config.user
    identity = users.resolve(user, accounts["passwd"], accounts["group"], host.group_add or ())
    safety = security.parse(host.security_opt or ())
    base = replace(container.config, tty=config.tty)
    own = process.replaced(process.environment(base, prepare.hostname(ctx, container), ""), ())
    home = [] if any(e.startswith("HOME=") for e in container.config.env or ()) else [f"HOME={identity.home}"]
    return process.process(
        args=config.cmd or (),
        env=process.replaced(own, [*home, *(config.env or ())]),
        cwd=config.working_dir or container.config.working_dir,
        identity=identity,
        capabilities=capabilities.granted(
            host.cap_add or (),
            host.cap_drop or (),
            config.privileged or host.privileged,
            ctx.host.capabilities,
        ),
        tty=config.tty,
        no_new_privileges=safety.no_new_privileges and not config.privileged,
        limits=host.ulimits,
        oom_score_adj=host.oom_score_adj,
    )


def inspect(ctx: Context, identity: str) -> ExecInspect:
    """Return an exec's state; raises NotFound."""
    entry = ctx.book.find_exec(identity)
    container = ctx.book.get(entry.container_id)
    if container is not None:
        container, _ = news.apply(ctx, container.id)
        entry = ctx.book.find_exec(identity)
    gone = container is None or not container.alive
    if entry.started and not entry.finished and gone:
        _finish(ctx, identity, _ENDED_WITH_CONTAINER)
        entry = ctx.book.find_exec(identity)
    command = entry.config.cmd or [""]
    return ExecInspect(
        id=entry.id,
        running=entry.started and not entry.finished,
        exit_code=entry.exit_code,
        process_config=ExecProcessConfig(
            tty=entry.config.tty,
            entrypoint=command[0],
            arguments=command[1:],
            privileged=entry.config.privileged,
            user=entry.config.user,
        ),
        open_stdin=entry.config.attach_stdin,
        open_stderr=entry.config.attach_stderr,
        open_stdout=entry.config.attach_stdout,
        can_remove=entry.finished,
        container_id=entry.container_id,
        detach_keys=entry.config.detach_keys,
        pid=entry.pid,
    )


async def resize(ctx: Context, identity: str, rows: int, columns: int) -> None:
    """Tell an exec's terminal its size; raises NotFound."""
    entry = ctx.book.find_exec(identity)
    await ctx.runtime.resize(entry.container_id, rows, columns, entry.id)


def running_ids(ctx: Context, identity: str) -> list[str]:
    """List the execs of a container that run now."""
    return [e.id for e in ctx.book.execs.find(container=identity) if e.started and not e.finished]
