"""The tables of cgroup v1: which file of which controller says what (kernel documentation, cgroup-v1/)."""

from __future__ import annotations

import time

from .devices import lines
from .files import number, read_or, table
from .records import Group, Resources, Usage

#: (controller, file, value), to be written in this order.
Write = tuple[str, str, str]


def writes(limits: Resources) -> list[Write]:
    """Give the writes that set `limits` on a new group."""
    values: list[tuple[str, str, int | str | None]] = [
        ("memory", "memory.limit_in_bytes", limits.memory),
        ("memory", "memory.memsw.limit_in_bytes", limits.memory_swap),
        ("memory", "memory.soft_limit_in_bytes", limits.memory_reservation),
        ("memory", "memory.swappiness", limits.memory_swappiness),
        ("memory", "memory.oom_control", _flag(limits.oom_kill_disable)),
        ("cpu", "cpu.shares", limits.cpu_shares),
        ("cpu", "cpu.cfs_period_us", limits.cpu_period),
        ("cpu", "cpu.cfs_quota_us", limits.cpu_quota),
        ("cpuset", "cpuset.cpus", limits.cpuset_cpus),
        ("cpuset", "cpuset.mems", limits.cpuset_mems),
        ("pids", "pids.max", "max" if limits.pids == -1 else limits.pids),
        ("blkio", "blkio.weight", limits.blkio_weight),
    ]
    result = [(controller, name, str(value)) for controller, name, value in values if value is not None]
    for t in limits.throttles:
        direction, unit = t.what.split("_")
        name = f"blkio.throttle.{direction}_{unit}_device"
        result.append(("blkio", name, f"{t.major}:{t.minor} {t.rate}"))
    return result + [("devices", name, line) for name, line in lines(limits.devices or ())]


def _flag(value: bool | None) -> str | None:
    return None if not value else "1"


def swapped_first(group: Group, limits: Resources) -> bool:
    """Tell whether the memory+swap limit must be raised before the memory limit can be.

    The kernel refuses any moment at which memory is above memory+swap.
    """
    directory = group.directory("memory")
    if limits.memory is None or limits.memory_swap is None or not directory:
        return False
    now = number(directory, "memory.memsw.limit_in_bytes")
    return now != 0 and (limits.memory == -1 or limits.memory > now)


def oom_kills(group: Group) -> int:
    """Count kills for want of memory."""
    return table(group.directory("memory"), "memory.oom_control").get("oom_kill", 0)


def stats(group: Group) -> Usage:
    """Read what the group uses."""
    memory, cpuacct, pids = (group.directory(c) for c in ("memory", "cpuacct", "pids"))
    cpu = table(group.directory("cpu"), "cpu.stat")
    return Usage(
        version=1,
        read_at=time.time_ns(),
        cpu_total=number(cpuacct, "cpuacct.usage"),
        cpu_user=number(cpuacct, "cpuacct.usage_user"),
        cpu_system=number(cpuacct, "cpuacct.usage_sys"),
        cpu_per_cpu=tuple(map(int, read_or(cpuacct, "cpuacct.usage_percpu", "").split())),
        cpu_periods=cpu.get("nr_periods", 0),
        cpu_throttled_periods=cpu.get("nr_throttled", 0),
        cpu_throttled=cpu.get("throttled_time", 0),
        memory=number(memory, "memory.usage_in_bytes"),
        memory_peak=number(memory, "memory.max_usage_in_bytes"),
        memory_limit=number(memory, "memory.limit_in_bytes"),
        memory_failures=number(memory, "memory.failcnt"),
        memory_stat=tuple(table(memory, "memory.stat").items()),
        pids=number(pids, "pids.current"),
        pids_limit=number(pids, "pids.max"),
        io=_io(group.directory("blkio")),
    )


def _io(directory: str) -> tuple[tuple[int, int, str, int, int], ...]:
    byte_lines, count_lines = (
        _io_table(read_or(directory, f"blkio.throttle.{name}_recursive", ""))
        for name in ("io_service_bytes", "io_serviced")
    )
    return tuple((*key, value, count_lines.get(key, 0)) for key, value in byte_lines.items())


def _io_table(text: str) -> dict[tuple[int, int, str], int]:
    """Read "8:0 Read 4096" lines; only Read and Write count."""
    result = {}
    for line in text.splitlines():
        words = line.split()
        if len(words) == 3 and words[1] in ("Read", "Write"):
            major, minor = words[0].split(":")
            result[int(major), int(minor), words[1]] = int(words[2])
    return result
