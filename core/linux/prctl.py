"""Attributes of the calling process: prctl(2)."""

from __future__ import annotations

import ctypes
import os

from .libc import check, libc

_PR_SET_PDEATHSIG, _PR_GET_DUMPABLE, _PR_SET_DUMPABLE, _PR_SET_KEEPCAPS, _PR_SET_NAME = 1, 3, 4, 8, 15
_PR_CAPBSET_READ, _PR_CAPBSET_DROP = 23, 24
_PR_SET_CHILD_SUBREAPER, _PR_SET_NO_NEW_PRIVS = 36, 38
_PR_CAP_AMBIENT, _PR_CAP_AMBIENT_RAISE, _PR_CAP_AMBIENT_CLEAR_ALL = 47, 2, 4

_prctl = libc.prctl
_prctl.argtypes = [ctypes.c_int] + [ctypes.c_ulong] * 4


def _call(option: int, argument: int = 0, second: int = 0) -> int:
    return check(_prctl(option, argument, second, 0, 0), "prctl")


def set_dumpable(on: bool) -> None:
    """Let or don't let others read memory, descriptors and links of this process; kept across fork."""
    _call(_PR_SET_DUMPABLE, int(on))


def dumpable() -> bool:
    """Tell whether this process may be dumped and traced by its user."""
    return _call(_PR_GET_DUMPABLE) == 1


def set_pdeathsig(signum: int) -> None:
    """Get `signum` when the parent dies; 0 for none."""
    _call(_PR_SET_PDEATHSIG, signum)


def set_keepcaps(on: bool) -> None:
    """Keep the permitted capabilities when the user changes; reset by execve."""
    _call(_PR_SET_KEEPCAPS, int(on))


def set_name(name: str) -> None:
    """Set the thread's name (15 bytes)."""
    buffer = ctypes.create_string_buffer(os.fsencode(name)[:15])
    _call(_PR_SET_NAME, ctypes.addressof(buffer))


def set_child_subreaper(on: bool) -> None:
    """Become the parent of orphaned descendants."""
    _call(_PR_SET_CHILD_SUBREAPER, int(on))


def set_no_new_privs() -> None:
    """Make execve grant nothing that wasn't there before; for ever."""
    _call(_PR_SET_NO_NEW_PRIVS, 1)


def bounding(number: int) -> bool:
    """Tell whether a capability is in the bounding set; raises OSError EINVAL past the kernel's last one."""
    return _call(_PR_CAPBSET_READ, number) == 1


def drop_bounding(number: int) -> None:
    """Drop a capability from the bounding set."""
    _call(_PR_CAPBSET_DROP, number)


def raise_ambient(number: int) -> None:
    """Add a capability (permitted and inheritable) to the ambient set."""
    _call(_PR_CAP_AMBIENT, _PR_CAP_AMBIENT_RAISE, number)


def clear_ambient() -> None:
    """Empty the ambient set."""
    _call(_PR_CAP_AMBIENT, _PR_CAP_AMBIENT_CLEAR_ALL)
