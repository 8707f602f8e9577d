"""Records of the cgroup facade, and the pure functions that make them: which group, which limits."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ...errors import Invalid

if TYPE_CHECKING:
    from ..host import Host


@dataclass(frozen=True, slots=True)
class Group:
    """A container's cgroup: pairs of controller and absolute directory.

    The v2 hierarchy, also that of a hybrid, has the name "". `version` 0 is a machine without cgroups. `path`
    is the group's own name below each hierarchy ("/pydock/<id>").
    """

    version: int
    directories: tuple[tuple[str, str], ...]
    path: str = ""

    def directory(self, controller: str) -> str:
        """Give the directory of a controller, or "" where the machine has none."""
        for name, directory in self.directories:
            if name == controller:
                return directory
        return ""


@dataclass(frozen=True, slots=True)
class DeviceRule:
    """One rule of the device list; `major` and `minor` None is any; `access` of "rwm"."""

    allow: bool
    kind: str
    major: int | None
    minor: int | None
    access: str


@dataclass(frozen=True, slots=True)
class Throttle:
    """One limit of a block device; `what` is read_bps, write_bps, read_iops or write_iops."""

    major: int
    minor: int
    what: str
    rate: int


@dataclass(frozen=True, slots=True)
class Resources:
    """Limits; None leaves a value alone. Bytes and microseconds; -1 is without limit."""

    memory: int | None = None
    memory_swap: int | None = None
    memory_reservation: int | None = None
    memory_swappiness: int | None = None
    oom_kill_disable: bool | None = None
    cpu_shares: int | None = None
    cpu_quota: int | None = None
    cpu_period: int | None = None
    cpuset_cpus: str | None = None
    cpuset_mems: str | None = None
    pids: int | None = None
    blkio_weight: int | None = None
    throttles: tuple[Throttle, ...] = ()
    devices: tuple[DeviceRule, ...] | None = None
    unified: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Usage:
    """One reading of a group. Times are nanoseconds, sizes bytes; a limit of 0 is none.

    `memory_stat` has the kernel's own keys of the version (`version`), as Docker passes them on. `io` has
    (major, minor, operation, bytes, operations) with operation Read or Write.
    """

    version: int
    read_at: int
    cpu_total: int = 0
    cpu_user: int = 0
    cpu_system: int = 0
    cpu_per_cpu: tuple[int, ...] = ()
    cpu_periods: int = 0
    cpu_throttled_periods: int = 0
    cpu_throttled: int = 0
    memory: int = 0
    memory_peak: int = 0
    memory_limit: int = 0
    memory_failures: int = 0
    memory_stat: tuple[tuple[str, int], ...] = ()
    pids: int = 0
    pids_limit: int = 0
    io: tuple[tuple[int, int, str, int, int], ...] = ()


def group(path: str, host: Host) -> Group:
    """Name the cgroup of the spec's `linux.cgroupsPath` ("/pydock/<id>", "/custom/<id>") on this host.

    Raises Invalid for a path that climbs, that is a hierarchy's root, or that is systemd's slice:prefix:name.
    """
    if ":" in path or "\0" in path or "\n" in path:
        raise Invalid(f"cgroup path must be a plain path: {path!r}")
    clean = posixpath.normpath("/" + path.lstrip("/"))
    if clean == "/" or ".." in path.split("/"):
        raise Invalid(f"cgroup path must name a group below the root: {path!r}")
    return Group(host.cgroup_version, tuple((c, top + clean) for c, top in host.cgroup_mounts), clean)


def resources(entry: Mapping[str, Any]) -> Resources:
    """Read OCI's `linux.resources` (also what an update sends). Raises Invalid."""
    memory, cpu, block = (entry.get(key) or {} for key in ("memory", "cpu", "blockIO"))
    device_list = entry.get("devices")
    return Resources(
        memory=_limit(memory, "limit"),
        memory_swap=_limit(memory, "swap"),
        memory_reservation=_limit(memory, "reservation"),
        memory_swappiness=_optional(memory, "swappiness"),
        oom_kill_disable=memory.get("disableOOMKiller"),
        cpu_shares=_optional(cpu, "shares") or None,
        cpu_quota=_optional(cpu, "quota") or None,
        cpu_period=_optional(cpu, "period") or None,
        cpuset_cpus=cpu.get("cpus") or None,
        cpuset_mems=cpu.get("mems") or None,
        pids=_limit(entry.get("pids") or {}, "limit"),
        blkio_weight=_optional(block, "weight") or None,
        throttles=_throttles(block),
        devices=None if device_list is None else tuple(map(_device_rule, device_list)),
        unified=tuple(_unified(entry.get("unified") or {})),
    )


def _optional(entry: Mapping[str, Any], key: str) -> int | None:
    value = entry.get(key)
    return None if value is None else int(value)


def _limit(entry: Mapping[str, Any], key: str) -> int | None:
    """0 and absence are "not said" for OCI's limits; below 0 is without end."""
    value = _optional(entry, key)
    return None if not value else max(value, -1)


_THROTTLES = {
    "throttleReadBpsDevice": "read_bps",
    "throttleWriteBpsDevice": "write_bps",
    "throttleReadIOPSDevice": "read_iops",
    "throttleWriteIOPSDevice": "write_iops",
}


def _throttles(block: Mapping[str, Any]) -> tuple[Throttle, ...]:
    return tuple(
        Throttle(int(d["major"]), int(d["minor"]), what, int(d["rate"]))
        for key, what in _THROTTLES.items()
        for d in block.get(key) or ()
    )


def _device_rule(entry: Mapping[str, Any]) -> DeviceRule:
    kind = entry.get("type") or "a"
    access = entry.get("access") or "rwm"
    if kind not in ("a", "b", "c") or set(access) - set("rwm"):
        raise Invalid(f"device rule is not of type a, b or c with access of rwm: {kind} {access}")
    numbers = [None if entry.get(k) in (None, -1) else int(entry[k]) for k in ("major", "minor")]
    return DeviceRule(bool(entry.get("allow")), kind, numbers[0], numbers[1], access)


def _unified(entries: Mapping[str, Any]) -> list[tuple[str, str]]:
    for name in entries:
        if "/" in name or name.startswith("cgroup."):
            raise Invalid(f"unified resource is not a controller's file: {name}")
    return [(name, str(value)) for name, value in entries.items()]
