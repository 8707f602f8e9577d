"""From the spawner's fork to the shim's loop and its end."""

from __future__ import annotations

import os
import signal
import socket
from types import FrameType
from typing import Any

from ...errors import Conflict, Internal, NoSpace, PydockError
from ...linux import prctl
from .. import wire
from ..host import Host
from ..records import StartRequest
from . import remains
from .container import Container
from .control import Control
from .loop import Loop

# An earlier shim of the same container takes apart what is left of it, ten seconds at most.
_LOCK_WAIT_S = 15.0
_FAREWELL_S = 60.0
_NO_SPACE = (28, 122)  # ENOSPC, EDQUOT


def run(channel: socket.socket, host: Host) -> None:
    """Be the shim of the container that the engine at `channel` asks for, until it is down."""
    os.setsid()
    prctl.set_name("pydock-shim")
    for signum in (signal.SIGHUP, signal.SIGINT, signal.SIGTERM):
        # At a shutdown the container gets the same signal; this process has to see it end.
        signal.signal(signum, _ignore)
    wire.send(channel, ("hello", os.getpid()))
    message, descriptors = wire.receive(channel)
    try:
        shim = _start(message, descriptors, host, channel)
    except PydockError as err:
        _answer(channel, ("error", wire.pack_error(err)))
        return
    except OSError as err:
        kind = NoSpace if err.errno in _NO_SPACE else Internal
        _answer(channel, ("error", wire.pack_error(kind(f"cannot start the container: {err}"))))
        return
    shim.run()


class Shim:
    """Loop, container and control socket of one shim.

    Invariant: the lock is held from before the container is touched until nothing of it is left.
    """

    def __init__(self, request: StartRequest, sockets: list[int], host: Host) -> None:
        self.loop = Loop()
        self._run_dir = request.run_dir
        self.container = Container(self.loop, request, host, sockets, self._done)
        self._control = Control(self.loop, self.container)
        self._lock = -1

    def lock(self) -> None:
        """Wait for an earlier shim of the container; raises Conflict when it stays."""
        self._lock = _lock(self._run_dir)

    def listen(self) -> None:
        """Listen: before the engine is told that the container runs."""
        self._control.listen(self._run_dir, remains.SOCKET)

    def abandon(self) -> None:
        """Leave nothing behind of a start that failed."""
        self._control.close()
        remains.forget(self._run_dir)
        os.close(self._lock)

    def run(self) -> None:
        self.loop.run()

    def _done(self) -> None:
        """The container is down: let the next start have it, stay only for clients that still read."""
        self._control.close()
        os.close(self._lock)
        for tell in self.container.when_left:
            tell()
        if len(self.container.audience):
            self.loop.later(_FAREWELL_S, self.loop.stop)
            self.container.audience.when_empty(self.loop.stop)
        else:
            self.loop.stop()


def _start(message: dict[str, Any], descriptors: list[int], host: Host, channel: socket.socket) -> Shim:
    request: StartRequest = wire.decode(message["request"])
    count = message["sockets"]
    os.makedirs(request.run_dir, mode=0o700, exist_ok=True)
    shim = Shim(request, descriptors[:count], host)
    shim.lock()
    try:
        pid, started_at = shim.container.start(shim.listen)
    except BaseException:
        shim.abandon()
        raise
    # Nothing was read of the output yet: who attached before the start misses nothing.
    for descriptor, (stdin, stdout, stderr) in zip(descriptors[count:], message["attached"], strict=True):
        shim.container.attach(socket.socket(fileno=descriptor), stdin, stdout, stderr)
    _answer(channel, ("result", {"pid": pid, "started_at": started_at}))
    return shim


def _answer(channel: socket.socket, message: Any) -> None:
    """An engine that is gone will find the answer in the journal."""
    try:
        wire.send(channel, message)
    except OSError:
        pass
    channel.close()


def _lock(run_dir: str) -> int:
    """Wait for an earlier shim that is cleaning up; raises Conflict when its container still runs."""

    def too_long(signum: int, frame: FrameType | None) -> None:
        raise TimeoutError

    before = signal.signal(signal.SIGALRM, too_long)
    signal.setitimer(signal.ITIMER_REAL, _LOCK_WAIT_S)
    try:
        return remains.lock(run_dir, wait=True)
    except TimeoutError:
        raise Conflict("container is already running") from None
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def _ignore(signum: int, frame: FrameType | None) -> None:
    """A handler, and not SIG_IGN, which the container's processes would inherit."""
