"""What a running container costs in memory, and how fast an image is loaded."""

from __future__ import annotations

import os
import time
from collections.abc import AsyncIterator
from pathlib import Path

from pydock.core.client import Client
from pydock.core.schema.containers import CreateRequest, HostConfig
from support.images import busybox_layer, docker_archive, layer

from .machines import BUSYBOX, Machine, Machines
from .measure import Figure, Pair

_FILES_A_LAYER = 500
_FILE_BYTES = 20_000


def private_memory(pid: int) -> float:
    """Private memory of a process in KiB (proc(5), smaps_rollup)."""
    fields = dict(
        line.split(":", 1) for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:]
    )
    return float(sum(int(fields[name].split()[0]) for name in ("Private_Clean", "Private_Dirty")))


def parent(pid: int) -> int:
    """Process id of a process's parent."""
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


async def shim_memory(client: Client) -> float:
    """KiB private to the process that looks after one idle container."""
    request = CreateRequest(image=BUSYBOX, cmd=["sleep", "600"], host_config=HostConfig(network_mode="none"))
    created = await client.containers.create(request)
    await client.containers.start(created.id)
    shim = parent((await client.containers.inspect(created.id)).state.pid)
    taken = private_memory(shim)
    await client.containers.remove(created.id, force=True)
    return taken


def many_files(tag: str) -> bytes:
    """An archive of about 80 MB in eight gzipped layers."""
    layers = [busybox_layer()]
    for number in range(8):
        files = {
            f"data/{number}/{n}": os.urandom(_FILE_BYTES // 2) + bytes(_FILE_BYTES // 2)
            for n in range(_FILES_A_LAYER)
        }
        layers.append(layer(files))
    return docker_archive(layers, [tag], compress=True)


async def load(machine: Machine, archive: bytes, tag: str) -> float:
    """Milliseconds to load the archive, removed again afterwards."""
    before = time.perf_counter()
    async for _ in machine.client.images.load(archive):
        pass
    taken = (time.perf_counter() - before) * 1000
    await machine.client.images.remove(tag, force=True)
    return taken


async def figures(both: Machines) -> AsyncIterator[Figure]:
    theirs = both.theirs
    pair = Pair(
        lambda: shim_memory(both.ours.client),
        (lambda: shim_memory(theirs.client)) if theirs else None,
        runs=5,
    )
    yield await pair.figure("private memory of a container's keeper", "KiB", aim=1024)
    tag = "bench-load:latest"
    archive = many_files(tag)
    pair = Pair(
        lambda: load(both.ours, archive, tag),
        (lambda: load(theirs, archive, tag)) if theirs else None,
        runs=3,
    )
    yield await pair.figure(f"load of a {len(archive) >> 20} MiB image, 9 gzipped layers", "ms")
