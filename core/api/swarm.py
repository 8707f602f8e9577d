"""Swarm: what answers for an engine that is no member of one and never will be."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..errors import Unavailable, Unsupported
from ..schema.message import Response
from .call import Call
from .router import Route

if TYPE_CHECKING:
    from ..engine import Engine

_NOT_MANAGER = (
    'This node is not a swarm manager. Use "docker swarm init" or "docker swarm join" to connect this '
    "node to swarm and try again."
)


async def not_manager(engine: Engine, call: Call) -> Response:
    raise Unavailable(_NOT_MANAGER)


async def not_member(engine: Engine, call: Call) -> Response:
    raise Unavailable("This node is not part of a swarm")


async def no_swarm(engine: Engine, call: Call) -> Response:
    raise Unsupported("swarm is not supported by pydock")


ROUTES = (
    Route("GET", "/swarm", not_manager),
    Route("POST", "/swarm/init", no_swarm),
    Route("POST", "/swarm/join", no_swarm),
    Route("POST", "/swarm/leave", not_member),
    Route("POST", "/swarm/update", not_manager),
    Route("POST", "/swarm/unlock", not_member),
    Route("GET", "/swarm/unlockkey", not_manager),
    *(
        Route(method, f"/{kind}{rest}", not_manager)
        for kind in ("configs", "nodes", "secrets", "services", "tasks")
        for method, rest in (
            ("GET", ""),
            ("GET", "/{id}"),
            ("GET", "/{id}/logs"),
            ("POST", "/create"),
            ("POST", "/{id}/update"),
            ("DELETE", "/{id}"),
        )
    ),
    Route("PUT", "/volumes/{name}", not_manager),
)
