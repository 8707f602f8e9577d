"""The spawner's process: one byte and a descriptor in, one fork out.

    python -I -S -c "..." CHANNEL MODULE_PATH...

Whatever takes time (reading the request, starting the container) happens in the fork, so that starts overlap.
"""

from __future__ import annotations

import gc
import os
import signal
import socket
import sys
import traceback
from typing import NoReturn

from ...linux import descriptors, prctl
from .. import capabilities, wire
from .. import host as hosts
from ..seccomp import compiled, default
from ..seccomp.numbers import OF_MACHINE
from ..shim import main as shim
from ..worker import main as worker


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
    gc.collect()
    gc.freeze()
    while True:
        try:
            kind, received = descriptors.recv_fds(channel, 1, 1)
        except ConnectionError:
            kind, received = b"", []
        if not kind:
            os._exit(0)
        for descriptor in received:
            if _fork() == 0:
                _child(kind, descriptor, host)
            os.close(descriptor)


def _fork() -> int:
    """-1 when the kernel refuses: the engine sees its descriptor closed without an answer."""
    try:
        return os.fork()
    except OSError:
        traceback.print_exc()
        return -1


def _child(kind: bytes, descriptor: int, host: hosts.Host) -> NoReturn:
    code = 1
    try:
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        descriptors.close_all_but([descriptor])
        channel = socket.socket(fileno=descriptor)
        if kind == wire.SHIM:
            shim.run(channel, host)
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
