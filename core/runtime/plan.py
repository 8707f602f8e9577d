"""From an OCI runtime specification to a frozen plan; pure (runtime-spec 1.2, config.md, config-linux.md)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .cgroups import Group, Resources
from .host import Host
from .records import Rootfs


@dataclass(frozen=True, slots=True)
class Plan:
    """All of a container's start. `cgroup` names its cgroups for `cgroups.kill`, `remove`, `stats` ..."""

    cgroup: Group
    resources: Resources
    warnings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ExecPlan:
    """All of a further process's start."""

    cgroup: Group
    warnings: tuple[str, ...]


def plan(spec: Mapping[str, Any], rootfs: Rootfs, host: Host) -> Plan:
    """Plan the start of a container. Raises errors.Invalid naming the field that is wrong."""
    raise NotImplementedError


def exec_plan(spec: Mapping[str, Any], process: Mapping[str, Any], host: Host) -> ExecPlan:
    """Plan a further process in the container of `spec`; `process` is OCI's process object.

    What `process` leaves out (env, cwd, capabilities, user, noNewPrivileges) comes from the spec's own.
    """
    raise NotImplementedError
