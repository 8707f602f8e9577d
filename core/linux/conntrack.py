"""nf_conntrack's table by netlink (linux/netfilter/nfnetlink_conntrack.h): flows are forgotten, so that NAT
decides about them anew. A UDP flow that goes on is otherwise led for ever where its first packet went."""

from __future__ import annotations

import errno
import socket
import struct
from typing import Final

from .netlink.wire import NETLINK_NETFILTER, NLM_F_ACK, NLM_F_REQUEST, Message, Socket, attribute, nested, u32

_DELETE: Final = 1 << 8 | 2
_TUPLE_ORIG: Final = 1
_TUPLE_REPLY: Final = 2
_FILTER: Final = 25
_BY_SOURCE: Final = 1 << 0
_BY_PROTOCOL: Final = 1 << 3
_BY_DESTINATION_PORT: Final = 1 << 5
# A kernel before 5.8 knows no filters, and refuses the incomplete tuple; with no match nothing is found.
_NO_MATTER: Final = (errno.ENOENT, errno.EINVAL, errno.EOPNOTSUPP)


def forget_to_port(family: int, protocol: int, port: int) -> None:
    """Forget the flows that were sent to this port, of whatever machine."""
    proto = nested(2, attribute(1, bytes([protocol])), attribute(3, struct.pack("!H", port)))
    _delete(family, nested(_TUPLE_ORIG, proto), original=_BY_PROTOCOL | _BY_DESTINATION_PORT)


def forget_answered_by(protocol: int, address: str) -> None:
    """Forget the flows that this address answers: those that NAT leads to it."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    source = nested(1, attribute(3 if family == socket.AF_INET6 else 1, socket.inet_pton(family, address)))
    proto = nested(2, attribute(1, bytes([protocol])))
    _delete(family, nested(_TUPLE_REPLY, source, proto), reply=_BY_SOURCE | _BY_PROTOCOL)


def _delete(family: int, part: bytes, original: int = 0, reply: int = 0) -> None:
    body = struct.pack("!BBH", family, 0, 0) + part + nested(_FILTER, u32(1, original), u32(2, reply))
    with Socket(NETLINK_NETFILTER) as netlink:
        netlink.request(
            [Message(_DELETE, NLM_F_REQUEST | NLM_F_ACK, body, _NO_MATTER)], "forget tracked connections"
        )
