"""A whole engine on a temporary state root, for tests on the real kernel."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

from pydock.core.config import Config, Paths
from pydock.core.engine import Engine
from pydock.core.errors import NotFound, PydockError
from pydock.core.ring import ring
from pydock.core.schema.containers import CreateRequest, HostConfig
from pydock.core.schema.events import Event
from pydock.core.schema.exec import ExecConfig
from support.images import busybox_archive

BOUND_S = 30.0
IMAGE = "busybox:latest"

__all__ = ["BOUND_S", "IMAGE", "Box", "demultiplex", "make_paths", "opened", "ring"]


def make_paths(place: Path) -> Paths:
    return Paths(place / "root", place / "run")


async def _archive() -> AsyncIterator[bytes]:
    yield busybox_archive()


class Box:
    """An engine with a busybox image, and short words for what tests do with it."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.containers = engine.containers

    async def create(
        self, *cmd: str, name: str | None = None, host: HostConfig | None = None, **config: object
    ) -> str:
        """Create a container without a network unless `host` says otherwise."""
        host = host or HostConfig()
        host.network_mode = host.network_mode or "none"
        request = CreateRequest(image=IMAGE, cmd=list(cmd) or None, host_config=host, **config)  # type: ignore[arg-type]
        identity, _ = await self.containers.create(name, request)
        return identity

    async def run(self, *cmd: str, host: HostConfig | None = None, **config: object) -> tuple[int, str]:
        """Run to the end; returns the exit code and all output."""
        identity = await self.create(*cmd, host=host, **config)
        code = await self.finish(identity)
        return code, await self.log(identity)

    async def finish(self, identity: str) -> int:
        """Start and wait for the end."""
        waiting = await self.containers.wait(identity, "next-exit")
        await self.containers.start(identity)
        return await asyncio.wait_for(waiting, BOUND_S)

    async def running(self, *cmd: str, **more: object) -> str:
        """Create and start."""
        identity = await self.create(*cmd, **more)  # type: ignore[arg-type]
        await self.containers.start(identity)
        return identity

    async def log(self, identity: str, **wish: object) -> str:
        tty, chunks = await self.containers.logs(identity, **wish)  # type: ignore[arg-type]
        data = b"".join([chunk async for chunk in chunks])
        return (data if tty else b"".join(text for _, text in demultiplex(data))).decode()

    async def until_logged(self, identity: str, text: str) -> None:
        """Wait until the log holds `text`."""
        _, chunks = await self.containers.logs(identity, follow=True)
        seen = b""
        async with asyncio.timeout(BOUND_S), contextlib.aclosing(chunks):  # type: ignore[type-var]
            async for chunk in chunks:
                seen += chunk
                if text.encode() in seen:
                    return
        raise AssertionError(f"the log ended without {text!r}: {seen!r}")

    async def exec(self, identity: str, *cmd: str, **config: object) -> tuple[int | None, bytes]:
        """Run a further process to its end; returns its code and output, still framed when not a tty."""
        wish = ExecConfig(cmd=list(cmd), attach_stdout=True, attach_stderr=True, **config)  # type: ignore[arg-type]
        entry = await self.containers.exec_create(identity, wish)
        stream = await self.containers.exec_start(entry)
        assert stream is not None
        data = b""
        async with asyncio.timeout(BOUND_S):
            while chunk := await stream.read():
                data += chunk
        await stream.close()
        return (await self.containers.exec_inspect(entry)).exit_code, data

    async def state(self, identity: str) -> str:
        return (await self.containers.inspect(identity)).state.status

    async def events(self, identity: str) -> list[Event]:
        """Return what was told of a container so far."""
        subscription = self.engine.events.subscribe(since=1, until=2**61)
        found: list[Event] = []
        quiet = asyncio.timeout(0.05)
        with contextlib.suppress(TimeoutError):
            async with quiet:
                async for event in subscription:
                    if event.actor.id == identity:
                        found.append(event)
        return found


def demultiplex(data: bytes) -> list[tuple[int, bytes]]:
    """Take Docker's frames apart."""
    frames = []
    while data:
        size = int.from_bytes(data[4:8], "big")
        frames.append((data[0], data[8 : 8 + size]))
        data = data[8 + size :]
    return frames


@contextlib.asynccontextmanager
async def opened(place: Path, config: Config | None = None, load: bool = True) -> AsyncIterator[Box]:
    """Run an engine below `place`; at the end all its containers are removed."""
    async with Engine(make_paths(place), config) as engine:
        if load:
            async for _ in engine.images.load(_archive()):
                pass
        try:
            yield Box(engine)
        finally:
            await clean(engine)


async def clean(engine: Engine) -> None:
    for container in await engine.containers.list(all=True):
        with contextlib.suppress(NotFound, PydockError):
            await engine.containers.remove(container.id, force=True, volumes=True)
