"""The two engines that are measured: ours in this process, and a dockerd when there is one."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from pydock.core.api import Api
from pydock.core.client import Client
from pydock.core.client.connect import transport_for
from pydock.core.client.direct import DirectTransport
from pydock.core.config import Config, Paths
from pydock.core.engine import Engine
from support.images import busybox_archive, docker_archive, layer

from . import dockerd, stamp

STAMP_IMAGE = "bench-stamp:latest"
BUSYBOX = "busybox:latest"


@dataclass(frozen=True, slots=True)
class Machine:
    """An engine with its client, the environment that leads a command line to it, and that command."""

    client: Client
    command: tuple[str, ...]
    environment: dict[str, str]


@dataclass(frozen=True, slots=True)
class Machines:
    ours: Machine
    theirs: Machine | None
    paths: Paths


def _stamp_archive() -> bytes:
    root = layer({"stamp": stamp.program()}, mode=0o755)
    return docker_archive([root], [STAMP_IMAGE], {"Cmd": ["/stamp"]})


async def _load(client: Client) -> None:
    for archive in (busybox_archive(BUSYBOX), _stamp_archive()):
        async for _ in client.images.load(archive):
            pass


@asynccontextmanager
async def machines(with_dockerd: bool) -> AsyncIterator[Machines]:
    """Both engines with the images of the measurements, gone afterwards."""
    directory = Path(tempfile.mkdtemp(prefix="pydock-bench-"))
    paths = Paths(directory / "root", directory / "run")
    plain = {"PATH": os.environ["PATH"], "HOME": str(directory)}
    async with AsyncExitStack() as stack:
        stack.callback(shutil.rmtree, directory, ignore_errors=True)
        theirs = None
        if with_dockerd:
            host = stack.enter_context(dockerd.running())
            client = await stack.enter_async_context(Client(transport_for(host)))
            await _load(client)
            theirs = Machine(client, (dockerd.CLIENT,), {**plain, "DOCKER_HOST": host})
        engine = await stack.enter_async_context(Engine(paths, Config()))
        client = await stack.enter_async_context(Client(DirectTransport(Api(engine).handle)))
        await _load(client)
        command = (str(Path(sys.executable).with_name("pydock")),)
        environment = {**plain, "PYDOCK_ROOT": str(paths.root), "PYDOCK_RUN": str(paths.run)}
        yield Machines(Machine(client, command, environment), theirs, paths)
