"""Docker's beginnings for a program that could not be started; clients match on them."""

from __future__ import annotations

_PROCESS = "unable to start container process: "


def start_failure(reason: str) -> str:
    """Return what dockerd says when a container's program can't be started."""
    return (
        "failed to create task for container: failed to create shim task: OCI runtime create failed: "
        f"runc create failed: {_PROCESS}{_core(reason)}"
    )


def exec_failure(reason: str) -> str:
    """Return what dockerd says when an exec's program can't be started."""
    return f"OCI runtime exec failed: exec failed: {_PROCESS}{_core(reason)}"


def _core(reason: str) -> str:
    return reason.rpartition(_PROCESS)[2].removesuffix(": unknown")
