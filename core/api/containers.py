"""Containers: /containers."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

from ..errors import Invalid
from ..schema import wire
from ..schema.containers import ContainerConfig, CreateRequest, CreateResponse, HostConfig, UpdateRequest
from ..schema.message import Response
from . import respond
from .call import Call

if TYPE_CHECKING:
    from ..engine import Engine


async def list_containers(engine: Engine, call: Call) -> Response:
    found = await engine.containers.list(
        all=call.flag("all"), filters=call.filters(), limit=call.number("limit"), size=call.flag("size")
    )
    return respond.json(found)


async def create(engine: Engine, call: Call) -> Response:
    request = await call.json(CreateRequest)
    if not (request.image or request.cmd or request.entrypoint or request.host_config):
        raise Invalid("config cannot be empty in order to create a container")
    _without_defaults(request.host_config)
    identity, warnings = await engine.containers.create(call.text("name") or None, request)
    return respond.json(CreateResponse(id=identity, warnings=list(warnings)), 201)


def _without_defaults(host: HostConfig | None) -> None:
    """Drop what clients write for "nothing was said": no limit of processes, the kernel's swappiness."""
    if host is None:
        return
    if host.pids_limit is not None and host.pids_limit <= 0:
        host.pids_limit = None
    if host.memory_swappiness == -1:
        host.memory_swappiness = None


async def inspect(engine: Engine, call: Call) -> Response:
    return respond.json(await engine.containers.inspect(call.params["id"], size=call.flag("size")))


async def start(engine: Engine, call: Call) -> Response:
    await engine.containers.start(call.params["id"])
    return respond.empty()


async def stop(engine: Engine, call: Call) -> Response:
    await engine.containers.stop(call.params["id"], signal=_signal(call), timeout=call.number("t"))
    return respond.empty()


async def restart(engine: Engine, call: Call) -> Response:
    await engine.containers.restart(call.params["id"], signal=_signal(call), timeout=call.number("t"))
    return respond.empty()


def _signal(call: Call) -> str | None:
    return call.text("signal") or None


async def kill(engine: Engine, call: Call) -> Response:
    await engine.containers.kill(call.params["id"], call.text("signal") or "SIGKILL")
    return respond.empty()


async def pause(engine: Engine, call: Call) -> Response:
    await engine.containers.pause(call.params["id"])
    return respond.empty()


async def unpause(engine: Engine, call: Call) -> Response:
    await engine.containers.unpause(call.params["id"])
    return respond.empty()


async def rename(engine: Engine, call: Call) -> Response:
    await engine.containers.rename(call.params["id"], call.text("name"))
    return respond.empty()


async def update(engine: Engine, call: Call) -> Response:
    return respond.json(await engine.containers.update(call.params["id"], await call.json(UpdateRequest)))


async def remove(engine: Engine, call: Call) -> Response:
    await engine.containers.remove(
        call.params["id"], force=call.flag("force"), volumes=call.flag("v"), link=call.flag("link")
    )
    return respond.empty()


async def resize(engine: Engine, call: Call) -> Response:
    rows, columns = call.size()
    await engine.containers.resize(call.params["id"], rows, columns)
    return respond.empty(200)


async def top(engine: Engine, call: Call) -> Response:
    return respond.json(await engine.containers.top(call.params["id"], call.text("ps_args") or "-ef"))


async def changes(engine: Engine, call: Call) -> Response:
    found = await engine.containers.changes(call.params["id"])
    return respond.json(found or None)


async def prune(engine: Engine, call: Call) -> Response:
    return respond.json(await engine.containers.prune(call.filters()))


async def commit(engine: Engine, call: Call) -> Response:
    """POST /commit. A body is the configuration to use in the place of the container's own."""
    from ..containers.committing import Commit

    wish = Commit(
        repo=call.text("repo"),
        tag=call.text("tag"),
        comment=call.text("comment"),
        author=call.text("author"),
        pause=call.flag("pause", True),
        changes=call.texts("changes"),
    )
    config = await call.json(ContainerConfig, required=False)
    said = config if config != ContainerConfig() else None
    identity = await engine.containers.commit(call.text("container"), wish, said)
    return respond.json(CreateResponse(id=identity), 201)


async def export(engine: Engine, call: Call) -> Response:
    return respond.data(await engine.containers.export(call.params["id"]), "application/octet-stream")


async def stat_archive(engine: Engine, call: Call) -> Response:
    stat = await engine.containers.stat_path(call.params["id"], _path(call))
    return Response(200, {"x-docker-container-path-stat": _encode_stat(stat)})


async def get_archive(engine: Engine, call: Call) -> Response:
    stat, chunks = await engine.containers.get_archive(call.params["id"], _path(call))
    headers = {"content-type": "application/x-tar", "x-docker-container-path-stat": _encode_stat(stat)}
    return Response(200, headers, respond.Coalesced(chunks))


async def put_archive(engine: Engine, call: Call) -> Response:
    await engine.containers.put_archive(
        call.params["id"],
        _path(call),
        call.stream(),
        no_overwrite=call.flag("noOverwriteDirNonDir"),
        copy_owner=call.flag("copyUIDGID"),
    )
    return respond.empty(200)


def _path(call: Call) -> str:
    path = call.text("path")
    if not path:
        raise Invalid("missing path: value is empty")
    return path


def _encode_stat(stat: object) -> str:
    return base64.b64encode(wire.encode(stat)).decode()
