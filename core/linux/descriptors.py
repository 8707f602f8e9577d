"""File descriptors: close_range(2), and passing them over unix sockets (unix(7), SCM_RIGHTS)."""

from __future__ import annotations

# `socket` costs 4 ms to import; the built-in module below it has all that is needed here.
import _socket
import array
import os

from .libc import syscall

CLOSE_RANGE_CLOEXEC = 4
_CLOSE_RANGE = 436
_LAST = 0xFFFFFFFF


def close_range(first: int, last: int = _LAST, flags: int = 0) -> None:
    """close_range(2): close (or with CLOSE_RANGE_CLOEXEC mark) all descriptors from `first` to `last`."""
    syscall(_CLOSE_RANGE, first, last, flags, name="close_range")


def close_all_but(keep: list[int]) -> None:
    """Close every descriptor from 3 on that isn't in `keep`."""
    start = 3
    for fd in sorted({fd for fd in keep if fd >= 3}):
        if fd > start:
            close_range(start, fd - 1)
        start = fd + 1
    close_range(start)


def send_fds(sock: _socket.socket, data: bytes, fds: list[int]) -> None:
    """Send `data` (not empty) with descriptors; they stay the caller's."""
    ancillary = [(_socket.SOL_SOCKET, _socket.SCM_RIGHTS, array.array("i", fds))] if fds else []
    sock.sendmsg([data], ancillary)


def recv_fds(sock: _socket.socket, size: int, count: int) -> tuple[bytes, list[int]]:
    """Receive up to `size` bytes and `count` descriptors, which are close-on-exec and the caller's.

    Raises OSError EMSGSIZE, with all descriptors closed, when the kernel had to cut any off.
    """
    space = _socket.CMSG_SPACE(count * 4)
    data, ancillary, flags, _ = sock.recvmsg(size, space, _socket.MSG_CMSG_CLOEXEC)
    fds = array.array("i")
    for level, kind, body in ancillary:
        if level == _socket.SOL_SOCKET and kind == _socket.SCM_RIGHTS:
            fds.frombytes(body[: len(body) - len(body) % 4])
    if flags & (_socket.MSG_CTRUNC | _socket.MSG_TRUNC):
        for fd in fds:
            os.close(fd)
        raise OSError(90, os.strerror(90), "recvmsg")
    return data, list(fds)
