"""The C library through ctypes: one loaded handle, errno turned into OSError, and syscall(2) by number.

Numbers from 424 on are the same on every architecture; the older ones that the C library has no function
for are listed by machine.
"""

from __future__ import annotations

import ctypes
import os
from typing import Any

libc = ctypes.CDLL(None, use_errno=True)

_syscall = libc.syscall
_syscall.restype = ctypes.c_long
_syscall.argtypes = [ctypes.c_long] + [ctypes.c_void_p] * 6

_NOTHING = (0, 0, 0, 0, 0, 0)

_MACHINE = os.uname().machine
_OLD_NUMBERS = {
    "x86_64": {"keyctl": 250, "seccomp": 317, "bpf": 321, "execveat": 322},
    "aarch64": {"keyctl": 219, "seccomp": 277, "bpf": 280, "execveat": 281},
}

#: What a syscall takes: a number or flag, a byte string or buffer (its address is passed), or None (NULL).
Argument = int | bytes | ctypes.Array[Any] | ctypes.Structure | None


def number(name: str) -> int:
    """Give the number of an old system call; raises OSError ENOSYS on a machine that isn't in the table."""
    try:
        return _OLD_NUMBERS[_MACHINE][name]
    except KeyError:
        raise OSError(38, os.strerror(38), name) from None


def check(result: int, name: str | None = None) -> int:
    """Give `result`, or raise OSError from errno when it is negative; `name` is the object concerned."""
    if result < 0:
        errno = ctypes.get_errno()
        raise OSError(errno, os.strerror(errno), name)
    return result


def syscall(number: int, *arguments: Argument, name: str | None = None) -> int:
    """Make a system call by number, with up to six arguments."""
    # A start makes some three hundred of these, so only what needs it is wrapped.
    words = [ctypes.byref(a) if isinstance(a, ctypes.Structure) else a for a in arguments]
    result: int = _syscall(number, *words, *_NOTHING[len(words) :])
    return result if result >= 0 else check(result, name)
