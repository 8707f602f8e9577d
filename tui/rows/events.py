"""Rows of the event list: what happened, newest first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..text import clean
from .cells import Cell, Column, Row
from .stats import local_time

if TYPE_CHECKING:
    from pydock.core.schema.events import Event

COLUMNS = (
    Column("time", "TIME", 8, descending=True),
    Column("type", "TYPE", 9, needs=48),
    Column("action", "ACTION", 12),
    Column("name", "NAME", 10, flex=1),
    Column("more", "", 10, flex=1, needs=70),
)
_TONES = {"start": "running", "unpause": "running", "die": "exited", "oom": "failed", "kill": "warn"}
_TONES |= {
    "destroy": "failed",
    "delete": "failed",
    "pause": "paused",
    "create": "created",
    "restart": "restarting",
}
_KEPT_BACK = ("name", "image", "execID")


def row(number: int, event: Event) -> Row:
    """One event as a row; `number` counts them, so that equal events stay two rows."""
    attributes = event.actor.attributes
    name = clean(attributes.get("name") or event.actor.id.removeprefix("sha256:")[:12])
    action, tone = clean(event.action), _TONES.get(event.action.partition(":")[0], "text")
    if event.action == "die" and attributes.get("exitCode", "0") != "0":
        tone = "failed"
    more = clean(" ".join(f"{k}={v}" for k, v in attributes.items() if k not in _KEPT_BACK))
    at = event.time_nano or event.time * 1_000_000_000
    return Row(
        key=str(number),
        cells=(
            Cell(local_time(at), "dim"),
            Cell(clean(event.type), "dim"),
            Cell(action, tone),
            Cell(name, "text"),
            Cell(more, "dim"),
        ),
        sort=(float(number), event.type, action, name.lower(), more),
        search=f"{event.type} {action} {name} {more} {event.actor.id}".lower(),
    )
