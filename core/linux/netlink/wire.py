"""netlink(7): messages, attributes, acknowledgements; nothing of what they mean."""

from __future__ import annotations

import errno
import os
import socket
import struct
from collections.abc import Iterator, Sequence
from types import TracebackType
from typing import Final, NamedTuple

NETLINK_ROUTE: Final = 0
NETLINK_NETFILTER: Final = 12

NLM_F_REQUEST: Final = 0x1
NLM_F_ACK: Final = 0x4
NLM_F_REPLACE: Final = 0x100
NLM_F_EXCL: Final = 0x200
NLM_F_CREATE: Final = 0x400
NLM_F_APPEND: Final = 0x800
NLM_F_DUMP: Final = 0x300
NLA_F_NESTED: Final = 0x8000

_NLMSG_ERROR: Final = 2
_NLMSG_DONE: Final = 3
_NLM_F_DUMP_INTR: Final = 0x10
_NLM_F_CAPPED: Final = 0x100
_NLM_F_ACK_TLVS: Final = 0x200
_SOL_NETLINK: Final = 270
_NETLINK_EXT_ACK: Final = 11
_NETLINK_CAP_ACK: Final = 10
_SO_SNDBUFFORCE: Final = 32
_SO_RCVBUFFORCE: Final = 33
_HEADER: Final = struct.Struct("=IHHII")
_ATTRIBUTE: Final = struct.Struct("=HH")
# With the process that made them: in a child the same numbers are closed, or other files.
_closing: list[tuple[int, socket.socket]] = []


class Message(NamedTuple):
    """One message of a batch. `optional` lists errno values that are not an error for it."""

    type: int
    flags: int
    body: bytes
    optional: tuple[int, ...] = ()


class Reply(NamedTuple):
    """One message of a dump: its type and what follows the netlink header."""

    type: int
    body: bytes


def attribute(kind: int, payload: bytes) -> bytes:
    """Encode one attribute, padded to four bytes."""
    return _ATTRIBUTE.pack(len(payload) + 4, kind) + payload + b"\0" * (-len(payload) % 4)


def nested(kind: int, *payload: bytes) -> bytes:
    """Encode an attribute made of attributes."""
    return attribute(kind | NLA_F_NESTED, b"".join(payload))


def text(kind: int, value: str) -> bytes:
    """Encode a NUL-terminated string."""
    return attribute(kind, os.fsencode(value) + b"\0")


def u32(kind: int, value: int) -> bytes:
    """Encode a number in the machine's byte order (rtnetlink's)."""
    return attribute(kind, struct.pack("=I", value))


def be32(kind: int, value: int) -> bytes:
    """Encode a number in network byte order (netfilter's)."""
    return attribute(kind, struct.pack("!I", value))


def attributes(data: bytes) -> dict[int, bytes]:
    """Decode attributes by their kind (without the nested flag); of equal kinds the last one counts."""
    return dict(each_attribute(data))


def each_attribute(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Decode attributes in order; stops at the first that does not fit."""
    at = 0
    while at + 4 <= len(data):
        length, kind = _ATTRIBUTE.unpack_from(data, at)
        if length < 4 or at + length > len(data):
            return
        yield kind & 0x3FFF, data[at + 4 : at + length]
        at += (length + 3) & ~3


def encode(message: Message, sequence: int) -> bytes:
    """Put the netlink header before a message."""
    head = _HEADER.pack(_HEADER.size + len(message.body), message.type, message.flags, sequence, 0)
    return head + message.body


def decode(data: bytes) -> Iterator[tuple[int, int, int, bytes]]:
    """Split what a socket received into (type, flags, sequence, body)."""
    at = 0
    while at + _HEADER.size <= len(data):
        length, kind, flags, sequence, _port = _HEADER.unpack_from(data, at)
        if length < _HEADER.size or at + length > len(data):
            return
        yield kind, flags, sequence, data[at + _HEADER.size : at + length]
        at += (length + 3) & ~3


def _error(flags: int, body: bytes, what: str) -> OSError | None:
    """The error in an NLMSG_ERROR message, with the kernel's own words where it gives any."""
    number = -int.from_bytes(body[:4], "little" if struct.pack("=H", 1)[0] else "big", signed=True)
    if number == 0:
        return None
    message = os.strerror(number)
    if flags & _NLM_F_ACK_TLVS:
        start = 20 if flags & _NLM_F_CAPPED else 4 + _HEADER.unpack_from(body, 4)[0]
        words = attributes(body[(start + 3) & ~3 :]).get(1)
        if words:
            message = f"{message} ({words.rstrip(bytes(1)).decode(errors='replace')})"
    return OSError(number, f"{what}: {message}")


def _close_waiting() -> None:
    while _closing:
        owner, waiting = _closing.pop()
        if owner == os.getpid():
            waiting.close()
        else:
            waiting.detach()


class Socket:
    """A netlink socket in the calling thread's network namespace, for ever in that one.

    Not for use by several threads. Every method either finishes what it began or raises OSError.
    """

    def __init__(self, family: int = NETLINK_ROUTE) -> None:
        _close_waiting()
        self._socket = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_CLOEXEC, family)
        self._sequence = 0
        for option in (_NETLINK_EXT_ACK, _NETLINK_CAP_ACK):
            try:
                self._socket.setsockopt(_SOL_NETLINK, option, 1)
            except OSError:  # before Linux 4.12: errors come without words, nothing else changes
                pass

    def __enter__(self) -> Socket:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the socket."""
        self._socket.close()

    def close_later(self) -> None:
        """Close the socket when the next one is opened.

        The kernel lets close(2) of a netfilter socket wait for what a transaction has deleted: 15 ms, for
        nothing that its caller needs. By then it is done.
        """
        _closing.append((os.getpid(), self._socket.dup()))
        self._socket.close()

    def request(self, messages: Sequence[Message], what: str) -> None:
        """Send all messages in one send and wait for each one's acknowledgement.

        Raises the first error that its message does not call optional; the messages after it have been
        executed nevertheless (rtnetlink has no transactions).
        """
        first = self._sequence + 1
        self._send(messages)
        waiting = {first + index: message for index, message in enumerate(messages)}
        failure: OSError | None = None
        while waiting:
            for kind, flags, sequence, body in self._receive():
                if kind != _NLMSG_ERROR or sequence not in waiting:
                    continue
                message = waiting.pop(sequence)
                error = _error(flags, body, what)
                if error is not None and error.errno not in message.optional:
                    failure = failure or error
        if failure is not None:
            raise failure

    def transact(self, messages: Sequence[Message], what: str) -> None:
        """Send a netfilter batch (begin, messages, end) and wait for its outcome: all of it or nothing.

        The last message before the end must carry NLM_F_ACK. Raises the batch's first error.
        """
        size = sum(len(message.body) + _HEADER.size for message in messages)
        if size > 150_000:
            for option in (_SO_SNDBUFFORCE, _SO_RCVBUFFORCE):
                self._socket.setsockopt(socket.SOL_SOCKET, option, 2 * size + 1_000_000)
        self._send(messages)
        last = self._sequence - 1
        failure: OSError | None = None
        while True:
            for kind, flags, sequence, body in self._receive():
                if kind != _NLMSG_ERROR:
                    continue
                failure = failure or _error(flags, body, what)
                if sequence >= last or failure is not None:
                    self._drain()
                    if failure is not None:
                        raise failure
                    return

    def dump(self, message: Message, what: str) -> list[Reply]:
        """Ask for all objects of a kind; asks again when they changed in between."""
        for _ in range(20):
            replies = self._dump_once(message, what)
            if replies is not None:
                return replies
        raise OSError(errno.EINTR, f"{what}: the kernel's tables change too fast to be read")

    def get(self, message: Message, what: str) -> Reply:
        """Ask for one object; the message must not ask for an acknowledgement."""
        self._send([message])
        while True:
            for kind, flags, sequence, body in self._receive():
                if sequence != self._sequence:
                    continue
                if kind != _NLMSG_ERROR:
                    return Reply(kind, body)
                error = _error(flags, body, what)
                if error is not None:
                    raise error

    def _dump_once(self, message: Message, what: str) -> list[Reply] | None:
        self._send([message._replace(flags=message.flags | NLM_F_REQUEST | NLM_F_DUMP)])
        replies: list[Reply] = []
        interrupted = False
        while True:
            for kind, flags, sequence, body in self._receive():
                if sequence != self._sequence:
                    continue
                interrupted |= bool(flags & _NLM_F_DUMP_INTR)
                if kind == _NLMSG_DONE:
                    return None if interrupted else replies
                if kind == _NLMSG_ERROR:
                    error = _error(flags, body, what)
                    if error is not None and error.errno == errno.EINTR:
                        return None
                    raise error or OSError(errno.EPROTO, what)
                replies.append(Reply(kind, body))

    def _send(self, messages: Sequence[Message]) -> None:
        parts = []
        for message in messages:
            self._sequence += 1
            parts.append(encode(message, self._sequence))
        self._socket.send(b"".join(parts))

    def _receive(self) -> Iterator[tuple[int, int, int, bytes]]:
        return decode(self._socket.recv(262_144))

    def _drain(self) -> None:
        """Throw away further errors of a refused batch, so that the next request does not read them."""
        self._socket.setblocking(False)
        try:
            while self._socket.recv(65536):
                pass
        except BlockingIOError:
            pass
        finally:
            self._socket.setblocking(True)
