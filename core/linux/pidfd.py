"""Processes by descriptor: pidfd_open(2), pidfd_send_signal(2), waitid(2) with P_PIDFD."""

from __future__ import annotations

import os
import signal

P_PIDFD = os.P_PIDFD


def pidfd_open(pid: int) -> int:
    """Open a process; close-on-exec, readable when it has ended."""
    return os.pidfd_open(pid)


def send_signal(pidfd: int, signum: int) -> None:
    """Send a signal; raises ProcessLookupError when the process has ended."""
    signal.pidfd_send_signal(pidfd, signum)


def wait(pidfd: int, *, block: bool = True) -> int | None:
    """Reap a child and give its exit code (128 + n when signal n killed it), None while it still runs."""
    result = os.waitid(P_PIDFD, pidfd, os.WEXITED | (0 if block else os.WNOHANG))
    if result is None:
        return None
    return result.si_status if result.si_code == os.CLD_EXITED else 128 + result.si_status
