"""nf_tables' messages and expressions as bytes (linux/netfilter/nf_tables.h). Pure; the caller sends them."""

from __future__ import annotations

import socket
import struct
from collections.abc import Iterable
from typing import Final, NamedTuple

from ..netlink.wire import (
    NLM_F_ACK,
    NLM_F_APPEND,
    NLM_F_CREATE,
    NLM_F_REQUEST,
    Message,
    attribute,
    be32,
    nested,
    text,
)

INET: Final = 1
IPV4: Final = 2
IPV6: Final = 10

PREROUTING: Final = 0
FORWARD: Final = 2
OUTPUT: Final = 3
POSTROUTING: Final = 4

DROP: Final = 0
ACCEPT: Final = 1
JUMP: Final = -3

SET_INTERVAL: Final = 0x4
SET_MAP: Final = 0x8
SET_CONCATENATION: Final = 0x80

# What the register file is addressed by: sixteen registers of four bytes follow the four old ones of sixteen.
REGISTER: Final = 8

_SUBSYSTEM: Final = 10 << 8
_NEWTABLE: Final = _SUBSYSTEM | 0
GETTABLE: Final = _SUBSYSTEM | 1
_DELTABLE: Final = _SUBSYSTEM | 2
_NEWCHAIN: Final = _SUBSYSTEM | 3
GETCHAIN: Final = _SUBSYSTEM | 4
_NEWRULE: Final = _SUBSYSTEM | 6
GETRULE: Final = _SUBSYSTEM | 7
_DELRULE: Final = _SUBSYSTEM | 8
_NEWSET: Final = _SUBSYSTEM | 9
_NEWSETELEM: Final = _SUBSYSTEM | 12
GETSETELEM: Final = _SUBSYSTEM | 13
_DELSETELEM: Final = _SUBSYSTEM | 14
_BEGIN: Final = Message(0x10, NLM_F_REQUEST, struct.pack("!BBH", 0, 0, 10))
_END: Final = Message(0x11, NLM_F_REQUEST, struct.pack("!BBH", 0, 0, 10))
_CREATE: Final = NLM_F_REQUEST | NLM_F_CREATE
_INTERVAL_END: Final = 1

_META_KEYS: Final = {"iifname": 6, "oifname": 7, "nfproto": 15, "l4proto": 16}
_CT_KEYS: Final = {"state": 0, "status": 2}

# nft's own numbers for what a set holds; the kernel keeps them so that `nft list` can name the types.
TYPES: Final = {
    "verdict": (1, 4),
    "ipv4_addr": (7, 4),
    "ipv6_addr": (8, 16),
    "inet_proto": (12, 4),
    "inet_service": (13, 4),
    "ifname": (41, 16),
}


class Set(NamedTuple):
    """A set, or a map when it has `data`. `key` and `data` are nft's type names; several are concatenated."""

    name: str
    key: tuple[str, ...]
    data: tuple[str, ...] = ()
    interval: bool = False


def generic(family: int) -> bytes:
    """The nfgenmsg before every body."""
    return struct.pack("!BBH", family, 0, 0)


def batch(messages: Iterable[Message]) -> list[Message]:
    """Make one transaction of the messages; the last one asks for the acknowledgement."""
    body = list(messages)
    body[-1] = body[-1]._replace(flags=body[-1].flags | NLM_F_ACK)
    return [_BEGIN, *body, _END]


def new_table(family: int, name: str) -> Message:
    """Create a table, or leave the one that is there."""
    return Message(_NEWTABLE, _CREATE, generic(family) + text(1, name) + be32(2, 0))


def delete_table(family: int, name: str) -> Message:
    """Delete a table with all that is in it."""
    return Message(_DELTABLE, NLM_F_REQUEST, generic(family) + text(1, name))


def new_chain(family: int, table: str, name: str) -> Message:
    """Create a chain that others jump to, or leave the one that is there."""
    return Message(_NEWCHAIN, _CREATE, generic(family) + text(1, table) + text(3, name))


def new_base_chain(family: int, table: str, name: str, kind: str, hook: int, priority: int) -> Message:
    """Create a chain that the kernel enters at `hook`, policy accept, or leave the one that is there."""
    where = nested(4, be32(1, hook), attribute(2, struct.pack("!i", priority)))
    body = generic(family) + text(1, table) + text(3, name) + where + be32(5, ACCEPT) + text(7, kind)
    return Message(_NEWCHAIN, _CREATE, body)


def flush_chain(family: int, table: str, chain: str) -> Message:
    """Delete all rules of a chain."""
    return Message(_DELRULE, NLM_F_REQUEST, generic(family) + text(1, table) + text(2, chain))


def rule(family: int, table: str, chain: str, *expressions: bytes) -> Message:
    """Append a rule."""
    body = generic(family) + text(1, table) + text(2, chain) + nested(4, *expressions)
    return Message(_NEWRULE, _CREATE | NLM_F_APPEND, body)


def marked_rule(family: int, table: str, chain: str, mark: bytes, *expressions: bytes) -> Message:
    """Append a rule with user data, which comes back when the rules are listed."""
    appended = rule(family, table, chain, *expressions)
    return appended._replace(body=appended.body + attribute(7, mark))


def comment(words: str) -> bytes:
    """User data that `nft list` shows as the rule's comment."""
    data = words.encode() + b"\0"
    return bytes([0, len(data)]) + data


def delete_rule(family: int, table: str, chain: str, handle: bytes) -> Message:
    """Delete one rule by its handle as the kernel gave it."""
    body = generic(family) + text(1, table) + text(2, chain) + attribute(3, handle)
    return Message(_DELRULE, NLM_F_REQUEST, body)


def new_set(family: int, table: str, declared: Set, number: int) -> Message:
    """Create a set or map, or leave the one that is there; `number` is unique in the transaction."""
    key_type, key_length = _type(declared.key)
    flags = SET_INTERVAL if declared.interval else 0
    data = b""
    if declared.data:
        flags |= SET_MAP
        data_type, data_length = _type(declared.data)
        # A map of verdicts is told by this number instead of a type's, and has no length.
        verdict = declared.data == ("verdict",)
        data = be32(6, 0xFFFFFF00) if verdict else be32(6, data_type) + be32(7, data_length)
    body = generic(family) + text(1, table) + text(2, declared.name) + be32(3, flags)
    body += be32(4, key_type) + be32(5, key_length) + data + be32(10, number)
    if declared.key == ("ifname",):
        # For `nft list` alone: the key is a string in the machine's own byte order.
        body += attribute(13, struct.pack("=BBI", 0, 4, 1))
    return Message(_NEWSET, _CREATE, body)


def flush_set(family: int, table: str, name: str) -> Message:
    """Delete all elements of a set."""
    return Message(_DELSETELEM, NLM_F_REQUEST, generic(family) + text(1, table) + text(2, name))


def add_elements(family: int, table: str, name: str, elements: Iterable[bytes]) -> Message:
    """Add elements (made by `element`, `verdict_element`, `interval`) to a set or map."""
    return Message(_NEWSETELEM, _CREATE, _elements(family, table, name, elements))


def delete_elements(family: int, table: str, name: str, elements: Iterable[bytes]) -> Message:
    """Delete elements; one that is missing fails the transaction (ENOENT)."""
    return Message(_DELSETELEM, NLM_F_REQUEST, _elements(family, table, name, elements))


def element(key: bytes, data: bytes = b"") -> bytes:
    """One element, with the data it leads to when the set is a map."""
    return nested(1, nested(1, attribute(1, key)), nested(2, attribute(1, data)) if data else b"")


def verdict_element(key: bytes, code: int) -> bytes:
    """One element of a map of verdicts."""
    return nested(1, nested(1, attribute(1, key)), nested(2, _verdict(code, "")))


def interval(first: bytes, beyond: bytes | None) -> list[bytes]:
    """The elements of a range, from `first` to before `beyond` (None: to the end of the type)."""
    start = [nested(1, nested(1, attribute(1, first)))]
    return (
        start
        if beyond is None
        else [*start, nested(1, nested(1, attribute(1, beyond)), be32(3, _INTERVAL_END))]
    )


def meta(key: str, register: int = REGISTER) -> bytes:
    """Load a property of the packet: iifname, oifname (16 bytes), nfproto, l4proto (1 byte)."""
    return _expression("meta", be32(2, _META_KEYS[key]), be32(1, register))


def network_header(offset: int, length: int, register: int = REGISTER) -> bytes:
    """Load bytes of the IP header."""
    return _expression("payload", be32(1, register), be32(2, 1), be32(3, offset), be32(4, length))


def transport_header(offset: int, length: int, register: int = REGISTER) -> bytes:
    """Load bytes of the TCP, UDP or SCTP header."""
    return _expression("payload", be32(1, register), be32(2, 2), be32(3, offset), be32(4, length))


def equal(value: bytes, register: int = REGISTER) -> bytes:
    """Go on only when the register begins with `value`."""
    return _expression("cmp", be32(1, register), be32(2, 0), nested(3, attribute(1, value)))


def masked(value: bytes, mask: bytes) -> bytes:
    """Go on only when the register's bits under `mask` are `value`."""
    size = len(mask)
    bits = (be32(3, size), nested(4, attribute(1, mask)), nested(5, attribute(1, bytes(size))))
    return _expression("bitwise", be32(1, REGISTER), be32(2, REGISTER), *bits) + equal(value)


def connection(key: str, bits: int) -> bytes:
    """Go on only when conntrack's `state` or `status` has one of these bits."""
    load = _expression("ct", be32(2, _CT_KEYS[key]), be32(1, REGISTER))
    mask = (be32(3, 4), nested(4, attribute(1, struct.pack("=I", bits))), nested(5, attribute(1, bytes(4))))
    some = _expression("cmp", be32(1, REGISTER), be32(2, 1), nested(3, attribute(1, bytes(4))))
    return load + _expression("bitwise", be32(1, REGISTER), be32(2, REGISTER), *mask) + some


def destination_is_local() -> bytes:
    """Go on only when the destination is an address of this machine (fib daddr type local)."""
    return _expression("fib", be32(3, 2), be32(2, 3), be32(1, REGISTER)) + equal(struct.pack("=I", 2))


def member(name: str, inverted: bool = False) -> bytes:
    """Go on only when the register is in a set (or, inverted, is not)."""
    return _expression("lookup", be32(2, REGISTER), text(1, name), be32(5, 1) if inverted else b"")


def mapped(name: str) -> bytes:
    """Replace the register by what a map has for it; go no further when it has nothing."""
    return _expression("lookup", be32(2, REGISTER), text(1, name), be32(3, REGISTER))


def verdict_of(name: str) -> bytes:
    """Do what a map of verdicts says; go no further in this rule when it says nothing."""
    return _expression("lookup", be32(2, REGISTER), text(1, name), be32(3, 0))


def verdict(code: int, chain: str = "") -> bytes:
    """Accept, drop, or jump to a chain."""
    return _expression("immediate", be32(1, 0), nested(2, _verdict(code, chain)))


def destination_nat(family: int, port_register: int) -> bytes:
    """Lead the connection to the address in the first register and the port in `port_register`."""
    nat_family = socket.AF_INET if family == IPV4 else socket.AF_INET6
    return _expression("nat", be32(1, 1), be32(2, nat_family), be32(3, REGISTER), be32(5, port_register))


def constant(value: bytes, register: int = REGISTER) -> bytes:
    """Load a constant."""
    return _expression("immediate", be32(1, register), nested(2, attribute(1, value)))


def masquerade() -> bytes:
    """Give the connection the outgoing interface's address as its source."""
    return _expression("masq")


def counter() -> bytes:
    """Count; `iptables` expects one in every rule."""
    return _expression("counter")


def name_key(name: str) -> bytes:
    """An interface's name as a set or a comparison holds it."""
    return name.encode().ljust(16, b"\0")


def _type(names: tuple[str, ...]) -> tuple[int, int]:
    number = length = 0
    for name in names:
        one, size = TYPES[name]
        number = number << 6 | one
        length += size
    return number, length


def _verdict(code: int, chain: str) -> bytes:
    return nested(2, attribute(1, struct.pack("!i", code)), text(2, chain) if chain else b"")


def _expression(name: str, *data: bytes) -> bytes:
    return nested(1, text(1, name), nested(2, *data))


def _elements(family: int, table: str, name: str, elements: Iterable[bytes]) -> bytes:
    return generic(family) + text(1, table) + text(2, name) + nested(3, *elements)
