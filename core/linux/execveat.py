"""Executing what a descriptor refers to: execveat(2), memfd_create(2) with seals."""

from __future__ import annotations

import ctypes
import fcntl
import os
from collections.abc import Sequence
from typing import NoReturn

from .libc import number, syscall

_AT_EMPTY_PATH = 0x1000
_MFD_EXEC = 0x10


def execveat(fd: int, argv: Sequence[str], env: Sequence[str]) -> NoReturn:
    """Execute the file of `fd` (close-on-exec will do, but not for a script). Returns only by OSError."""
    syscall(number("execveat"), fd, b"\0", _strings(argv), _strings(env), _AT_EMPTY_PATH, name="execveat")
    raise AssertionError("execveat returned")


def _strings(values: Sequence[str]) -> ctypes.Array[ctypes.c_char_p]:
    encoded = [os.fsencode(value) for value in values]
    return (ctypes.c_char_p * (len(encoded) + 1))(*encoded, None)


def sealed_memfd(name: str, content: bytes) -> int:
    """Make an executable file in memory that nobody can ever write to again; close-on-exec."""
    flags = os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING
    try:
        fd = os.memfd_create(name, flags | _MFD_EXEC)
    except OSError:
        fd = os.memfd_create(name, flags)  # Before Linux 6.3 the flag is unknown, and files are executable.
    os.write(fd, content)
    os.fchmod(fd, 0o555)
    seals = fcntl.F_SEAL_SEAL | fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_WRITE
    fcntl.fcntl(fd, fcntl.F_ADD_SEALS, seals)
    return fd
