"""How fast a container starts: from the call to the first instruction, and as whole commands."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable

from pydock.core.client import Client
from pydock.core.schema.containers import CreateRequest, HostConfig

from . import stamp
from .machines import BUSYBOX, STAMP_IMAGE, Machine, Machines
from .measure import Figure, Pair


async def first_instruction(client: Client, network: str) -> float:
    """Milliseconds from the start call to the first instruction of the container's program."""
    request = CreateRequest(
        image=STAMP_IMAGE, attach_stdout=True, host_config=HostConfig(network_mode=network)
    )
    created = await client.containers.create(request)
    async with await client.containers.attach(created.id, stdin=False) as attachment:
        before = time.time()
        await client.containers.start(created.id)
        output = b"".join([data async for _, data in attachment.frames()])
    await client.containers.wait(created.id)
    await client.containers.remove(created.id, force=True)
    return (stamp.read(output) - before) * 1000


async def command(machine: Machine, *arguments: str) -> float:
    """Milliseconds that a whole command takes, its interpreter or client included."""
    before = time.perf_counter()
    process = await asyncio.create_subprocess_exec(
        *machine.command, *arguments, env=machine.environment, stdout=asyncio.subprocess.DEVNULL
    )
    if await process.wait():
        raise RuntimeError(f"{' '.join(arguments)}: exit code {process.returncode}")
    return (time.perf_counter() - before) * 1000


async def figures(both: Machines) -> AsyncIterator[Figure]:
    for network in ("none", "bridge"):
        yield await _pair(both, lambda m, n=network: first_instruction(m.client, n)).figure(
            f"start call to first instruction, network {network}", "ms", aim=15
        )
    for network in ("none", "bridge"):
        words = ("run", "--rm", "--network", network, BUSYBOX, "true")
        yield await _pair(both, lambda m, w=words: command(m, *w)).figure(
            f"run --rm true, network {network}, whole command", "ms"
        )
    async for figure in _running(both):
        yield figure
    for name in ("ps", "images"):
        yield await _pair(both, lambda m, n=name: command(m, n)).figure(
            f"{name}, whole command", "ms", aim=120
        )
    yield await _pair(both, lambda m: parallel(m.client, 50), runs=3).figure(
        "50 containers started in parallel", "ms"
    )


async def _running(both: Machines) -> AsyncIterator[Figure]:
    machines = [m for m in (both.ours, both.theirs) if m]
    for machine in machines:
        await command(machine, "run", "-d", "--name", "bench-exec", BUSYBOX, "sleep", "600")
    try:
        yield await _pair(both, lambda m: command(m, "exec", "bench-exec", "true")).figure(
            "exec true, whole command", "ms"
        )
        yield await _pair(both, lambda m: command(m, "logs", "bench-exec")).figure(
            "logs, whole command", "ms", aim=120
        )
    finally:
        for machine in machines:
            await machine.client.containers.remove("bench-exec", force=True)


async def parallel(client: Client, count: int) -> float:
    """Milliseconds until `count` containers, created before, are all started."""
    request = CreateRequest(image=BUSYBOX, cmd=["sleep", "600"], host_config=HostConfig(network_mode="none"))
    created = [await client.containers.create(request) for _ in range(count)]
    before = time.perf_counter()
    async with asyncio.TaskGroup() as group:
        for container in created:
            group.create_task(client.containers.start(container.id))
    taken = (time.perf_counter() - before) * 1000
    async with asyncio.TaskGroup() as group:
        for container in created:
            group.create_task(client.containers.remove(container.id, force=True))
    return taken


def _pair(both: Machines, sample: Callable[[Machine], Awaitable[float]], runs: int = 15) -> Pair:
    theirs = both.theirs
    return Pair(lambda: sample(both.ours), (lambda: sample(theirs)) if theirs else None, runs)
