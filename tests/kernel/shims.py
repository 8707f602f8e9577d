"""Containers straight from the runtime, without an engine, for tests on the real kernel."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from functools import cache
from pathlib import Path
from typing import Any

from pydock.core.bell import Bell
from pydock.core.config import Paths
from pydock.core.errors import NotFound
from pydock.core.rootfs import Overlay
from pydock.core.runtime import cgroups, host, journal
from pydock.core.runtime.client import Runtime
from pydock.core.runtime.records import ExecRequest, LogFile, Network, Restart, Started, StartRequest
from pydock.core.runtime.stream import SocketStream

BUSYBOX = Path("/usr/bin/busybox")
PARENT = f"pydock-test-{os.getpid()}"
BOUND_S = 30.0
_CAPABILITIES = "CHOWN DAC_OVERRIDE FSETID FOWNER MKNOD NET_RAW SETGID SETUID SETFCAP SETPCAP KILL SYS_CHROOT"


@cache
def _applets() -> tuple[str, ...]:
    return tuple(subprocess.check_output([BUSYBOX, "--list"], text=True).split())


def make_image(place: Path) -> None:
    """Make a root file system of busybox."""
    for name in ("bin", "dev", "etc", "proc", "root", "sys", "tmp"):
        (place / name).mkdir(parents=True)
    shutil.copy(BUSYBOX, place / "bin/busybox")
    for applet in _applets():
        if applet != "busybox":
            (place / "bin" / applet).symlink_to("busybox")


def make_spec(identity: str, args: tuple[str, ...], tty: bool, pid_namespace: bool = True) -> dict[str, Any]:
    kinds = ["mount", "uts", "ipc", "network", *(["pid"] if pid_namespace else [])]
    capabilities = [f"CAP_{name}" for name in _CAPABILITIES.split()]
    return {
        "ociVersion": "1.2.0",
        "process": {
            "terminal": tty,
            "args": list(args),
            "env": ["PATH=/bin"],
            "cwd": "/",
            "user": {"uid": 0, "gid": 0},
            "capabilities": dict.fromkeys(("bounding", "effective", "permitted"), capabilities),
        },
        "root": {"path": "rootfs"},
        "hostname": "test",
        "mounts": [
            {
                "destination": "/proc",
                "type": "proc",
                "source": "proc",
                "options": ["nosuid", "noexec", "nodev"],
            },
            {"destination": "/dev", "type": "tmpfs", "source": "tmpfs", "options": ["nosuid", "mode=755"]},
            {
                "destination": "/dev/pts",
                "type": "devpts",
                "source": "devpts",
                "options": ["nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620", "gid=5"],
            },
        ],
        "linux": {
            "cgroupsPath": f"/{PARENT}/{identity}",
            "namespaces": [{"type": kind} for kind in kinds],
            "resources": {},
        },
    }


class Workshop:
    """A runtime on roots of its own, and what tests ask of it."""

    def __init__(self, place: Path) -> None:
        self.paths = Paths(place / "lib", place / "run")
        self.paths.create()
        self.image = place / "image"
        make_image(self.image)
        self.runtime = Runtime(self.paths)
        self.started: list[str] = []
        self.streams: list[SocketStream] = []

    def request(self, *args: str, **fields: Any) -> StartRequest:
        """Ask for a container that runs `args`; `limits` are OCI's resources, other fields StartRequest's."""
        identity = fields.pop("id", None) or os.urandom(32).hex()
        layers = self.paths.container(identity) / "layers"
        for name in ("upper", "work"):
            (layers / name).mkdir(parents=True, exist_ok=True)
        spec = make_spec(identity, args, fields.get("tty", False), fields.pop("pid_namespace", True))
        spec["linux"]["resources"] = fields.pop("limits", {})
        log = {"driver": "json-file", "path": str(self.paths.container(identity) / "log")}
        values = {
            "network": Network("private"),
            "log": LogFile(**{**log, **fields.pop("log", {})}),
            "run_dir": str(self.paths.container_run(identity)),
            "engines_dir": str(self.paths.engines),
            **fields,
        }
        rootfs = Overlay((str(self.image),), str(layers / "upper"), str(layers / "work"))
        return StartRequest(id=identity, spec=spec, rootfs=rootfs, **values)

    async def start(self, request: StartRequest, **more: Any) -> Started:
        self.started.append(request.id)
        return await self.runtime.start(request, **more)

    async def run(self, *args: str, **fields: Any) -> StartRequest:
        """Start a container, and give the request that it came from."""
        request = self.request(*args, **fields)
        await self.start(request)
        return request

    async def watch(
        self, *args: str, stdin: bool = False, **fields: Any
    ) -> tuple[StartRequest, SocketStream]:
        """Start a container with a client that was there before it, so that it sees everything."""
        request = self.request(*args, **fields)
        waiting = await self.runtime.waiting(stdin=stdin, stdout=True, stderr=True)
        self.streams.append(waiting.stream)
        await self.start(request, attached=[waiting])
        return request, waiting.stream

    async def until(
        self, identity: str, wanted: Callable[[dict[str, Any]], bool], offset: int = 0
    ) -> dict[str, Any]:
        """Wait for a record of the container's journal."""
        async with asyncio.timeout(BOUND_S), Bell(str(self.paths.engines)) as bell:
            async for _ in _now_and_then(bell):
                records, offset = journal.read(self.runtime.journal(identity), offset)
                for record in records:
                    if wanted(record):
                        return record
        raise AssertionError("unreachable")

    async def down(self, identity: str) -> dict[str, Any]:
        """Wait until the container is down for good, and nothing of it is left; give the exit record."""
        record = await self.until(identity, lambda r: r["event"] == "exit" and not r["restarting"])
        await self.runtime.reap(identity)
        return record

    def events(self, identity: str) -> list[dict[str, Any]]:
        return journal.read(self.runtime.journal(identity))[0]

    def shim_of(self, identity: str) -> int:
        """The pid of the shim of a running container."""
        started = [event for event in self.events(identity) if event["event"] == "start"]
        return parent(started[-1]["pid"])

    def log(self, identity: str) -> list[dict[str, Any]]:
        text = (self.paths.container(identity) / "log").read_text()
        return [json.loads(line) for line in text.splitlines()]

    def output(self, identity: str, stream: str = "stdout") -> str:
        return "".join(line["log"] for line in self.log(identity) if line["stream"] == stream)

    async def exec(self, identity: str, *args: str, **fields: Any) -> tuple[str, SocketStream | None]:
        exec_id = os.urandom(8).hex()
        process = {"args": list(args), "cwd": "/", "terminal": fields.get("tty", False)}
        return exec_id, await self.runtime.exec(identity, ExecRequest(exec_id, process, **fields))

    async def close(self) -> None:
        for stream in self.streams:
            await stream.close()
        for identity in self.started:
            with suppress(NotFound):
                await self.runtime.set_restart(identity, Restart())
                await self.runtime.stop(identity, 9, 0)
            await self.runtime.reap(identity)
        await self.runtime.close()


async def _now_and_then(bell: Bell) -> AsyncIterator[bytes]:
    yield b""
    async for payload in bell:
        yield payload


@asynccontextmanager
async def workshop() -> AsyncIterator[Workshop]:
    """Give a workshop and leave nothing of it: no process, cgroup, mount or file."""
    place = Path(tempfile.mkdtemp(prefix="pydock-shims-"))
    made = Workshop(place)
    try:
        yield made
    finally:
        await made.close()
        for pid in _processes(place):
            await gone(pid)
        log = made.paths.run / "spawner.log"
        problems = log.read_text() if log.exists() else ""
        shutil.rmtree(place)
        for _, directory in cgroups.group(f"/{PARENT}", host.probe()).directories:
            with suppress(FileNotFoundError):
                os.rmdir(directory)
    assert not problems, problems


def _processes(place: Path) -> list[int]:
    """All that a runtime on `place` has started: told by where its errors go."""
    found = []
    for entry in Path("/proc").iterdir():
        with suppress(OSError):
            if entry.name.isdigit() and os.readlink(entry / "fd/2").startswith(f"{place}/"):
                found.append(int(entry.name))
    return found


async def read_all(stream: SocketStream) -> bytes:
    """Read a stream to its end."""
    async with asyncio.timeout(BOUND_S):
        parts = []
        while data := await stream.read():
            parts.append(data)
        return b"".join(parts)


async def read_until(stream: SocketStream, wanted: bytes) -> bytes:
    """Read a stream until `wanted` has come."""
    async with asyncio.timeout(BOUND_S):
        text = b""
        while wanted not in text:
            data = await stream.read()
            assert data, f"the stream ended: {text!r}"
            text += data
        return text


def frames(data: bytes) -> dict[int, bytes]:
    """Take Docker's frames apart: the bytes of each stream."""
    found: dict[int, bytes] = {}
    while data:
        kind, size = data[0], int.from_bytes(data[4:8], "big")
        assert len(data) >= 8 + size
        found[kind] = found.get(kind, b"") + data[8 : 8 + size]
        data = data[8 + size :]
    return found


async def gone(pid: int) -> None:
    """Wait until a process has ended."""
    try:
        handle, ended = os.pidfd_open(pid), asyncio.Event()
    except ProcessLookupError:
        return
    loop = asyncio.get_running_loop()
    loop.add_reader(handle, ended.set)
    try:
        async with asyncio.timeout(BOUND_S):
            await ended.wait()
    finally:
        loop.remove_reader(handle)
        os.close(handle)


def parent(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


def free_socket() -> socket.socket:
    """A bound TCP socket, as it reserves a published port."""
    reserved = socket.socket()
    reserved.bind(("127.0.0.1", 0))
    return reserved


def alive(pid: int) -> bool:
    """Tell whether a process runs (a zombie doesn't)."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False
    return text.rpartition(")")[2].split()[0] != "Z"
