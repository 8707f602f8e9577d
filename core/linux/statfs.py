"""The type of the file system behind a descriptor: fstatfs(2)."""

from __future__ import annotations

import ctypes

from .libc import check, libc

PROC_SUPER_MAGIC = 0x9FA0
SYSFS_MAGIC = 0x62656572
TMPFS_MAGIC = 0x01021994
DEVPTS_SUPER_MAGIC = 0x1CD1
CGROUP_SUPER_MAGIC = 0x27E0EB
CGROUP2_SUPER_MAGIC = 0x63677270
OVERLAYFS_SUPER_MAGIC = 0x794C7630

_fstatfs = libc.fstatfs
_fstatfs.argtypes = [ctypes.c_int, ctypes.c_void_p]


def fstatfs_type(fd: int) -> int:
    """Give f_type; the descriptor may be O_PATH."""
    # f_type is the first word of struct statfs on every machine; 256 bytes hold the whole.
    buffer = ctypes.create_string_buffer(256)
    check(_fstatfs(fd, buffer), "fstatfs")
    return int.from_bytes(buffer.raw[:8], "little") & 0xFFFFFFFF
