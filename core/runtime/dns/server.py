"""The name server itself, on the shim's loop: nothing in it blocks, and everything in it is bounded.

                 known name, own address       everything else
container ──udp──► answer from `names`          one socket a query ──► upstream, the next one after 2 s
          ──tcp──► the same, framed             one connection a query ──► upstream
"""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Sequence
from functools import partial
from typing import Final, TypeVar

from ...linux import netlink, nftables
from ...linux.namespace import CLONE_NEWNET, setns
from ..shim.loop import READ, Loop
from . import message
from .forward import Forward, Reply, TcpForward, UdpForward, Upstream
from .message import Malformed, Query
from .names import Names
from .tcp import Client

_NONBLOCK: Final = socket.SOCK_NONBLOCK | socket.SOCK_CLOEXEC
_PER_WAKE: Final = 64
_IN_FLIGHT: Final = 512
_CLIENTS: Final = 64
_LARGEST: Final = 65535
T = TypeVar("T")


class Server:
    """Answers one container, from its start to `close`.

    `process` is one inside the container's network namespace. With no `upstreams` nothing goes out.
    """

    def __init__(self, loop: Loop, process: int, names: Names, upstreams: Sequence[Upstream]) -> None:
        self._loop = loop
        self._names = names
        self._upstreams = tuple(upstreams)
        self._namespace = os.open(f"/proc/{process}/ns/net", os.O_RDONLY | os.O_CLOEXEC)
        self._home = os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
        self._forwards: set[Forward] = set()
        self._clients: set[Client] = set()
        self._udp, self._tcp = self._inside(_listen)
        loop.watch(self._udp.fileno(), READ, self._on_udp)
        loop.watch(self._tcp.fileno(), READ, self._on_tcp)

    def change(self, names: Names, upstreams: Sequence[Upstream]) -> None:
        """Answer from other names and ask other servers from now on; what is under way goes on."""
        self._names, self._upstreams = names, tuple(upstreams)

    def close(self) -> None:
        """Stop answering; what is under way is dropped."""
        for forward in tuple(self._forwards):
            forward.close()
        for client in tuple(self._clients):
            client.close()
        for one in (self._udp, self._tcp):
            self._loop.forget(one.fileno())
            one.close()
        os.close(self._namespace)
        os.close(self._home)

    def respond(self, data: bytes, reply: Reply, tcp: bool) -> None:
        """Answer one query now, or later when it has to be forwarded; a malformed one gets its error."""
        try:
            query = message.parse(data)
        except Malformed as err:
            if err.code is not None:
                reply(message.failure(data, err.code))
            return
        known = self._known(query)
        if known is not None:
            reply(known if tcp else message.shortened(query, known))
        elif not self._upstreams:
            reply(message.failure(data, message.NXDOMAIN))
        elif len(self._forwards) >= _IN_FLIGHT:
            reply(message.failure(data, message.SERVFAIL))
        else:
            kind = TcpForward if tcp else UdpForward
            forward = kind(self._loop, self._connect, self._upstreams, query, data, reply)
            self._forwards.add(forward)
            forward.begin(self._forwards.discard)

    def _known(self, query: Query) -> bytes | None:
        """The answer of a name or address on the container's networks; None for all others."""
        if query.type == message.PTR:
            address = message.address_of_pointer(query.name)
            name = self._names.name(address) if address else ""
            return message.answer(query, names=[name]) if name else None
        addresses = self._names.addresses(query.name)
        if addresses is None:
            return None
        families = {message.A: (False,), message.AAAA: (True,), message.ANY: (False, True)}.get(
            query.type, ()
        )
        return message.answer(query, [one for one in addresses if (":" in one) in families])

    def _connect(self, upstream: Upstream, kind: int) -> socket.socket:
        """A non-blocking socket connected, or connecting, to an upstream server; raises OSError."""

        def connect() -> socket.socket:
            family = socket.AF_INET6 if ":" in upstream.address else socket.AF_INET
            one = socket.socket(family, kind | _NONBLOCK)
            try:
                one.connect((upstream.address, 53))
            except BlockingIOError:
                pass
            except OSError:
                one.close()
                raise
            return one

        return connect() if upstream.on_host else self._inside(connect)

    def _inside(self, make: Callable[[], T]) -> T:
        """Call inside the container's network namespace; the shim has one thread, so this is safe."""
        setns(self._namespace, CLONE_NEWNET)
        try:
            return make()
        finally:
            setns(self._home, CLONE_NEWNET)

    def _on_udp(self, _events: int) -> None:
        for _ in range(_PER_WAKE):
            try:
                data, source = self._udp.recvfrom(_LARGEST)
            except OSError:
                return
            self.respond(data, partial(self._send, source), tcp=False)

    def _send(self, source: tuple[str, int], answer: bytes) -> None:
        try:
            self._udp.sendto(answer, source)
        except OSError:
            # The asker's buffer is full or it is gone: it asks again, or does not care.
            return

    def _on_tcp(self, _events: int) -> None:
        try:
            connection, _source = self._tcp.accept()
        except OSError:
            return
        connection.setblocking(False)
        if len(self._clients) >= _CLIENTS:
            connection.close()
        else:
            self._clients.add(Client(self._loop, connection, self.respond, self._clients.discard))


def _listen() -> tuple[socket.socket, socket.socket]:
    """The server's sockets, in the container's namespace, with port 53 led to them."""
    netlink.configure()
    udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM | _NONBLOCK)
    tcp = socket.socket(socket.AF_INET, socket.SOCK_STREAM | _NONBLOCK)
    try:
        udp.bind((nftables.NAME_SERVER, 0))
        tcp.bind((nftables.NAME_SERVER, 0))
        tcp.listen(_CLIENTS)
        nftables.lead_name_server(udp.getsockname()[1], tcp.getsockname()[1])
    except OSError:
        udp.close()
        tcp.close()
        raise
    return udp, tcp
