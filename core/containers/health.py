"""Health checks: what the shim is asked to do, and what its results mean for the record and for events.

Docker's defaults and words (moby: daemon/health.go). The shim decides about the condition.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from ..deferred import module
from ..runtime.records import HealthCheck
from ..schema.containers import ContainerConfig, Health, HealthcheckResult
from ..units import format_duration, rfc3339
from . import words
from .context import Context
from .record import Container

if TYPE_CHECKING:
    from ..runtime.shim import health as results
else:
    # A shim's module: it brings all that starts a process along.
    results = module("pydock.core.runtime.shim", "health")

_SECOND = 1_000_000_000
_INTERVAL = _TIMEOUT = 30 * _SECOND
_START_INTERVAL = 5 * _SECOND
_RETRIES = 3
_SHELL = ("/bin/sh", "-c")


def check(config: ContainerConfig) -> HealthCheck | None:
    """Return the check that a container's configuration asks for, None without one; pure."""
    asked = config.healthcheck
    if asked is None or not asked.test or asked.test[0] not in ("CMD", "CMD-SHELL") or not asked.test[1:]:
        return None
    shell = tuple(config.shell or _SHELL) if asked.test[0] == "CMD-SHELL" else ()
    return HealthCheck(
        args=(*shell, *asked.test[1:]),
        interval=asked.interval or _INTERVAL,
        timeout=asked.timeout or _TIMEOUT,
        start_period=asked.start_period,
        start_interval=asked.start_interval or _START_INTERVAL,
        retries=asked.retries or _RETRIES,
    )


def started(container: Container) -> Health | None:
    """Return the health of a container that starts just now; it keeps the results of its last run."""
    if check(container.config) is None:
        return None
    return Health(status="starting", log=container.health.log if container.health else [])


def ended(container: Container) -> Health | None:
    """Return the health of a container that runs no more: Docker calls it unhealthy."""
    return container.health and Health("unhealthy", container.health.failing_streak, container.health.log)


def changed(ctx: Context, container: Container, record: dict[str, Any]) -> Container:
    """Take over a change of the condition from the journal, and tell of it."""
    if container.health is None:
        return container
    ctx.tell(container, f"health_status: {record['status']}", at=int(record["at"]))
    health = Health(str(record["status"]), int(record["streak"]), container.health.log)
    return replace(container, health=health)


def unseen(ctx: Context, container: Container) -> list[dict[str, Any]]:
    """Return the results that the record doesn't have yet; of the last five that there are."""
    if check(container.config) is None:
        return []
    there = results.read(str(ctx.paths.container_run(container.id)))
    return [result for result in there if result["number"] > container.health_number]


def take(ctx: Context, container: Container, found: list[dict[str, Any]]) -> Container:
    """Write results into the record, and tell of the probes as of the execs that they are."""
    wanted = check(container.config)
    if not found or wanted is None:
        return container
    for result in found:
        _tell(ctx, container, wanted, result)
    known = container.health or Health("starting")
    log = [*(known.log or ()), *(_entry(wanted, result) for result in found)][-results.KEPT :]
    newest = found[-1]
    return replace(
        container,
        health=Health(known.status, int(newest["streak"]), log),
        health_number=int(newest["number"]),
    )


def _tell(ctx: Context, container: Container, wanted: HealthCheck, result: dict[str, Any]) -> None:
    command, attributes = " ".join(wanted.args), {"execID": str(result["exec"])}
    for action in ("exec_create", "exec_start"):
        ctx.tell(container, f"{action}: {command}", attributes, at=int(result["start"]))
    if "error" not in result:
        code = {"exitCode": str(result["code"])}
        ctx.tell(container, "exec_die", attributes | code, at=int(result["end"]))


def _entry(wanted: HealthCheck, result: dict[str, Any]) -> HealthcheckResult:
    output = str(result["output"])
    if "error" in result:
        output = words.exec_failure(str(result["error"]))
    elif result["timed_out"]:
        said = f"Health check exceeded timeout ({format_duration(wanted.timeout)})"
        output = f"{said}: {output}" if output else said
    return HealthcheckResult(
        start=rfc3339(int(result["start"])),
        end=rfc3339(int(result["end"])),
        exit_code=int(result["code"]),
        output=output,
    )
