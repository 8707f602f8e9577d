"""Namespace modes of a HostConfig: private, host, container:<name> (runtime-spec config-linux.md)."""

from __future__ import annotations

from typing import Any

from ...schema.containers import HostConfig
from .facts import Facts

CONTAINER = "container:"


def partner(mode: str) -> str:
    """Return the container that `container:<name>` names, or ""."""
    return mode.removeprefix(CONTAINER) if mode.startswith(CONTAINER) else ""


def namespaces(host: HostConfig, facts: Facts) -> list[dict[str, Any]]:
    """List the container's own and joined namespaces; what is not listed stays the host's."""
    found: list[dict[str, Any]] = [{"type": "mount"}]
    found += _namespace("network", host.network_mode == "host", facts.join_net, "net")
    found += _namespace("uts", host.uts_mode == "host", 0, "uts")
    found += _namespace("pid", host.pid_mode == "host", facts.join_pid, "pid")
    found += _namespace("ipc", host.ipc_mode == "host", facts.join_ipc, "ipc")
    if host.cgroupns_mode == "private":
        found.append({"type": "cgroup"})
    return found


def _namespace(kind: str, is_host: bool, join: int, name: str) -> list[dict[str, Any]]:
    if is_host:
        return []
    return [{"type": kind, "path": f"/proc/{join}/ns/{name}"}] if join else [{"type": kind}]
