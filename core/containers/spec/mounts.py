"""The specification's mounts: Docker's defaults, the files over /etc, and the container's own (config.md)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ...errors import Invalid
from ..record import Mount
from .facts import Etc, Facts

# Each propagation that Docker knows for a bind.
PROPAGATIONS = ("private", "rprivate", "shared", "rshared", "slave", "rslave")
_TMPFS_DEFAULTS = ("noexec", "nosuid", "nodev")
_TMPFS_FLAGS = frozenset(
    {
        "ro", "rw", "exec", "noexec", "suid", "nosuid", "dev", "nodev", "sync", "async", "dirsync", "remount",
        "mand", "nomand", "atime", "noatime", "diratime", "nodiratime", "bind", "rbind", "unbindable",
        "runbindable", "private", "rprivate", "shared", "rshared", "slave", "rslave", "relatime",
        "norelatime", "strictatime", "nostrictatime",
    }
)  # fmt: skip
_TMPFS_VALUES = frozenset({"size", "mode", "uid", "gid", "nr_inodes", "nr_blocks", "mpol"})


def default_mounts(facts: Facts, *, privileged: bool, shm_size: int, host_ipc: bool) -> list[dict[str, Any]]:
    """Return what every container of Docker's has. A privileged one may write to /sys and the cgroups."""
    access = [] if privileged else ["ro"]
    mounts = [
        _mount("/proc", "proc", "proc", ["nosuid", "noexec", "nodev"]),
        _mount("/dev", "tmpfs", "tmpfs", ["nosuid", "strictatime", "mode=755", "size=65536k"]),
        _mount(
            "/dev/pts",
            "devpts",
            "devpts",
            ["nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620", "gid=5"],
        ),
        _mount("/sys", "sysfs", "sysfs", ["nosuid", "noexec", "nodev", *access]),
    ]
    if facts.cgroup_version:
        mounts.append(
            _mount("/sys/fs/cgroup", "cgroup", "cgroup", [*(access or ["rw"]), "nosuid", "noexec", "nodev"])
        )
    mounts.append(_mount("/dev/mqueue", "mqueue", "mqueue", ["nosuid", "noexec", "nodev"]))
    mounts.append(_shm(facts, shm_size, host_ipc))
    return mounts


def _shm(facts: Facts, shm_size: int, host_ipc: bool) -> dict[str, Any]:
    if host_ipc or facts.shm_source:
        return _mount("/dev/shm", "bind", facts.shm_source or "/dev/shm", ["rbind", "rprivate"])
    return _mount("/dev/shm", "tmpfs", "shm", ["nosuid", "noexec", "nodev", "mode=1777", f"size={shm_size}"])


def etc_mounts(etc: Etc, own: Sequence[Mount]) -> list[dict[str, Any]]:
    """Mount the generated files, but for those that the user mounts something over."""
    taken = {mount.destination for mount in own}
    files = (
        ("/etc/resolv.conf", etc.resolv_conf),
        ("/etc/hostname", etc.hostname),
        ("/etc/hosts", etc.hosts),
    )
    return [
        _mount(path, "bind", source, ["rbind", "rprivate"])
        for path, source in files
        if source and path not in taken
    ]


def own_mount(mount: Mount) -> dict[str, Any]:
    """Turn one of the container's mounts into the specification's."""
    access = "rw" if mount.writable else "ro"
    if mount.type == "tmpfs":
        return _mount(mount.destination, "tmpfs", "tmpfs", [*mount.options, access])
    how = "rbind" if mount.recursive else "bind"
    part = [f"subpath={mount.subpath}"] if mount.subpath else []
    options = [how, mount.propagation or "rprivate", access, *part]
    return _mount(mount.destination, "bind", mount.source, options)


def tmpfs_options(text: str) -> tuple[str, ...]:
    """Read `--tmpfs`'s comma-separated options over Docker's defaults; raises Invalid."""
    chosen = list(_TMPFS_DEFAULTS)
    for option in filter(None, text.split(",")):
        name, equals, _ = option.partition("=")
        if not (name in _TMPFS_VALUES if equals else name in _TMPFS_FLAGS):
            raise Invalid(f"Invalid tmpfs option [{text!r}]")
        opposite = name.removeprefix("no") if name.startswith("no") else "no" + name
        chosen = [
            o for o in chosen if o not in (opposite, option) and not (equals and o.startswith(name + "="))
        ]
        chosen.append(option)
    return tuple(chosen)


def in_order(mounts: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Sort so that a mount comes after what it lies in, equals in their given order."""
    return sorted(mounts, key=lambda mount: len([part for part in mount["destination"].split("/") if part]))


def combined(defaults: Sequence[dict[str, Any]], own: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Put the container's mounts after the defaults; one at a default's place replaces it.

    A mount at /dev hides all of Docker's that lie below it, as in dockerd.
    """
    places = {mount["destination"] for mount in own}
    kept = [m for m in defaults if not _replaced(m["destination"], places)]
    return [*kept, *in_order(own)]


def _replaced(destination: str, places: set[str]) -> bool:
    return destination in places or ("/dev" in places and destination.startswith("/dev/"))


def _mount(destination: str, kind: str, source: str, options: Sequence[str]) -> dict[str, Any]:
    return {"destination": destination, "type": kind, "source": source, "options": list(options)}
