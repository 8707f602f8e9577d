"""What this machine can do: facts that planning needs, read once per process."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Host:
    """Facts of the kernel and of this process.

    `cgroup_version` is 0 (none), 1 (v1, also hybrid) or 2. `cgroup_mounts` maps a v1 controller
    ("memory", "cpu", "name=systemd") or "" (v2) to its mount point.
    """

    cgroup_version: int
    cgroup_mounts: tuple[tuple[str, str], ...]
    capabilities: frozenset[str]
    arch: str
    seccomp: bool
    raise_rlimits: bool
    kernel: tuple[int, int]


def probe() -> Host:
    """Read the facts of this machine (about a millisecond; keep the result)."""
    raise NotImplementedError
