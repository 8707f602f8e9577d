"""Published ports: each one element of a map of our table, added and removed by the container's shim."""

from __future__ import annotations

import errno
import socket
import struct
from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple, Protocol

from .. import conntrack
from ..netlink.wire import (
    NETLINK_NETFILTER,
    NLM_F_REQUEST,
    Message,
    Reply,
    Socket,
    attributes,
    each_attribute,
    nested,
    text,
)
from .table import TABLE
from .wire import GETSETELEM, INET, add_elements, batch, delete_elements, element, generic

_UDP: Final = 17
_PROTOCOLS: Final = {"tcp": 6, "udp": _UDP, "sctp": 132}
_NAMES: Final = {number: name for name, number in _PROTOCOLS.items()}
_MAPS: Final = ("pub", "pub_any", "pub6", "pub6_any")
# An element takes some 80 bytes, and a list of elements is one attribute of at most 65535.
_ELEMENTS_PER_MESSAGE: Final = 400

_Entry = tuple[str, bytes, bytes]  # map, key, data


class PortLike(Protocol):
    """What is needed of a published port; `runtime.records.PublishedPort` is one.

    `host_ip` is "" for all addresses, else of the same family as `container_ip`.
    """

    @property
    def protocol(self) -> str: ...
    @property
    def host_ip(self) -> str: ...
    @property
    def host_port(self) -> int: ...
    @property
    def container_ip(self) -> str: ...
    @property
    def container_port(self) -> int: ...


class Port(NamedTuple):
    """A published port as the kernel has it."""

    protocol: str
    host_ip: str
    host_port: int
    container_ip: str
    container_port: int


def add_ports(ports: Iterable[PortLike]) -> bool:
    """Lead host ports to containers: all of them or none. One that led elsewhere is led anew.

    Returns False when our table is not there: whoever puts it back publishes all ports of living containers.
    """
    wanted = [_entry(port) for port in ports]
    if not wanted:
        return True
    with Socket(NETLINK_NETFILTER) as netlink:
        try:
            _add(netlink, wanted)
        except FileNotFoundError:
            return False
    for name, key, _data in wanted:
        if key[-8] == _UDP:
            # Who has sent there before is led to the container from the next packet on.
            family = socket.AF_INET6 if name.startswith("pub6") else socket.AF_INET
            conntrack.forget_to_port(family, _UDP, struct.unpack("!H", key[-4:-2])[0])
    return True


def _add(netlink: Socket, wanted: list[_Entry]) -> None:
    try:
        netlink.transact(batch(_messages(wanted, add=True)), "publish ports")
    except FileExistsError:
        keys = {(name, key) for name, key, _data in wanted}
        stale = [entry for entry in _entries(netlink) if entry[:2] in keys]
        messages = _messages(stale, add=False) + _messages(wanted, add=True)
        netlink.transact(batch(messages), "publish ports")


def remove_ports(ports: Iterable[PortLike]) -> None:
    """Stop leading these host ports to these containers.

    What is gone already is no error, and a host port that leads to another container by now stays.
    """
    with Socket(NETLINK_NETFILTER) as netlink:
        wanted = [_entry(port) for port in ports]
        there = [entry for entry in wanted if _is_there(netlink, entry)]
        if there:
            netlink.transact(batch(_messages(there, add=False)), "withdraw ports")
            netlink.close_later()
    for address in {_address(data[:-4]) for _name, key, data in there if key[-8] == _UDP}:
        conntrack.forget_answered_by(_UDP, address)


def ports() -> list[Port]:
    """All ports that our table publishes now; none when it is not there."""
    with Socket(NETLINK_NETFILTER) as netlink:
        return [_port(entry) for entry in _entries(netlink)]


def _entry(port: PortLike) -> _Entry:
    family = socket.AF_INET6 if ":" in port.container_ip else socket.AF_INET
    name = "pub6" if family == socket.AF_INET6 else "pub"
    key = struct.pack("!B3xH2x", _PROTOCOLS[port.protocol], port.host_port)
    data = socket.inet_pton(family, port.container_ip) + struct.pack("!H2x", port.container_port)
    if port.host_ip in ("", "0.0.0.0", "::"):
        return f"{name}_any", key, data
    return name, socket.inet_pton(family, port.host_ip) + key, data


def _port(entry: _Entry) -> Port:
    _name, key, data = entry
    protocol, host_port = struct.unpack("!B3xH2x", key[-8:])
    return Port(
        protocol=_NAMES.get(protocol, str(protocol)),
        host_ip=_address(key[:-8]),
        host_port=host_port,
        container_ip=_address(data[:-4]),
        container_port=struct.unpack("!H2x", data[-4:])[0],
    )


def _address(packed: bytes) -> str:
    if not packed:
        return ""
    return socket.inet_ntop(socket.AF_INET if len(packed) == 4 else socket.AF_INET6, packed)


def _messages(entries: Iterable[_Entry], add: bool) -> list[Message]:
    grouped: dict[str, list[bytes]] = {}
    for name, key, data in entries:
        # What is deleted is told by its key alone.
        grouped.setdefault(name, []).append(element(key, data if add else b""))
    make = add_elements if add else delete_elements
    return [
        make(INET, TABLE, name, elements[at : at + _ELEMENTS_PER_MESSAGE])
        for name, elements in grouped.items()
        for at in range(0, len(elements), _ELEMENTS_PER_MESSAGE)
    ]


def _is_there(netlink: Socket, entry: _Entry) -> bool:
    name, key, data = entry
    body = generic(INET) + text(1, TABLE) + text(2, name) + nested(3, element(key))
    try:
        reply = netlink.get(Message(GETSETELEM, NLM_F_REQUEST, body), f"look into nftables map {name}")
    except FileNotFoundError:
        return False
    return (key, data) in _listed(reply)


def _entries(netlink: Socket) -> list[_Entry]:
    found: list[_Entry] = []
    for name in _MAPS:
        query = Message(GETSETELEM, 0, generic(INET) + text(1, TABLE) + text(2, name))
        try:
            replies = netlink.dump(query, f"list nftables map {name}")
        except OSError as error:
            if error.errno == errno.ENOENT:
                continue
            raise
        found += [(name, key, data) for reply in replies for key, data in _listed(reply)]
    return found


def _listed(reply: Reply) -> Iterator[tuple[bytes, bytes]]:
    """The keys and data of listed elements."""
    elements = attributes(reply.body[4:]).get(3, b"")
    for _kind, one in each_attribute(elements):
        fields = attributes(one)
        yield attributes(fields[1])[1], attributes(fields[2])[1]
