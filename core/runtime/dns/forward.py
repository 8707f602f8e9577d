"""A query on its way to servers outside: verbatim there and back, each server in its turn."""

from __future__ import annotations

import errno
import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from ..shim.loop import GONE, READ, WRITE, Loop, Timer
from . import message
from .message import Query
from .tcp import Frames, frame

_SECONDS: Final = 2.0
_LARGEST: Final = 65535

Reply = Callable[[bytes], None]


@dataclass(frozen=True, slots=True)
class Upstream:
    """A name server outside; `on_host` when it is reached from the host's network, not the container's."""

    address: str
    on_host: bool = False


Connect = Callable[[Upstream, int], socket.socket]


class Forward:
    """One query under way; `reply` is called once, with the answer or a failure.

    Every attempt has a socket of its own, so its port is the kernel's random choice and an answer that comes
    late or from elsewhere finds nobody.
    """

    kind = socket.SOCK_DGRAM

    def __init__(
        self,
        loop: Loop,
        connect: Connect,
        upstreams: Sequence[Upstream],
        query: Query,
        data: bytes,
        reply: Reply,
    ) -> None:
        self._loop = loop
        self._connect = connect
        self._left = list(upstreams)
        self._query = query
        self._data = data
        self._reply = reply
        self._socket: socket.socket | None = None
        self._timer: Timer | None = None
        self._ended: Callable[[Forward], None] | None = None

    def begin(self, ended: Callable[[Forward], None]) -> None:
        """Ask the first server; `ended` is called when all is over."""
        self._ended = ended
        self._next()

    def close(self) -> None:
        """Give up without an answer."""
        self._drop()
        if self._ended is not None:
            ended, self._ended = self._ended, None
            ended(self)

    def _next(self) -> None:
        """Ask the next server, or answer that none did."""
        self._drop()
        while self._left:
            try:
                self._socket = self._connect(self._left.pop(0), self.kind)
            except OSError:
                continue
            self._timer = self._loop.later(_SECONDS, self._next)
            self._loop.watch(self._socket.fileno(), self._begin_events(), self._on_event)
            self._ask()
            return
        self._finish(message.failure(self._data, message.SERVFAIL))

    def _finish(self, answer: bytes) -> None:
        self.close()
        self._reply(answer)

    def _drop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._socket is not None:
            self._loop.forget(self._socket.fileno())
            self._socket.close()
            self._socket = None

    def _begin_events(self) -> int:
        raise NotImplementedError

    def _ask(self) -> None:
        raise NotImplementedError

    def _on_event(self, events: int) -> None:
        raise NotImplementedError


class UdpForward(Forward):
    """By UDP: one datagram there, the first one that answers it back."""

    def _begin_events(self) -> int:
        return READ

    def _ask(self) -> None:
        assert self._socket is not None
        try:
            self._socket.send(self._data)
        except OSError:
            self._next()

    def _on_event(self, _events: int) -> None:
        assert self._socket is not None
        try:
            answer = self._socket.recv(_LARGEST)
        except BlockingIOError:
            return
        except OSError:
            self._next()
            return
        if message.answers_to(self._query, answer):
            self._finish(answer)


class TcpForward(Forward):
    """By TCP: a connection, the query behind its length, one message back."""

    kind = socket.SOCK_STREAM

    def _begin_events(self) -> int:
        return WRITE

    def _ask(self) -> None:
        self._unsent = bytearray(frame(self._data))
        self._frames = Frames()

    def _on_event(self, events: int) -> None:
        assert self._socket is not None
        if self._unsent:
            self._send(self._socket)
        elif events & (READ | GONE):
            self._receive(self._socket)

    def _send(self, connection: socket.socket) -> None:
        try:
            del self._unsent[: connection.send(self._unsent)]
        except OSError as error:
            if error.errno not in (errno.EAGAIN, errno.EINPROGRESS):
                self._next()
            return
        if not self._unsent:
            self._loop.change(connection.fileno(), READ)

    def _receive(self, connection: socket.socket) -> None:
        try:
            data = connection.recv(_LARGEST)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        answer = next((one for one in self._frames.feed(data) if message.answers_to(self._query, one)), None)
        if answer is not None:
            self._finish(answer)
        elif not data:
            self._next()
