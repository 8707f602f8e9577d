from __future__ import annotations

import os

import pytest

from pydock.core.containers.processes import choose, parse, read
from pydock.core.containers.usage import parse_interfaces
from pydock.core.errors import Invalid


def test_names_may_hold_anything() -> None:
    stat = b"42 (a) (b c) S 1 42 42 34816 42 0 0 0 0 0 150 50 0 0 20 0 1 0 500 4096 10 0"
    process = parse(stat, b"sleep\x0060\0", 1000, 1000.0)
    assert (process.pid, process.name, process.state, process.ppid) == (42, "a) (b c", "S", 1)
    assert (process.command, process.cpu, process.started) == ("sleep 60", 2.0, 1005.0)


def test_our_own_process_is_readable() -> None:
    process = read(os.getpid(), 0.0)
    assert process is not None
    assert process.ppid == os.getppid()
    assert process.resident > 0


def test_columns_are_chosen_as_ps_does() -> None:
    assert [title for title, _ in choose("-ef")] == "UID PID PPID C STIME TTY TIME CMD".split()
    assert choose("aux")[0] == ("USER", "user")
    assert choose("-o pid,comm") == [("PID", "pid"), ("COMMAND", "comm")]
    assert choose("-eo pid=P,args") == [("P", "pid"), ("COMMAND", "args")]
    with pytest.raises(Invalid, match="unknown user-defined format specifier"):
        choose("-o nosuch")


def test_interfaces_without_the_loopback() -> None:
    text = (
        "Inter-|   Receive\n face |bytes\n"
        "    lo: 1 1 0 0 0 0 0 0 1 1 0 0 0 0 0 0\n"
        "  eth0: 10 2 3 4 0 0 0 0 50 6 7 8 0 0 0 0\n"
    )
    found = parse_interfaces(text)
    assert list(found) == ["eth0"]
    assert (found["eth0"].rx_bytes, found["eth0"].rx_dropped, found["eth0"].tx_bytes) == (10, 4, 50)
