"""Device nodes of a container: Docker's default ones, the spec's own, and the links beside them.

OCI runtime-spec config-linux.md, "Default Devices" and "Dev symbolic links".
"""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..errors import Invalid


@dataclass(frozen=True, slots=True)
class Device:
    """A node to make; `path` is absolute in the container, `mode` has the file type in it."""

    path: str
    mode: int
    major: int
    minor: int
    uid: int = 0
    gid: int = 0


DEFAULTS = tuple(
    Device(f"/dev/{name}", stat.S_IFCHR | 0o666, 1 if minor != 0 else 5, minor)
    for name, minor in (("null", 3), ("zero", 5), ("full", 7), ("random", 8), ("urandom", 9), ("tty", 0))
)

LINKS = (
    ("/dev/fd", "/proc/self/fd"),
    ("/dev/stdin", "/proc/self/fd/0"),
    ("/dev/stdout", "/proc/self/fd/1"),
    ("/dev/stderr", "/proc/self/fd/2"),
    ("/dev/ptmx", "pts/ptmx"),
    # As runc: only where the kernel has it.
    *((("/dev/core", "/proc/kcore"),) if os.path.exists("/proc/kcore") else ()),
)

_TYPES = {"c": stat.S_IFCHR, "u": stat.S_IFCHR, "b": stat.S_IFBLK, "p": stat.S_IFIFO}


def device(entry: Mapping[str, Any]) -> Device:
    """Read one of the spec's `linux.devices`. Raises Invalid."""
    path = str(entry.get("path", ""))
    kind = entry.get("type", "")
    if not path.startswith("/") or "/../" in path + "/" or path.endswith("/"):
        raise Invalid(f"device path must be absolute and clean: {path}")
    if kind not in _TYPES:
        raise Invalid(f"device type must be b, c, u or p: {path}: {kind}")
    return Device(
        path,
        _TYPES[kind] | int(entry.get("fileMode") or 0o666) & 0o7777,
        int(entry.get("major", 0)),
        int(entry.get("minor", 0)),
        int(entry.get("uid") or 0),
        int(entry.get("gid") or 0),
    )


def devices(entries: list[Mapping[str, Any]]) -> tuple[Device, ...]:
    """Give the default nodes and the spec's own, which win by path."""
    by_path = {d.path: d for d in DEFAULTS}
    by_path |= {d.path: d for d in map(device, entries)}
    return tuple(by_path.values())
