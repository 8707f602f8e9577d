"""The shim's hand on the bell (`core.bell`), without asyncio, which would double the memory of every shim."""

from __future__ import annotations

import os
import socket


def ring(engines_dir: str, payload: bytes) -> None:
    """Send `payload` to every engine that listens below `engines_dir`; never blocks, never raises OSError.

    The socket of an engine that is gone is unlinked. A directory descriptor keeps the addresses short.
    """
    try:
        directory = os.open(engines_dir, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError:
        return
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK) as sender:
            for name in os.listdir(directory):
                if name.endswith(".sock"):
                    _send(sender, directory, name, payload)
    finally:
        os.close(directory)


def _send(sender: socket.socket, directory: int, name: str, payload: bytes) -> None:
    try:
        sender.sendto(payload, f"/proc/self/fd/{directory}/{name}")
    except ConnectionRefusedError:
        try:
            os.unlink(name, dir_fd=directory)
        except OSError:
            return
    except OSError:
        # A full queue: that engine has wake-ups waiting already.
        return
