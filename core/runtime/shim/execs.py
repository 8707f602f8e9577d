"""Further processes in a container, each with a terminal or pipes of its own."""

from __future__ import annotations

import socket
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ...errors import Conflict, NotFound
from ..host import Host
from ..join import Target, join
from ..plan import exec_plan
from ..records import ExecRequest
from .loop import Loop
from .peer import Peer
from .process import STDERR, STDOUT, Pipes, Process

HIGH = 256 << 10
# Docker forgets ended execs after five minutes; their codes stay in the journal.
REMEMBERED = 256


@dataclass(slots=True)
class Exec:
    """One exec. `peer` is None when it was started detached, or its client is gone."""

    request: ExecRequest
    process: Process
    peer: Peer | None = None


class Execs:
    """All execs of a container by their id.

    `tell(event, **fields)` writes to the journal; `on_quiet` is called when one ended and none is left.
    """

    def __init__(
        self,
        loop: Loop,
        spec: dict[str, Any],
        host: Host,
        tell: Callable[..., None],
        on_quiet: Callable[[], None],
    ) -> None:
        self._loop, self._spec, self._host = loop, spec, host
        self._tell, self._on_quiet = tell, on_quiet
        self._all: dict[str, Exec] = {}

    @property
    def quiet(self) -> bool:
        """Whether all have ended, output included."""
        return all(entry.process.ended for entry in self._all.values())

    def start(self, request: ExecRequest, target: Target) -> Exec:
        """Start one; raises StartFailed (126, 127, 128). Its output waits in its pipes for `connect`."""
        if request.exec_id in self._all:
            raise Conflict(f"exec already started: {request.exec_id}")
        plan = exec_plan(self._spec, _sized(request), self._host)
        pipes = Pipes.make(request.tty, request.stdin)
        try:
            launched = join(plan, target, pipes.inside)
        except BaseException:
            pipes.close_all()
            raise
        pipes.close_inside()
        self._forget_old()
        process = Process(
            self._loop,
            launched,
            pipes,
            on_output=lambda stream, data: self._output(entry, stream, data),
            on_exit=lambda: self._exited(entry),
            on_end=lambda: self._ended(entry),
        )
        entry = self._all[request.exec_id] = Exec(request, process)
        self._tell("exec_start", exec=request.exec_id, pid=process.pid)
        return entry

    def connect(self, entry: Exec, connection: socket.socket, early_input: bytes) -> None:
        """Give an exec's streams to the client that started it; takes over the connection."""
        request = entry.request
        wanted = {STDOUT: request.stdout, STDERR: request.stderr}
        entry.peer = Peer(
            self._loop,
            connection,
            raw=request.tty,
            streams=frozenset(stream for stream, on in wanted.items() if on),
            stdin=entry.process.stdin if request.stdin else None,
            on_input_end=lambda: self._input_ended(entry),
            on_drained=lambda: entry.process.hold_output(False),
            on_closed=lambda peer: self._left(entry),
        )
        entry.peer.take_input(early_input)

    def get(self, exec_id: str) -> Exec:
        """Raises NotFound with Docker's words."""
        entry = self._all.get(exec_id)
        if entry is None:
            raise NotFound(f"No such exec instance: {exec_id}")
        return entry

    def _input_ended(self, entry: Exec) -> None:
        # A terminal's input has no end short of the terminal's.
        if not entry.request.tty:
            entry.process.stdin.end()

    def _output(self, entry: Exec, stream: int, data: bytes) -> None:
        if entry.peer is None:
            return
        entry.peer.output(stream, data)
        if entry.peer is not None and entry.peer.backlog > HIGH:
            entry.process.hold_output(True)

    def _left(self, entry: Exec) -> None:
        # It goes on without its client; what it says is read and dropped.
        entry.peer = None
        entry.process.hold_output(False)

    def _exited(self, entry: Exec) -> None:
        self._tell("exec_exit", exec=entry.request.exec_id, code=entry.process.code)

    def _ended(self, entry: Exec) -> None:
        if entry.peer is not None:
            entry.peer.end()
        if self.quiet:
            self._on_quiet()

    def _forget_old(self) -> None:
        ended = [key for key, entry in self._all.items() if entry.process.ended]
        for key in ended[: max(0, len(self._all) - REMEMBERED + 1)]:
            del self._all[key]


def _sized(request: ExecRequest) -> dict[str, Any]:
    """The process with its terminal's size, which must be there before its program looks."""
    rows, columns = request.console_size
    if not (rows and columns):
        return request.process
    return {**request.process, "consoleSize": {"height": rows, "width": columns}}
