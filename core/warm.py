"""An engine's spawner, started before the engine is imported: both take their time."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from .config import Paths
from .runtime.spawner import program

if TYPE_CHECKING:
    from .engine import Spawner


def warm(paths: Paths) -> Spawner | None:
    """Start a spawner for the engine that follows; None when that fails: the engine will say why."""
    with contextlib.suppress(OSError):
        paths.create()
        return program.start(paths.run / "spawner.log")
    return None


def cool(spawner: Spawner) -> None:
    """Let a spawner go that no engine took: it ends with its socket."""
    process, channel = spawner
    channel.close()
    process.wait()
