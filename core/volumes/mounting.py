"""The local driver's mount options: a volume that is a file system of its own while containers use it.

`type`, `device` and `o` are mount(8)'s words: https://docs.docker.com/reference/cli/docker/volume/create/
Blocking; the caller holds the volume's lock.
"""

from __future__ import annotations

import errno
import os
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ..errors import Internal, Invalid
from ..linux import mount as m

_OPTIONS = frozenset({"type", "device", "o"})
_MS_SYNCHRONOUS, _MS_DIRSYNC, _MS_NOATIME, _MS_NODIRATIME = 0x10, 0x80, 0x400, 0x800
_MS_RELATIME, _MS_STRICTATIME = 0x200000, 0x1000000
_FLAGS = {
    "ro": m.MS_RDONLY,
    "nosuid": m.MS_NOSUID,
    "nodev": m.MS_NODEV,
    "noexec": m.MS_NOEXEC,
    "sync": _MS_SYNCHRONOUS,
    "dirsync": _MS_DIRSYNC,
    "noatime": _MS_NOATIME,
    "nodiratime": _MS_NODIRATIME,
    "relatime": _MS_RELATIME,
    "strictatime": _MS_STRICTATIME,
    "bind": m.MS_BIND,
    "rbind": m.MS_BIND | m.MS_REC,
}
_DEFAULTS = frozenset({"rw", "suid", "dev", "exec", "async", "atime", "diratime", "defaults"})
_NETWORKED = ("nfs", "nfs4", "cifs", "smb3")


@dataclass(frozen=True, slots=True)
class Plan:
    """One mount(2) call."""

    device: str
    fstype: str
    flags: int
    data: str


def plan(options: Mapping[str, str]) -> Plan | None:
    """Read a volume's options; None when it is a plain directory. Raises Invalid in Docker's words."""
    if not options:
        return None
    for name in options:
        if name not in _OPTIONS:
            raise Invalid(f'invalid option: "{name}"')
    for name in ("type", "device"):
        if not options.get(name):
            raise Invalid(f'missing required option: "{name}"')
    flags, data = 0, []
    for word in filter(None, options.get("o", "").split(",")):
        if word in _FLAGS:
            flags |= _FLAGS[word]
        elif word not in _DEFAULTS:
            data.append(word)
    return Plan(options["device"], options["type"], flags, ",".join(data))


def mount(wanted: Plan, place: Path) -> None:
    """Mount a volume unless it is; raises Internal with the kernel's reason."""
    if is_mounted(place):
        return
    data = wanted.data
    try:
        if wanted.fstype in _NETWORKED:
            data = _with_address(data)
        m.mount(wanted.device, str(place), wanted.fstype, wanted.flags, data)
        if wanted.flags & m.MS_BIND and wanted.flags & ~(m.MS_BIND | m.MS_REC):
            # A bind takes its flags only from a second call: mount(2).
            m.mount("", str(place), "", m.MS_REMOUNT | wanted.flags & ~m.MS_REC, "")
    except OSError as err:
        raise Internal(
            f"error while mounting volume '{place}': failed to mount local volume: "
            f"mount {wanted.device}:{place}, data: {data}: {_reason(err, wanted)}"
        ) from err


def _reason(err: OSError, wanted: Plan) -> str:
    reason = (err.strerror or str(err)).lower()
    if err.errno == errno.ENODEV:
        return f"{reason}: this kernel has no file system '{wanted.fstype}'"
    return reason


def _with_address(data: str) -> str:
    """The kernel takes an address where people write a name. Raises OSError."""
    words = []
    for word in data.split(","):
        key, _, value = word.partition("=")
        words.append(f"addr={socket.gethostbyname(value)}" if key == "addr" else word)
    return ",".join(words)


def unmount(place: Path) -> None:
    """Take a volume's file system away if there is one; what still uses it keeps it."""
    while is_mounted(place):
        m.umount2(str(place), m.MNT_DETACH | m.UMOUNT_NOFOLLOW)


def is_mounted(place: Path) -> bool:
    """Tell whether something is mounted on a path, as proc_pid_mountinfo(5) has it."""
    wanted = os.fsencode(place).replace(b"\\", b"\\134").replace(b" ", b"\\040").replace(b"\n", b"\\012")
    with open("/proc/self/mountinfo", "rb") as table:
        return any(line.split(b" ", 5)[4] == wanted for line in table)
