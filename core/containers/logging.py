"""A container's log for a client: from the file, and followed while the container lives."""

from __future__ import annotations

from collections.abc import AsyncIterator

from ..errors import Unsupported
from .context import Context
from .logs import reader
from .logs.entry import Query
from .record import Container


def logs(ctx: Context, reference: str, query: Query) -> tuple[bool, AsyncIterator[bytes]]:
    """Return whether the log is a terminal's, and its chunks; raises Unsupported for the driver "none"."""
    container = ctx.book.find(reference)
    if not container.log_path:
        raise Unsupported("configured logging driver does not support reading")
    if query.follow and container.alive:
        return container.config.tty, _follow(ctx, container, query)
    return container.config.tty, reader.read(container.log_path, query, framed=not container.config.tty)


async def _follow(ctx: Context, container: Container, query: Query) -> AsyncIterator[bytes]:
    """Follow until the container is down; a restart by its policy goes on in the same log."""

    def ended() -> bool:
        now = ctx.book.get(container.id)
        return now is None or not now.alive

    framed = not container.config.tty
    directory = str(ctx.paths.container(container.id))
    async with reader.Watch(directory) as watch:
        with ctx.changes.listen(container.id, watch.wake):
            chunks = reader.read(container.log_path, query, framed=framed, watch=watch, ended=ended)
            async for chunk in chunks:
                yield chunk
