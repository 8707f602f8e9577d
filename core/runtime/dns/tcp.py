"""DNS over TCP: messages behind their length (RFC 1035, 4.2.2; RFC 7766), non-blocking."""

from __future__ import annotations

import socket
import struct
from collections.abc import Callable
from typing import Final

from ..shim.loop import GONE, READ, WRITE, Loop

_SILENCE_SECONDS: Final = 10.0
# A client that does not read its answers is given up.
_MOST_UNSENT: Final = 1 << 20
_CHUNK: Final = 65536


class Frames:
    """A stream of bytes, cut into messages."""

    def __init__(self) -> None:
        self._rest = bytearray()

    def feed(self, data: bytes) -> list[bytes]:
        """Take bytes; returns the messages that are whole now."""
        self._rest += data
        whole: list[bytes] = []
        while len(self._rest) >= 2:
            (length,) = struct.unpack_from("!H", self._rest)
            if len(self._rest) < 2 + length:
                break
            whole.append(bytes(self._rest[2 : 2 + length]))
            del self._rest[: 2 + length]
        return whole


def frame(data: bytes) -> bytes:
    """A message behind its length."""
    return struct.pack("!H", len(data)) + data


class Client:
    """A connection from the container: queries in any number, answers as soon as they are known."""

    def __init__(
        self,
        loop: Loop,
        connection: socket.socket,
        respond: Callable[[bytes, Callable[[bytes], None], bool], None],
        gone: Callable[[Client], None],
    ) -> None:
        self._loop = loop
        self._connection = connection
        self._respond = respond
        self._gone = gone
        self._frames = Frames()
        self._unsent = bytearray()
        self._open = True
        self._timer = loop.later(_SILENCE_SECONDS, self.close)
        loop.watch(connection.fileno(), READ, self._on_event)

    def close(self) -> None:
        """Drop the connection; twice is fine."""
        if self._open:
            self._open = False
            self._timer.cancel()
            self._loop.forget(self._connection.fileno())
            self._connection.close()
            self._gone(self)

    def _on_event(self, events: int) -> None:
        if events & WRITE:
            self._flush()
        if events & (READ | GONE):
            self._read()

    def _read(self) -> None:
        try:
            data = self._connection.recv(_CHUNK)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self.close()
            return
        self._timer.cancel()
        self._timer = self._loop.later(_SILENCE_SECONDS, self.close)
        for query in self._frames.feed(data):
            self._respond(query, self._answer, True)

    def _answer(self, data: bytes) -> None:
        if self._open:
            self._unsent += frame(data)
            if len(self._unsent) > _MOST_UNSENT:
                self.close()
            else:
                self._flush()

    def _flush(self) -> None:
        if not self._open:
            return
        try:
            while self._unsent:
                del self._unsent[: self._connection.send(self._unsent)]
        except BlockingIOError:
            pass
        except OSError:
            self.close()
            return
        self._loop.change(self._connection.fileno(), READ | WRITE if self._unsent else READ)
