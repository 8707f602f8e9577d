"""What the pure part must be told of this machine and of other containers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..users import Identity


@dataclass(frozen=True, slots=True)
class Device:
    """A device node of the container. `kind` is "c" or "b"; `access` is what of "rwm" is allowed."""

    path: str
    kind: str
    major: int
    minor: int
    mode: int
    uid: int
    gid: int
    access: str = "rwm"


@dataclass(frozen=True, slots=True)
class Etc:
    """The container's own files on the host that are mounted over its /etc; "" leaves the image's."""

    hosts: str = ""
    hostname: str = ""
    resolv_conf: str = ""


@dataclass(frozen=True, slots=True)
class Facts:
    """`join_*` are pids of first processes whose namespace is entered, for modes `container:` (else 0).

    `shm_source` is the host directory to mount at /dev/shm, "" for a tmpfs of the container's own.
    `block_devices` maps a path of a throttle or weight to (major, minor). `available` are the engine's own
    capabilities. `seccomp` is OCI's object, None for unconfined.
    """

    identity: Identity
    hostname: str
    etc: Etc
    cgroup_version: int
    cgroups_path: str
    available: frozenset[str]
    devices: tuple[Device, ...] = ()
    block_devices: tuple[tuple[str, int, int], ...] = ()
    links: tuple[str, ...] = ()
    join_pid: int = 0
    join_ipc: int = 0
    join_net: int = 0
    shm_source: str = ""
    seccomp: Mapping[str, Any] | None = None
