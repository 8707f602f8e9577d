"""What stays behind when a shim is killed, and how an engine removes it.

A shim notes in `<run dir>/remains` what it is about to make, before it makes it.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
from collections.abc import Callable
from typing import Any

from ...linux import pidfd
from .. import cgroups, journal
from ..held import JOURNAL as JOURNAL
from ..held import LOCK, WHOLE_FILE
from ..held import SOCKET as SOCKET
from ..records import Network, PublishedPort, StartRequest
from . import network

FILE = "remains"
KILLED = 137


def note(request: StartRequest, group: cgroups.Group) -> None:
    """Write down what this container will have; replaces what an earlier start noted."""
    text = json.dumps(
        {
            "version": 1,
            "engines_dir": request.engines_dir,
            "mode": request.network.mode,
            "cgroup": [group.version, group.directories],
            "ports": [
                [p.protocol, p.host_ip, p.host_port, p.container_ip, p.container_port]
                for p in request.network.ports
            ],
        }
    )
    aside = os.path.join(request.run_dir, "." + FILE)
    descriptor = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    with open(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
    os.rename(aside, os.path.join(request.run_dir, FILE))


def lock(run_dir: str, *, wait: bool) -> int:
    """Take the shim's lock and give the descriptor that holds it until it is closed (and so by the kernel).

    It is an open file description lock, so that `held` can look without taking it. Raises BlockingIOError
    when it is held and `wait` is false.
    """
    descriptor = os.open(os.path.join(run_dir, LOCK), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.fcntl(descriptor, fcntl.F_OFD_SETLKW if wait else fcntl.F_OFD_SETLK, WHOLE_FILE)
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def clear(run_dir: str, ring: Callable[[str], None]) -> bool:
    """Remove what a dead shim left and end its journal with an exit (137); True when there was anything.

    Blocking. Raises BlockingIOError when the shim lives after all. `ring` gets the engines' directory.
    """
    try:
        holder = lock(run_dir, wait=False)
    except FileNotFoundError:
        return False
    try:
        noted = _read(run_dir)
        if noted is None:
            return False
        group = cgroups.Group(noted["cgroup"][0], tuple((name, path) for name, path in noted["cgroup"][1]))
        oom = cgroups.oom_kills(group) > 0
        cgroups.kill(group)
        _kill_first(run_dir)
        network.unpublish_if_ours(_network(noted))
        cgroups.remove(group)
        _end_journal(run_dir, oom)
        forget(run_dir)
        ring(noted["engines_dir"])
        return True
    finally:
        os.close(holder)


def noted(run_dir: str) -> bool:
    """Tell whether something may be left there."""
    return os.path.exists(os.path.join(run_dir, FILE))


def forget(run_dir: str) -> None:
    """Nothing is left: drop the note and the socket."""
    for name in (FILE, SOCKET):
        with contextlib.suppress(FileNotFoundError):
            os.unlink(os.path.join(run_dir, name))


def start_time(pid: int) -> int:
    """When a process started, in the kernel's clock ticks: with the pid it names one process for ever."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            return int(file.read().rpartition(b")")[2].split()[19])
    except (OSError, ValueError, IndexError):
        return 0


def _read(run_dir: str) -> dict[str, Any] | None:
    try:
        with open(os.path.join(run_dir, FILE), encoding="utf-8") as file:
            noted: dict[str, Any] = json.load(file)
            return noted
    except FileNotFoundError:
        return None


def _network(noted: dict[str, Any]) -> Network:
    return Network(noted["mode"], ports=tuple(PublishedPort(*port) for port in noted["ports"]))


def _kill_first(run_dir: str) -> None:
    """Kill the first process also where there is no cgroup to kill by."""
    records, _ = journal.read(os.path.join(run_dir, JOURNAL))
    started = next((r for r in reversed(records) if r["event"] == "start"), None)
    if started is None:
        return
    with contextlib.suppress(ProcessLookupError):
        handle = pidfd.pidfd_open(started["pid"])
        try:
            # The number may be another process's by now; the descriptor can't change its process any more.
            if start_time(started["pid"]) == started["ticks"]:
                pidfd.send_signal(handle, 9)
        finally:
            os.close(handle)


def _end_journal(run_dir: str, oom: bool) -> None:
    path = os.path.join(run_dir, JOURNAL)
    if not journal.running(path):
        return
    writer = journal.Journal(path)
    writer.open()
    try:
        writer.append("exit", code=KILLED, oom=oom, restarting=False, restart_count=0, reaped=True)
    finally:
        writer.close()
