"""Images: /images."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..errors import NotFound, Unsupported
from ..reference import Reference
from ..schema.auth import AuthConfig, decode_header
from ..schema.images import Progress
from ..schema.message import Response
from . import older, respond
from .call import Call

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from ..engine import Engine


async def list_images(engine: Engine, call: Call) -> Response:
    found = await engine.images.list(call.filters(), all=call.flag("all"))
    return respond.json(older.image_rows(call, found))


async def inspect(engine: Engine, call: Call) -> Response:
    return respond.json(older.image_inspect(call, await engine.images.inspect(call.params["name"])))


async def history(engine: Engine, call: Call) -> Response:
    return respond.json(await engine.images.history(call.params["name"]))


async def tag(engine: Engine, call: Call) -> Response:
    repo, name = call.text("repo"), call.text("tag")
    await engine.images.tag(call.params["name"], f"{repo}:{name}" if name else repo)
    return respond.empty(201)


async def remove(engine: Engine, call: Call) -> Response:
    removed = await engine.remove_image(
        call.params["name"], force=call.flag("force"), prune=not call.flag("noprune")
    )
    return respond.json(removed)


async def load(engine: Engine, call: Call) -> Response:
    steps = engine.images.load(call.stream(), quiet=call.flag("quiet"))
    return await respond.progress(steps, in_stream=True)


async def save(engine: Engine, call: Call) -> Response:
    names = [call.params["name"]] if "name" in call.params else call.texts("names")
    try:
        chunks = engine.images.save(names)
    except NotFound as err:
        raise NotFound("reference does not exist") from err
    return respond.data(chunks, "application/x-tar")


async def create(engine: Engine, call: Call) -> Response:
    if call.text("fromImage"):
        return await respond.progress(_pull(engine, call))
    return await respond.progress(_import(engine, call))


def _pull(engine: Engine, call: Call) -> AsyncIterator[Progress]:
    """Without a tag all of them are asked for, as dockerd has it."""
    name, tag = call.text("fromImage"), call.text("tag")
    if tag:
        name += f"@{tag}" if ":" in tag else f":{tag}"
    reference = Reference.parse(name)
    every = not reference.tag and not reference.digest
    return engine.images.registries.pull(reference, call.text("platform"), credentials(call), all_tags=every)


def credentials(call: Call) -> AuthConfig:
    return decode_header(call.request.headers.get("x-registry-auth", ""))


async def _import(engine: Engine, call: Call) -> AsyncIterator[Progress]:
    source = call.text("fromSrc")
    if source != "-":
        raise Unsupported(f"importing from a URL is not built yet: {source}: send the archive itself")
    identity = await engine.images.import_tar(
        call.stream(), call.text("repo"), call.text("tag"), call.text("message"), call.texts("changes")
    )
    yield Progress(status=identity)


async def push(engine: Engine, call: Call) -> Response:
    name, tag = call.params["name"], call.text("tag")
    reference = Reference.parse(f"{name}:{tag}" if tag else name)
    auth = credentials(call)

    async def steps() -> AsyncIterator[Progress]:
        async for step in engine.images.registries.push(reference, auth):
            yield step

    # dockerd has said where it pushes to before anything can fail.
    return await respond.progress(steps(), in_stream=True)


async def auth(engine: Engine, call: Call) -> Response:
    """POST /auth: check credentials."""
    return respond.json(await engine.images.registries.login(await call.json(AuthConfig)))


async def look(engine: Engine, call: Call) -> Response:
    """GET /distribution/{name}/json."""
    found = engine.images.registries.look(Reference.parse(call.params["name"]), credentials(call))
    return respond.json(await found)


async def search(engine: Engine, call: Call) -> Response:
    raise Unsupported("searching registries is not built yet")


async def prune(engine: Engine, call: Call) -> Response:
    return respond.json(await engine.prune_images(call.filters()))
