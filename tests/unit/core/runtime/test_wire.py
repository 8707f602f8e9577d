"""Messages to what the spawner forks."""

from __future__ import annotations

import array
import json
import os
import socket
from dataclasses import asdict

import pytest

from pydock.core.errors import Conflict, Internal, PydockError, StartFailed
from pydock.core.rootfs import Overlay
from pydock.core.runtime import wire
from pydock.core.runtime.failure import LaunchError
from pydock.core.runtime.records import (
    ExecRequest,
    Interface,
    LogFile,
    NameServer,
    Network,
    PublishedPort,
    Restart,
    StartRequest,
)

REQUEST = StartRequest(
    id="a" * 64,
    spec={"process": {"args": ["sh"], "env": ["A=\udcff"]}, "annotations": {"@": "kept"}},
    rootfs=Overlay(("/a", "/b"), "/upper", "/work"),
    network=Network(
        "private",
        (Interface("veth", "bridge", "eth0", "02:42:ac:11:00:02", ("172.17.0.2/16",), "172.17.0.1"),),
        (PublishedPort("tcp", "", 80, "172.17.0.2", 8080),),
    ),
    log=LogFile("json-file", "/log", 10, 3, (("a", "b"),)),
    run_dir="/run/x",
    engines_dir="/run/e",
    restart=Restart("on-failure", 3),
    console_size=(24, 80),
)


@pytest.mark.parametrize("record", [REQUEST, ExecRequest("id", {"args": ["sh"]}), None, ("plain", 1)])
def test_records_come_back_as_they_were(record: object) -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        wire.send(ours, wire.encode(record))
        message, descriptors = wire.receive(theirs)
    assert wire.decode(message) == record
    assert descriptors == []


def test_descriptors_beyond_one_message_arrive_in_order() -> None:
    ours, theirs = socket.socketpair()
    files = [os.memfd_create(str(number)) for number in range(420)]
    with ours, theirs:
        for piece, some in wire.batches(wire.pack(["hello"]), files):
            ours.sendmsg([piece], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", some))])
        message, received = wire.receive(theirs)
    assert message == ["hello"]
    assert [os.fstat(fd).st_ino for fd in received] == [os.fstat(fd).st_ino for fd in files]
    assert not any(os.get_inheritable(fd) for fd in received)
    for descriptor in [*files, *received]:
        os.close(descriptor)


def test_a_message_that_breaks_off_leaves_no_descriptor_open() -> None:
    ours, theirs = socket.socketpair()
    before = set(os.listdir("/proc/self/fd"))
    with theirs:
        rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [0]))]
        ours.sendmsg([wire.pack("x" * 100)[:50]], rights)
        ours.close()
        with pytest.raises(EOFError):
            wire.receive(theirs)
        assert set(os.listdir("/proc/self/fd")) <= before


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (Conflict("taken"), Conflict),
        (StartFailed("not found", 127), StartFailed),
        (LaunchError("exec", 2, "not found", 127), StartFailed),
    ],
)
def test_errors_come_back_as_their_kind(error: PydockError, kind: type[PydockError]) -> None:
    back = wire.unpack_error(*wire.pack_error(error))
    assert type(back) is kind
    assert str(back) == str(error)
    assert getattr(back, "exit_code", 0) == getattr(error, "exit_code", 0)


def test_an_unknown_kind_is_internal() -> None:
    assert type(wire.unpack_error("annotations", "x")) is Internal


def test_a_network_comes_back_out_of_json() -> None:
    link = Interface("pdk1", "br", "eth0", "02:42:0a:00:00:02", ("10.0.0.2/24",), "10.0.0.1", isolated=True)
    port = PublishedPort("udp", "", 53, "10.0.0.2", 5353)
    server = NameServer(("/run/names",), (("192.0.2.53", True),), (("store", "db"),))
    for whole in (Network("private", (link,), (port,), 0, server), Network("host")):
        assert wire.network(json.loads(json.dumps(asdict(whole)))) == whole
