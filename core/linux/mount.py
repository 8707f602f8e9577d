"""Mounts: mount(2), umount2(2), pivot_root(2) and the descriptor based calls of Linux 5.2 and 5.12.

open_tree(2), move_mount(2), fsopen(2), fsconfig(2), fsmount(2), mount_setattr(2).
"""

from __future__ import annotations

import ctypes
import os

from .libc import check, libc, syscall

MS_RDONLY = 0x1
MS_NOSUID = 0x2
MS_NODEV = 0x4
MS_NOEXEC = 0x8
MS_REMOUNT = 0x20
MS_BIND = 0x1000
MS_REC = 0x4000
MS_UNBINDABLE = 1 << 17
MS_PRIVATE = 1 << 18
MS_SLAVE = 1 << 19
MS_SHARED = 1 << 20

MNT_DETACH = 2
UMOUNT_NOFOLLOW = 8

AT_FDCWD = -100
AT_SYMLINK_NOFOLLOW = 0x100
AT_NO_AUTOMOUNT = 0x800
AT_EMPTY_PATH = 0x1000
AT_RECURSIVE = 0x8000

OPEN_TREE_CLONE = 1
OPEN_TREE_CLOEXEC = os.O_CLOEXEC

MOVE_MOUNT_F_EMPTY_PATH = 0x4
MOVE_MOUNT_T_EMPTY_PATH = 0x40

FSOPEN_CLOEXEC = 1
FSMOUNT_CLOEXEC = 1
FSCONFIG_SET_FLAG = 0
FSCONFIG_SET_STRING = 1
FSCONFIG_SET_FD = 5
FSCONFIG_CMD_CREATE = 6

MOUNT_ATTR_RDONLY = 0x1
MOUNT_ATTR_NOSUID = 0x2
MOUNT_ATTR_NODEV = 0x4
MOUNT_ATTR_NOEXEC = 0x8
MOUNT_ATTR__ATIME = 0x70
MOUNT_ATTR_RELATIME = 0x0
MOUNT_ATTR_NOATIME = 0x10
MOUNT_ATTR_STRICTATIME = 0x20
MOUNT_ATTR_NODIRATIME = 0x80
MOUNT_ATTR_NOSYMFOLLOW = 0x200000

_OPEN_TREE, _MOVE_MOUNT, _FSOPEN, _FSCONFIG, _FSMOUNT, _MOUNT_SETATTR = 428, 429, 430, 431, 432, 442

_mount = libc.mount
_mount.argtypes = [ctypes.c_char_p, ctypes.c_char_p, ctypes.c_char_p, ctypes.c_ulong, ctypes.c_char_p]
_umount2 = libc.umount2
_umount2.argtypes = [ctypes.c_char_p, ctypes.c_int]
_pivot_root = libc.pivot_root
_pivot_root.argtypes = [ctypes.c_char_p, ctypes.c_char_p]


class _MountAttr(ctypes.Structure):
    _fields_ = [
        ("attr_set", ctypes.c_uint64),
        ("attr_clr", ctypes.c_uint64),
        ("propagation", ctypes.c_uint64),
        ("userns_fd", ctypes.c_uint64),
    ]


def mount(source: str, target: str, fstype: str, flags: int = 0, data: str = "") -> None:
    """mount(2)."""
    result = _mount(
        os.fsencode(source),
        os.fsencode(target),
        os.fsencode(fstype) or None,
        flags,
        os.fsencode(data) or None,
    )
    check(result, target)


def umount2(target: str, flags: int = 0) -> None:
    """umount2(2)."""
    check(_umount2(os.fsencode(target), flags), target)


def pivot_root(new_root: str, put_old: str) -> None:
    """pivot_root(2)."""
    check(_pivot_root(os.fsencode(new_root), os.fsencode(put_old)), new_root)


def open_tree(dirfd: int, path: str, flags: int) -> int:
    """open_tree(2); the descriptor is close-on-exec. OPEN_TREE_CLONE gives a detached copy of the mount."""
    return syscall(_OPEN_TREE, dirfd, os.fsencode(path) + b"\0", flags | OPEN_TREE_CLOEXEC, name=path)


def move_mount(from_fd: int, to_fd: int, name: str = "") -> None:
    """Attach the mount of `from_fd` on what `to_fd` (O_PATH) refers to; no path is walked. move_mount(2)."""
    flags = MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH
    syscall(_MOVE_MOUNT, from_fd, b"\0", to_fd, b"\0", flags, name=name)


def fsopen(fstype: str) -> int:
    """fsopen(2): begin a new file system; the descriptor is close-on-exec."""
    return syscall(_FSOPEN, os.fsencode(fstype) + b"\0", FSOPEN_CLOEXEC, name=fstype)


def fsconfig_string(fs_fd: int, key: str, value: str) -> None:
    """Set `key` to `value` (the kernel takes at most 255 bytes). fsconfig(2)."""
    words = (os.fsencode(key) + b"\0", os.fsencode(value) + b"\0")
    syscall(_FSCONFIG, fs_fd, FSCONFIG_SET_STRING, words[0], words[1], 0, name=f"{key}={value}")


def fsconfig_flag(fs_fd: int, key: str) -> None:
    """Set the flag `key`. fsconfig(2)."""
    syscall(_FSCONFIG, fs_fd, FSCONFIG_SET_FLAG, os.fsencode(key) + b"\0", None, 0, name=key)


def fsconfig_create(fs_fd: int) -> None:
    """Make the superblock. fsconfig(2)."""
    syscall(_FSCONFIG, fs_fd, FSCONFIG_CMD_CREATE, None, None, 0)


def fsmount(fs_fd: int, attributes: int = 0) -> int:
    """fsmount(2): give a detached mount with MOUNT_ATTR_* attributes; the descriptor is close-on-exec."""
    return syscall(_FSMOUNT, fs_fd, FSMOUNT_CLOEXEC, attributes)


def mount_setattr(
    dirfd: int, path: str, flags: int = 0, *, attr_set: int = 0, attr_clr: int = 0, propagation: int = 0
) -> None:
    """mount_setattr(2): `propagation` is one of MS_PRIVATE, MS_SLAVE, MS_SHARED, MS_UNBINDABLE."""
    attr = _MountAttr(attr_set, attr_clr, propagation, 0)
    encoded = os.fsencode(path) + b"\0"
    syscall(_MOUNT_SETATTR, dirfd, encoded, flags, attr, ctypes.sizeof(attr), name=path)


def new_mount(fstype: str, options: str = "", attributes: int = 0, source: str = "") -> int:
    """Make a file system from mount(8)-like comma separated `options`, detached; close-on-exec."""
    fs_fd = fsopen(fstype)
    try:
        if source:
            fsconfig_string(fs_fd, "source", source)
        for option in filter(None, options.split(",")):
            key, equals, value = option.partition("=")
            if equals:
                fsconfig_string(fs_fd, key, value)
            else:
                fsconfig_flag(fs_fd, key)
        fsconfig_create(fs_fd)
        return fsmount(fs_fd, attributes)
    finally:
        os.close(fs_fd)
