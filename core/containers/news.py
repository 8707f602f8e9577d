"""A shim's journal taken over into the store: states, exit codes, events.

Whichever engine comes first applies a record; each record's number is in the container's document, and both
change in one transaction, so no record counts twice and none is lost.
"""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from ..errors import NotFound
from ..runtime import journal
from . import health
from .context import Context
from .record import Container
from .states import ALIVE, Move, Status, move


def journal_path(ctx: Context, identity: str) -> str:
    return str(ctx.paths.container_run(identity) / "journal")


def apply(ctx: Context, identity: str) -> tuple[Container, bool]:
    """Apply what is new; returns the record, and whether the container ended just now.

    What follows from an end (`ending.see_to`) is begun by this. Raises NotFound.
    """
    with ctx.store.transaction():
        container = ctx.book.get(identity)
        if container is None:
            raise NotFound(f"No such container: {identity}")
        records, offset = journal.read(journal_path(ctx, identity), container.journal_at)
        # Read after the journal, told before it: what followed from a result comes behind it.
        results = health.unseen(ctx, container)
        if not records and not results:
            ctx.shims.watch(identity, container.pid)
            return container, False
        exits = container.exits
        container = health.take(ctx, container, results)
        for record in records:
            if record["n"] > container.journal_number:
                container = replace(_step(ctx, container, record), journal_number=record["n"])
        container = replace(container, journal_at=offset)
        ctx.book.containers.replace(container)
    ctx.shims.watch(identity, container.pid)
    ctx.changes.wake(identity)
    # A short one starts and ends between two looks.
    ended = container.exits > exits and not container.alive
    if ended:
        ctx.shims.ended(identity)
    return container, ended


def _step(ctx: Context, container: Container, record: dict[str, Any]) -> Container:
    match record["event"]:
        case "start":
            return _started(ctx, container, record)
        case "exit":
            return _exited(ctx, container, record)
        case "start_failed":
            return _failed(container, record)
        case "pause" if container.status is Status.RUNNING:
            ctx.tell(container, "pause", at=record["at"])
            return replace(container, status=move(container.status, Move.PAUSE))
        case "resume" if container.status is Status.PAUSED:
            ctx.tell(container, "unpause", at=record["at"])
            return replace(container, status=move(container.status, Move.UNPAUSE))
        case "health":
            return health.changed(ctx, container, record)
        case "exec_start" | "exec_exit":
            _exec(ctx, container, record)
    return container


def _started(ctx: Context, container: Container, record: dict[str, Any]) -> Container:
    if container.status is Status.RUNNING:
        return container
    ctx.tell(container, "start", at=record["at"])
    return replace(
        container,
        status=move(container.status, Move.START),
        pid=record["pid"],
        started_at=record["at"],
        restart_count=record.get("restart_count", container.restart_count),
        exit_code=0,
        error="",
        oom_killed=False,
        health=health.started(container),
        boot_id=ctx.boot_id,
    )


def _exited(ctx: Context, container: Container, record: dict[str, Any]) -> Container:
    if container.status not in ALIVE:
        return container
    code, at = int(record["code"]), int(record["at"])
    if record.get("oom"):
        ctx.tell(container, "oom", at=at)
    if container.status is not Status.RESTARTING:
        lasted = str(max(at - container.started_at, 0) // 1_000_000_000)
        ctx.tell(container, "die", {"exitCode": str(code), "execDuration": lasted}, at)
    change = Move.RELAPSE if record.get("restarting") else Move.EXIT
    if change is Move.RELAPSE and container.status is Status.RESTARTING:
        return replace(container, exit_code=code, error=record.get("error", ""), finished_at=at)
    return replace(
        container,
        status=move(container.status, change),
        pid=0,
        exit_code=code,
        oom_killed=bool(record.get("oom")),
        error=record.get("error", ""),
        health=health.ended(container),
        finished_at=at,
        exits=container.exits + 1,
        restart_count=record.get("restart_count", container.restart_count),
        ports={} if change is Move.EXIT else container.ports,
        endpoints={} if change is Move.EXIT else container.endpoints,
    )


def _failed(container: Container, record: dict[str, Any]) -> Container:
    if container.status in ALIVE:
        return container
    return replace(
        container,
        status=move(container.status, Move.FAIL),
        exit_code=int(record["code"]),
        error=str(record.get("error", "")),
    )


def _exec(ctx: Context, container: Container, record: dict[str, Any]) -> None:
    known = ctx.book.execs.get(str(record["exec"]))
    if known is None:
        return
    if record["event"] == "exec_start":
        ctx.book.execs.replace(replace(known, pid=int(record["pid"])))
        return
    code = int(record["code"])
    ctx.book.execs.replace(replace(known, pid=0, exit_code=code, finished=True))
    ctx.tell(container, "exec_die", {"execID": known.id, "exitCode": str(code)}, int(record["at"]))
