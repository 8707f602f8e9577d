"""Terminals: pty(7), ioctl_tty(2)."""

from __future__ import annotations

import fcntl
import os
import struct

_TIOCSCTTY = 0x540E
_TIOCGWINSZ = 0x5413
_TIOCSWINSZ = 0x5414
_TIOCGPTN = 0x80045430
_TIOCSPTLCK = 0x40045431
_TIOCGPTPEER = 0x5441


def pty_number(master: int) -> int:
    """Give N of the slave's name /dev/pts/N."""
    number: int = struct.unpack("i", fcntl.ioctl(master, _TIOCGPTN, b"\0" * 4))[0]
    return number


def unlock(master: int) -> None:
    """Let the slave be opened."""
    fcntl.ioctl(master, _TIOCSPTLCK, struct.pack("i", 0))


def open_peer(master: int) -> int:
    """Open the slave of an unlocked master without a path; close-on-exec, not the controlling terminal."""
    return fcntl.ioctl(master, _TIOCGPTPEER, os.O_RDWR | os.O_NOCTTY | os.O_CLOEXEC)


def set_controlling(slave: int) -> None:
    """Make it the controlling terminal of the session that the caller leads."""
    fcntl.ioctl(slave, _TIOCSCTTY, 0)


def window_size(fd: int) -> tuple[int, int]:
    """Give (rows, columns)."""
    rows, columns, _, _ = struct.unpack("HHHH", fcntl.ioctl(fd, _TIOCGWINSZ, b"\0" * 8))
    return rows, columns


def set_window_size(fd: int, rows: int, columns: int) -> None:
    """Set the size; the foreground processes get SIGWINCH when it changed."""
    fcntl.ioctl(fd, _TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
