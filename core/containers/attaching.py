"""Clients on a container's own streams: those who come while it runs, and those who come before its start."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from ..errors import Conflict, NotFound
from ..runtime.client import Waiting
from ..runtime.stream import SocketStream
from ..schema.message import Stream
from ..units import now
from . import detach
from .context import Context
from .logs import reader
from .logs.entry import Query
from .record import Container
from .states import Status
from .waiters import Wanted

Serve = Callable[[Stream], Awaitable[None]]


async def attach(ctx: Context, reference: str, wanted: Wanted) -> tuple[bool, Serve]:
    """Register a client; returns whether the streams are a terminal's, and what serves it.

    Output is counted from this call on. Raises NotFound, Conflict (paused, restarting), Invalid.
    """
    container = ctx.book.find(reference)
    keys = detach.parse(wanted.detach_keys)
    if container.status is Status.PAUSED:
        raise Conflict(f"container {reference} is paused, unpause the container before attach")
    if container.status is Status.RESTARTING:
        raise Conflict(f"container {reference} is restarting, wait until the container is running")
    since = now()
    session = await _join(ctx, container, wanted) if wanted.stream else None
    ctx.tell(container, "attach")

    async def serve(client: Stream) -> None:
        try:
            if wanted.logs:
                await _replay(container, wanted, since, client)
            if session is not None:
                await _serve(ctx, container, session, client, keys)
        finally:
            if session is not None:
                await session.close(ctx, container.id)

    return container.config.tty, serve


@dataclass(slots=True)
class _Session:
    """The container's side of one client. `waiting` is set until a start took the client along."""

    stream: Stream
    stdin: bool
    waiting: Waiting | None = None

    async def close(self, ctx: Context, identity: str) -> None:
        if self.waiting is not None:
            ctx.attaches.leave(identity, self.waiting)
        await self.stream.close()


async def _join(ctx: Context, container: Container, wanted: Wanted) -> _Session:
    if container.alive:
        try:
            stream = await ctx.runtime.attach(
                container.id, stdin=wanted.stdin, stdout=wanted.stdout, stderr=wanted.stderr
            )
            return _Session(stream, wanted.stdin)
        except (NotFound, Conflict):
            # It ended this moment: wait for its next start, as for a container that was down.
            pass
    client = await ctx.attaches.add(container.id, wanted)
    return _Session(client.stream, wanted.stdin, client)


async def _replay(container: Container, wanted: Wanted, until: int, client: Stream) -> None:
    query = Query(stdout=wanted.stdout, stderr=wanted.stderr, until=until)
    async for chunk in reader.read(container.log_path, query, framed=not container.config.tty):
        await client.write(chunk)


async def _serve(ctx: Context, container: Container, session: _Session, client: Stream, keys: bytes) -> None:
    """Carry both ways until the container's streams end, or the client detaches or goes."""
    detector = detach.Detector(keys) if container.config.tty else None
    upward = asyncio.ensure_future(_upward(client, session.stream, detector if session.stdin else None))
    downward = asyncio.ensure_future(_downward(session.stream, client))
    elsewhere = asyncio.ensure_future(_started_elsewhere(ctx, container, session))
    try:
        await asyncio.wait(
            {downward, *([upward] if session.stdin else [])}, return_when=asyncio.FIRST_COMPLETED
        )
        if not (upward.done() and detector is not None and detector.found):
            await downward
    finally:
        for task in (upward, downward, elsewhere):
            task.cancel()
        await asyncio.gather(upward, downward, elsewhere, return_exceptions=True)
    if detector is not None and detector.found:
        ctx.tell(container, "detach")


async def _started_elsewhere(ctx: Context, container: Container, session: _Session) -> None:
    """Join a container that another engine started while the client waited for a start of this one.

    What it said before is in its log only.
    """
    waiting = session.waiting
    if waiting is None:
        return

    def running() -> bool:
        found = ctx.book.get(container.id)
        return found is None or bool(found.pid)

    await ctx.changes.until(container.id, running)
    theirs = ctx.attaches.take_one(container.id, waiting)
    if theirs is None:
        return
    reader, writer = await asyncio.open_unix_connection(sock=theirs)
    near = SocketStream(reader, writer)
    try:
        far = await ctx.runtime.attach(
            container.id, stdin=waiting.stdin, stdout=waiting.stdout, stderr=waiting.stderr
        )
        upward = asyncio.ensure_future(_upward(near, far, None))
        await _downward(far, near)
        upward.cancel()
        await asyncio.gather(upward, return_exceptions=True)
        await far.close()
    except (NotFound, Conflict):
        # It is over already.
        pass
    finally:
        await near.close()


async def _upward(client: Stream, container: Stream, detector: detach.Detector | None) -> None:
    try:
        while data := await (client.read() if detector is None else detector.read(client)):
            await container.write(data)
        if detector is not None and detector.found:
            return
        await container.close_write()
    except OSError:
        # The container's end went first; the other direction tells the client.
        return


async def _downward(container: Stream, client: Stream) -> None:
    try:
        while data := await container.read():
            await client.write(data)
        await client.close_write()
    except OSError:
        # The client is gone, and nobody is left to tell.
        return
