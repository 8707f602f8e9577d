"""The spawner's process: one byte and a descriptor in, one fork out.

    python -I -S -c "..." CHANNEL MODULE_PATH...

Whatever takes time (reading the request, starting the container) happens in the fork, so that starts overlap.
One shim is forked before it is needed, whenever the engine has asked for nothing for a moment: it waits for
its descriptor, and dies with the spawner until it has it.
"""

from __future__ import annotations

import gc
import os
import select
import signal
import socket
import sys
import traceback
from contextlib import suppress
from dataclasses import dataclass
from typing import NoReturn

from ...linux import descriptors, prctl
from .. import capabilities, wire
from .. import host as hosts
from ..seccomp import compiled, default
from ..seccomp.numbers import OF_MACHINE
from ..shim import main as shim
from ..shim.rehearsal import rehearse
from ..worker import main as worker

# A burst of starts is to have the processors for itself.
_IDLE_MS = 30


def main() -> NoReturn:
    """Serve until the engine is gone."""
    number = int(sys.argv[1])
    descriptors.close_all_but([number])
    os.chdir("/")
    os.umask(0o022)
    prctl.set_name("pydock-spawner")
    # Nobody waits for shims and workers: the kernel is to reap them.
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    channel = socket.socket(fileno=number)
    os.set_inheritable(number, False)
    host = hosts.probe()
    if host.seccomp and host.arch in OF_MACHINE:
        # Compiled once, and there in every fork: nearly all containers have this filter (4 ms).
        compiled(default(capabilities.DEFAULT, host.arch, host.kernel), host.arch)
    rehearse(host)
    gc.collect()
    gc.freeze()
    ready: Ready | None = None
    asked = select.poll()
    asked.register(number, select.POLLIN)
    while True:
        if ready is None and not asked.poll(_IDLE_MS):
            ready = _ready(host)
        try:
            kind, received = descriptors.recv_fds(channel, 1, 1)
        except ConnectionError:
            kind, received = b"", []
        if not kind:
            if ready is not None:
                ready.end()
            os._exit(0)
        for descriptor in received:
            if kind == wire.SHIM and ready is not None and ready.take(descriptor):
                ready = None
            elif _fork() == 0:
                _child(kind, descriptor, host)
            os.close(descriptor)


@dataclass(frozen=True, slots=True)
class Ready:
    """A shim that waits for its channel."""

    pid: int
    socket: socket.socket

    def take(self, descriptor: int) -> bool:
        """Give it its channel; False when it is gone."""
        with self.socket:
            try:
                descriptors.send_fds(self.socket, wire.SHIM, [descriptor])
            except OSError:
                return False
        return True

    def end(self) -> None:
        """Let it go, and return when it is gone, so that nobody else has to reap it."""
        self.socket.close()
        with suppress(ChildProcessError):
            os.waitpid(self.pid, 0)


def _ready(host: hosts.Host) -> Ready | None:
    """Fork a shim that waits; None when that can't be."""
    ours, theirs = socket.socketpair()
    pid = _fork()
    if pid == 0:
        _child(wire.SHIM, theirs.fileno(), host, waits=True)
    theirs.close()
    return Ready(pid, ours) if pid > 0 else None


def _fork() -> int:
    """-1 when the kernel refuses: the engine sees its descriptor closed without an answer."""
    try:
        return os.fork()
    except OSError:
        traceback.print_exc()
        return -1


def _child(kind: bytes, descriptor: int, host: hosts.Host, *, waits: bool = False) -> NoReturn:
    code = 1
    try:
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        descriptors.close_all_but([descriptor])
        channel = socket.socket(fileno=descriptor)
        if kind == wire.SHIM:
            shim.run(_awaited(channel, host) if waits else channel, host)
        else:
            worker.run(channel)
        code = 0
    except (EOFError, ConnectionError):
        # The engine went away before it had said what it wanted, or before a worker was done.
        code = 0
    except BaseException:  # noqa: BLE001 - nothing may go on into the spawner's own loop
        traceback.print_exc()
    finally:
        os._exit(code)


def _awaited(waiting: socket.socket, host: hosts.Host) -> socket.socket:
    """Wait for the channel. EOFError when the spawner ends first."""
    prctl.set_name("pydock-ready")
    prctl.set_pdeathsig(signal.SIGKILL)
    rehearse(host)
    with waiting:
        _, received = descriptors.recv_fds(waiting, 1, 1)
    if not received:
        raise EOFError
    prctl.set_pdeathsig(0)
    return socket.socket(fileno=received[0])
