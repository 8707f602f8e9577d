"""Watching the shims of running containers: one that dies without a word is noticed at once (pidfd_open(2)).

Whatever a shim says goes through its journal; this is only for those that could not say it.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from pathlib import Path


class Shims:
    """The descriptors of living shims; closed when the shim ends or the engine does.

    `ended` is called with a container's id after its shim ended, whether as it should or not.
    """

    def __init__(self) -> None:
        self._watched: dict[str, int] = {}
        self.ended: Callable[[str], None] = lambda identity: None

    def watch(self, identity: str, first_process: int) -> None:
        """Watch the shim of a container, known as the parent of its first process; watching twice is fine."""
        if identity in self._watched or not first_process:
            return
        shim = _parent(first_process)
        if shim <= 1:
            # The shim is gone already: the process has been given to init.
            if shim == 1:
                self.ended(identity)
            return
        try:
            descriptor = os.pidfd_open(shim)
        except ProcessLookupError:
            self.ended(identity)
            return
        self._watched[identity] = descriptor
        asyncio.get_running_loop().add_reader(descriptor, self._readable, identity)

    def _readable(self, identity: str) -> None:
        self._forget(identity)
        self.ended(identity)

    def _forget(self, identity: str) -> None:
        descriptor = self._watched.pop(identity)
        asyncio.get_running_loop().remove_reader(descriptor)
        os.close(descriptor)

    def close(self) -> None:
        """Stop watching all."""
        for identity in tuple(self._watched):
            self._forget(identity)


def _parent(pid: int) -> int:
    """Return the parent of a process, 0 when it is gone (proc_pid_stat(5))."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_bytes()
    except OSError:
        return 0
    return int(stat.rpartition(b")")[2].split()[1])
