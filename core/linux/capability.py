"""Capability sets of the calling process: capget(2), capset(2), and the names of capabilities(7)."""

from __future__ import annotations

import ctypes

from .libc import check, libc

NAMES = (
    "CAP_CHOWN CAP_DAC_OVERRIDE CAP_DAC_READ_SEARCH CAP_FOWNER CAP_FSETID CAP_KILL CAP_SETGID CAP_SETUID "
    "CAP_SETPCAP CAP_LINUX_IMMUTABLE CAP_NET_BIND_SERVICE CAP_NET_BROADCAST CAP_NET_ADMIN CAP_NET_RAW "
    "CAP_IPC_LOCK CAP_IPC_OWNER CAP_SYS_MODULE CAP_SYS_RAWIO CAP_SYS_CHROOT CAP_SYS_PTRACE CAP_SYS_PACCT "
    "CAP_SYS_ADMIN CAP_SYS_BOOT CAP_SYS_NICE CAP_SYS_RESOURCE CAP_SYS_TIME CAP_SYS_TTY_CONFIG CAP_MKNOD "
    "CAP_LEASE CAP_AUDIT_WRITE CAP_AUDIT_CONTROL CAP_SETFCAP CAP_MAC_OVERRIDE CAP_MAC_ADMIN CAP_SYSLOG "
    "CAP_WAKE_ALARM CAP_BLOCK_SUSPEND CAP_AUDIT_READ CAP_PERFMON CAP_BPF CAP_CHECKPOINT_RESTORE"
).split()

_VERSION_3 = 0x20080522


class _Header(ctypes.Structure):
    _fields_ = [("version", ctypes.c_uint32), ("pid", ctypes.c_int)]


class _Data(ctypes.Structure):
    _fields_ = [(f"{name}{half}", ctypes.c_uint32) for half in "01" for name in ("eff", "perm", "inh")]


def capget() -> tuple[int, int, int]:
    """Give the effective, permitted and inheritable sets as bit masks."""
    header, data = _Header(_VERSION_3, 0), _Data()
    check(libc.capget(ctypes.byref(header), ctypes.byref(data)), "capget")
    return (data.eff0 | data.eff1 << 32, data.perm0 | data.perm1 << 32, data.inh0 | data.inh1 << 32)


def capset(effective: int, permitted: int, inheritable: int) -> None:
    """Set the three sets from bit masks."""
    sets = (effective, permitted, inheritable)
    halves = [mask & 0xFFFFFFFF for mask in sets] + [mask >> 32 for mask in sets]
    header, data = _Header(_VERSION_3, 0), _Data(*halves)
    check(libc.capset(ctypes.byref(header), ctypes.byref(data)), "capset")
