"""Volumes: /volumes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..schema.message import Response
from ..schema.volumes import VolumeCreateRequest, VolumeList
from . import older, respond
from .call import Call

if TYPE_CHECKING:
    from ..engine import Engine


async def list_volumes(engine: Engine, call: Call) -> Response:
    return respond.json(VolumeList(volumes=await engine.volumes.list(call.filters())))


async def inspect(engine: Engine, call: Call) -> Response:
    return respond.json(await engine.volumes.inspect(call.params["name"]))


async def create(engine: Engine, call: Call) -> Response:
    return respond.json(await engine.volumes.create(await call.json(VolumeCreateRequest)), 201)


async def remove(engine: Engine, call: Call) -> Response:
    await engine.volumes.remove(call.params["name"], force=call.flag("force"))
    return respond.empty()


async def prune(engine: Engine, call: Call) -> Response:
    return respond.json(await engine.prune_volumes(older.volume_prune_filters(call)))
