"""rtnetlink(7): the links, addresses and routes of containers. No policy; OSError out."""

from __future__ import annotations

import errno
import os
import socket
import struct
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Protocol

from .wire import (
    NLM_F_ACK,
    NLM_F_CREATE,
    NLM_F_EXCL,
    NLM_F_REPLACE,
    NLM_F_REQUEST,
    Message,
    Socket,
    attribute,
    attributes,
    nested,
    text,
    u32,
)

_RTM_NEWLINK: Final = 16
_RTM_DELLINK: Final = 17
_RTM_GETLINK: Final = 18
_RTM_NEWADDR: Final = 20
_RTM_DELADDR: Final = 21
_RTM_GETADDR: Final = 22
_RTM_NEWROUTE: Final = 24
_RTM_DELROUTE: Final = 25
_RTM_GETROUTE: Final = 26
_IFF_UP: Final = 1
_IFLA_ADDRESS: Final = 1
_IFLA_IFNAME: Final = 3
_IFLA_MTU: Final = 4
_IFLA_LINK: Final = 5
_IFLA_MASTER: Final = 10
_IFLA_LINKINFO: Final = 18
_IFLA_NET_NS_PID: Final = 19
_IFLA_AF_SPEC: Final = 26
_IFLA_NET_NS_FD: Final = 28
_INFO_KIND: Final = 1
_INFO_DATA: Final = 2
_INFO_SLAVE_KIND: Final = 4
_INFO_SLAVE_DATA: Final = 5
_VETH_INFO_PEER: Final = 1
_MACVLAN_MODE: Final = 1
_MACVLAN_MODES: Final = {"private": 1, "vepa": 2, "bridge": 4, "passthru": 8}
_BRPORT_HAIRPIN: Final = 4
_BRPORT_ISOLATED: Final = 33
_INET6_ADDR_GEN_MODE: Final = 8
_ADDR_GEN_NONE: Final = 1
_IFA_ADDRESS: Final = 1
_IFA_LOCAL: Final = 2
_IFA_BROADCAST: Final = 4
_IFA_F_NODAD: Final = 2
_RTA_DST: Final = 1
_RTA_OIF: Final = 4
_RTA_GATEWAY: Final = 5
_RTA_TABLE: Final = 15
_RT_TABLE_MAIN: Final = 254
_RTPROT_BOOT: Final = 3
_RTN_UNICAST: Final = 1
_SET: Final = NLM_F_REQUEST | NLM_F_ACK
_NEW: Final = _SET | NLM_F_CREATE | NLM_F_EXCL
_PUT: Final = _SET | NLM_F_CREATE | NLM_F_REPLACE


class InterfaceLike(Protocol):
    """What `configure` needs of an interface; `runtime.records.Interface` is one."""

    @property
    def name(self) -> str: ...
    @property
    def addresses(self) -> tuple[str, ...]: ...
    @property
    def gateway4(self) -> str: ...
    @property
    def gateway6(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Link:
    """A network interface. `kind` is "" for hardware and lo; `master` is the index of its bridge or 0."""

    index: int
    name: str
    kind: str
    mac: str
    mtu: int
    master: int
    up: bool


@dataclass(frozen=True, slots=True)
class Address:
    """An interface's address with its prefix length ("172.17.0.1/16")."""

    index: int
    address: str


@dataclass(frozen=True, slots=True)
class Route:
    """A route of the main table; `destination` is a subnet ("0.0.0.0/0" for the default one)."""

    destination: str
    gateway: str
    index: int


def create_bridge(name: str, mac: str = "", mtu: int = 1500) -> None:
    """Create a bridge and set it up; with a `mac` it keeps that one when ports come and go.

    Raises FileExistsError when there is a link of this name.
    """
    own = attribute(_IFLA_ADDRESS, bytes.fromhex(mac.replace(":", ""))) if mac else b""
    body = (
        _ifinfo(flags=_IFF_UP)
        + text(_IFLA_IFNAME, name)
        + u32(_IFLA_MTU, mtu)
        + own
        + nested(_IFLA_LINKINFO, text(_INFO_KIND, "bridge"))
    )
    _request([Message(_RTM_NEWLINK, _NEW, body)], f"create bridge {name}")


def create_veth(
    host_name: str,
    bridge: str,
    peer_name: str,
    peer_netns_pid: int,
    mac: str,
    mtu: int = 1500,
    *,
    peer_netns_fd: int = -1,
    isolated: bool = False,
) -> None:
    """Create a veth pair: `host_name` here, up and in `bridge`; `peer_name` in another network namespace.

    That namespace is the one of process `peer_netns_pid`, or of the descriptor `peer_netns_fd` when it is
    given. The peer is left down: `configure` sets it up from inside. `isolated` keeps it from talking to the
    bridge's other isolated ports. Nobody has to delete the pair: it goes with the peer's namespace, some 20
    ms after it; a pair of this name that is still going (the container starts again) makes room.
    Raises FileExistsError when `peer_name` is taken there, and ENODEV when there is no such bridge.
    """
    if peer_netns_fd >= 0:
        where = u32(_IFLA_NET_NS_FD, peer_netns_fd)
    else:
        where = u32(_IFLA_NET_NS_PID, peer_netns_pid)
    # A peer that is created up is opened before its other end is, which the kernel refuses (ENOTCONN).
    peer = (
        _ifinfo()
        + text(_IFLA_IFNAME, peer_name)
        + attribute(_IFLA_ADDRESS, bytes.fromhex(mac.replace(":", "")))
        + u32(_IFLA_MTU, mtu)
        + where
    )
    pair = (
        _ifinfo(flags=_IFF_UP)
        + text(_IFLA_IFNAME, host_name)
        + u32(_IFLA_MTU, mtu)
        + u32(_IFLA_MASTER, _index(bridge))
        + nested(
            _IFLA_LINKINFO,
            text(_INFO_KIND, "veth"),
            nested(_INFO_DATA, attribute(_VETH_INFO_PEER, peer)),
        )
    )
    # Where br_netfilter is on, a container that calls its own published port comes back through the port it
    # left by. The kernel takes a port's settings only for a link that exists: hence the second message.
    port = nested(
        _IFLA_LINKINFO,
        text(_INFO_SLAVE_KIND, "bridge"),
        nested(
            _INFO_SLAVE_DATA,
            attribute(_BRPORT_HAIRPIN, b"\1"),
            attribute(_BRPORT_ISOLATED, b"\1") if isolated else b"",
        ),
    )
    settings = _ifinfo() + text(_IFLA_IFNAME, host_name) + port
    messages = [Message(_RTM_NEWLINK, _NEW, pair), Message(_RTM_NEWLINK, _SET, settings)]
    try:
        _request(messages, f"create veth {host_name}")
    except FileExistsError:
        delete_link(host_name)
        _request(messages, f"create veth {host_name}")


def create_macvlan(parent: str, name: str, netns_pid: int, mac: str, mtu: int, mode: str) -> None:
    """Create a further station on a link, in the network namespace of a process; it is left down.

    `mode` is private, vepa, bridge or passthru. An `mtu` above the parent's is the parent's. Raises ENODEV
    when there is no such parent, and FileExistsError when `name` is taken there.
    """
    index = _index(parent)
    body = (
        _ifinfo()
        + text(_IFLA_IFNAME, name)
        + attribute(_IFLA_ADDRESS, bytes.fromhex(mac.replace(":", "")))
        + u32(_IFLA_MTU, min(mtu, next(link.mtu for link in links() if link.index == index)))
        + u32(_IFLA_LINK, index)
        + u32(_IFLA_NET_NS_PID, netns_pid)
        + nested(
            _IFLA_LINKINFO,
            text(_INFO_KIND, "macvlan"),
            nested(_INFO_DATA, u32(_MACVLAN_MODE, _MACVLAN_MODES[mode])),
        )
    )
    _request([Message(_RTM_NEWLINK, _NEW, body)], f"create macvlan of {parent}")


def configure(interfaces: Iterable[InterfaceLike] = ()) -> None:
    """Set up lo and the given interfaces of the calling process's network namespace, in one send.

    Addresses are valid at once (no duplicate address detection), a default route goes through each gateway
    that is named, and an interface without an IPv6 address gets no link-local one either. An interface must
    have been put into this namespace already: ENODEV otherwise.
    """
    messages = [Message(_RTM_NEWLINK, _SET, _ifinfo(index=1, flags=_IFF_UP))]
    for interface in interfaces:
        messages += _configure(interface, _index(interface.name))
    _request(messages, "configure network")


def replace_default_routes(interfaces: Iterable[InterfaceLike]) -> None:
    """Lead each family's default route through the gateway that is named, or have none where none is.

    In the calling thread's network namespace; only routes of the main table without a metric of their own
    (IPv6: the kernel's usual one) are changed.
    """
    there = list(interfaces)
    messages = []
    for family in (socket.AF_INET, socket.AF_INET6):
        named = [
            (one.name, gateway)
            for one in there
            for gateway in ((one.gateway6,) if family == socket.AF_INET6 else (one.gateway4,))
            if gateway
        ]
        # Replacing by deleting: a family without a default route must not keep an old one.
        gone = (errno.ESRCH, errno.ENODEV, errno.EAFNOSUPPORT, errno.ENETUNREACH)
        messages.append(Message(_RTM_DELROUTE, _SET, _rtmsg(family, 0), gone))
        messages += [Message(_RTM_NEWROUTE, _NEW, _default_route(_index(n), gateway)) for n, gateway in named]
    _request(messages, "set default routes")


def set_master(name: str, bridge: str) -> None:
    """Put a link into a bridge."""
    body = _ifinfo(index=_index(name)) + u32(_IFLA_MASTER, _index(bridge))
    _request([Message(_RTM_NEWLINK, _SET, body)], f"put {name} into {bridge}")


def set_link_up(name: str) -> None:
    """Set a link up."""
    body = _ifinfo(index=_index(name), flags=_IFF_UP)
    _request([Message(_RTM_NEWLINK, _SET, body)], f"set {name} up")


def add_address(name: str, address: str) -> None:
    """Give a link an address ("172.17.0.1/16"); nothing happens when it has it already."""
    index = _index(name)
    _request([Message(_RTM_NEWADDR, _PUT, _ifaddr(index, address))], f"add address {address} to {name}")


def delete_address(name: str, address: str) -> None:
    """Take an address from a link; EADDRNOTAVAIL when it does not have it."""
    index = _index(name)
    _request([Message(_RTM_DELADDR, _SET, _ifaddr(index, address))], f"delete address {address} from {name}")


def delete_link(name: str, missing_ok: bool = True) -> None:
    """Delete a link. For a veth this waits some 15 ms for the kernel: let its namespace die instead."""
    optional = (errno.ENODEV,) if missing_ok else ()
    body = _ifinfo() + text(_IFLA_IFNAME, name)
    _request([Message(_RTM_DELLINK, _SET, body, optional)], f"delete link {name}")


def links() -> list[Link]:
    """All links of this network namespace."""
    with Socket() as netlink:
        return [
            _link(reply.body) for reply in netlink.dump(Message(_RTM_GETLINK, 0, _ifinfo()), "list links")
        ]


def addresses() -> list[Address]:
    """All addresses of this network namespace, IPv4 and IPv6."""
    query = Message(_RTM_GETADDR, 0, struct.pack("=BBBBI", 0, 0, 0, 0, 0))
    with Socket() as netlink:
        return [_address(reply.body) for reply in netlink.dump(query, "list addresses")]


def routes() -> list[Route]:
    """The unicast routes of the main table, IPv4 and IPv6."""
    query = Message(_RTM_GETROUTE, 0, _rtmsg(socket.AF_UNSPEC, 0))
    with Socket() as netlink:
        found = (_route(reply.body) for reply in netlink.dump(query, "list routes"))
        return [route for route in found if route is not None]


def write_sysctl(name: str, value: str) -> None:
    """Write a setting below /proc/sys ("net/ipv4/ip_forward") of this network namespace."""
    with open(f"/proc/sys/{name}", "w", encoding="ascii") as file:
        file.write(value)


def _index(name: str) -> int:
    """The index of a link; if_nametoindex(3) itself gives an error without a number."""
    try:
        return socket.if_nametoindex(name)
    except OSError as err:
        raise OSError(errno.ENODEV, f"no network interface {name}") from err


def _request(messages: list[Message], what: str) -> None:
    with Socket() as netlink:
        netlink.request(messages, what)


def _configure(interface: InterfaceLike, index: int) -> list[Message]:
    messages = []
    if not any(":" in address for address in interface.addresses):
        inet6 = nested(socket.AF_INET6, attribute(_INET6_ADDR_GEN_MODE, bytes([_ADDR_GEN_NONE])))
        silent = _ifinfo(index=index) + nested(_IFLA_AF_SPEC, inet6)
        # A kernel without IPv6 has nothing to silence.
        messages.append(Message(_RTM_NEWLINK, _SET, silent, (errno.EAFNOSUPPORT, errno.EINVAL)))
    messages.append(Message(_RTM_NEWLINK, _SET, _ifinfo(index=index, flags=_IFF_UP)))
    messages += [Message(_RTM_NEWADDR, _PUT, _ifaddr(index, address)) for address in interface.addresses]
    for gateway in (interface.gateway4, interface.gateway6):
        if gateway:
            messages.append(Message(_RTM_NEWROUTE, _NEW, _default_route(index, gateway)))
    return messages


def _ifinfo(index: int = 0, flags: int = 0) -> bytes:
    """A struct ifinfomsg that changes exactly the flags it sets."""
    return struct.pack("=BxHiII", socket.AF_UNSPEC, 0, index, flags, flags)


def _packed(address: str) -> tuple[int, bytes]:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    return family, socket.inet_pton(family, address)


def _ifaddr(index: int, address: str) -> bytes:
    host, _, length = address.partition("/")
    family, packed = _packed(host)
    bits = int(length or len(packed) * 8)
    flags = _IFA_F_NODAD if family == socket.AF_INET6 else 0
    body = struct.pack("=BBBBI", family, bits, flags, 0, index)
    body += attribute(_IFA_LOCAL, packed) + attribute(_IFA_ADDRESS, packed)
    if family == socket.AF_INET and bits < 31:
        last = int.from_bytes(packed, "big") | (0xFFFFFFFF >> bits)
        body += attribute(_IFA_BROADCAST, last.to_bytes(4, "big"))
    return body


def _rtmsg(family: int, length: int) -> bytes:
    return struct.pack("=BBBBBBBBI", family, length, 0, 0, _RT_TABLE_MAIN, _RTPROT_BOOT, 0, _RTN_UNICAST, 0)


def _default_route(index: int, gateway: str) -> bytes:
    family, packed = _packed(gateway)
    return _rtmsg(family, 0) + attribute(_RTA_GATEWAY, packed) + u32(_RTA_OIF, index)


def _number(data: bytes | None) -> int:
    return struct.unpack("=I", data)[0] if data else 0


def _link(body: bytes) -> Link:
    _family, _type, index, flags, _change = struct.unpack_from("=BxHiII", body)
    found = attributes(body[16:])
    info = attributes(found.get(_IFLA_LINKINFO, b""))
    return Link(
        index=index,
        name=os.fsdecode(found[_IFLA_IFNAME].rstrip(b"\0")),
        kind=info.get(_INFO_KIND, b"").rstrip(b"\0").decode(),
        mac=found.get(_IFLA_ADDRESS, b"").hex(":"),
        mtu=_number(found.get(_IFLA_MTU)),
        master=_number(found.get(_IFLA_MASTER)),
        up=bool(flags & _IFF_UP),
    )


def _address(body: bytes) -> Address:
    family, length, _flags, _scope, index = struct.unpack_from("=BBBBI", body)
    found = attributes(body[8:])
    packed = found.get(_IFA_LOCAL) or found[_IFA_ADDRESS]
    return Address(index, f"{socket.inet_ntop(family, packed)}/{length}")


def _route(body: bytes) -> Route | None:
    family, length, _src, _tos, table, _protocol, _scope, kind, _flags = struct.unpack_from(
        "=BBBBBBBBI", body
    )
    found = attributes(body[12:])
    if kind != _RTN_UNICAST or (_number(found.get(_RTA_TABLE)) or table) != _RT_TABLE_MAIN:
        return None
    zero = bytes(16 if family == socket.AF_INET6 else 4)
    gateway = found.get(_RTA_GATEWAY)
    return Route(
        destination=f"{socket.inet_ntop(family, found.get(_RTA_DST, zero))}/{length}",
        gateway=socket.inet_ntop(family, gateway) if gateway else "",
        index=_number(found.get(_RTA_OIF)),
    )
