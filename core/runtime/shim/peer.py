"""A client of a process's streams, on a connection that was handed over to them.

To the client: raw bytes from a terminal, else Docker's frames (a byte for the stream, three zero bytes, the
length in four, big-endian). From the client: raw input, whose end is a half-close.
"""

from __future__ import annotations

import socket
import struct
from collections import deque
from collections.abc import Callable

from .loop import GONE, READ, WRITE, Loop
from .process import Stdin

SYSTEM_ERROR = 3
_FRAME = struct.Struct(">BxxxI")
_INPUT = 64 << 10


class Peer:
    """One connection. It owns the socket.

    Invariant: `backlog` is the number of bytes that the client has not taken yet (the owner bounds it),
    `taken` of those that it has.

    `on_input_end` is called once, when no more input will come (half-close or loss); `on_drained` when the
    backlog has become empty; `on_closed` once, at the end.
    """

    def __init__(
        self,
        loop: Loop,
        connection: socket.socket,
        *,
        raw: bool,
        streams: frozenset[int],
        stdin: Stdin | None,
        on_input_end: Callable[[], None] = lambda: None,
        on_drained: Callable[[], None] = lambda: None,
        on_closed: Callable[[Peer], None] = lambda peer: None,
    ) -> None:
        self._loop, self._socket = loop, connection
        self._raw, self._streams, self._stdin = raw, streams, stdin
        self._on_input_end, self._on_drained, self._on_closed = on_input_end, on_drained, on_closed
        self._outgoing: deque[bytes] = deque()
        self.backlog = 0
        self.taken = 0
        self._ending = False
        self._reading = True
        self._input_ended = False
        self._closed = False
        connection.setblocking(False)
        loop.watch(connection.fileno(), READ, self._ready)

    @property
    def taking(self) -> bool:
        """Whether output may still be given to it."""
        return not self._ending and not self._closed

    def take_input(self, data: bytes) -> None:
        """Input that had arrived before the connection was handed over."""
        if data:
            self._input(data)

    def output(self, stream: int, data: bytes) -> None:
        """Send output of the process, if the client asked for this stream."""
        if self.taking and stream in self._streams:
            if not self._raw:
                self._queue(_FRAME.pack(stream, len(data)))
            self._queue(data)
            self._flush()

    def cut(self, reason: str) -> None:
        """End a client that can't follow: what it was sent so far is followed by the reason."""
        if not self.taking:
            return
        text = reason.encode()
        if self._raw:
            self._queue(b"\r\n" + text + b"\r\n")
        else:
            self._queue(_FRAME.pack(SYSTEM_ERROR, len(text)) + text)
        self.end()

    def end(self) -> None:
        """Close once the client has taken everything."""
        self._ending = True
        self._flush()

    def close(self) -> None:
        if self._closed:
            return
        self._closed = True
        self._loop.forget(self._socket.fileno())
        self._socket.close()
        self._outgoing.clear()
        self.backlog = 0
        self._end_input()
        self._on_drained()
        self._on_closed(self)

    def _queue(self, data: bytes) -> None:
        self._outgoing.append(data)
        self.backlog += len(data)

    def _ready(self, events: int) -> None:
        # A client that has only closed its writing side gives no GONE on a unix socket.
        if events & WRITE:
            self._flush()
        if events & READ and self._reading and not self._closed:
            self._receive()
        elif events & GONE:
            self.close()

    def _receive(self) -> None:
        try:
            data = self._socket.recv(_INPUT)
        except BlockingIOError:
            return
        except OSError:
            self.close()
            return
        if data:
            self._input(data)
        else:
            self._reading = False
            self._end_input()
            self._update()

    def _input(self, data: bytes) -> None:
        if self._stdin is None:
            return
        self._stdin.write(data)
        if self._stdin.full:
            self._reading = False
            self._update()
            self._stdin.when_empty(self._read_again)

    def _read_again(self) -> None:
        if not self._closed and not self._input_ended:
            self._reading = True
            self._update()

    def _end_input(self) -> None:
        if not self._input_ended:
            self._input_ended = True
            self._on_input_end()

    def _flush(self) -> None:
        if self._closed:
            return
        was_waiting = bool(self._outgoing)
        try:
            while self._outgoing:
                head = self._outgoing[0]
                sent = self._socket.send(head)
                self.backlog -= sent
                self.taken += sent
                if sent < len(head):
                    self._outgoing[0] = head[sent:]
                else:
                    self._outgoing.popleft()
        except BlockingIOError:
            self._update()
            return
        except OSError:
            self.close()
            return
        if self._ending:
            self.close()
        elif was_waiting:
            self._update()
            self._on_drained()

    def _update(self) -> None:
        if not self._closed:
            events = (READ if self._reading else 0) | (WRITE if self._outgoing else 0)
            self._loop.change(self._socket.fileno(), events)
