"""What Docker's API lacks, under /pydock; a client finds out by the component "pydock" in /version."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..schema.message import Response
from . import respond
from .call import Call

if TYPE_CHECKING:
    from ..engine import Engine


async def stats(engine: Engine, call: Call) -> Response:
    """One usage of each of `ids` (comma-separated), without those that do not run."""
    wanted = [identity for identity in call.text("ids").split(",") if identity]
    return respond.json(await engine.containers.stats_all(wanted))


async def topology(engine: Engine, call: Call) -> Response:
    """All networks, who is attached to them, and what reaches what."""
    return respond.json(await engine.topology())
