"""The first moments of a child, before it touches any namespace: what launch and join have in common."""

from __future__ import annotations

import _socket
import fcntl
import gc
import os
import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import NoReturn

from ..linux import descriptors, prctl, statfs
from .channel import Channel
from .failure import Refused, report
from .inside import is_device

# Above the descriptors that become 0, 1 and 2, and those that a program may expect.
_HIGH = 100


@dataclass(frozen=True, slots=True)
class Stdio:
    """Descriptors that become 0, 1 and 2 of the new process.

    They stay the caller's, who closes them after `launch` or `join` returned; -1 is /dev/null. With a
    terminal they are not used: it is made inside the container and its master comes back in `Launched`.
    """

    stdin: int = -1
    stdout: int = -1
    stderr: int = -1


def run(sock: _socket.socket, keep: list[int], set_up: Callable[[Channel], NoReturn]) -> NoReturn:
    """Be the child: `set_up` becomes the program, or what it raises is reported; never returns."""
    talk = Channel(sock)
    try:
        _settle([sock.fileno(), *keep])
        set_up(talk)
    except BaseException as err:  # noqa: BLE001 - the end of a process: only its parent can hear of it
        talk.fail(report(talk.stage, err))
    finally:
        os._exit(1)


def _settle(keep: list[int]) -> None:
    """Let go of everything that the parent had open but `keep`, of its session, and of its signals.

    Done before a namespace is entered: nothing of the host is open in a process that the container can see
    (CVE-2016-9962), and the process is not dumpable since before the clone.
    """
    # What the parent dropped, and the collector has not found yet, would close numbers of this child.
    gc.disable()
    descriptors.close_all_but(keep)
    # From here on nothing may be imported: it would come from the container's root (CVE-2019-14271).
    sys.meta_path.clear()
    prctl.set_pdeathsig(signal.SIGKILL)
    os.setsid()
    for signum in (signal.SIGPIPE, signal.SIGXFSZ):  # Python ignores both, and execve would keep that.
        signal.signal(signum, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_SETMASK, ())
    os.umask(0o022)


def take_stdio(stdio: Stdio) -> None:
    """Make the given descriptors 0, 1 and 2, in place of the caller's own; -1 becomes the null device."""
    copies = []
    for fd in (stdio.stdin, stdio.stdout, stdio.stderr):
        source = fd if fd >= 0 else _null()
        copies.append(fcntl.fcntl(source, fcntl.F_DUPFD_CLOEXEC, _HIGH))
    for target, fd in enumerate(copies):
        os.dup2(fd, target, inheritable=True)
        os.close(fd)
    for fd in {stdio.stdin, stdio.stdout, stdio.stderr}:
        if fd > 2:
            os.close(fd)


def _null() -> int:
    fd = os.open("/dev/null", os.O_RDWR | os.O_CLOEXEC)
    if not is_device(fd, 1, 3):
        raise Refused("/dev/null of the host is not the null device")
    return fd


def open_proc() -> int:
    """Open the host's /proc, sure that it is one (CVE-2025-52881); use it before the root changes."""
    fd = os.open("/proc", os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    if statfs.fstatfs_type(fd) != statfs.PROC_SUPER_MAGIC:
        raise Refused("/proc of the host is not a proc file system")
    return fd


def write_proc(proc: int, path: str, value: str) -> None:
    """Write a value below /proc, on the file system that `proc` stands for and nowhere else."""
    fd = os.open(path, os.O_WRONLY | os.O_CLOEXEC | os.O_NOFOLLOW, dir_fd=proc)
    try:
        if statfs.fstatfs_type(fd) != statfs.PROC_SUPER_MAGIC:
            raise Refused(f"/proc/{path} of the host is covered by a mount")
        os.write(fd, value.encode())
    except OSError as err:
        err.filename = f"/proc/{path}"
        raise
    finally:
        os.close(fd)


def open_apparmor(proc: int, profile: str) -> int:
    """Open where the profile of the next exec is set, -1 without a profile."""
    if not profile:
        return -1
    for path in ("self/attr/apparmor/exec", "self/attr/exec"):
        try:
            return os.open(path, os.O_WRONLY | os.O_CLOEXEC, dir_fd=proc)
        except FileNotFoundError:
            continue
    raise Refused(f"AppArmor profile {profile} can't be applied: the kernel has no AppArmor")
