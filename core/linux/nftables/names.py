"""127.0.0.11:53 in a container's network namespace, led to the ports where its shim really answers.

So the container may bind port 53 itself.
"""

from __future__ import annotations

import socket
import struct
from typing import Final

from ..netlink.wire import NETLINK_NETFILTER, Message, Socket
from .wire import (
    IPV4,
    OUTPUT,
    REGISTER,
    batch,
    constant,
    destination_nat,
    equal,
    meta,
    network_header,
    new_base_chain,
    new_table,
    rule,
    transport_header,
)

NAME_SERVER: Final = "127.0.0.11"
_TABLE: Final = "pydock_names"
_PORT: Final = struct.pack("!H", 53)


def lead_name_server(udp_port: int, tcp_port: int) -> None:
    """Lead the name server's address to these ports of it; run inside the container's network namespace."""
    with Socket(NETLINK_NETFILTER) as netlink:
        netlink.transact(batch(_messages(udp_port, tcp_port)), "lead 127.0.0.11 to the name server")


def _messages(udp_port: int, tcp_port: int) -> list[Message]:
    address = socket.inet_aton(NAME_SERVER)
    messages = [
        new_table(IPV4, _TABLE),
        new_base_chain(IPV4, _TABLE, "output", "nat", OUTPUT, -100),
    ]
    for protocol, port in ((socket.IPPROTO_UDP, udp_port), (socket.IPPROTO_TCP, tcp_port)):
        asked = network_header(16, 4) + equal(address) + meta("l4proto") + equal(bytes([protocol]))
        asked += transport_header(2, 2) + equal(_PORT)
        target = constant(address) + constant(struct.pack("!H", port), REGISTER + 1)
        messages.append(rule(IPV4, _TABLE, "output", asked, target, destination_nat(IPV4, REGISTER + 1)))
    return messages
