"""Other programs' forward chains: an accept of ours can't undo their drop, so theirs has to let us pass.

dockerd and ufw set the policy of iptables' FORWARD chain to drop. There we append, per bridge, an accept for
what comes from it and one for what goes to it: at the end, so that it overrides the policy and none of their
rules. What may really pass is decided in our own table. No other chain is touched; those that drop are told.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from ..netlink.wire import NETLINK_NETFILTER, Message, Socket, attributes, text
from .table import TABLE
from .wire import (
    ACCEPT,
    DROP,
    FORWARD,
    GETCHAIN,
    GETRULE,
    INET,
    IPV4,
    IPV6,
    batch,
    comment,
    counter,
    delete_rule,
    equal,
    generic,
    marked_rule,
    meta,
    verdict,
)

_MARK: Final = "pydock "
_FAMILY_NAMES: Final = {1: "inet", 2: "ip", 10: "ip6"}


class Chain(NamedTuple):
    """A base chain of somebody else that forwarded packets pass. `drops` tells its policy."""

    family: int
    table: str
    name: str
    drops: bool

    def __str__(self) -> str:
        return f"{_FAMILY_NAMES[self.family]} {self.table} {self.name}"


class Admission(NamedTuple):
    """What was done to foreign chains: those with our accepts, and those that drop and were left alone."""

    opened: tuple[str, ...]
    closed: tuple[str, ...]


def admit(bridges: Sequence[str]) -> Admission:
    """Make iptables' FORWARD chains let exactly these bridges pass where their policy is to drop.

    Accepts of ours that are not needed any more are taken away; with no bridges, all of them.
    """
    opened: list[str] = []
    closed: list[str] = []
    with Socket(NETLINK_NETFILTER) as netlink:
        for chain in _forward_chains(netlink):
            if chain.family == INET or (chain.table, chain.name) != ("filter", "FORWARD"):
                closed += [str(chain)] if chain.drops else []
                continue
            wanted = set(_rules(bridges)) if chain.drops else set()
            if wanted:
                opened.append(str(chain))
            _synchronise(netlink, chain, wanted)
    return Admission(tuple(opened), tuple(closed))


_Accept = tuple[str, str]  # iifname or oifname, bridge


def _rules(bridges: Sequence[str]) -> Iterator[_Accept]:
    for bridge in bridges:
        yield "iifname", bridge
        yield "oifname", bridge


def _synchronise(netlink: Socket, chain: Chain, wanted: set[_Accept]) -> None:
    """Bring our rules in one foreign chain to what is wanted; sends nothing when they are."""
    where = (chain.family, chain.table, chain.name)
    messages: list[Message] = []
    missing = set(wanted)
    for accept, handle in _ours(netlink, chain):
        if accept in missing:
            missing.remove(accept)
        else:
            messages.append(delete_rule(*where, handle))
    for key, bridge in sorted(missing):
        name = os.fsencode(bridge) + b"\0"
        words = comment(f"{_MARK}{key} {bridge}")
        messages.append(marked_rule(*where, words, meta(key), equal(name), counter(), verdict(ACCEPT)))
    if messages:
        netlink.transact(batch(messages), f"let bridges pass {chain}")


def _ours(netlink: Socket, chain: Chain) -> Iterator[tuple[_Accept, bytes]]:
    """Our rules in a foreign chain, with their handles."""
    body = generic(chain.family) + text(1, chain.table) + text(2, chain.name)
    for reply in netlink.dump(Message(GETRULE, 0, body), f"list rules of {chain}"):
        fields = attributes(reply.body[4:])
        words = fields.get(7, b"")[2:].rstrip(b"\0").decode(errors="replace")
        if _string(fields[2]) == chain.name and words.startswith(_MARK):
            key, _, bridge = words.removeprefix(_MARK).partition(" ")
            yield (key, bridge), fields[3]


def _forward_chains(netlink: Socket) -> list[Chain]:
    chains: list[Chain] = []
    for reply in netlink.dump(Message(GETCHAIN, 0, generic(0)), "list nftables chains"):
        family = reply.body[0]
        fields = attributes(reply.body[4:])
        hook = attributes(fields.get(4, b"")).get(1)
        table = _string(fields[1])
        if family not in (INET, IPV4, IPV6) or hook != struct.pack("!I", FORWARD) or table == TABLE:
            continue
        drops = fields.get(5) == struct.pack("!I", DROP)
        chains.append(Chain(family, table, _string(fields[3]), drops))
    return chains


def _string(data: bytes) -> str:
    return os.fsdecode(data.rstrip(b"\0"))
