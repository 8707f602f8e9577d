"""Whether a container is as its record says: a look at its shim's lock, and nothing changed.

What is found otherwise is set right by `recovery`.
"""

from __future__ import annotations

from ..runtime.held import held
from .context import Context
from .record import Container
from .states import Status


def looks_right(ctx: Context, container: Container) -> bool:
    directory = ctx.paths.container_run(container.id)
    living = held(str(directory))
    if container.alive:
        return living
    rebooted = bool(container.boot_id) and container.boot_id != ctx.boot_id
    leftover = (directory / "remains").exists()
    forgotten = container.host_config.auto_remove and container.exits
    return not (
        living or rebooted or leftover or forgotten or container.held or container.status is Status.DEAD
    )
