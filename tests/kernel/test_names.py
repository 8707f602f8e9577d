"""The name server on the real kernel: asked from inside a container's network namespace."""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from kernel.netns import Namespace, listen
from pydock.core.runtime.dns import message
from pydock.core.runtime.dns.forward import Upstream
from pydock.core.runtime.dns.names import Names, line
from pydock.core.runtime.dns.server import Server
from pydock.core.runtime.dns.tcp import frame
from pydock.core.runtime.shim.loop import READ, Loop

SERVER = ("127.0.0.11", 53)


@dataclass
class World:
    """A container whose server runs on the host, and a name server of the host at 127.0.0.1."""

    host: Namespace
    container: Namespace
    outside: socket.socket
    file: Path

    def ask(self, name: str, kind: int = message.A) -> list[str] | int:
        """The addresses that an answer by UDP has, or its error code."""
        client = self.container.run(socket.socket, socket.AF_INET, socket.SOCK_DGRAM)
        with client:
            client.settimeout(5)
            client.sendto(query(name, kind), SERVER)
            return read(client.recv(4096))


def query(name: str, kind: int = message.A) -> bytes:
    head = struct.pack("!6H", 7, 0x0100, 1, 0, 0, 0)
    return head + message.encode_name(name) + struct.pack("!HH", kind, 1)


def read(reply: bytes) -> list[str] | int:
    flags, _questions, answers = struct.unpack_from("!3H", reply, 2)
    if flags & 15:
        return int(flags & 15)
    at = 12 + len(message.parse(reply[:2] + b"\1\0" + reply[4:6] + bytes(6) + reply[12:]).question)
    found = []
    for _ in range(answers):
        (length,) = struct.unpack_from("!H", reply, at + 10)
        data = reply[at + 12 : at + 12 + length]
        found.append(socket.inet_ntop(socket.AF_INET if length == 4 else socket.AF_INET6, data))
        at += 12 + length
    return found


@pytest.fixture(params=[True, False], ids=["leads out", "internal"])
def world(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[World]:
    host, container = Namespace(), Namespace()
    file = tmp_path / "back"
    file.write_text(
        line("web.back", ["10.0.0.2", "fd00::2"], ["web"])
        + "".join(line(f"{n}.back", [f"10.0.1.{n}"], ["many"]) for n in range(60))
    )
    outside = listen(host, "127.0.0.1", 53, socket.SOCK_DGRAM)
    upstreams = [Upstream("127.0.0.1", on_host=True)] if request.param else []
    wake, sleep = socket.socketpair()
    ready = threading.Event()

    def serve() -> None:
        loop = Loop()
        server = Server(loop, container.task, Names([str(file)]), upstreams)
        loop.watch(sleep.fileno(), READ, lambda _events: loop.stop())
        ready.set()
        loop.run()
        server.close()

    running = host._thread.submit(serve)
    try:
        assert ready.wait(10)
        yield World(host, container, outside, file)
    finally:
        wake.close()
        running.result(timeout=10)
        for one in (sleep, outside):
            one.close()
        container.close()
        host.close()


def test_names_addresses_and_families(world: World) -> None:
    assert world.ask("web") == ["10.0.0.2"]
    assert world.ask("WEB", message.AAAA) == ["fd00::2"]
    assert world.ask("web", 15) == []
    world.file.write_text(line("web.back", ["10.0.0.9"], ["web"]))
    assert world.ask("web") == ["10.0.0.9"]


def test_long_answers_come_by_tcp(world: World) -> None:
    client = world.container.run(socket.create_connection, SERVER, 5)
    with client:
        client.sendall(frame(query("many")) + frame(query("web")))
        data = client.makefile("rb")
        replies = [data.read(struct.unpack("!H", data.read(2))[0]) for _ in range(2)]
        data.close()
    assert [len(found) for found in map(read, replies) if isinstance(found, list)] == [60, 1]


def test_container_may_have_port_53_itself(world: World) -> None:
    for kind in (socket.SOCK_DGRAM, socket.SOCK_STREAM):
        listen(world.container, "0.0.0.0", 53, kind).close()


def test_garbage_does_not_stop_it(world: World) -> None:
    client = world.container.run(socket.socket, socket.AF_INET, socket.SOCK_DGRAM)
    with client:
        for length in range(0, 300, 7):
            client.sendto(bytes((length * 31 + at) % 256 for at in range(length)), SERVER)
    assert world.ask("web") == ["10.0.0.2"]


@pytest.mark.parametrize("world", [True], indirect=True)
def test_other_names_are_asked_outside_and_answered_verbatim(world: World) -> None:
    client = world.container.run(socket.socket, socket.AF_INET, socket.SOCK_DGRAM)
    with client:
        client.settimeout(5)
        client.sendto(query("example.org"), SERVER)
        asked, forwarder = world.outside.recvfrom(4096)
        assert asked == query("example.org")
        # What is not the answer is not passed on: another id, another question.
        world.outside.sendto(message.answer(message.parse(query("evil.org")), ["6.6.6.6"]), forwarder)
        world.outside.sendto(message.answer(message.parse(asked), ["192.0.2.1"]), forwarder)
        assert read(client.recv(4096)) == ["192.0.2.1"]


@pytest.mark.parametrize("world", [False], indirect=True)
def test_nothing_leaves_from_an_internal_network(world: World) -> None:
    assert world.ask("example.org") == message.NXDOMAIN
    world.outside.setblocking(False)
    with pytest.raises(BlockingIOError):
        world.outside.recvfrom(4096)


@pytest.mark.parametrize("world", [True], indirect=True)
def test_silent_upstream_is_a_failure_in_the_end(world: World) -> None:
    assert world.ask("example.org") == message.SERVFAIL
