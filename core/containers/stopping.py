"""The end of a container by somebody's will: stop, kill, and the end that a forced removal needs."""

from __future__ import annotations

import contextlib
import signal

from msgspec.structs import replace

from ..errors import Conflict, Internal, Invalid, NotFound, NotModified
from . import ending, news
from .context import Context
from .record import Container
from .signals import parse_signal
from .states import Status

_DEFAULT_GRACE = 10


async def stop(ctx: Context, reference: str, signal_name: str | None, timeout: int | None) -> None:
    """Ask a container to end, kill it after `timeout` seconds (-1: never); returns when it is down.

    Without them, the container's own StopSignal and StopTimeout count. Raises NotModified when it is down.
    """
    container = ctx.book.find(reference)
    async with ctx.locks.hold("container", container.id):
        container, _ = news.apply(ctx, container.id)
        if not container.alive:
            raise NotModified(f"container is already stopped: {container.name}")
        await stop_locked(ctx, container, signal_name, timeout)


async def stop_locked(
    ctx: Context, container: Container, signal_name: str | None, timeout: int | None
) -> None:
    await stop_without_removal(ctx, container, signal_name, timeout)
    await ending.tidy_locked(ctx, container.id)


async def stop_without_removal(
    ctx: Context, container: Container, signal_name: str | None, timeout: int | None
) -> None:
    """Stop a container that will be started again: `--rm` must not take it away meanwhile."""
    number = parse_signal(signal_name or container.config.stop_signal or "TERM")
    grace = timeout if timeout is not None else container.config.stop_timeout
    ctx.book.change(container.id, lambda c: replace(c, stopped_by_hand=True))
    ctx.tell(container, "kill", {"signal": str(number)})
    with contextlib.suppress(NotFound):
        # It ended by itself meanwhile; the journal tells.
        await ctx.runtime.stop(container.id, number, _DEFAULT_GRACE if grace is None else grace)
    await _settle(ctx, container.id)
    ctx.tell(container, "stop")


async def _settle(ctx: Context, identity: str) -> None:
    """Take over the end of a container that is down by now; its lock is held."""
    try:
        container, _ = news.apply(ctx, identity)
    except NotFound:
        return
    if container.alive:
        await ctx.runtime.reap(identity)
        container, _ = news.apply(ctx, identity)
    if container.alive:
        raise Internal(f"container {identity[:12]} has no process, and its shim did not say how it ended")
    ctx.changed(identity)


async def kill(ctx: Context, reference: str, signal_name: str) -> None:
    """Send a signal to the first process; returns at once. Raises Conflict when it does not run."""
    container = ctx.book.find(reference)
    try:
        number = parse_signal(signal_name or "KILL")
    except Invalid as err:
        raise Invalid(f"cannot kill container: {reference}: {err}") from err
    async with ctx.locks.hold("container", container.id):
        container, ended = news.apply(ctx, container.id)
        if ended or container.status not in (Status.RUNNING, Status.PAUSED, Status.RESTARTING):
            raise Conflict(f"cannot kill container: {reference}: container {container.id} is not running")
        stops = number in (signal.SIGKILL, parse_signal(container.config.stop_signal or "TERM"))
        if stops:
            ctx.book.change(container.id, lambda c: replace(c, stopped_by_hand=True))
        if container.status is Status.RESTARTING or number == signal.SIGKILL:
            ctx.tell(container, "kill", {"signal": str(number)})
            await end_now(ctx, container)
            return
        await ctx.runtime.signal(container.id, number)
        ctx.tell(container, "kill", {"signal": str(number)})


async def end_now(ctx: Context, container: Container) -> None:
    """Kill a container and wait for its end, without tidying up; its lock is held."""
    with contextlib.suppress(NotFound):
        await ctx.runtime.stop(container.id, signal.SIGKILL, 0)
    container, _ = news.apply(ctx, container.id)
    if container.alive:
        await ctx.runtime.reap(container.id)
        news.apply(ctx, container.id)
    ctx.changed(container.id)
