"""Our table, `inet pydock`: the same transaction makes it, changes it and mends it.

    prerouting (mangle)  guard: nothing from outside goes to a container's own address, nothing from a bridge
                         to 127.0.0.0/8 (route_localnet opens that way for published ports only)
    prerouting, output   a local destination -> `publish`: the maps say which container has the port
    forward              established; published; inside a bridge; between bridges and into internal ones: drop
    postrouting          masquerade what leaves, what 127.0.0.1 sends, what a container sends to itself

Everything that depends on networks is in sets, so a packet's way does not grow with their number. The chain
`user` is the user's: it is called first in `forward`, and never touched.
"""

from __future__ import annotations

import errno
import socket
import struct
from collections.abc import Iterable, Iterator, Sequence
from typing import Final, NamedTuple

from ..netlink.wire import NETLINK_NETFILTER, NLM_F_REQUEST, Message, Socket, attributes, text
from .wire import (
    ACCEPT,
    DROP,
    FORWARD,
    GETRULE,
    GETTABLE,
    INET,
    IPV4,
    IPV6,
    JUMP,
    OUTPUT,
    POSTROUTING,
    PREROUTING,
    REGISTER,
    Set,
    add_elements,
    batch,
    connection,
    destination_is_local,
    destination_nat,
    element,
    equal,
    flush_chain,
    flush_set,
    generic,
    interval,
    mapped,
    masked,
    masquerade,
    member,
    meta,
    name_key,
    network_header,
    new_base_chain,
    new_chain,
    new_set,
    new_table,
    rule,
    transport_header,
    verdict,
    verdict_element,
    verdict_of,
)
from .wire import delete_table as _delete_table

TABLE: Final = "pydock"
_ESTABLISHED_OR_RELATED: Final = 2 | 4
_DNAT: Final = 0x20
_PORT_MAPS: Final = (
    Set("pub", ("ipv4_addr", "inet_proto", "inet_service"), ("ipv4_addr", "inet_service")),
    Set("pub_any", ("inet_proto", "inet_service"), ("ipv4_addr", "inet_service")),
    Set("pub6", ("ipv6_addr", "inet_proto", "inet_service"), ("ipv6_addr", "inet_service")),
    Set("pub6_any", ("inet_proto", "inet_service"), ("ipv6_addr", "inet_service")),
)
_BRIDGE_SETS: Final = (
    Set("bridges", ("ifname",)),
    Set("internal", ("ifname",)),
    Set("between", ("ifname", "ifname"), ("verdict",)),
    Set("nets4", ("ipv4_addr",), interval=True),
    Set("nets6", ("ipv6_addr",), interval=True),
    Set("closed4", ("ipv4_addr",), interval=True),
    Set("closed6", ("ipv6_addr",), interval=True),
    Set("masq4", ("ipv4_addr",), interval=True),
    Set("masq6", ("ipv6_addr",), interval=True),
)
_CHAINS: Final = ("guard", "prerouting", "output", "publish", "forward", "postrouting")


class Bridge(NamedTuple):
    """What the firewall has to know of a bridge network.

    `subnets` are of both families. `icc` lets its containers talk to each other through the host's IP layer;
    `internal` cuts it from everything else; `routed` opens its containers' own addresses to other machines.
    """

    name: str
    subnets: tuple[str, ...]
    masquerade: bool = True
    internal: bool = False
    icc: bool = True
    routed: bool = False


def ensure_table(bridges: Sequence[Bridge]) -> None:
    """Make the table say exactly this of bridges, whatever it said before; published ports stay.

    One transaction: no packet meets a half of it. Safe to repeat, and to call from several processes.
    """
    with Socket(NETLINK_NETFILTER) as netlink:
        netlink.transact(batch(table_messages(bridges)), "set up nftables table pydock")
        netlink.close_later()


def table_exists() -> bool:
    """Tell whether our table is there; `nft flush ruleset` takes it away."""
    query = Message(GETTABLE, NLM_F_REQUEST, generic(INET) + text(1, TABLE))
    with Socket(NETLINK_NETFILTER) as netlink:
        try:
            netlink.get(query, "look for nftables table pydock")
        except FileNotFoundError:
            return False
    return True


def has_user_rules() -> bool:
    """Tell whether the chain `user` holds anything; what is in it nobody could put back."""
    query = Message(GETRULE, 0, generic(INET) + text(1, TABLE) + text(2, "user"))
    with Socket(NETLINK_NETFILTER) as netlink:
        try:
            replies = netlink.dump(query, "list the user's rules")
        except FileNotFoundError:
            return False
    fields = (attributes(reply.body[4:]) for reply in replies)
    return any(one[1] == TABLE.encode() + b"\0" and one[2] == b"user\0" for one in fields)


def delete_table() -> None:
    """Delete our table with everything in it; nothing happens when there is none."""
    with Socket(NETLINK_NETFILTER) as netlink:
        try:
            netlink.transact(batch([_delete_table(INET, TABLE)]), "delete nftables table pydock")
        except OSError as error:
            if error.errno != errno.ENOENT:
                raise


def table_messages(bridges: Sequence[Bridge]) -> list[Message]:
    """The transaction of `ensure_table`, without sending it."""
    messages = [new_table(INET, TABLE)]
    declared = (*_PORT_MAPS, *_BRIDGE_SETS)
    messages += [new_set(INET, TABLE, one, number) for number, one in enumerate(declared, 1)]
    messages += [flush_set(INET, TABLE, one.name) for one in _BRIDGE_SETS]
    messages += [
        new_base_chain(INET, TABLE, "guard", "filter", PREROUTING, -150),
        new_base_chain(INET, TABLE, "prerouting", "nat", PREROUTING, -100),
        new_base_chain(INET, TABLE, "output", "nat", OUTPUT, -100),
        new_base_chain(INET, TABLE, "forward", "filter", FORWARD, 0),
        new_base_chain(INET, TABLE, "postrouting", "nat", POSTROUTING, 100),
        new_chain(INET, TABLE, "publish"),
        new_chain(INET, TABLE, "user"),
    ]
    messages += [flush_chain(INET, TABLE, chain) for chain in _CHAINS]
    for name, elements in _elements(bridges):
        if elements:
            messages.append(add_elements(INET, TABLE, name, elements))
    messages += [rule(INET, TABLE, chain, *expressions) for chain, *expressions in _rules()]
    return messages


def _elements(bridges: Sequence[Bridge]) -> Iterator[tuple[str, list[bytes]]]:
    yield "bridges", [element(name_key(bridge.name)) for bridge in bridges]
    yield "internal", [element(name_key(bridge.name)) for bridge in bridges if bridge.internal]
    yield (
        "between",
        [verdict_element(name_key(bridge.name) * 2, ACCEPT if bridge.icc else DROP) for bridge in bridges],
    )
    subsets = (
        ("nets", bridges),
        ("closed", [bridge for bridge in bridges if not bridge.routed]),
        ("masq", [bridge for bridge in bridges if bridge.masquerade and not bridge.internal]),
    )
    for name, some in subsets:
        subnets = [subnet for bridge in some for subnet in bridge.subnets]
        yield f"{name}4", _intervals(socket.AF_INET, subnets)
        yield f"{name}6", _intervals(socket.AF_INET6, subnets)


def _intervals(family: socket.AddressFamily, subnets: Iterable[str]) -> list[bytes]:
    """The subnets of one family as elements; what overlaps or touches becomes one range."""
    size = 4 if family == socket.AF_INET else 16
    ranges: list[tuple[int, int]] = []
    for first, beyond in sorted(
        _range(family, subnet) for subnet in subnets if (":" in subnet) == (size == 16)
    ):
        if ranges and first <= ranges[-1][1]:
            ranges[-1] = (ranges[-1][0], max(beyond, ranges[-1][1]))
        else:
            ranges.append((first, beyond))
    elements: list[bytes] = []
    for first, beyond in ranges:
        end = None if beyond >> (size * 8) else beyond.to_bytes(size, "big")
        elements += interval(first.to_bytes(size, "big"), end)
    return elements


def _range(family: socket.AddressFamily, subnet: str) -> tuple[int, int]:
    address, _, length = subnet.partition("/")
    packed = socket.inet_pton(family, address)
    size = 1 << (len(packed) * 8 - int(length))
    first = int.from_bytes(packed, "big") // size * size
    return first, first + size


def _rules() -> Iterator[tuple[str, *tuple[bytes, ...]]]:
    """All rules in order, as (chain, expressions...)."""
    from_bridge = meta("iifname") + member("bridges")
    from_elsewhere = meta("iifname") + member("bridges", inverted=True)
    to_bridge = meta("oifname") + member("bridges")
    to_elsewhere = meta("oifname") + member("bridges", inverted=True)
    is_v4, is_v6 = _protocol(IPV4), _protocol(IPV6)
    source4, source6 = network_header(12, 4), network_header(8, 16)
    target4, target6 = network_header(16, 4), network_header(24, 16)
    loopback = masked(b"\x7f\0\0\0", b"\xff\0\0\0")
    established = connection("state", _ESTABLISHED_OR_RELATED)
    published = connection("status", _DNAT)

    yield "guard", from_bridge, is_v4, target4, loopback, verdict(DROP)
    yield "guard", from_bridge, is_v4, source4, loopback, verdict(DROP)
    yield "guard", established, verdict(ACCEPT)
    yield "guard", from_elsewhere, is_v4, target4, member("closed4"), verdict(DROP)
    yield "guard", from_elsewhere, is_v6, target6, member("closed6"), verdict(DROP)

    yield "prerouting", destination_is_local(), verdict(JUMP, "publish")
    yield "output", destination_is_local(), verdict(JUMP, "publish")
    yield from _publish()

    yield "forward", verdict(JUMP, "user")
    yield "forward", established, verdict(ACCEPT)
    both = meta("iifname", REGISTER) + meta("oifname", REGISTER + 4)
    yield "forward", both, verdict_of("between")
    yield "forward", meta("iifname"), member("internal"), verdict(DROP)
    yield "forward", meta("oifname"), member("internal"), verdict(DROP)
    yield "forward", to_bridge, published, verdict(ACCEPT)
    yield "forward", from_bridge, to_bridge, verdict(DROP)
    yield "forward", to_bridge, is_v4, target4, member("closed4"), verdict(DROP)
    yield "forward", to_bridge, is_v6, target6, member("closed6"), verdict(DROP)

    yield "postrouting", is_v4, source4, member("masq4"), to_elsewhere, masquerade()
    yield "postrouting", is_v6, source6, member("masq6"), to_elsewhere, masquerade()
    yield "postrouting", is_v4, source4, loopback, to_bridge, masquerade()
    yield "postrouting", is_v4, source4, member("nets4"), to_bridge, published, masquerade()
    yield "postrouting", is_v6, source6, member("nets6"), to_bridge, published, masquerade()


def _publish() -> Iterator[tuple[str, *tuple[bytes, ...]]]:
    """Look a connection up among the published ports: those of its address first, then those of all."""
    for family, offset, size, name in ((IPV4, 16, 4, "pub"), (IPV6, 24, 16, "pub6")):
        registers = size // 4
        service = meta("l4proto", REGISTER + registers), transport_header(2, 2, REGISTER + registers + 1)
        nat = destination_nat(family, REGISTER + registers)
        yield "publish", _protocol(family), network_header(offset, size), *service, mapped(name), nat
        anywhere = meta("l4proto"), transport_header(2, 2, REGISTER + 1)
        yield "publish", _protocol(family), *anywhere, mapped(f"{name}_any"), nat


def _protocol(family: int) -> bytes:
    return meta("nfproto") + equal(struct.pack("B", family))
