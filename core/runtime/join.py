"""A further process in a running container (exec).

Synchronous, and only for a process with a single thread (the shim).

    caller (shim)                                    child
    ─────────────                                    ─────
    not dumpable from here on
    clone3 in the container's pid namespace ───────► lets go of the caller's descriptors, session, signals
                                                     joins cgroups, then all namespaces by the pidfd
                                                ◄─── terminal's master
                                                     limits, directory, seccomp, user, capabilities
                                                ◄─── "x", then execve; or the error

What the container's processes can see of the child before its exec is a process that is not dumpable and has
no descriptor of the host's (CVE-2016-9962).
"""

from __future__ import annotations

import os
import posixpath
from dataclasses import dataclass
from typing import NoReturn

from ..linux import namespace, prctl
from . import cgroups, channel, child, program, terminal
from .channel import Channel
from .child import Stdio
from .launch import Launched, failure, reap
from .plan import ExecPlan


@dataclass(frozen=True, slots=True)
class Target:
    """The container to join: its first process, by pidfd (owned by the caller) and pid."""

    pid: int
    pidfd: int


def join(plan: ExecPlan, target: Target, stdio: Stdio) -> Launched:
    """Start a process inside the target's namespaces and cgroups; return once it executed its program.

    It is the caller's child. Raises LaunchError as `launch` does (126, 127; 128 when the container is gone).
    """
    prctl.set_dumpable(False)
    try:
        return _join(plan, target, stdio)
    except OSError as err:
        raise failure("exec", err) from err


def _join(plan: ExecPlan, target: Target, stdio: Stdio) -> Launched:
    ours, theirs = channel.pair()
    cgroup = cgroups.open_v2(plan.cgroup)
    try:
        pid, fd = namespace.clone3_in(0, cgroup, target.pidfd)
        if pid == 0:
            keep = [target.pidfd, stdio.stdin, stdio.stdout, stdio.stderr]
            child.run(theirs, keep, lambda talk: _set_up(plan, target, stdio, talk))
        theirs.close()
        try:
            outcome = channel.listen(ours)
        except BaseException:
            reap(fd)
            raise
        return Launched(pid, fd, -1, outcome.terminal, (*plan.warnings, *outcome.warnings))
    finally:
        ours.close()
        theirs.close()
        if cgroup >= 0:
            os.close(cgroup)


def _set_up(plan: ExecPlan, target: Target, stdio: Stdio, talk: Channel) -> NoReturn:
    process = plan.process
    proc = child.open_proc()
    apparmor = child.open_apparmor(proc, process.apparmor)
    child.take_stdio(Stdio() if process.terminal else stdio)
    talk.stage = "cgroup"
    if process.oom_score_adj is not None:
        child.write_proc(proc, "self/oom_score_adj", str(process.oom_score_adj))
    os.close(proc)
    cgroups.join(plan.cgroup, born_in_v2=True)
    talk.stage = "namespaces"
    namespace.setns(target.pidfd, plan.namespaces & ~namespace.CLONE_NEWPID)
    os.close(target.pidfd)
    root = os.open("/", os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    if process.terminal:
        talk.stage = "terminal"
        master, slave = terminal.open_terminal(root, process.console, process.uid)
        talk.send_terminal(master)
        os.close(master)
        terminal.take(slave)
    else:
        program.own_stdio(process.uid)
    keyring = f"_ses.{posixpath.basename(plan.cgroup.path)}"
    program.become(process, root, talk, keyring=keyring, apparmor=apparmor, create_cwd=False)
