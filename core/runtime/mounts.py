"""The spec's mounts as records: options in mount(8)'s words turned into kernel flags; pure.

OCI runtime-spec config.md "Mounts" and config-linux.md "Linux mount options".
"""

from __future__ import annotations

import posixpath
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from ..errors import Invalid
from ..linux import mount as m

#: The only places on /proc that something may be mounted on (as in runc; lxcfs needs them).
PROC_ALLOWED = frozenset(
    "/proc/" + name
    for name in (
        "cpuinfo diskstats meminfo stat swaps uptime loadavg slabinfo net/dev sys/kernel/ns_last_pid "
        "sys/crypto/fips_enabled"
    ).split()
)


@dataclass(frozen=True, slots=True)
class Mount:
    """One mount to make in the container.

    `target` is absolute and clean; it is resolved inside the root when the mount is made. `attr_set` and
    `attr_clr` are MOUNT_ATTR_* for the mount itself, `tree_set` and `tree_clr` for all below it too.
    `propagation` is MS_PRIVATE, MS_SLAVE ... (0 leaves it), for the whole tree when `propagate_tree`.
    `subpath` is the part of a bind's source that is meant, found inside that source.
    """

    kind: Literal["bind", "new", "cgroup"]
    target: str
    source: str
    fstype: str = ""
    data: str = ""
    recursive: bool = False
    attr_set: int = 0
    attr_clr: int = 0
    tree_set: int = 0
    tree_clr: int = 0
    propagation: int = 0
    propagate_tree: bool = False
    copy_up: bool = False
    subpath: str = ""


# What an option adds to the attributes and takes from them.
_ATTRIBUTES: dict[str, tuple[int, int]] = {
    "ro": (m.MOUNT_ATTR_RDONLY, 0),
    "rw": (0, m.MOUNT_ATTR_RDONLY),
    "nosuid": (m.MOUNT_ATTR_NOSUID, 0),
    "suid": (0, m.MOUNT_ATTR_NOSUID),
    "nodev": (m.MOUNT_ATTR_NODEV, 0),
    "dev": (0, m.MOUNT_ATTR_NODEV),
    "noexec": (m.MOUNT_ATTR_NOEXEC, 0),
    "exec": (0, m.MOUNT_ATTR_NOEXEC),
    "nodiratime": (m.MOUNT_ATTR_NODIRATIME, 0),
    "diratime": (0, m.MOUNT_ATTR_NODIRATIME),
    "relatime": (m.MOUNT_ATTR_RELATIME, m.MOUNT_ATTR__ATIME),
    "noatime": (m.MOUNT_ATTR_NOATIME, m.MOUNT_ATTR__ATIME),
    "strictatime": (m.MOUNT_ATTR_STRICTATIME, m.MOUNT_ATTR__ATIME),
    "norelatime": (0, m.MOUNT_ATTR__ATIME),
    "atime": (0, m.MOUNT_ATTR__ATIME),
    "nostrictatime": (0, m.MOUNT_ATTR__ATIME),
    "nosymfollow": (m.MOUNT_ATTR_NOSYMFOLLOW, 0),
    "symfollow": (0, m.MOUNT_ATTR_NOSYMFOLLOW),
}

PROPAGATION: dict[str, tuple[int, bool]] = {
    prefix + name: (flag, bool(prefix))
    for name, flag in (
        ("private", m.MS_PRIVATE),
        ("slave", m.MS_SLAVE),
        ("shared", m.MS_SHARED),
        ("unbindable", m.MS_UNBINDABLE),
    )
    for prefix in ("", "r")
}

# An option of ours: its words are the user's, its links those of whoever wrote the source's files.
_SUBPATH = "subpath="
_IGNORED = frozenset({"defaults", "bind", "rbind", "silent", "loud", "nofail", "private", "copy", "nocopy"})


def mount(entry: Mapping[str, Any]) -> Mount:
    """Read one of the spec's `mounts`. Raises Invalid naming its destination."""
    target = clean_target(str(entry.get("destination", "")))
    options = [str(option) for option in entry.get("options") or ()]
    fstype = str(entry.get("type") or "")
    source = str(entry.get("source") or "")
    bind = fstype == "bind" or "bind" in options or "rbind" in options
    if bind and not source.startswith("/"):
        raise Invalid(f"mount source must be absolute: {source or target}")
    if not bind and not fstype:
        raise Invalid(f"mount has no type: {target}")
    _check_proc(target, fstype, source, bind)
    return _with_options(target, source, fstype, options, bind)


def clean_target(path: str) -> str:
    """Give an absolute clean path below the root. Raises Invalid."""
    if not path.startswith("/") or "\0" in path:
        raise Invalid(f"mount destination must be absolute: {path!r}")
    target = "/" + posixpath.normpath(path).lstrip("/")
    if target == "/":
        raise Invalid("mount destination must not be /")
    return target


def _check_proc(target: str, fstype: str, source: str, bind: bool) -> None:
    if target == "/proc" and not (fstype == "proc" or (bind and posixpath.normpath(source) == "/proc")):
        raise Invalid("only a proc file system may be mounted on /proc")
    if target.startswith("/proc/") and target not in PROC_ALLOWED:
        raise Invalid(f"mount destination is inside /proc: {target}")


def _with_options(target: str, source: str, fstype: str, options: list[str], bind: bool) -> Mount:
    attr_set = attr_clr = tree_set = tree_clr = propagation = 0
    propagate_tree, subpath = False, ""
    data: list[str] = []
    for option in options:
        if option in PROPAGATION:
            propagation, propagate_tree = PROPAGATION[option]
        elif option in _ATTRIBUTES:
            added, taken = _ATTRIBUTES[option]
            attr_set = attr_set & ~taken | added
            attr_clr = attr_clr & ~added | taken
        elif option[:1] == "r" and option[1:] in _ATTRIBUTES and option != "relatime":
            added, taken = _ATTRIBUTES[option[1:]]
            tree_set |= added
            tree_clr |= taken
        elif bind and option.startswith(_SUBPATH):
            subpath = option.removeprefix(_SUBPATH)
        elif option not in _IGNORED and option != "tmpcopyup":
            data.append(option)
    if bind:
        # "rw" does not lift what the source's own mount forbids.
        attr_clr &= ~m.MOUNT_ATTR_RDONLY
    return Mount(
        kind="bind" if bind else ("cgroup" if fstype in ("cgroup", "cgroup2") else "new"),
        target=target,
        source=source,
        fstype=fstype,
        data="" if bind else ",".join(data),
        recursive="rbind" in options,
        attr_set=attr_set,
        attr_clr=attr_clr,
        tree_set=tree_set,
        tree_clr=tree_clr,
        propagation=propagation,
        propagate_tree=propagate_tree,
        subpath=subpath,
        copy_up="tmpcopyup" in options,
    )
