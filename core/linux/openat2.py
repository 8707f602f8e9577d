"""openat2(2): opening a path with rules on how it may be resolved."""

from __future__ import annotations

import ctypes
import os

from .libc import syscall

RESOLVE_NO_XDEV = 0x01
RESOLVE_NO_MAGICLINKS = 0x02
RESOLVE_NO_SYMLINKS = 0x04
RESOLVE_BENEATH = 0x08
RESOLVE_IN_ROOT = 0x10

O_PATH = os.O_PATH

_OPENAT2 = 437


class _OpenHow(ctypes.Structure):
    _fields_ = [("flags", ctypes.c_uint64), ("mode", ctypes.c_uint64), ("resolve", ctypes.c_uint64)]


def openat2(dirfd: int, path: str, flags: int, mode: int = 0, resolve: int = 0) -> int:
    """Open `path` from `dirfd`; the descriptor is close-on-exec.

    EXDEV when resolution leaves what `resolve` allows, ELOOP at a link that it forbids. EAGAIN (a rename
    raced with a "..") is retried, a hundred times at most.
    """
    how = _OpenHow(flags | os.O_CLOEXEC, mode, resolve)
    encoded = os.fsencode(path) + b"\0"
    for _ in range(100):
        try:
            return syscall(_OPENAT2, dirfd, encoded, how, ctypes.sizeof(how), name=path)
        except BlockingIOError:
            continue
    raise OSError(11, os.strerror(11), path)
