"""The engine itself: /_ping, /version, /info, /events, /system/df."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..errors import NotFound
from ..schema.message import Response
from ..units import parse_timestamp
from . import older, respond
from .call import Call

if TYPE_CHECKING:
    from ..engine import Engine


async def ping(engine: Engine, call: Call) -> Response:
    headers = {
        "content-type": "text/plain; charset=utf-8",
        "cache-control": "no-cache, no-store, must-revalidate",
        "pragma": "no-cache",
        "builder-version": "1",
        "swarm": "inactive",
    }
    return Response(200, headers, b"" if call.request.method == "HEAD" else b"OK")


async def version(engine: Engine, call: Call) -> Response:
    return respond.json(await engine.system.version())


async def info(engine: Engine, call: Call) -> Response:
    return respond.json(older.info(call, await engine.system.info()))


async def disk_usage(engine: Engine, call: Call) -> Response:
    return respond.json(older.disk_usage(call, await engine.system.disk_usage()))


async def events(engine: Engine, call: Call) -> Response:
    since, until = call.text("since"), call.text("until")
    found = engine.events.subscribe(
        parse_timestamp(since) if since else None,
        parse_timestamp(until) if until else None,
        call.filters(),
    )
    return Response(200, respond.JSON, respond.Coalesced(respond.records(found)))


async def no_plugins(engine: Engine, call: Call) -> Response:
    return respond.json([])


async def no_plugin(engine: Engine, call: Call) -> Response:
    raise NotFound(f'plugin "{call.params["name"]}" not found')
