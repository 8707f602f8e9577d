"""DNS messages: one question in, one answer out (RFC 1035; AAAA: RFC 3596; EDNS: RFC 6891). Pure."""

from __future__ import annotations

import socket
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

A: Final = 1
PTR: Final = 12
AAAA: Final = 28
ANY: Final = 255
NOERROR: Final = 0
FORMERR: Final = 1
SERVFAIL: Final = 2
NXDOMAIN: Final = 3
NOTIMP: Final = 4

SMALLEST: Final = 12
UDP_SIZE: Final = 512
_TTL: Final = 600
_IN: Final = 1
_OPT: Final = 41
_QR: Final = 0x8000
_OPCODE: Final = 0x7800
_TC: Final = 0x0200
_RD: Final = 0x0100
_RA: Final = 0x0080
_HEADER: Final = struct.Struct("!6H")
_LONGEST_LABEL: Final = 63
_LONGEST_NAME: Final = 255


@dataclass(frozen=True, slots=True)
class Query:
    """A question. `name` is lower case without the last dot; `question` is the section as it came.

    `size` is the longest answer by UDP that the asker takes.
    """

    id: int
    flags: int
    name: str
    type: int
    question: bytes
    size: int = UDP_SIZE


class Malformed(Exception):
    """Not a question. `code` is what to answer; None when it must not be answered at all."""

    def __init__(self, code: int | None) -> None:
        super().__init__(code)
        self.code = code


def parse(data: bytes) -> Query:
    """Read a query of one question; raises Malformed."""
    if len(data) < SMALLEST:
        raise Malformed(None)
    identity, flags, questions, answers, authorities, extras = _HEADER.unpack_from(data)
    if flags & _QR:
        # An answer is never answered: two servers would talk for ever.
        raise Malformed(None)
    if flags & _OPCODE:
        raise Malformed(NOTIMP)
    if questions != 1 or answers or authorities:
        raise Malformed(FORMERR)
    name, at = _name(data, SMALLEST)
    if at + 4 > len(data):
        raise Malformed(FORMERR)
    kind, _class = struct.unpack_from("!HH", data, at)
    question = data[SMALLEST : at + 4]
    return Query(identity, flags, name, kind, question, _size(data, at + 4) if extras else UDP_SIZE)


def _name(data: bytes, at: int) -> tuple[str, int]:
    """A name without compression, which a question has no use for, and where it ends."""
    labels: list[str] = []
    start = at
    while at < len(data):
        length = data[at]
        at += 1
        if length == 0:
            return ".".join(labels), at
        if length > _LONGEST_LABEL or at + length > len(data) or at + length - start > _LONGEST_NAME:
            break
        labels.append(data[at : at + length].decode("latin-1").lower())
        at += length
    raise Malformed(FORMERR)


def _size(data: bytes, at: int) -> int:
    """What EDNS offers, when the first further record is its (with the root's name)."""
    if at + 5 > len(data) or data[at] != 0:
        return UDP_SIZE
    kind, size = struct.unpack_from("!HH", data, at + 1)
    return max(UDP_SIZE, size) if kind == _OPT else UDP_SIZE


def answer(query: Query, addresses: Sequence[str] = (), names: Sequence[str] = ()) -> bytes:
    """Answer with addresses of the asked family, or with names for a PTR question, or with nothing."""
    records = [_record(_family(address), _packed(address)) for address in addresses]
    records += [_record(PTR, encode_name(name)) for name in names]
    header = _HEADER.pack(query.id, _QR | query.flags & _RD | _RA, 1, len(records), 0, 0)
    return header + query.question + b"".join(records)


def failure(data: bytes, code: int) -> bytes:
    """Answer a message (read or not) with an error code, repeating its question when it could be read."""
    identity, flags = struct.unpack_from("!HH", data)
    try:
        question = parse(data).question
    except Malformed:
        question = b""
    kept = flags & (_OPCODE | _RD)
    return _HEADER.pack(identity, _QR | kept | _RA | code, 1 if question else 0, 0, 0, 0) + question


def shortened(query: Query, reply: bytes) -> bytes:
    """An answer that fits the asker's UDP size: itself, or an empty one that says "ask by TCP"."""
    if len(reply) <= query.size:
        return reply
    flags = struct.unpack_from("!H", reply, 2)[0]
    return _HEADER.pack(query.id, flags | _TC, 1, 0, 0, 0) + query.question


def answers_to(query: Query, reply: bytes) -> bool:
    """Tell whether a message is the answer to this query: same id, same question but for letters' case."""
    if len(reply) < SMALLEST:
        return False
    identity, flags = struct.unpack_from("!HH", reply)
    own = query.question.lower()
    return identity == query.id and bool(flags & _QR) and reply[SMALLEST : SMALLEST + len(own)].lower() == own


def address_of_pointer(name: str) -> str:
    """The address that a PTR question asks for, "" when it is not a whole one."""
    if name.endswith(".in-addr.arpa"):
        parts = name.removesuffix(".in-addr.arpa").split(".")
        if len(parts) == 4 and all(part.isascii() and part.isdecimal() and int(part) < 256 for part in parts):
            return ".".join(str(int(part)) for part in reversed(parts))
    if name.endswith(".ip6.arpa"):
        digits = name.removesuffix(".ip6.arpa").split(".")
        if len(digits) == 32 and all(len(digit) == 1 and digit in "0123456789abcdef" for digit in digits):
            packed = bytes.fromhex("".join(reversed(digits)))
            return socket.inet_ntop(socket.AF_INET6, packed)
    return ""


def encode_name(name: str) -> bytes:
    """A name as labels; what does not fit (RFC 1035, 2.3.4) is cut off."""
    labels = [label.encode("latin-1", "replace")[:_LONGEST_LABEL] for label in name.split(".") if label]
    encoded = b"".join(bytes([len(label)]) + label for label in labels)
    return encoded[: _LONGEST_NAME - 1] + b"\0"


def _record(kind: int, data: bytes) -> bytes:
    # 0xC00C points at the question's name.
    return struct.pack("!HHHIH", 0xC00C, kind, _IN, _TTL, len(data)) + data


def _family(address: str) -> int:
    return AAAA if ":" in address else A


def _packed(address: str) -> bytes:
    return socket.inet_pton(socket.AF_INET6 if ":" in address else socket.AF_INET, address)
