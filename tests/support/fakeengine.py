"""An engine in memory that speaks the API's records: the real client drives it over the direct transport.

Faults are scripted: `fail[(method, path)]` raises once for a request, `gates[...]` keeps one waiting,
`cut()` breaks the event stream and the line, `refuse` makes connecting fail.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from pydock.core.client import Client, DirectTransport
from pydock.core.errors import Conflict, NotFound, PydockError
from pydock.core.schema import wire
from pydock.core.schema.containers import (
    ContainerInspect,
    ContainerSummary,
    CreateRequest,
    CreateResponse,
    Port,
    SummaryNetworkSettings,
)
from pydock.core.schema.events import Actor, Event
from pydock.core.schema.exec import ExecConfig, ExecInspect
from pydock.core.schema.images import DeleteItem, HistoryEntry, ImageInspect, ImageSummary, Progress
from pydock.core.schema.message import Hijack, Request, Response, Stream
from pydock.core.schema.networks import IPAM, EndpointSettings, IPAMConfig, NetworkInspect
from pydock.core.schema.stats import CpuStats, CpuUsage, MemoryStats, NetworkStats, PidsStats, Stats
from pydock.core.schema.system import Info
from pydock.core.units import parse_timestamp, rfc3339


def hexid(seed: str) -> str:
    """A stable id of 64 digits."""
    import hashlib

    return hashlib.sha256(seed.encode()).hexdigest()


@dataclass
class FakeEngine:
    """State as the lists show it; every request is noted in `calls`."""

    containers: dict[str, ContainerSummary] = field(default_factory=dict)
    images: dict[str, ImageSummary] = field(default_factory=dict)
    networks: dict[str, NetworkInspect] = field(default_factory=dict)
    logs: dict[str, list[tuple[int, bytes]]] = field(default_factory=dict)
    calls: list[tuple[str, str]] = field(default_factory=list)
    fail: dict[tuple[str, str], PydockError] = field(default_factory=dict)
    gates: dict[tuple[str, str], asyncio.Event] = field(default_factory=dict)
    refuse: PydockError | None = None
    loaded: bytes = b""
    created: list[CreateRequest] = field(default_factory=list)
    typed: bytearray = field(default_factory=bytearray)
    warnings: list[str] = field(default_factory=list)
    _listeners: set[asyncio.Queue[Event | None]] = field(default_factory=set)
    listened: asyncio.Event = field(default_factory=asyncio.Event)
    _happened: list[Event] = field(default_factory=list)
    _cpu: dict[str, int] = field(default_factory=dict)
    _commands: dict[str, str] = field(default_factory=dict)

    # -- what tests say

    def add_image(self, name: str, size: int = 5_000_000, days: int = 3) -> str:
        id = f"sha256:{hexid(name)}"
        created = int(time.time()) - days * 86400
        self.images[id] = ImageSummary(id=id, repo_tags=[name], created=created, size=size)
        return id

    def add_container(
        self, name: str, image: str = "web:1", state: str = "running", status: str = "", **more: Any
    ) -> str:
        id = hexid(name)
        default = {"running": "Up 3 hours", "exited": "Exited (0) 2 days ago", "created": "Created"}
        self.containers[id] = ContainerSummary(
            id=id,
            names=[f"/{name}"],
            image=image,
            image_id=f"sha256:{hexid(image)}",
            state=state,
            status=status or default.get(state, state),
            network_settings=SummaryNetworkSettings(networks={"bridge": EndpointSettings()}),
            **more,
        )
        return id

    def add_network(self, name: str, driver: str = "bridge", subnet: str = "172.17.0.0/16") -> str:
        id = hexid(f"network {name}")
        ipam = IPAM(config=[IPAMConfig(subnet=subnet)] if subnet else None)
        self.networks[id] = NetworkInspect(id=id, name=name, driver=driver, ipam=ipam)
        return id

    def emit(self, type: str, action: str, id: str, **attributes: str) -> None:
        now = time.time_ns()
        actor = Actor(id=id, attributes=attributes)
        event = Event(type=type, action=action, actor=actor, time=now // 10**9, time_nano=now)
        self._happened.append(event)
        for queue in self._listeners:
            queue.put_nowait(event)

    def cut(self) -> None:
        """Break the line, as a daemon that restarts does."""
        for queue in self._listeners:
            queue.put_nowait(None)

    def connect(self) -> contextlib.AbstractAsyncContextManager[Client]:
        """What the app opens."""
        return self._connect()

    @contextlib.asynccontextmanager
    async def _connect(self) -> AsyncIterator[Client]:
        if self.refuse is not None:
            raise self.refuse
        async with Client(DirectTransport(self.handle)) as client:
            yield client

    def asked(self, part: str) -> int:
        """How many requests had this in their path."""
        return sum(part in path for _, path in self.calls)

    # -- the API

    async def handle(self, request: Request) -> Response:
        path = re.sub(r"^/v\d\.\d+", "", request.path)
        self.calls.append((request.method, path))
        if (gate := self.gates.pop((request.method, path), None)) is not None:
            await gate.wait()
        error = self.fail.pop((request.method, path), None)
        try:
            if error is not None:
                raise error
            return await self._route(request, path)
        except PydockError as failed:
            return Response(failed.status, _JSON, wire.encode({"message": failed.message}))

    async def _route(self, request: Request, path: str) -> Response:
        parts = path.strip("/").split("/")
        match request.method, *parts:
            case "GET", "info":
                return _json(
                    Info(
                        server_version="0.1.0",
                        system_time=rfc3339(time.time_ns()),
                        ncpu=4,
                        mem_total=16 << 30,
                        name="host",
                        warnings=self.warnings or None,
                    )
                )
            case "GET", "events":
                past = bool(request.query.get("until"))
                return Response(200, _JSON, self._events(request.query.get("since", [""])[0], past))
            case "GET", "containers", "json":
                return _json(self._listed(request))
            case "GET", "images", "json":
                return _json(list(self.images.values()))
            case "GET", "networks":
                return _json(list(self.networks.values()))
            case "GET", "pydock", "stats":
                ids = [id for value in request.query.get("ids", []) for id in value.split(",")]
                return _json({id: self._stats(id) for id in ids if id in self.containers})
            case "GET", "containers", id, "json":
                return _json(self._inspect(self._container(id)))
            case "GET", "containers", id, "logs":
                return Response(200, _MULTIPLEXED, self._log(id, _is_set(request, "follow")))
            case "POST", "containers", "create":
                return self._create(request)
            case "POST", "containers", id, verb:
                return self._do(id, verb, request)
            case "DELETE", "containers", id:
                return self._remove(id, request)
            case "POST", "exec", id, "start" if id in self._commands:
                return Response(
                    101,
                    {"content-type": "application/vnd.docker.multiplexed-stream"},
                    Hijack(partial(self._command, self._commands[id])),
                )
            case "POST", "exec", _, "start":
                return Response(
                    101, {"content-type": "application/vnd.docker.raw-stream"}, Hijack(self._shell)
                )
            case "POST", "exec", _, "resize":
                return Response(200)
            case "GET", "exec", id, "json":
                return _json(ExecInspect(id=id, exit_code=0 if id not in self._commands else 3))
            case "POST", "images", "load":
                body = request.body
                self.loaded = body if isinstance(body, bytes) else b"".join([chunk async for chunk in body])
                self.emit("image", "load", self.add_image("loaded:1"), name="loaded:1")
                return Response(200, _JSON, wire.encode(Progress(stream="Loaded image: loaded:1\n")) + b"\n")
            case "GET", "images", *name, "json":
                image = self._image("/".join(name))
                return _json(ImageInspect(id=image.id, repo_tags=image.repo_tags))
            case "GET", "images", *name, "history":
                return _json(_history(self._image("/".join(name))))
            case "DELETE", "images", *name:
                image = self._image("/".join(name))
                del self.images[image.id]
                self.emit("image", "delete", image.id)
                return _json([DeleteItem(deleted=image.id)])
            case "GET", "networks", id:
                return _json(self.networks[id])
            case _:
                raise NotFound(f"page not found: {path}")

    def _container(self, id: str) -> ContainerSummary:
        found = self.containers.get(id) or next(
            (c for c in self.containers.values() if f"/{id}" in c.names), None
        )
        if found is None:
            raise NotFound(f"No such container: {id}")
        return found

    def _image(self, name: str) -> ImageSummary:
        found = self.images.get(name) or next(
            (i for i in self.images.values() if name in (i.repo_tags or ())), None
        )
        if found is None:
            raise NotFound(f"No such image: {name}")
        return found

    def _listed(self, request: Request) -> list[ContainerSummary]:
        import json

        filters = json.loads(request.query.get("filters", ["{}"])[0] or "{}")
        wanted = filters.get("id")
        return [c for c in self.containers.values() if wanted is None or c.id in wanted]

    def _inspect(self, c: ContainerSummary) -> ContainerInspect:
        inspect = ContainerInspect(id=c.id, name=c.names[0] if c.names else "", image=c.image_id)
        inspect.config.image = c.image
        inspect.config.env = ["PATH=/usr/bin", "FOO", "A=b;c=d"]
        inspect.state.status = c.state
        return inspect

    def _create(self, request: Request) -> Response:
        assert isinstance(request.body, bytes)
        wanted = wire.decode(request.body, CreateRequest)
        self.created.append(wanted)
        name = request.query.get("name", [""])[0] or f"made_{len(self.created)}"
        if any(f"/{name}" in c.names for c in self.containers.values()):
            raise Conflict(f'Conflict. The container name "/{name}" is already in use')
        id = self.add_container(name, wanted.image, "created")
        self.emit("container", "create", id, name=name)
        return _json(CreateResponse(id=id, warnings=[]), 201)

    def _do(self, id: str, verb: str, request: Request) -> Response:
        c = self._container(id)
        after = {
            "start": ("running", "Up Less than a second"),
            "restart": ("running", "Up Less than a second"),
            "stop": ("exited", "Exited (137) Less than a second ago"),
            "kill": ("exited", "Exited (137) Less than a second ago"),
            "pause": ("paused", "Up 3 hours (Paused)"),
            "unpause": ("running", "Up 3 hours"),
        }
        if verb == "exec":
            made = f"exec{len(self.calls)}"
            assert isinstance(request.body, bytes)
            wanted = wire.decode(request.body, ExecConfig)
            if not wanted.tty:
                self._commands[made] = f"{c.names[0]}: {' '.join(wanted.cmd or ())}"
            return _json(CreateResponse(id=made), 201)
        if verb == "attach":
            return Response(101, {"content-type": "application/vnd.docker.raw-stream"}, Hijack(self._shell))
        if verb == "rename":
            self.set(c.id, names=[f"/{request.query['name'][0]}"])
        elif verb in after:
            state, status = after[verb]
            self.set(c.id, state=state, status=status)
        action = {"stop": "die", "restart": "start"}.get(verb, verb)
        self.emit("container", action, c.id, name=c.names[0].lstrip("/"))
        return Response(204)

    def set(self, id: str, **changes: Any) -> None:
        """Replace a container's record by one with these changes; tells nobody."""
        import msgspec

        self.containers[id] = msgspec.structs.replace(self.containers[id], **changes)

    def _remove(self, id: str, request: Request) -> Response:
        c = self._container(id)
        if c.state == "running" and not _is_set(request, "force"):
            raise Conflict(f"cannot remove container {c.names[0]}: container is running")
        del self.containers[c.id]
        self.emit("container", "destroy", c.id, name=c.names[0].lstrip("/"))
        return Response(204)

    def _stats(self, id: str) -> Stats:
        load = 1_000_000 * (int(id[:4], 16) % 900 + 20)
        self._cpu[id] = self._cpu.get(id, 0) + load
        now = int(time.monotonic() * 1e9)
        return Stats(
            id=id,
            cpu_stats=CpuStats(
                cpu_usage=CpuUsage(total_usage=self._cpu[id]), system_cpu_usage=now * 4, online_cpus=4
            ),
            memory_stats=MemoryStats(
                usage=(int(id[4:8], 16) + 3000) * 4096, limit=16 << 30, stats={"inactive_file": 4096}
            ),
            networks={"eth0": NetworkStats(rx_bytes=self._cpu[id] // 90, tx_bytes=self._cpu[id] // 400)},
            pids_stats=PidsStats(current=int(id[8], 16) + 1),
        )

    async def _events(self, since: str, past: bool) -> AsyncIterator[bytes]:
        if past:
            for event in self._happened:
                yield wire.encode(event) + b"\n"
            return
        queue: asyncio.Queue[Event | None] = asyncio.Queue()
        self._listeners.add(queue)
        self.listened.set()
        after = parse_timestamp(since) if since else time.time_ns()
        try:
            for event in self._happened:
                if event.time_nano >= after:
                    yield wire.encode(event) + b"\n"
            while (event := await queue.get()) is not None:
                yield wire.encode(event) + b"\n"
        finally:
            self._listeners.discard(queue)

    async def _log(self, id: str, follow: bool) -> AsyncIterator[bytes]:
        for stream, line in self.logs.get(id, []):
            yield bytes([stream, 0, 0, 0]) + len(line).to_bytes(4, "big") + line
        if follow:
            await asyncio.Event().wait()

    async def _command(self, said: str, stream: Stream) -> None:
        for number, text in ((1, f"{said}\n"), (2, "to stderr\n")):
            await stream.write(bytes([number, 0, 0, 0]) + len(text).to_bytes(4, "big") + text.encode())

    async def _shell(self, stream: Stream) -> None:
        await stream.write(b"\x1b[1;32mroot@web\x1b[0m:/# ")
        while data := await stream.read():
            self.typed += data
            await stream.write(data.replace(b"\r", b"\r\n\x1b[1;32mroot@web\x1b[0m:/# "))


_JSON = {"content-type": "application/json"}
_MULTIPLEXED = {"content-type": "application/vnd.docker.multiplexed-stream"}


def _is_set(request: Request, name: str) -> bool:
    return request.query.get(name, ["0"])[0] in ("1", "true")


def _json(value: object, status: int = 200) -> Response:
    return Response(status, _JSON, wire.encode(value))


def _history(image: ImageSummary) -> list[HistoryEntry]:
    steps = (
        ('/bin/sh -c #(nop)  CMD ["nginx" "-g" "daemon off;"]', 0),
        ("/bin/sh -c #(nop)  EXPOSE 80", 0),
        ("/bin/sh -c apt-get update && apt-get install -y nginx && rm -rf /var/lib/apt/lists/*", 61_000_000),
        ("COPY docker-entrypoint.sh / # buildkit", 1620),
        ("/bin/sh -c #(nop) ADD file:09675d11695f65c55efdc393ff2cd32f30194cb7d0fbef4 in / ", 80_400_000),
    )
    return [HistoryEntry(created=image.created, created_by=text, size=size) for text, size in steps]


def demo() -> FakeEngine:
    """An engine with some life in it, for a look at the screens."""
    engine = FakeEngine()
    for name, size, days in (
        ("nginx:1.27", 187_654_321, 12),
        ("postgres:16", 431_000_000, 30),
        ("shop/api:2.4.1", 96_000_000, 1),
        ("busybox:latest", 4_261_550, 400),
    ):
        engine.add_image(name, size, days)
    web = [Port(private_port=80, public_port=8080, type="tcp", ip="0.0.0.0")]
    engine.add_container("web-1", "nginx:1.27", status="Up 3 days (healthy)", ports=web)
    engine.add_container("web-2", "nginx:1.27", status="Up 3 days (unhealthy)")
    engine.add_container("api", "shop/api:2.4.1", status="Up 4 hours")
    engine.add_container("db", "postgres:16", status="Up 3 days")
    engine.add_container("worker", "shop/api:2.4.1", "paused", "Up 4 hours (Paused)")
    engine.add_container("migrate", "shop/api:2.4.1", "exited", "Exited (0) 4 hours ago")
    engine.add_container("job", "busybox:latest", "exited", "Exited (137) 2 minutes ago")
    engine.add_container("fresh", "busybox:latest", "created", "Created")
    for name, driver, subnet in (
        ("bridge", "bridge", "172.17.0.0/16"),
        ("host", "host", ""),
        ("none", "null", ""),
    ):
        engine.add_network(name, driver, subnet)
    lines = [
        (
            1,
            b'10.0.0.%d - - "GET /cart/%d HTTP/1.1" \x1b[32m200\x1b[0m %d "-" "Mozilla/5.0"'
            % (n % 9, n, n * 37 % 900),
        )
        if n % 7
        else (
            2,
            b"\x1b[31m[error]\x1b[0m upstream timed out (110: Connection timed out) while reading header",
        )
        for n in range(1, 120)
    ]
    stamped = [
        (stream, b"2026-11-25T01:%02d:%02d.000000%03dZ " % (n // 60, n % 60, n) + line + b"\n")
        for n, (stream, line) in enumerate(lines)
    ]
    for id in engine.containers:
        engine.logs[id] = stamped
    return engine


if __name__ == "__main__":
    import sys

    from pydock.tui.app import Workstation
    from pydock.tui.text import glyphs_for_terminal

    Workstation(
        demo().connect, host="demo", glyphs=glyphs_for_terminal(), theme_name=(sys.argv[1:] or [""])[0]
    ).run()
