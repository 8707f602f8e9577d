"""What containers use: the cgroup's numbers in the API's shape, and the network's from /proc."""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator, Mapping, Sequence

from ..errors import NotFound
from ..runtime import cgroups
from ..schema import stats as wire
from ..units import ZERO_TIME, rfc3339
from . import prepare
from .context import Context
from .record import Container

_INTERVAL = 1.0
_TICK = 1_000_000_000 // os.sysconf("SC_CLK_TCK")
_NETWORK_FIELDS = ("bytes", "packets", "errors", "dropped")


async def one(ctx: Context, reference: str) -> wire.Stats:
    """Return one reading, zero for a container that does not run; raises NotFound."""
    return _read(ctx, ctx.book.find(reference), system_cpu())


async def many(ctx: Context, references: Sequence[str]) -> dict[str, wire.Stats]:
    """Return one reading of each container that runs, by the names given; absent ones are left out."""
    host = system_cpu()
    found: dict[str, wire.Stats] = {}
    for reference in references:
        try:
            container = ctx.book.find(reference)
        except NotFound:
            continue
        if container.alive:
            found[reference] = _read(ctx, container, host)
    return found


async def follow(ctx: Context, reference: str) -> AsyncIterator[wire.Stats]:
    """Yield a reading a second, each with the one before it, until the container is removed."""
    container = ctx.book.find(reference)
    before = wire.Stats()
    while (current := ctx.book.get(container.id)) is not None:
        reading = _read(ctx, current, system_cpu())
        reading.preread, reading.precpu_stats = before.read, before.cpu_stats
        yield reading
        before = reading
        await _pause(ctx, container.id)


async def pair(ctx: Context, reference: str) -> wire.Stats:
    """Return a reading with one from a second before, as clients want that show a percentage once."""
    before = await one(ctx, reference)
    if before.read == ZERO_TIME:
        return before
    await asyncio.sleep(_INTERVAL)
    after = await one(ctx, reference)
    after.preread, after.precpu_stats = before.read, before.cpu_stats
    return after


async def _pause(ctx: Context, identity: str) -> None:
    """Wait for the next second, or for the container to change."""
    news = asyncio.Event()
    with ctx.changes.listen(identity, news.set), contextlib.suppress(TimeoutError):
        await asyncio.wait_for(news.wait(), _INTERVAL)


def _read(ctx: Context, container: Container, host_cpu: int) -> wire.Stats:
    base = wire.Stats(name=container.display_name, id=container.id)
    if not container.alive:
        return base
    group = cgroups.group(prepare.cgroups_path(container), ctx.host)
    try:
        usage = cgroups.stats(group)
    except FileNotFoundError:
        return base
    base.read = rfc3339(usage.read_at)
    base.pids_stats = wire.PidsStats(current=usage.pids, limit=usage.pids_limit)
    base.cpu_stats = _cpu(usage, host_cpu)
    base.memory_stats = wire.MemoryStats(
        usage=usage.memory,
        max_usage=usage.memory_peak,
        stats=dict(usage.memory_stat),
        failcnt=usage.memory_failures,
        limit=usage.memory_limit or total_memory(),
    )
    base.blkio_stats = _block(usage)
    if container.host_config.network_mode != "host" and container.pid:
        base.networks = interfaces(container.pid)
    return base


def _cpu(usage: cgroups.Usage, host_cpu: int) -> wire.CpuStats:
    return wire.CpuStats(
        cpu_usage=wire.CpuUsage(
            total_usage=usage.cpu_total,
            percpu_usage=list(usage.cpu_per_cpu) or None,
            usage_in_kernelmode=usage.cpu_system,
            usage_in_usermode=usage.cpu_user,
        ),
        system_cpu_usage=host_cpu,
        online_cpus=os.cpu_count() or 1,
        throttling_data=wire.ThrottlingData(
            periods=usage.cpu_periods,
            throttled_periods=usage.cpu_throttled_periods,
            throttled_time=usage.cpu_throttled,
        ),
    )


def _block(usage: cgroups.Usage) -> wire.BlkioStats:
    sizes = [wire.BlkioEntry(major=a, minor=b, op=op, value=size) for a, b, op, size, _ in usage.io]
    counts = [wire.BlkioEntry(major=a, minor=b, op=op, value=count) for a, b, op, _, count in usage.io]
    return wire.BlkioStats(io_service_bytes_recursive=sizes, io_serviced_recursive=counts)


def system_cpu() -> int:
    """Return the host's cpu time so far in nanoseconds, all states added up (proc_stat(5))."""
    with open("/proc/stat", "rb") as file:
        fields = file.readline().split()[1:8]
    return sum(int(field) for field in fields) * _TICK


def total_memory() -> int:
    return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")


def interfaces(pid: int) -> dict[str, wire.NetworkStats] | None:
    """Read the counters of a network namespace through one of its processes (proc_pid_net(5))."""
    try:
        with open(f"/proc/{pid}/net/dev") as file:
            return parse_interfaces(file.read())
    except OSError:
        return None


def parse_interfaces(text: str) -> dict[str, wire.NetworkStats]:
    """Read /proc/net/dev, without the loopback."""
    found: dict[str, wire.NetworkStats] = {}
    for line in text.splitlines()[2:]:
        name, _, numbers = line.partition(":")
        values = [int(number) for number in numbers.split()]
        if name.strip() != "lo" and len(values) >= 12:
            fields: Mapping[str, int] = {
                **{f"rx_{field}": values[n] for n, field in enumerate(_NETWORK_FIELDS)},
                **{f"tx_{field}": values[8 + n] for n, field in enumerate(_NETWORK_FIELDS)},
            }
            found[name.strip()] = wire.NetworkStats(**fields)
    return found
