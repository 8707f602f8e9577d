"""The socket between a parent and the child that it prepares: one message a datagram, the end means exec.

Messages of the child: b"e" + marshalled report (it failed), b"w" + text (a warning), b"t" (a terminal's
master comes along), b"x" (all is done but the execve). The parent sends b"g": go on. All ends are
close-on-exec, so when the program runs the parent reads the end of the stream.
"""

from __future__ import annotations

import _socket
import marshal
import os
from dataclasses import dataclass, field

from ..linux.descriptors import recv_fds, send_fds
from .failure import FAILED, LaunchError, Report

_SIZE = 65536


def pair() -> tuple[_socket.socket, _socket.socket]:
    """Give the parent's and the child's end; both close-on-exec."""
    return _socket.socketpair(_socket.AF_UNIX, _socket.SOCK_SEQPACKET | _socket.SOCK_CLOEXEC)


class Channel:
    """The child's end. `stage` names the step that the child is at, for what is reported."""

    def __init__(self, sock: _socket.socket) -> None:
        self._sock = sock
        self.stage = "start"

    def fail(self, report: Report) -> None:
        self._sock.send(b"e" + marshal.dumps(report))

    def warn(self, text: str) -> None:
        self._sock.send(b"w" + text.encode())

    def send_terminal(self, master: int) -> None:
        send_fds(self._sock, b"t", [master])

    def executing(self) -> None:
        self._sock.send(b"x")

    def wait_go(self) -> None:
        """Wait for the parent's word; a parent that is gone ends the child."""
        if self._sock.recv(16) != b"g":
            os._exit(1)


@dataclass(slots=True)
class Outcome:
    """What the parent heard until the child executed its program."""

    terminal: int = -1
    warnings: list[str] = field(default_factory=list)


def go(sock: _socket.socket) -> None:
    """Let the child go on; a child that has failed already is no error here."""
    try:
        sock.send(b"g")
    except (BrokenPipeError, ConnectionResetError):
        pass


def listen(sock: _socket.socket) -> Outcome:
    """Read what the child says until it has executed its program. Raises LaunchError when it has not."""
    outcome = Outcome()
    executing = False
    try:
        while True:
            data, fds = _receive(sock)
            match data[:1]:
                case b"":
                    break
                case b"t":
                    outcome.terminal = fds.pop()
                case b"w":
                    outcome.warnings.append(data[1:].decode())
                case b"x":
                    executing = True
                case b"e":
                    raise LaunchError(*_report(data[1:]))
        if not executing:
            raise LaunchError("start", 0, "container init was killed before it could start", FAILED)
    except BaseException:
        if outcome.terminal >= 0:
            os.close(outcome.terminal)
        raise
    return outcome


def _receive(sock: _socket.socket) -> tuple[bytes, list[int]]:
    try:
        return recv_fds(sock, _SIZE, 1)
    except ConnectionResetError:
        # The child ended without having read its "go". This is said once; what it sent is still to be read.
        return recv_fds(sock, _SIZE, 1)


def _report(data: bytes) -> Report:
    stage, number, message, code = marshal.loads(data)
    return str(stage), int(number), str(message), int(code)
