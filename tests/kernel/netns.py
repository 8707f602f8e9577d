"""Network namespaces for tests: each lives in a thread of its own and goes away with it."""

from __future__ import annotations

import ctypes
import os
import socket
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import ParamSpec, TypeVar

from pydock.core.linux import netlink

P = ParamSpec("P")
T = TypeVar("T")
CLONE_NEWNET = 0x40000000
BRIEFLY = 0.3


@dataclass(frozen=True)
class Interface:
    """A container's interface as `netlink.configure` wants it."""

    name: str
    addresses: tuple[str, ...]
    gateway4: str = ""
    gateway6: str = ""


class Namespace:
    """A network namespace; `run` calls a function inside it. Sockets made inside work from everywhere."""

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(max_workers=1, initializer=self._enter)
        self.run(netlink.configure)

    def _enter(self) -> None:
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.unshare(CLONE_NEWNET) != 0:
            raise OSError(ctypes.get_errno(), "unshare")
        self.task = threading.get_native_id()

    def run(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Call in the namespace and wait for the result."""
        return self._thread.submit(function, *args, **kwargs).result(timeout=20)

    def close(self) -> None:
        """Leave the namespace to the kernel."""
        self._thread.shutdown()

    def attach(self, host: Namespace, bridge: str, interface: Interface, host_name: str) -> None:
        """Put this namespace on a bridge of another one, as an engine does with a container."""
        mac = "02:42:" + os.urandom(4).hex(":")
        host.run(netlink.create_veth, host_name, bridge, interface.name, self.task, mac)
        self.run(netlink.configure, [interface])


def listen(space: Namespace, address: str, port: int, kind: int = socket.SOCK_STREAM) -> socket.socket:
    """A server socket inside a namespace."""

    def make() -> socket.socket:
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        server = socket.socket(family, kind)
        server.settimeout(5)
        server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            server.bind((address, port))
            if kind == socket.SOCK_STREAM:
                server.listen(16)
        except OSError:
            server.close()
            raise
        return server

    return space.run(make)


def connect(space: Namespace, address: str, port: int, timeout: float = 2) -> socket.socket:
    """A TCP connection from inside a namespace; OSError (or TimeoutError) when it can't be made."""
    return space.run(socket.create_connection, (address, port), timeout)


def reaches(space: Namespace, address: str, port: int, server: socket.socket, timeout: float = 3) -> str:
    """Connect from a namespace to a server; returns the source address that the server saw, or "".

    The kernel opens a bridge's port a moment after a link is up, and asks for a neighbour once a second: what
    should be reached gets some seconds for it. That something is dropped is only known by waiting: BRIEFLY.
    """
    try:
        client = connect(space, address, port, timeout)
    except OSError:
        return ""
    with client:
        peer, source = server.accept()
        peer.close()
        return str(source[0])
