"""Logs into panes, and panes into the split area."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import msgspec

from ..acts.action import Target
from ..rows import layers, tree
from ..sources import ContainerLog
from ..widgets.logpane import LogPane
from ..widgets.shellpane import ShellPane
from ..widgets.split import Pane
from . import shells

if TYPE_CHECKING:
    from pydock.core.schema.images import HistoryEntry

    from .main import MainScreen

_COLORS = ("cyan", "green", "yellow", "magenta", "blue", "red")


def log_source(screen: MainScreen, target: Target, number: int = 0) -> ContainerLog:
    """The log of a container; `number` gives it a colour of its own among others."""
    return ContainerLog(lambda: screen.client, target.id, target.name, _COLORS[number % len(_COLORS)])


async def split_log(screen: MainScreen, targets: Sequence[Target]) -> None:
    """Add the log to the split area, of several each in a pane of its own; the focus stays where it is."""
    for target in targets:
        if not await add(screen, LogPane(log_source(screen, target)), target):
            return


async def merge_logs(screen: MainScreen, targets: Sequence[Target]) -> None:
    """Add one pane to the split area that has the logs of all in the order of time."""
    sources = [log_source(screen, target, number) for number, target in enumerate(targets)]
    await add(screen, LogPane(*sources), targets[0])


async def add(screen: MainScreen, pane: Pane, target: Target) -> bool:
    """Put a pane into the split area; False, with a word why, when it is full."""
    screen.split.display = True
    if not await screen.split.add(pane):
        screen.complain("four panes are open: close one first (X)")
        return False
    screen.pinned[pane] = target
    screen.set_class(len(screen.pinned) > 1, "-many")
    return True


def closed(screen: MainScreen, pane: Pane) -> None:
    """A pane left the split area. A shell goes on without it; `e` on its container comes back to it."""
    target = screen.pinned.pop(pane, None)
    screen.set_class(len(screen.pinned) > 1, "-many")
    if isinstance(pane, ShellPane) and target is not None:
        shells.leave(screen, pane, target)


def guess_size(screen: MainScreen) -> tuple[int, int]:
    """Rows and columns that a new pane of the split area is about to have."""
    width, height = screen.size
    return max(height // 2 - 4, 8), max(width * 6 // 10 - 4, 20)


async def lines(screen: MainScreen, target: Target) -> list[tree.Line]:
    """The whole record of a target as the engine wrote it; raises PydockError."""
    client = screen.need_client()
    match target.kind:
        case "container":
            return _document(await client.containers.inspect_raw(target.id))
        case "image":
            return _document(await client.images.inspect_raw(target.id))
        case "network":
            return _document(await client.networks.inspect_raw(target.id))
        case "layer":
            return layer_lines(target)


def _document(data: bytes) -> list[tree.Line]:
    return tree.lines(msgspec.json.decode(data))


def layer_lines(target: Target) -> list[tree.Line]:
    """A layer's instruction in full, then its record."""
    record: HistoryEntry = target.record  # type: ignore[assignment]  # a layer's record is one
    lines = [tree.Line(0, "", layers.instruction(record), "text"), tree.Line(0, "", "", "dim")]
    return lines + tree.lines(msgspec.to_builtins(record))
