"""Installing a system call filter: seccomp(2)."""

from __future__ import annotations

import ctypes

from .libc import number, syscall

_SECCOMP_SET_MODE_FILTER = 1
FILTER_FLAG_LOG = 2
FILTER_FLAG_SPEC_ALLOW = 4


class _Program(ctypes.Structure):
    _fields_ = [("len", ctypes.c_ushort), ("filter", ctypes.c_char_p)]


def install(program: bytes, flags: int = 0) -> None:
    """Install classic BPF (`program`: 8 bytes an instruction) for the calling thread and its children.

    EACCES without CAP_SYS_ADMIN or no_new_privs, EINVAL for a program that the kernel rejects.
    """
    prog = _Program(len(program) // 8, program)
    syscall(number("seccomp"), _SECCOMP_SET_MODE_FILTER, flags, prog, name="seccomp")
