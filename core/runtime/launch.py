"""From a plan to a running first process of a container.

Synchronous, and only for a process with a single thread (the shim): clone3 is called directly.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from .plan import Plan


@dataclass(frozen=True, slots=True)
class Stdio:
    """Descriptors that become 0, 1 and 2 of the new process.

    They stay the caller's, who closes them after `launch` or `join` returned. With a terminal they are not
    used: leave them -1; the terminal is made inside the container and its master comes back in `Launched`.
    """

    stdin: int = -1
    stdout: int = -1
    stderr: int = -1


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


class LaunchError(Exception):
    """A process that could not be started. `str()` is Docker's wording.

    `exit_code` is what Docker reports: 127 not found, 126 not executable, else 128.
    """

    def __init__(self, stage: str, errno: int, message: str, exit_code: int = 128) -> None:
        super().__init__(message)
        self.stage = stage
        self.errno = errno
        self.message = message
        self.exit_code = exit_code


def launch(plan: Plan, stdio: Stdio, hooks: LaunchHooks) -> Launched:
    """Start the first process of a container, and return once it has executed its program.

    Makes the plan's cgroups and applies its limits. On failure nothing is left: the child is reaped, the
    cgroups are removed, and LaunchError is raised. After the process ended the caller calls
    `cgroups.kill(plan.cgroup)` and `cgroups.remove(plan.cgroup)`.
    """
    raise NotImplementedError
