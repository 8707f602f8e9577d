"""The shim's socket: one JSON line asks for one thing; attach and exec then stream on the connection."""

from __future__ import annotations

import json
import os
import signal as signals
import socket
import sys
import traceback
from collections.abc import Callable
from typing import Any

from ...errors import Internal, Invalid, PydockError
from ..records import ExecRequest, Restart
from ..wire import network, pack_error
from .container import Container
from .loop import READ, Loop

_LONGEST = 4 << 20
_BACKLOG = 256
_DESCRIPTORS = 253  # the kernel's limit for one message (SCM_MAX_FD)
# A request comes in one piece from an engine that is alive.
_PATIENCE_S = 30.0
_RETRY_S = 0.5


class Control:
    """Listens on `shim.sock` (0600) in the run directory for as long as the shim manages its container."""

    def __init__(self, loop: Loop, container: Container) -> None:
        self._loop, self._container = loop, container
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)

    def listen(self, run_dir: str, name: str) -> None:
        """Bind, replacing a dead shim's socket.

        The address goes through a descriptor, for it may have 107 bytes at most.
        """
        directory = os.open(run_dir, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        mask = os.umask(0o177)
        try:
            if os.path.lexists(os.path.join(run_dir, name)):
                os.unlink(name, dir_fd=directory)
            self._listener.bind(f"/proc/self/fd/{directory}/{name}")
        finally:
            os.umask(mask)
            os.close(directory)
        self._listener.listen(_BACKLOG)
        self._loop.watch(self._listener.fileno(), READ, self._accept)

    def close(self) -> None:
        self._loop.forget(self._listener.fileno())
        self._listener.close()

    def _accept_again(self) -> None:
        if self._listener.fileno() >= 0:
            self._loop.change(self._listener.fileno(), READ)

    def _accept(self, events: int) -> None:
        try:
            connection, _ = self._listener.accept()
        except OSError:
            # Out of descriptors: the queue stays, and would wake the loop for ever.
            self._loop.change(self._listener.fileno(), 0)
            self._loop.later(_RETRY_S, self._accept_again)
            return
        Asking(self._loop, self._container, connection)


class Asking:
    """One connection until its request is answered or handed over. It owns the socket until then."""

    def __init__(self, loop: Loop, container: Container, connection: socket.socket) -> None:
        self._loop, self._container, self._socket = loop, container, connection
        self._text = b""
        self._descriptors: list[int] = []
        connection.setblocking(False)
        self._timer = loop.later(_PATIENCE_S, self.close)
        loop.watch(connection.fileno(), READ, self._readable)

    def close(self) -> None:
        self._release()
        self._drop_descriptors()
        self._socket.close()

    def _drop_descriptors(self) -> None:
        """Close what came along and nobody took."""
        for descriptor in self._descriptors:
            os.close(descriptor)
        self._descriptors = []

    def _release(self) -> None:
        self._timer.cancel()
        self._loop.forget(self._socket.fileno())

    def _readable(self, events: int) -> None:
        try:
            data, descriptors, _, _ = socket.recv_fds(
                self._socket, 64 << 10, _DESCRIPTORS, socket.MSG_CMSG_CLOEXEC
            )
            self._descriptors += descriptors
        except BlockingIOError:
            return
        except OSError:
            data = b""
        self._text += data
        line, newline, rest = self._text.partition(b"\n")
        if newline:
            self._release()
            self._dispatch(line, rest)
        elif not data or len(self._text) > _LONGEST:
            self.close()

    def _dispatch(self, line: bytes, rest: bytes) -> None:
        try:
            asked = json.loads(line)
            operation = _OPERATIONS.get(asked.pop("op", ""))
            if operation is None:
                raise Invalid("no such operation")
            operation(self, asked, rest)
        except PydockError as err:
            self._refuse(err)
        except OSError as err:
            self._refuse(Internal(f"container: {err}"))
        except Exception as err:  # noqa: BLE001
            # A mistake of ours must not end the container that this process keeps alive.
            traceback.print_exc(file=sys.stderr)
            self._refuse(Internal(f"shim: {type(err).__name__}: {err}"))
        finally:
            self._drop_descriptors()

    def answer(self, result: Any = None) -> None:
        """Tell the result and close."""
        self._send({"ok": result})
        self._socket.close()

    def _refuse(self, error: PydockError) -> None:
        self._send({"error": pack_error(error)})
        self._socket.close()

    def _send(self, message: dict[str, Any]) -> None:
        # An answer is smaller than the socket's buffer; who asked may be gone.
        try:
            self._socket.send(json.dumps(message).encode() + b"\n")
        except OSError:
            return

    def hand_over(self) -> socket.socket:
        """Answer yes, and give the connection away as a stream."""
        self._send({"ok": None})
        return self._socket

    # Operations.

    def attach(self, asked: dict[str, Any], rest: bytes) -> None:
        self._container.require_running()
        self._container.attach(
            self.hand_over(), asked["stdin"], asked["stdout"], asked["stderr"], early_input=rest
        )

    def exec(self, asked: dict[str, Any], rest: bytes) -> None:
        size = asked.pop("console_size")
        request = ExecRequest(**asked, console_size=(size[0], size[1]))
        entry = self._container.exec(request)
        if request.detach:
            self.answer()
        else:
            self._container.connect(entry, self.hand_over(), rest)

    def exec_state(self, asked: dict[str, Any], rest: bytes) -> None:
        self.answer(self._container.exec_state(asked["exec_id"]))

    def signal(self, asked: dict[str, Any], rest: bytes) -> None:
        self._container.signal(_signal(asked["signal"]))
        self.answer()

    def stop(self, asked: dict[str, Any], rest: bytes) -> None:
        def down(error: PydockError | None) -> None:
            if error is None:
                self.answer()
            else:
                self._refuse(error)

        self._container.stop(_signal(asked["signal"]), asked["grace_s"], down)

    def pause(self, asked: dict[str, Any], rest: bytes) -> None:
        self._container.pause()
        self.answer()

    def resume(self, asked: dict[str, Any], rest: bytes) -> None:
        self._container.resume()
        self.answer()

    def resize(self, asked: dict[str, Any], rest: bytes) -> None:
        self._container.resize(asked["rows"], asked["columns"], asked["exec_id"])
        self.answer()

    def update(self, asked: dict[str, Any], rest: bytes) -> None:
        self.answer(self._container.update(asked["limits"]))

    def set_restart(self, asked: dict[str, Any], rest: bytes) -> None:
        self._container.set_restart(Restart(**asked["restart"]))
        self.answer()

    def network(self, asked: dict[str, Any], rest: bytes) -> None:
        """The descriptors that came along hold host ports."""
        self._container.change_network(network(asked["network"]), self._descriptors)
        self._descriptors = []
        self.answer()

    def leave(self, asked: dict[str, Any], rest: bytes) -> None:
        """Answered when nothing of the container is left, and the next start needn't wait."""
        self._container.when_left.append(self.answer)


def _signal(number: int) -> int:
    if not 0 < number < signals.NSIG:
        raise Invalid(f"invalid signal: {number}")
    return number


_OPERATIONS: dict[str, Callable[[Asking, dict[str, Any], bytes], None]] = {
    "attach": Asking.attach,
    "exec": Asking.exec,
    "exec_state": Asking.exec_state,
    "signal": Asking.signal,
    "stop": Asking.stop,
    "pause": Asking.pause,
    "resume": Asking.resume,
    "resize": Asking.resize,
    "update": Asking.update,
    "set_restart": Asking.set_restart,
    "network": Asking.network,
    "leave": Asking.leave,
}
