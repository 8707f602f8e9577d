"""inotify(7): names that changed in a directory, on one descriptor."""

from __future__ import annotations

import os
import struct

from .libc import check, libc

IN_MODIFY = 0x002
IN_CLOSE_WRITE = 0x008
IN_MOVED_FROM = 0x040
IN_MOVED_TO = 0x080
IN_CREATE = 0x100
IN_DELETE = 0x200
IN_DELETE_SELF = 0x400
IN_ONLYDIR = 0x01000000

_EVENT = struct.Struct("iIII")


def inotify_init() -> int:
    """Return a new descriptor, non-blocking and close-on-exec."""
    return check(libc.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC))


def inotify_add_watch(descriptor: int, path: str, mask: int) -> int:
    """Watch `path`; returns the watch's number."""
    return check(libc.inotify_add_watch(descriptor, os.fsencode(path), mask), path)


def read_names(descriptor: int) -> set[bytes]:
    """Return the names in the events that wait (b"" for the watched object itself); never blocks."""
    names: set[bytes] = set()
    while True:
        try:
            events = os.read(descriptor, 1 << 16)
        except BlockingIOError:
            return names
        at = 0
        while at < len(events):
            *_, length = _EVENT.unpack_from(events, at)
            at += _EVENT.size
            names.add(events[at : at + length].rstrip(b"\0"))
            at += length
