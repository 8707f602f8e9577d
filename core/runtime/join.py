"""A further process in a running container (exec).

Synchronous, and only for a process with a single thread (the shim).
"""

from __future__ import annotations

from dataclasses import dataclass

from .launch import Launched, Stdio
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
    raise NotImplementedError
