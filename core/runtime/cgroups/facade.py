"""What can be done with a container's cgroup, whichever interface the kernel has. Blocking, OSError out."""

from __future__ import annotations

from .records import Group, Resources, Usage


def create(group: Group) -> None:
    """Make the directories of the group, and what a v1 cpuset or a v2 subtree needs before use."""
    raise NotImplementedError


def apply(group: Group, limits: Resources) -> tuple[str, ...]:
    """Set limits, at the start or of a running container; give warnings for what this kernel lacks.

    Raises OSError (with the file's name) for a limit that the kernel refuses.
    """
    raise NotImplementedError


def join(group: Group, pid: int = 0) -> None:
    """Move a process (0: the caller) into the group, in every controller."""
    raise NotImplementedError


def freeze(group: Group) -> None:
    """Stop all processes of the group; return when they are frozen."""
    raise NotImplementedError


def thaw(group: Group) -> None:
    """Let the processes of the group go on."""
    raise NotImplementedError


def frozen(group: Group) -> bool:
    """Tell whether the group is frozen."""
    raise NotImplementedError


def kill(group: Group) -> None:
    """Kill every process of the group and of groups below it (SIGKILL), including those it forks meanwhile."""
    raise NotImplementedError


def remove(group: Group, timeout: float = 10.0) -> None:
    """Remove the group and what is below it, waiting for its processes to be gone, at most `timeout` seconds.

    A group that isn't there is no error. Raises OSError EBUSY when processes remain.
    """
    raise NotImplementedError


def oom_kills(group: Group) -> int:
    """Count the processes that the kernel killed for want of memory in this group since it was made.

    0 when the group is gone or not counted. Read it before `remove`.
    """
    raise NotImplementedError


def pids(group: Group) -> tuple[int, ...]:
    """List the processes of the group and of groups below it, as pids of the caller's pid namespace."""
    raise NotImplementedError


def stats(group: Group) -> Usage:
    """Read what the group uses. Raises FileNotFoundError when it is gone."""
    raise NotImplementedError
