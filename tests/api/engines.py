"""An engine in memory: enough behaviour behind the API for tests of everything in front of it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence

from pydock.core.client.stdcopy import frame
from pydock.core.errors import Conflict, NotFound, NotModified, StartFailed
from pydock.core.filters import Filters
from pydock.core.schema.containers import ContainerInspect, ContainerState, ContainerSummary, CreateRequest
from pydock.core.schema.events import Actor, Event
from pydock.core.schema.exec import ExecConfig, ExecInspect
from pydock.core.schema.images import DeleteItem, ImageSummary, Progress
from pydock.core.schema.message import Stream
from pydock.core.schema.stats import Stats
from pydock.core.schema.system import Version

ID = "0123456789abcdef" * 4


class FakeContainers:
    """Containers whose program echoes its stdin in capitals; `program` says what a start does."""

    def __init__(self) -> None:
        self.requests: dict[str, CreateRequest] = {}
        self.running: set[str] = set()
        self.ended: dict[str, asyncio.Future[int]] = {}
        self.calls: list[tuple[str, object]] = []
        self.execs: dict[str, ExecConfig] = {}
        self.log: list[bytes] = []

    def _find(self, name: str) -> str:
        if name not in self.requests:
            raise NotFound(f"No such container: {name}")
        return name

    async def list(
        self, all: bool = False, limit: int | None = None, size: bool = False, filters: Filters | None = None
    ) -> list[ContainerSummary]:
        self.calls.append(("list", (all, limit, size, dict((filters or Filters()).values))))
        return [
            ContainerSummary(id=ID, names=[f"/{name}"], image=request.image, state="running")
            for name, request in self.requests.items()
            if all or name in self.running
        ]

    async def create(self, name: str | None, request: CreateRequest) -> tuple[str, Sequence[str]]:
        name = name or "unnamed"
        if name in self.requests:
            raise Conflict(f'Conflict. The container name "/{name}" is already in use')
        if request.image == "nosuch":
            raise NotFound("No such image: nosuch:latest")
        self.requests[name] = request
        self.ended[name] = asyncio.get_running_loop().create_future()
        return name, ["a warning"]

    async def inspect(self, name: str, size: bool = False) -> ContainerInspect:
        request = self.requests[self._find(name)]
        state = ContainerState(running=name in self.running, status="running")
        found = ContainerInspect(id=name, name=f"/{name}", state=state)
        found.config.tty = request.tty
        return found

    async def start(self, name: str) -> None:
        if self._find(name) in self.running:
            raise NotModified("is running")
        if (self.requests[name].cmd or [""])[0] == "nosuchcmd":
            raise StartFailed('exec: "nosuchcmd": executable file not found in $PATH', 127)
        self.running.add(name)

    async def stop(self, name: str, signal: str | None = None, timeout: int | None = None) -> None:
        self.calls.append(("stop", (self._find(name), signal, timeout)))
        self.running.discard(name)

    async def kill(self, name: str, signal: str = "KILL") -> None:
        self.calls.append(("kill", (self._find(name), signal)))

    async def resize(self, name: str, rows: int, columns: int) -> None:
        self.calls.append(("resize", (name, rows, columns)))

    async def remove(self, name: str, force: bool = False, volumes: bool = False, link: bool = False) -> None:
        del self.requests[self._find(name)]

    async def wait(self, name: str, condition: str = "not-running") -> Awaitable[int]:
        self.calls.append(("wait", (self._find(name), condition)))
        return self.ended[name]

    async def logs(self, name: str, **wanted: object) -> tuple[bool, AsyncIterator[bytes]]:
        self.calls.append(("logs", wanted))
        tty = self.requests[self._find(name)].tty

        async def chunks() -> AsyncIterator[bytes]:
            for data in self.log:
                yield data if tty else frame(1, data)

        return tty, chunks()

    async def attach(
        self,
        name: str,
        stdin: bool = False,
        stdout: bool = True,
        stderr: bool = True,
        stream: bool = True,
        logs: bool = False,
        detach_keys: str = "",
    ) -> tuple[bool, Callable[[Stream], Awaitable[None]]]:
        tty = self.requests[self._find(name)].tty

        async def serve(client: Stream) -> None:
            while data := await client.read():
                await client.write(data.upper() if tty else frame(1, data.upper()))
            if not self.ended[name].done():
                self.ended[name].set_result(3)

        return tty, serve

    async def exec_create(self, name: str, config: ExecConfig) -> str:
        self._find(name)
        self.execs["e1"] = config
        return "e1"

    async def exec_start(
        self,
        identity: str,
        detach: bool = False,
        tty: bool = False,
        console_size: tuple[int, int] | None = None,
    ) -> Stream | None:
        from pydock.core.client.pipe import pipe

        config = self.execs[identity]
        if (config.cmd or [""])[0] == "nosuchcmd":
            raise StartFailed("OCI runtime exec failed", 127)
        if detach:
            return None
        near, far = pipe()
        data = " ".join(config.cmd or ()).encode()
        await far.write(data if tty else frame(2, data))
        await far.close_write()
        return near

    async def exec_inspect(self, identity: str) -> ExecInspect:
        return ExecInspect(id=identity, exit_code=5)

    async def stats(self, name: str, stream: bool = True, one_shot: bool = False) -> AsyncIterator[Stats]:
        self._find(name)
        return self._stats(1 if not stream else 3)

    async def _stats(self, count: int) -> AsyncIterator[Stats]:
        for n in range(count):
            yield Stats(id=ID, num_procs=n)

    async def stats_all(self, names: Sequence[str]) -> dict[str, Stats]:
        return {name: Stats(id=ID) for name in names if name in self.running}


class FakeImages:
    def __init__(self) -> None:
        self.loaded = b""

    async def list(self, filters: Filters | None = None, all: bool = False) -> list[ImageSummary]:
        return [ImageSummary(id=f"sha256:{ID}", repo_tags=["busybox:latest"])]

    async def load(self, chunks: AsyncIterator[bytes], quiet: bool = False) -> AsyncIterator[Progress]:
        async for chunk in chunks:
            self.loaded += chunk
        yield Progress(stream=f"Loaded image: {len(self.loaded)}\n")

    def save(self, names: Sequence[str]) -> AsyncIterator[bytes]:
        if "nosuch" in names:
            raise NotFound("reference does not exist")
        return self._saved()

    async def _saved(self) -> AsyncIterator[bytes]:
        for _ in range(3):
            yield b"x" * 1000


class FakeEvents:
    async def subscribe(
        self, since: int | None = None, until: int | None = None, filters: Filters | None = None
    ) -> AsyncIterator[Event]:
        for action in ("start", "die"):
            yield Event(type="container", action=action, actor=Actor(id=ID))


class FakeSystem:
    async def version(self) -> Version:
        return Version(version="1", api_version="1.51")


class FakeEngine:
    """What `Api` asks of an engine."""

    def __init__(self) -> None:
        self.containers = FakeContainers()
        self.images = FakeImages()
        self.events = FakeEvents()
        self.system = FakeSystem()

    async def remove_image(self, name: str, force: bool = False, prune: bool = True) -> list[DeleteItem]:
        return [DeleteItem(untagged=name)]
