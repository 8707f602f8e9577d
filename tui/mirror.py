"""Keeps the picture true: lists once, then one event stream, and again from the start when the line breaks.

No Textual import: what changes is published through a plain callable, in the order in which it happened.
Nothing is asked on a timer here. Statistics are read when a caller that has visible rows says so.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Collection
from contextlib import AbstractAsyncContextManager
from typing import TYPE_CHECKING

from pydock.core.errors import Forbidden, PydockError, Unauthorized, Unavailable, Unsupported

from .picture import Link, Picture, Publish, Wants

if TYPE_CHECKING:
    from pydock.core.client import Client

# Events come in bursts (a start is four of them); one answer serves all that came within this time.
GATHER_S = 0.04
RETRY_S = (0.5, 1.0, 2.0, 5.0)
_HOPELESS = (Forbidden, Unauthorized, Unsupported)


class Mirror:
    """Owns a `Picture` and the connection that feeds it.

    `connect` opens a client each time that the line must be made anew. `publish` is called in the loop.
    """

    def __init__(self, connect: Callable[[], AbstractAsyncContextManager[Client]], publish: Publish) -> None:
        self.picture = Picture()
        self.client: Client | None = None
        self._connect = connect
        self._publish = publish
        self._again = asyncio.Event()
        self._wants = Wants()
        self._stale = asyncio.Event()

    async def run(self) -> None:
        """Mirror until cancelled; every failure becomes a `Link` update, never an exception."""
        failures = 0
        while True:
            try:
                await self._session()
            except* (PydockError, OSError) as failed:
                error = _first(failed)
            if self.picture.link.state == "live":
                failures = 0
            self._set_link(Link("failed" if isinstance(error, _HOPELESS) else "lost", _why(error)))
            pause = RETRY_S[min(failures, len(RETRY_S) - 1)]
            failures += 1
            await self._wait(None if isinstance(error, _HOPELESS) else pause)

    async def broken(self, error: Exception) -> None:
        """Tell of an error that nobody expected, and wait to be asked to try again."""
        cause = _first(error)
        self._set_link(Link("failed", f"this should not happen: {type(cause).__name__}: {cause}"))
        await self._wait(None)

    def retry(self) -> None:
        """Try the connection now instead of after the pause; read the lists again when it stands."""
        self._again.set()
        self._wants.whole.update(("container", "image", "network"))
        self._stale.set()

    async def sample(self, ids: Collection[str]) -> None:
        """Read the statistics of these containers in one call; nothing happens while the line is down."""
        if not ids or self.client is None or self.picture.link.state != "live":
            return
        stats = await self.client.containers.stats_all(list(ids))
        self._publish(self.picture.add_stats(stats, time.monotonic()))

    async def _session(self) -> None:
        async with self._connect() as client:
            self.client = client
            try:
                await self._follow(client)
            finally:
                self.client = None

    async def _follow(self, client: Client) -> None:
        # Events from before the lists were read are replayed, so none falls between list and stream.
        self.picture.info = await client.system.info()
        since = self.picture.info.system_time or None
        self._wants = Wants()
        async with asyncio.TaskGroup() as group:
            await self._read_lists(client)
            self._set_link(Link("live"))
            group.create_task(self._listen(client, since), name="mirror: events")
            group.create_task(self._refresh(client), name="mirror: refresh")

    async def _read_lists(self, client: Client) -> None:
        containers = await client.containers.list(all=True)
        self._publish(self.picture.replace_containers(containers, time.monotonic()))
        self._publish(self.picture.replace_images(await client.images.list()))
        self._publish(self.picture.replace_networks(await client.networks.list()))

    async def _listen(self, client: Client, since: str | None) -> None:
        async for event in client.system.events(since=since):
            self._publish(self.picture.add_event(event))
            self._wants.note(event)
            if self._wants:
                self._stale.set()
        raise Unavailable("the engine closed its event stream")

    async def _refresh(self, client: Client) -> None:
        while True:
            await self._stale.wait()
            await asyncio.sleep(GATHER_S)
            self._stale.clear()
            await self._answer(client, self._wants.take())

    async def _answer(self, client: Client, wants: Wants) -> None:
        if "container" in wants.whole:
            containers = await client.containers.list(all=True)
            self._publish(self.picture.replace_containers(containers, time.monotonic()))
        elif wants.containers:
            asked = sorted(wants.containers)
            containers = await client.containers.list(all=True, filters={"id": asked})
            self._publish(self.picture.merge_containers(asked, containers, time.monotonic()))
        if "image" in wants.whole:
            self._publish(self.picture.replace_images(await client.images.list()))
        if "network" in wants.whole:
            self._publish(self.picture.replace_networks(await client.networks.list()))

    async def _wait(self, seconds: float | None) -> None:
        self._again.clear()
        try:
            async with asyncio.timeout(seconds):
                await self._again.wait()
        except TimeoutError:
            pass

    def _set_link(self, link: Link) -> None:
        self.picture.link = link
        self._publish(link)


def _first(error: BaseException) -> BaseException:
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error


def _why(error: BaseException) -> str:
    if isinstance(error, OSError) and error.filename:
        return f"{error.filename}: {error.strerror}"
    return str(error)
