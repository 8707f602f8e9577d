"""Records of the cgroup facade: which group, which limits, what was used; and the pure functions that make them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ..host import Host


@dataclass(frozen=True, slots=True)
class Group:
    """A container's cgroup: absolute directories by controller (v1), or one by the name "" (v2)."""

    version: int
    directories: tuple[tuple[str, str], ...]


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
    """Limits; None leaves a value alone. Bytes and microseconds; -1 is without limit where OCI says so."""

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
    cpu_total: int
    cpu_user: int
    cpu_system: int
    cpu_per_cpu: tuple[int, ...]
    cpu_periods: int
    cpu_throttled_periods: int
    cpu_throttled: int
    memory: int
    memory_peak: int
    memory_limit: int
    memory_failures: int
    memory_stat: tuple[tuple[str, int], ...]
    pids: int
    pids_limit: int
    io: tuple[tuple[int, int, str, int, int], ...]


def group(path: str, host: Host) -> Group:
    """Name the cgroup of the spec's `linux.cgroupsPath` ("pydock/<id>", "/custom/<id>") on this host."""
    raise NotImplementedError


def resources(linux_resources: Mapping[str, Any]) -> Resources:
    """Read OCI's `linux.resources` (also what an update sends). Raises errors.Invalid."""
    raise NotImplementedError
