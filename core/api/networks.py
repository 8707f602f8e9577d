"""Networks: /networks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..errors import Invalid
from ..schema.message import Response
from ..schema.networks import (
    NetworkConnectRequest,
    NetworkCreateRequest,
    NetworkCreateResponse,
    NetworkDisconnectRequest,
)
from . import respond
from .call import Call

if TYPE_CHECKING:
    from ..engine import Engine


async def list_networks(engine: Engine, call: Call) -> Response:
    return respond.json(await engine.networks.list(call.filters()))


async def inspect(engine: Engine, call: Call) -> Response:
    return respond.json(await engine.networks.inspect(call.params["id"]))


async def create(engine: Engine, call: Call) -> Response:
    request = await call.json(NetworkCreateRequest)
    if not request.name:
        raise Invalid("network name cannot be empty")
    identity, warning = await engine.networks.create(request)
    return respond.json(NetworkCreateResponse(id=identity, warning=warning), 201)


async def remove(engine: Engine, call: Call) -> Response:
    await engine.networks.remove(call.params["id"])
    return respond.empty()


async def connect(engine: Engine, call: Call) -> Response:
    request = await call.json(NetworkConnectRequest)
    await engine.connect_network(call.params["id"], request.container, request.endpoint_config)
    return respond.empty(200)


async def disconnect(engine: Engine, call: Call) -> Response:
    request = await call.json(NetworkDisconnectRequest)
    await engine.disconnect_network(call.params["id"], request.container, request.force)
    return respond.empty(200)


async def prune(engine: Engine, call: Call) -> Response:
    return respond.json(await engine.prune_networks(call.filters()))
