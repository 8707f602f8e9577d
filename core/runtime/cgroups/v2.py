"""The tables of cgroup v2 (kernel documentation, cgroup-v2.rst), with OCI's v1 values converted.

Conversions: OCI runtime-spec config-linux.md and the formulas that runc and crun share.
"""

from __future__ import annotations

import time

from .files import number, read_or, table
from .records import Group, Resources, Throttle, Usage

#: What a container's group needs of its ancestors' controllers.
CONTROLLERS = ("cpuset", "cpu", "io", "memory", "pids")

_THROTTLES = {"read_bps": "rbps", "write_bps": "wbps", "read_iops": "riops", "write_iops": "wiops"}


def writes(limits: Resources) -> list[tuple[str, str, str]]:
    """Give (controller, file, value) in the order of writing; the controller is "" throughout."""
    values: list[tuple[str, int | str | None]] = [
        ("memory.max", _max(limits.memory)),
        ("memory.swap.max", _swap(limits)),
        ("memory.low", _max(limits.memory_reservation)),
        ("cpu.weight", _cpu_weight(limits.cpu_shares)),
        ("cpu.max", _cpu_max(limits)),
        ("cpuset.cpus", limits.cpuset_cpus),
        ("cpuset.mems", limits.cpuset_mems),
        ("pids.max", _max(limits.pids)),
        ("io.weight", _io_weight(limits.blkio_weight)),
        *(("io.max", _throttle(throttle)) for throttle in limits.throttles),
        *limits.unified,
    ]
    return [("", name, str(value)) for name, value in values if value is not None]


def _max(value: int | None) -> str | None:
    return None if value is None else ("max" if value == -1 else str(value))


def _swap(limits: Resources) -> str | None:
    """OCI counts memory and swap together, v2 swap alone."""
    if limits.memory_swap is None:
        return None
    if limits.memory_swap == -1:
        return "max"
    return str(max(limits.memory_swap - max(limits.memory or 0, 0), 0))


def _cpu_weight(shares: int | None) -> int | None:
    """Map 2..262144 onto 1..10000."""
    if shares is None:
        return None
    return 1 + (min(max(shares, 2), 262144) - 2) * 9999 // 262142


def _cpu_max(limits: Resources) -> str | None:
    if limits.cpu_quota is None and limits.cpu_period is None:
        return None
    quota = limits.cpu_quota or -1
    return f"{'max' if quota < 0 else quota} {limits.cpu_period or 100000}"


def _io_weight(weight: int | None) -> str | None:
    """Map 10..1000 onto 1..10000."""
    return None if weight is None else f"default {1 + (weight - 10) * 9999 // 990}"


def _throttle(throttle: Throttle) -> str:
    rate = throttle.rate or "max"
    return f"{throttle.major}:{throttle.minor} {_THROTTLES[throttle.what]}={rate}"


def oom_kills(group: Group) -> int:
    """Count kills for want of memory."""
    return table(group.directory(""), "memory.events").get("oom_kill", 0)


def stats(group: Group) -> Usage:
    """Read what the group uses."""
    directory = group.directory("")
    cpu = table(directory, "cpu.stat")
    memory_stat = table(directory, "memory.stat")
    return Usage(
        version=2,
        read_at=time.time_ns(),
        cpu_total=cpu.get("usage_usec", 0) * 1000,
        cpu_user=cpu.get("user_usec", 0) * 1000,
        cpu_system=cpu.get("system_usec", 0) * 1000,
        cpu_periods=cpu.get("nr_periods", 0),
        cpu_throttled_periods=cpu.get("nr_throttled", 0),
        cpu_throttled=cpu.get("throttled_usec", 0) * 1000,
        memory=number(directory, "memory.current"),
        memory_peak=number(directory, "memory.peak"),
        memory_limit=number(directory, "memory.max"),
        memory_failures=table(directory, "memory.events").get("max", 0),
        memory_stat=tuple(memory_stat.items()),
        pids=number(directory, "pids.current"),
        pids_limit=number(directory, "pids.max"),
        io=_io(read_or(directory, "io.stat", "")),
    )


def _io(text: str) -> tuple[tuple[int, int, str, int, int], ...]:
    """Read "8:0 rbytes=1 wbytes=2 rios=3 wios=4 ..." lines."""
    result = []
    for line in text.splitlines():
        device, *pairs = line.split()
        values = dict(pair.split("=", 1) for pair in pairs if "=" in pair)
        major, minor = map(int, device.split(":"))
        for operation, letter in (("Read", "r"), ("Write", "w")):
            size, count = (int(values.get(letter + key, 0)) for key in ("bytes", "ios"))
            result.append((major, minor, operation, size, count))
    return tuple(result)
