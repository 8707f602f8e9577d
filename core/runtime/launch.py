"""From a plan to a running first process of a container.

Synchronous, and only for a process with a single thread (the shim): clone3 is called directly.

    caller (shim)                                  child
    ─────────────                                  ─────
    not dumpable from here on
    make the v2 cgroup
    clone3 (new namespaces, born in v2 cgroup) ──► lets go of the caller's descriptors, session, signals
    make the v1 cgroups
    go ──────────────────────────────────────────► waits for it
    hooks.network(pid): veths                      joins v1 cgroups, unshares the cgroup namespace
    applies limits                                 joins namespaces of others, sets host name
                                                   builds the root: mounts, devices, terminal
    go ──────────────────────────────────────────► waits for it
                                              ◄─── terminal's master
                                                   hooks.configure(): addresses and routes
                                                   sysctls, pivot_root, masks, read-only paths
                                                   limits, directory, seccomp, user, capabilities
                                              ◄─── "x", then execve; or the error
    reads the end of the stream: it runs           (the program)

The protocol is in `channel`. A child that fails reports and exits; the caller reaps it and removes the
cgroups.
"""

from __future__ import annotations

import _socket
import os
import posixpath
import signal
from collections.abc import Callable
from dataclasses import dataclass
from typing import NoReturn

from ..linux import namespace, pidfd, prctl, uts
from . import cgroups, channel, child, program, rootfs, terminal
from .channel import Channel
from .child import Stdio
from .failure import FAILED, LaunchError, go_text
from .plan import Plan

__all__ = ["LaunchError", "LaunchHooks", "Launched", "Stdio", "launch"]


@dataclass(frozen=True, slots=True)
class LaunchHooks:
    """What others add to a launch.

    `network(pid)` runs in the caller's process while the child sets up its mounts, with the child's pid in
    the caller's pid namespace: it makes the veths. `configure()` runs in the child, inside its network
    namespace, after `network` returned: it sets addresses and routes. What either raises (OSError) fails
    the launch.
    """

    network: Callable[[int], None] | None = None
    configure: Callable[[], None] | None = None


@dataclass(frozen=True, slots=True)
class Launched:
    """A process that has executed its program. The descriptors are the caller's to close, and close-on-exec.

    `pid` is in the caller's pid namespace and the process is the caller's child (wait with P_PIDFD).
    `mntns_fd` is held until the exit code was reported: it keeps the overlay's teardown off the exit path;
    -1 from `join`. `console` is the terminal's master, or -1. `warnings` are sentences for the user.
    """

    pid: int
    pidfd: int
    mntns_fd: int
    console: int
    warnings: tuple[str, ...] = ()


def launch(plan: Plan, stdio: Stdio, hooks: LaunchHooks) -> Launched:
    """Start the first process of a container, and return once it has executed its program.

    Makes the plan's cgroups and applies its limits. On failure nothing is left: the child is reaped, the
    cgroups are removed, and LaunchError is raised. After the process ended the caller calls
    `cgroups.kill(plan.cgroup)` and `cgroups.remove(plan.cgroup)`.
    """
    prctl.set_dumpable(False)
    try:
        try:
            cgroups.create_v2(plan.cgroup)
            return _launch(plan, stdio, hooks)
        except BaseException:
            cgroups.kill(plan.cgroup)
            cgroups.remove(plan.cgroup)
            raise
    except OSError as err:
        raise failure("start", err) from err


def failure(stage: str, err: OSError) -> LaunchError:
    """Put a kernel error of the caller's own side into words."""
    number = err.errno or 0
    where = f" {err.filename}" if err.filename else ""
    return LaunchError(stage, number, f"unable to start container process:{where}: {go_text(number)}", FAILED)


def _launch(plan: Plan, stdio: Stdio, hooks: LaunchHooks) -> Launched:
    joined = [(flag, os.open(path, os.O_RDONLY | os.O_CLOEXEC)) for flag, path in plan.joined]
    ours, theirs = channel.pair()
    try:
        pid, fd = _clone(plan, joined)
        if pid == 0:
            keep = [stdio.stdin, stdio.stdout, stdio.stderr, *(fd for _, fd in joined)]
            child.run(theirs, keep, lambda talk: _set_up(plan, stdio, hooks, talk, joined))
        theirs.close()
        return _parent(plan, hooks, ours, pid, fd)
    finally:
        ours.close()
        theirs.close()
        for _, namespace_fd in joined:
            os.close(namespace_fd)


def _clone(plan: Plan, joined: list[tuple[int, int]]) -> tuple[int, int]:
    """Clone with the new namespaces. A pid namespace of others is only ever entered by being born in it."""
    cgroup = cgroups.open_v2(plan.cgroup)
    others = [fd for flag, fd in joined if flag == namespace.CLONE_NEWPID]
    try:
        with_pid = namespace.clone3_in if others else namespace.clone3
        flags = plan.namespaces & ~namespace.CLONE_NEWCGROUP
        return with_pid(flags, cgroup, *others)
    finally:
        if cgroup >= 0:
            os.close(cgroup)


def _parent(plan: Plan, hooks: LaunchHooks, sock: _socket.socket, pid: int, fd: int) -> Launched:
    mntns = -1
    try:
        cgroups.create_v1(plan.cgroup)
        # Before the child joins: while the list of devices is written, it may make none of its own.
        warnings = cgroups.apply(plan.cgroup, plan.resources)
        channel.go(sock)
        mntns = os.open(f"/proc/{pid}/ns/mnt", os.O_RDONLY | os.O_CLOEXEC)
        if hooks.network is not None:
            hooks.network(pid)
        channel.go(sock)
        outcome = channel.listen(sock)
    except BaseException:
        reap(fd)
        if mntns >= 0:
            os.close(mntns)
        raise
    return Launched(pid, fd, mntns, outcome.terminal, (*plan.warnings, *warnings, *outcome.warnings))


def reap(fd: int) -> None:
    """Kill a child that did not come up, wait for its end, and close its pidfd."""
    try:
        pidfd.send_signal(fd, signal.SIGKILL)
    except ProcessLookupError:
        pass
    pidfd.wait(fd)
    os.close(fd)


def _set_up(
    plan: Plan, stdio: Stdio, hooks: LaunchHooks, talk: Channel, joined: list[tuple[int, int]]
) -> NoReturn:
    process = plan.process
    proc = child.open_proc()
    apparmor = child.open_apparmor(proc, process.apparmor)
    child.take_stdio(Stdio() if process.terminal else stdio)
    talk.stage = "cgroup"
    talk.wait_go()
    if process.oom_score_adj is not None:
        child.write_proc(proc, "self/oom_score_adj", str(process.oom_score_adj))
    cgroups.join(plan.cgroup, born_in_v2=True)
    talk.stage = "namespaces"
    _enter_namespaces(plan, joined)
    talk.stage = "root"
    root = rootfs.build(plan)
    slave = -1
    if process.terminal:
        master, slave = terminal.open_terminal(root, process.console, process.uid)
        terminal.mount_console(root, master)
        talk.send_terminal(master)
        os.close(master)
    talk.stage = "network"
    talk.wait_go()
    if hooks.configure is not None:
        hooks.configure()
    talk.stage = "sysctl"
    for path, value in plan.sysctls:
        child.write_proc(proc, f"sys/{path}", value)
    talk.stage = "root"
    rootfs.pivot(root)
    rootfs.protect(root, plan)
    os.close(proc)
    if slave >= 0:
        terminal.take(slave)
    else:
        program.own_stdio(process.uid)
    keyring = f"_ses.{posixpath.basename(plan.cgroup.path)}"
    program.become(process, root, talk, keyring=keyring, apparmor=apparmor, create_cwd=True)


def _enter_namespaces(plan: Plan, joined: list[tuple[int, int]]) -> None:
    for flag, fd in joined:
        if flag != namespace.CLONE_NEWPID:
            namespace.setns(fd, flag)
        os.close(fd)
    if plan.namespaces & namespace.CLONE_NEWCGROUP:
        # After the cgroups were joined, so that the container's own group is what it sees as the root.
        namespace.unshare(namespace.CLONE_NEWCGROUP)
    if plan.hostname:
        uts.sethostname(plan.hostname)
    if plan.domainname:
        uts.setdomainname(plan.domainname)
