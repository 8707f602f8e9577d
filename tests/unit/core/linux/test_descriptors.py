"""Descriptors passed and closed."""

from __future__ import annotations

import os
import socket

import pytest

from pydock.core.linux import descriptors


def test_descriptors_arrive_close_on_exec_with_their_data() -> None:
    left, right = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with left, right:
        fds = list(os.pipe())
        descriptors.send_fds(left, b"two", fds)
        for fd in fds:
            os.close(fd)
        data, received = descriptors.recv_fds(right, 100, 4)
        assert data == b"two"
        os.write(received[1], b"x")
        assert os.read(received[0], 1) == b"x"
        assert not any(os.get_inheritable(fd) for fd in received)
        for fd in received:
            os.close(fd)


def test_more_than_expected_is_refused_and_nothing_leaks() -> None:
    left, right = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with left, right, open("/dev/null", "rb") as null:
        before = len(os.listdir("/proc/self/fd"))
        descriptors.send_fds(left, b"x", [null.fileno()] * 8)
        with pytest.raises(OSError, match="Message too long"):
            descriptors.recv_fds(right, 100, 1)
        assert len(os.listdir("/proc/self/fd")) == before


def test_all_but_the_kept_are_closed() -> None:
    pid = os.fork()
    if pid == 0:
        os.dup2(1, 200)
        os.dup2(1, 300)
        descriptors.close_all_but([300, -1])
        opened = {int(name) for name in os.listdir("/proc/self/fd")}
        # One more is that of the listing itself.
        os._exit(0 if opened - {3} == {0, 1, 2, 300} else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
