"""The embedded engine's spawner, started before the engine is imported: both take their time."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from ..config import default_paths
from ..hosts import chosen_host
from .command import Cli

if TYPE_CHECKING:
    from ..engine import Spawner


def warm(cli: Cli) -> None:
    """Start the spawner of an engine that is going to be embedded; what fails now is told when it is used."""
    if chosen_host(cli.host) is not None:
        return
    from ..runtime.spawner import program

    paths = default_paths()
    with contextlib.suppress(OSError):
        paths.create()
        cli.spawner = program.start(paths.run / "spawner.log")


def cool(spawner: Spawner) -> None:
    """Let a spawner go that no engine took: it ends with its socket."""
    process, channel = spawner
    channel.close()
    process.wait()
