"""Ringing the bell of the engines (`core.bell`); apart from it, for a shim must not carry asyncio."""

from __future__ import annotations

import os
import socket

SUFFIX = ".sock"


def ring(engines_dir: str, payload: bytes) -> None:
    """Send `payload` to every engine that listens below `engines_dir`; never blocks, never raises OSError.

    The socket of an engine that is gone is unlinked. Addresses go through a directory descriptor, because a
    socket's path may not exceed 107 bytes.
    """
    try:
        directory = os.open(engines_dir, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError:
        return
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK) as sender:
            for name in os.listdir(directory):
                if name.endswith(SUFFIX):
                    _send(sender, directory, name, payload)
    finally:
        os.close(directory)


def _send(sender: socket.socket, directory: int, name: str, payload: bytes) -> None:
    try:
        sender.sendto(payload, f"/proc/self/fd/{directory}/{name}")
    except ConnectionRefusedError:
        _forget(directory, name)
    except OSError:
        # A full queue: the listener sees that it was full and looks at everything (Bell).
        return


def _forget(directory: int, name: str) -> None:
    try:
        os.unlink(name, dir_fd=directory)
    except OSError:
        return
