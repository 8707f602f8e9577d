"""What else is done to a container: restart, pause, rename, update, removal, waiting, pruning."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

from msgspec.structs import asdict, replace

from ..errors import Conflict, Internal, Invalid, NotFound
from ..filters import Filters
from ..ids import NAME_FORM, valid_name
from ..runtime.records import Restart
from ..schema.containers import (
    ContainersPruneResponse,
    RestartPolicy,
    UpdateRequest,
    UpdateResponse,
)
from ..units import now, parse_timestamp
from . import ending, news, removal, starting, stopping, validate
from .context import Context
from .create import name_taken
from .record import Container
from .spec import resources
from .states import Status

_CONDITIONS = ("", "not-running", "next-exit", "removed")


async def restart(ctx: Context, reference: str, signal_name: str | None, timeout: int | None) -> None:
    """Stop a container if it runs, and start it."""
    container = ctx.book.find(reference)
    async with ctx.locks.hold("container", container.id):
        container, _ = news.apply(ctx, container.id)
        if container.alive:
            await stopping.stop_without_removal(ctx, container, signal_name, timeout)
        await starting.start_locked(ctx, container.id)
    ctx.tell(container, "restart")


async def pause(ctx: Context, reference: str) -> None:
    """Freeze all processes of a container; raises Conflict when it is paused or does not run."""
    container = ctx.book.find(reference)
    async with ctx.locks.hold("container", container.id):
        container, _ = news.apply(ctx, container.id)
        if container.status is Status.PAUSED:
            raise Conflict(f"Container {container.id} is already paused")
        if container.status is not Status.RUNNING:
            raise Conflict(f"Container {container.id} is not running")
        await ctx.runtime.pause(container.id)
        news.apply(ctx, container.id)
    ctx.changed(container.id)


async def unpause(ctx: Context, reference: str) -> None:
    """Let a paused container go on; raises Conflict when it isn't paused."""
    container = ctx.book.find(reference)
    async with ctx.locks.hold("container", container.id):
        container, _ = news.apply(ctx, container.id)
        if container.status is not Status.PAUSED:
            raise Conflict(f"Container {container.id} is not paused")
        await ctx.runtime.resume(container.id)
        news.apply(ctx, container.id)
    ctx.changed(container.id)


async def rename(ctx: Context, reference: str, name: str) -> None:
    """Give a container another name; raises Conflict when it is taken."""
    container = ctx.book.find(reference)
    wanted = name.removeprefix("/")
    if not wanted:
        raise Invalid("Neither old nor new names may be empty")
    if not valid_name(wanted):
        raise Invalid(f"Invalid container name ({name}), only {NAME_FORM} are allowed")
    async with ctx.locks.hold("container", container.id):
        with ctx.store.transaction():
            container = ctx.book.find(container.id)
            if container.name == wanted:
                raise Invalid("Renaming a container with the same name as its current name")
            taken = ctx.book.named(wanted)
            if taken is not None:
                raise name_taken(wanted, taken)
            renamed = ctx.book.change(container.id, lambda c: _renamed(c, wanted))
            ctx.networks.rename(container.id, container.name, wanted)
            ctx.tell(renamed, "rename", {"oldName": f"/{container.name}"})
    ctx.changed(container.id)


def _renamed(container: Container, name: str) -> Container:
    endpoints = {
        network: replace(
            one, dns_names=[name if n == container.name else n for n in one.dns_names or ()] or None
        )
        for network, one in container.endpoints.items()
    }
    return replace(container, name=name, endpoints=endpoints)


async def update(ctx: Context, reference: str, request: UpdateRequest) -> UpdateResponse:
    """Change limits and the restart policy, also while the container runs; raises Invalid."""
    validate.check_resources(request)
    container = ctx.book.find(reference)
    async with ctx.locks.hold("container", container.id):
        container, _ = news.apply(ctx, container.id)
        host = _updated(container, request)
        validate.check_resources(host)
        validate.check_restart(host.restart_policy, host.auto_remove)
        warnings = (
            await _apply_update(ctx, container, request, host.restart_policy) if container.alive else []
        )
        changed = ctx.book.change(container.id, lambda c: replace(c, host_config=host))
        ctx.tell(changed, "update")
    ctx.changed(container.id)
    return UpdateResponse(warnings=warnings)


def _updated(container: Container, request: UpdateRequest) -> Any:
    given = {name: value for name, value in asdict(request).items() if value}
    policy = given.pop("restart_policy", None)
    if isinstance(policy, RestartPolicy) and policy.name:
        given["restart_policy"] = policy
    return replace(container.host_config, **given)


async def _apply_update(
    ctx: Context, container: Container, request: UpdateRequest, policy: RestartPolicy
) -> list[str]:
    """Have the shim set what was asked for, now and for its restarts; returns warnings."""
    warnings: list[str] = []
    if limits := resources.limits(request, {}):
        try:
            warnings += await ctx.runtime.update(container.id, limits)
        except Internal as err:
            raise Internal(f"Cannot update container {container.id}: {err}") from err
    if request.restart_policy is not None and request.restart_policy.name:
        retries = policy.maximum_retry_count
        await ctx.runtime.set_restart(container.id, Restart(policy.name, retries))  # type: ignore[arg-type]  # checked
    return warnings


async def remove(ctx: Context, reference: str, force: bool, volumes: bool) -> None:
    """Remove a container, killing it first with `force`; its anonymous volumes with `volumes`.

    Raises NotFound, and Conflict while it runs.
    """
    container = ctx.book.find(reference)
    async with ctx.locks.hold("container", container.id):
        container, _ = news.apply(ctx, container.id)
        if container.alive:
            if not force:
                raise Conflict(_in_the_way(reference, container))
            await stopping.end_now(ctx, container)
        await ending.release(ctx, container)
        await removal.remove_locked(ctx, container, volumes)


def _in_the_way(reference: str, container: Container) -> str:
    advice = "stop the container before removing or force remove"
    if container.status is Status.PAUSED:
        advice = "unpause and then stop the container before removing or force remove"
    return f'cannot remove container "{reference}": container is {container.status}: {advice}'


class Waiting:
    """A registered wait; awaiting it gives the exit code."""

    def __init__(self, ctx: Context, container: Container, condition: str) -> None:
        self._ctx = ctx
        self._registered = container
        self._last = container
        self._condition = condition
        self._since = now()

    def __await__(self) -> Generator[Any, None, int]:
        return self._wait().__await__()

    async def _wait(self) -> int:
        identity = self._registered.id
        await self._ctx.changes.until(identity, self._is_over)
        if self._ctx.book.get(identity) is None:
            return await _last_code(self._ctx, self._last, self._since)
        return self._last.exit_code

    def _is_over(self) -> bool:
        found = self._ctx.book.get(self._registered.id)
        if found is None:
            return True
        self._last = found
        match self._condition:
            case "removed":
                return False
            case "next-exit":
                return found.exits > self._registered.exits
        # dockerd tells of an exit also when the policy is about to start it again.
        return not found.alive or found.exits > self._registered.exits


def wait(ctx: Context, reference: str, condition: str) -> Waiting:
    """Register a wait for "not-running", "next-exit" or "removed"; raises NotFound, Invalid."""
    if condition not in _CONDITIONS:
        raise Invalid(f'invalid condition: "{condition}"')
    return Waiting(ctx, ctx.book.find(reference), condition)


async def _last_code(ctx: Context, last: Container, since: int) -> int:
    """Return the exit code of a container that is gone: the event of its death tells it."""
    code = last.exit_code
    wanted = Filters({"container": (last.id,), "event": ("die",)})
    async for event in ctx.events.subscribe(since=since, until=now(), filters=wanted):
        code = int(event.actor.attributes.get("exitCode", code))
    return code


_PRUNE_FILTERS = ("until", "label", "label!")


async def prune(ctx: Context, filters: Filters) -> ContainersPruneResponse:
    """Remove all containers that do not run and pass the filters; returns their ids and the bytes freed."""
    filters.require_known(_PRUNE_FILTERS)
    before = min((parse_timestamp(text) for text in filters.get("until")), default=0)
    deleted: list[str] = []
    freed = 0
    for container in ctx.book.all():
        labels = container.config.labels or {}
        unwanted = filters.get("label!") and filters.matches_labels(labels, "label!")
        if container.alive or not filters.matches_labels(labels) or unwanted:
            continue
        if before and container.created >= before:
            continue
        try:
            size = await ctx.snapshots.usage(container.id)
            await remove(ctx, container.id, force=False, volumes=False)
        except (NotFound, Conflict):
            continue
        deleted.append(container.id)
        freed += size
    ctx.events.publish("container", "prune", "", {"reclaimed": str(freed)})
    return ContainersPruneResponse(containers_deleted=deleted or None, space_reclaimed=freed)
