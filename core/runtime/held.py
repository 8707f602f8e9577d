"""Whether a shim lives: it holds a lock for as long as it does. Apart, for asking must cost nothing."""

from __future__ import annotations

import fcntl
import os
import struct

LOCK, SOCKET, JOURNAL = "shim.lock", "shim.sock", "journal"
WHOLE_FILE = struct.pack("hhqqi", fcntl.F_WRLCK, os.SEEK_SET, 0, 0, 0)


def held(run_dir: str) -> bool:
    """Tell whether a shim lives there."""
    try:
        descriptor = os.open(os.path.join(run_dir, LOCK), os.O_RDWR | os.O_CLOEXEC)
    except (FileNotFoundError, NotADirectoryError):
        return False
    try:
        found = fcntl.fcntl(descriptor, fcntl.F_OFD_GETLK, WHOLE_FILE)
    finally:
        os.close(descriptor)
    kind: int = struct.unpack("hhqqi", found)[0]
    return kind != fcntl.F_UNLCK
