"""What this machine can do: facts that planning needs, read once per process."""

from __future__ import annotations

import os
from dataclasses import dataclass

from ..linux.capability import NAMES, capget


@dataclass(frozen=True, slots=True)
class Host:
    """Facts of the kernel and of this process.

    `cgroup_version` is 0 (none), 1 (v1, also hybrid) or 2. `cgroup_mounts` has pairs of a v1 controller
    ("memory", "cpu", "name=systemd") or "" (the v2 hierarchy, also of a hybrid) and its mount point.
    `capabilities` are this process's own permitted ones: nothing beyond them can be given.
    """

    cgroup_version: int
    cgroup_mounts: tuple[tuple[str, str], ...]
    capabilities: frozenset[str]
    arch: str
    seccomp: bool
    kernel: tuple[int, int]
    apparmor: bool = False


def probe() -> Host:
    """Read the facts of this machine (less than a millisecond; keep the result)."""
    name = os.uname()
    major, minor = name.release.split(".")[:2]
    _, permitted, _ = capget()
    with open("/proc/self/mountinfo") as mountinfo:
        mounts = cgroup_mounts(mountinfo.read())
    controllers = [controller for controller, _ in mounts]
    version = 0 if not mounts else (2 if controllers == [""] else 1)
    return Host(
        cgroup_version=version,
        cgroup_mounts=mounts,
        capabilities=frozenset(c for bit, c in enumerate(NAMES) if permitted >> bit & 1),
        arch=name.machine,
        seccomp=os.path.exists("/proc/sys/kernel/seccomp/actions_avail"),
        kernel=(int(major), int("".join(filter(str.isdigit, minor)) or 0)),
        apparmor=os.path.exists("/sys/kernel/security/apparmor/profiles"),
    )


def cgroup_mounts(mountinfo: str) -> tuple[tuple[str, str], ...]:
    """Find the cgroup mounts in the text of /proc/self/mountinfo (proc_pid_mountinfo(5)).

    Of several mounts of one controller the first counts, and a mount of a whole hierarchy before a part.
    """
    found: dict[str, tuple[bool, str]] = {}
    for line in mountinfo.splitlines():
        left, _, right = line.partition(" - ")
        fstype, _, options = right.split(" ", 2)
        if fstype not in ("cgroup", "cgroup2"):
            continue
        root, mount_point = left.split(" ")[3:5]
        whole = root == "/"
        for controller in _controllers(options) if fstype == "cgroup" else [""]:
            if controller not in found or (whole and not found[controller][0]):
                found[controller] = (whole, mount_point)
    return tuple((controller, path) for controller, (_, path) in found.items())


def _controllers(options: str) -> list[str]:
    """Of a v1 mount's superblock options keep what names its controllers."""
    ignored = {"rw", "ro", "xattr", "noprefix", "cpuset_v2_mode", "clone_children", "favordynmods"}
    return [o for o in options.split(",") if o not in ignored and not o.startswith("release_agent=")]
