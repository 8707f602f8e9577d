"""Namespaces and processes in them: clone3(2), unshare(2), setns(2). namespaces(7)."""

from __future__ import annotations

import ctypes
import errno
import os
import signal
from collections.abc import Callable
from typing import TypeVar

from .libc import check, libc, syscall

CLONE_NEWTIME = 0x80
CLONE_NEWNS = 0x20000
CLONE_NEWCGROUP = 0x2000000
CLONE_NEWUTS = 0x4000000
CLONE_NEWIPC = 0x8000000
CLONE_NEWUSER = 0x10000000
CLONE_NEWPID = 0x20000000
CLONE_NEWNET = 0x40000000

_CLONE_PIDFD = 0x1000
_CLONE_CLEAR_SIGHAND = 0x100000000
_CLONE_INTO_CGROUP = 0x200000000
_CLONE3 = 435
T = TypeVar("T")


class _CloneArgs(ctypes.Structure):
    _fields_ = [
        (name, ctypes.c_uint64)
        for name in (
            "flags",
            "pidfd",
            "child_tid",
            "parent_tid",
            "exit_signal",
            "stack",
            "stack_size",
            "tls",
            "set_tid",
            "set_tid_size",
            "cgroup",
        )
    ]


def clone3(flags: int, cgroup_fd: int = -1) -> tuple[int, int]:
    """Fork with namespaces: (0, -1) in the child, (pid, pidfd) in the parent; the pidfd is close-on-exec.

    Only from a process with one thread, because neither the C library nor Python hears of it. The child's
    caught signals are back at their defaults. `cgroup_fd` is a cgroup v2 directory to be born in.
    """
    pidfd = ctypes.c_int(-1)
    args = _CloneArgs()
    args.flags = flags | _CLONE_PIDFD | _CLONE_CLEAR_SIGHAND
    args.pidfd = ctypes.addressof(pidfd)
    args.exit_signal = signal.SIGCHLD
    if cgroup_fd >= 0:
        args.flags |= _CLONE_INTO_CGROUP
        args.cgroup = cgroup_fd
    pid = syscall(_CLONE3, args, ctypes.sizeof(args), name="clone3")
    if pid == 0:
        return 0, -1
    os.set_inheritable(pidfd.value, False)
    return pid, pidfd.value


def unshare(flags: int) -> None:
    """unshare(2)."""
    check(libc.unshare(flags), "unshare")


def setns(fd: int, flags: int = 0) -> None:
    """setns(2): `fd` is a namespace's, or (with several CLONE_NEW* flags) a process's pidfd."""
    check(libc.setns(fd, flags), "setns")


def clone3_in(flags: int, cgroup_fd: int, pid_namespace: int) -> tuple[int, int]:
    """clone3 with the child born in another pid namespace (its descriptor, or a pidfd in it).

    The caller itself stays in its own: setns changes only where children are born, and is taken back.
    """
    own = os.open("/proc/self/ns/pid", os.O_RDONLY | os.O_CLOEXEC)
    try:
        setns(pid_namespace, CLONE_NEWPID)
        try:
            pid, pidfd = clone3(flags, cgroup_fd)
        finally:
            # In the child too: its own children belong where it was born, which is what it has active.
            _restore(own)
        return pid, pidfd
    finally:
        os.close(own)


def _restore(own: int) -> None:
    try:
        setns(own, CLONE_NEWPID)
    except OSError as err:
        # EINVAL: this is the child, and the caller's namespace is no descendant of its own.
        if err.errno != errno.EINVAL:
            raise


def in_network_of(process: int, call: Callable[[], T]) -> T:
    """Call inside a process's network namespace; the calling thread is back in its own afterwards."""
    own = os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
    try:
        there = os.open(f"/proc/{process}/ns/net", os.O_RDONLY | os.O_CLOEXEC)
        try:
            setns(there, CLONE_NEWNET)
        finally:
            os.close(there)
        try:
            return call()
        finally:
            setns(own, CLONE_NEWNET)
    finally:
        os.close(own)
